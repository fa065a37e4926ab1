"""Codes that the pages of clients and greetings say in words."""

from povod.book.clients.listing import STATES as CLIENT_STATES
from povod.book.clients.model import PREFERENCES
from povod.book.clients.words import REASONS as REFUSALS
from povod.book.enrich.party import STATES as PARTY_STATES
from povod.book.importing.result import COUNTS
from povod.delivery.gates import GATES
from povod.greetings.approval import WORDS
from povod.greetings.bulk import ACTIONS
from povod.greetings.eligibility import REASONS
from povod.greetings.feedback import SOURCES
from povod.greetings.views import TABS
from povod.store.tables.greetings import (
    CHANNELS,
    EVENT_STATES,
    GREETING_STATES,
    HOLIDAY_KINDS,
    SEGMENTS,
)
from povod.web.greetings_pages.client import PURPOSES
from povod.web.greetings_pages.common import DONE
from povod.web.greetings_pages.greeting import OUTCOMES
from povod.writing.cards import THEMES

_RANKED = {"not_best_match", "better_occasion", "same_recipient", "same_person", "holiday_limit"}
_ENDED = {"late", "not_approved_in_time", "rejected", "rule_off", "reset", "by_hand", "cancelled"}
_DELIVERY = {"expired", "outside_window", "mailbox_cap", "sending_disabled", "needs_approval"}
_GATES = {"paused", "not_before", "greeting_today", "mailbox_spacing", "person_cap", "domain_cap"}
_GATES |= {"opt_out", "never_mail", "role_address", "invalid_email", "invalid_recipient"}
_GATES |= {"duplicate_recipient", "duplicate_company", "duplicate_domain", "not_approved"}
_GATES |= {"policy_approve", "sequence_stopped"}
_STEPS = {"detect", "rank", "refresh", "compose", "submit", "expire", "deliver"}

CODES: dict[str, set[str]] = {
    "segment": set(SEGMENTS),
    "channel": set(CHANNELS),
    "client_state": set(CLIENT_STATES),
    "client_source": {"ui", "api", "csv", "crm", "leads", "demo"},
    "gender": {"m", "f", "none"},
    "gender_by": {"given", "patronymic", "first_name", "surname"},
    "refusal": set(REFUSALS),
    "wish": set(PREFERENCES),
    "flag": {"yes", "no"},
    "basis": {"consent", "existing_client", "none", "public_corporate_address"}
    | {"legitimate_interest"},
    "purpose": set(PURPOSES),
    "party": set(PARTY_STATES),
    "import": set(COUNTS),
    "tone": {"official", "warm"},
    "language": {"ru", "en"},
    "holiday_kind": set(HOLIDAY_KINDS),
    "switch": {"on", "off"},
    "event_state": {*EVENT_STATES, "ahead"},
    "reason": {*REASONS, *_RANKED, *_ENDED, *_DELIVERY, *_GATES},
    "greeting": set(GREETING_STATES),
    "tab": set(TABS),
    "approval": {*WORDS, "edited", "facts_changed", "rule_moved"},
    "finding": {"block", "warn", "fix", "error", "warning", "note"},
    "theme": {name for name in THEMES if not name.endswith("_bare")},
    "gate": {gate.name for gate in GATES},
    "verdict": {"pass", "skip", "hold", "approve", "cancel"},
    "answer": set(OUTCOMES),
    "rated_by": set(SOURCES),
    "bulk": set(ACTIONS),
    "bulk_reason": {"vip", "marked"},
    "run": {"running", "success", "partial", "error"},
    "trigger": {"web-ui", "api", "scheduler", "cli", "startup"},
    "llm_mode": {"template", "openai", "gigachat"},
    "step": _STEPS,
    "done": set(DONE),
}
