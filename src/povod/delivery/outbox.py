"""The outbox: texts come in, are approved, planned, cancelled (D2, D15).

Every function works in the caller's transaction, so that a job above can store its own state
together with the message.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery import consents, drafts, mailboxes, policy, slots
from povod.delivery.addresses import address_class, domain_of
from povod.delivery.drafts import Draft
from povod.delivery.footer import footer, html_footer, unsubscribe_link, with_footer
from povod.delivery.moves import Message, get_message
from povod.delivery.office import Office
from povod.delivery.states import OPEN, SYSTEM, Actor
from povod.kit.errors import ConflictError, InputError
from povod.kit.ids import new_id
from povod.store import audit
from povod.store.tables import outreach_messages as messages
from povod.store.upsert import insert_new

EDITABLE = ("draft", "needs_approval", "approved", "rejected", "scheduled")
_BY_KEY = sa.select(messages).where(messages.c.dedupe_key == sa.bindparam("dedupe_key"))
_HUMAN_EDIT: Mapping[str, Callable[[str], str | None]] = {
    "subject": drafts.one_line,
    "body": drafts.many_lines,
    "body_html": drafts.safe_html,
    "card_file_id": lambda value: value or None,
}


class Outbox:
    """Messages until a worker takes them."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def put(self, conn: Connection, draft: Draft) -> Message:
        """Store a draft, or return the message that has its `dedupe_key` already."""
        key = {"dedupe_key": draft.dedupe_key}
        row = conn.execute(_BY_KEY, key).mappings().first()
        if row is not None:
            return dict(row)
        values = self._values(draft)
        now = self._office.clock.now()
        if draft.company_id or draft.client_id:
            consents.derive(conn, values, now)
        values |= self._jurisdiction_and_text(conn, draft, values)
        values["content_hash"] = drafts.content_hash(values)
        insert_new(conn, messages, [values], ["dedupe_key"])
        return dict(conn.execute(_BY_KEY, key).mappings().one())

    def _values(self, draft: Draft) -> dict[str, Any]:
        keys = self._office.keys
        to = drafts.recipient_columns(draft.to_value, draft.channel)
        domain = domain_of(to["to_value"])
        as_given = (
            *("kind", "purpose", "channel", "company_id", "contact_id", "client_id", "language"),
            *("campaign", "card_file_id", "not_before", "expires_at", "window_start", "window_end"),
            *("window_zone", "is_demo", "template_id", "template_version", "variant_id"),
            *("variant_propensity", "text_source", "followup_of", "sequence_id", "step_no"),
            *("resend_of", "dedupe_key"),
        )
        metadata = {"to_email_raw": to["to_value"], "to_email": to["to_value_key"]}
        if draft.recipient_zone:
            metadata["recipient_zone"] = draft.recipient_zone
        kind = "email" if draft.channel == "email" else draft.channel
        usual = drafts.PRIORITIES[draft.kind]
        return {
            "id": new_id(),
            "status": "draft",
            **{name: getattr(draft, name) for name in as_given},
            **to,
            "to_name": drafts.one_line(draft.to_name),
            "recipient_hash": keys.value_hash(kind, to["to_value"]),
            "recipient_domain": domain,
            "address_class": address_class(to["to_value"]),
            "priority": usual if draft.priority is None else draft.priority,
            "subject": drafts.one_line(draft.subject),
            "body_html": drafts.safe_html(draft.body_html),
            "attachments": [],
            "evidence": dict(draft.evidence),
            "metadata": {"links": list(draft.links), **metadata, **draft.metadata},
        }

    def _jurisdiction_and_text(
        self, conn: Connection, draft: Draft, values: dict[str, Any]
    ) -> dict[str, str]:
        settings = self._office.settings
        ground = consents.newest_valid(conn, values, self._office.clock.now())
        jurisdiction = draft.jurisdiction or policy.jurisdiction_of(
            ground["jurisdiction"] if ground else "",
            consents.country_of(conn, values),
            values["recipient_domain"],
            settings.default_jurisdiction,
        )
        body = drafts.many_lines(draft.body)
        if draft.footer:
            found = ground is not None and ground["basis"] == "public_corporate_address"
            source = ground["evidence_url"] if ground and found else ""
            link = unsubscribe_link(settings, self._office.keys, values["id"])
            is_client = draft.client_id is not None
            lines = footer(settings, draft.language, source, is_client, link)
            body = with_footer(body, lines)
            if values["body_html"]:
                html = drafts.safe_html(values["body_html"] + html_footer(lines))
                return {"jurisdiction": jurisdiction, "body": body, "body_html": html}
        return {"jurisdiction": jurisdiction, "body": body}

    def submit(self, conn: Connection, message_id: str) -> Message:
        """A finished draft: the policy approves it, asks a person, or leaves it with its reason."""
        message = get_message(conn, message_id, lock=True)
        if message["status"] != "draft":
            return message
        verdict, rule = self.verdict(conn, message)
        marks = message["metadata"]
        if verdict == "allow" and (marks.get("injection_suspected") or marks.get("needs_person")):
            verdict = "approve"  # such a letter needs a person, whatever the policy (L99)
        moves = self._office.moves
        if verdict == "allow":
            return moves.move(
                conn, message, "approved", SYSTEM, **self._approval(message, f"policy:{rule}")
            )
        if verdict == "approve":
            return moves.move(conn, message, "needs_approval", SYSTEM, skip_reason="")
        reason = f"policy_deny:{rule}"
        conn.execute(self._row(message_id).values(skip_reason=reason))
        return {**message, "skip_reason": reason}

    def verdict(self, conn: Connection, message: Message) -> tuple[str, str]:
        """What the policy says about a message now: verdict and rule (gate 11)."""
        ground = consents.newest_valid(conn, message, self._office.clock.now())
        case = policy.Case(
            message["jurisdiction"],
            message["purpose"],
            ground["basis"] if ground else "none",
            message["address_class"],
            message["channel"],
        )
        rules = policy.stored_rules(conn)
        return policy.decide(case, self._office.settings.policy_preset, rules)

    def _approval(self, message: Message, who: str, note: str = "") -> dict[str, Any]:
        return {
            "approved_hash": message["content_hash"],
            "approved_by": who,
            "approved_at": self._office.clock.now(),
            "approval_note": note,
            "skip_reason": "",
        }

    def approve(self, conn: Connection, message_id: str, actor: Actor, note: str = "") -> Message:
        """A person takes responsibility for exactly this content."""
        message = get_message(conn, message_id, lock=True)
        changes = self._approval(message, str(actor), note)
        return self._office.moves.move(conn, message, "approved", actor, note, **changes)

    def reject(self, conn: Connection, message_id: str, actor: Actor, note: str) -> Message:
        """A person refuses this content and says why."""
        if not note.strip():
            raise InputError("say why the message is rejected: the author reads it")
        message = get_message(conn, message_id, lock=True)
        moves = self._office.moves
        return moves.move(conn, message, "rejected", actor, note, approval_note=note)

    def edit(self, conn: Connection, message_id: str, actor: Actor, **changes: str) -> Message:
        """Change subject, bodies, card or to_value; what was approved needs it anew (D15)."""
        message = get_message(conn, message_id, lock=True)
        if message["status"] not in EDITABLE:
            raise ConflictError(f"a message that is {message['status']} cannot be edited any more")
        new: dict[str, Any] = {k: _HUMAN_EDIT[k](v) for k, v in changes.items() if k in _HUMAN_EDIT}
        if "to_value" in changes:
            new |= self._new_recipient(message, changes["to_value"])
            consents.derive(conn, {**message, **new}, self._office.clock.now())
        unknown = set(changes) - set(_HUMAN_EDIT) - {"to_value"}
        if unknown:
            raise InputError(f"{', '.join(sorted(unknown))} cannot be edited")
        new["content_hash"] = drafts.content_hash({**message, **new})
        if new["content_hash"] == message["content_hash"]:
            return message
        fresh = {**new, "text_source": "human"}
        before = {"before": message["content_hash"], "after": new["content_hash"]}
        audit.append(conn, str(actor), "message.edit", message_id, before)
        moves = self._office.moves
        if message["status"] in ("approved", "scheduled"):
            return moves.move(conn, message, "needs_approval", SYSTEM, **fresh)
        if message["status"] == "rejected":
            return moves.move(conn, message, "draft", actor, **fresh)
        conn.execute(self._row(message_id).values(**fresh))
        return {**message, **fresh}

    def _new_recipient(self, message: Message, value: str) -> dict[str, str]:
        to = drafts.recipient_columns(value, message["channel"])
        kind = "email" if message["channel"] == "email" else message["channel"]
        return {
            **to,
            "recipient_hash": self._office.keys.value_hash(kind, to["to_value"]),
            "recipient_domain": domain_of(to["to_value"]),
            "address_class": address_class(to["to_value"]),
        }

    def schedule(
        self, conn: Connection, message_id: str, actor: Actor = SYSTEM, at: Any = None
    ) -> Message:
        """Give an approved message a slot: the next free one of its lane, or `at`."""
        message = get_message(conn, message_id, lock=True)
        office = self._office
        now = office.clock.now()
        cap = mailboxes.summed_cap(conn, office.settings)
        slot = at or slots.plan(conn, office.settings, message, now, cap)
        lane = slots.lane_of(conn, office.settings, message)
        changes: dict[str, Any] = {"scheduled_for": slot, "lane": lane, "skip_reason": ""}
        return office.moves.move(conn, message, "scheduled", actor, **changes)

    def plan_approved(self, conn: Connection, limit: int = 500) -> int:
        """Schedule approved messages, most urgent first; how many."""
        due = (
            sa.select(messages.c.id)
            .where(messages.c.status == "approved")
            .order_by(messages.c.priority, messages.c.created_at, messages.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list(conn.execute(due).scalars())
        for message_id in ids:
            self.schedule(conn, message_id)
        return len(ids)

    def cancel(
        self, conn: Connection, message_id: str, actor: Actor = SYSTEM, reason: str = ""
    ) -> Message:
        """Take a message back for good; only before a worker has it."""
        message = get_message(conn, message_id, lock=True)
        changes = {"skip_reason": reason}
        return self._office.moves.move(conn, message, "cancelled", actor, reason, **changes)

    def move_dates(
        self, conn: Connection, message_id: str, not_before: datetime, expires_at: datetime
    ) -> bool:
        """New bounds for a message that no worker has; False when it is too late for that."""
        message = get_message(conn, message_id, lock=True)
        if message["status"] not in OPEN:
            return False
        new: dict[str, Any] = {"not_before": not_before, "expires_at": expires_at}
        if message["status"] == "scheduled":
            new["scheduled_for"] = max(not_before, self._office.clock.now())
        conn.execute(self._row(message_id).values(**new))
        return True

    def cancel_for(
        self,
        conn: Connection,
        *,
        reason: str,
        recipient_hash: str | None = None,
        client_id: str | None = None,
        company_id: str | None = None,
    ) -> int:
        """Cancel all unsent messages of a recipient, a client or a company; how many."""
        given = {
            "recipient_hash": recipient_hash,
            "client_id": client_id,
            "company_id": company_id,
        }
        wanted = [messages.c[name] == value for name, value in given.items() if value]
        if not wanted:
            raise InputError("cancel_for needs a recipient_hash, a client_id or a company_id")
        query = (
            sa.select(messages)
            .where(sa.or_(*wanted), messages.c.status.in_(OPEN))
            .order_by(messages.c.id)
            .with_for_update()
        )
        rows = [dict(row) for row in conn.execute(query).mappings()]
        for row in rows:
            moves = self._office.moves
            moves.move(conn, row, "cancelled", SYSTEM, reason, skip_reason=reason)
        return len(rows)

    def retry(self, conn: Connection, message_id: str, actor: Actor) -> Message:
        """Failed or skipped: once more through all gates, as of now."""
        message = get_message(conn, message_id, lock=True)
        now = self._office.clock.now()
        changes: dict[str, Any] = {"scheduled_for": now, "skip_reason": "", "attempts": 0}
        return self._office.moves.move(conn, message, "scheduled", actor, **changes)

    @staticmethod
    def _row(message_id: str) -> sa.Update:
        return messages.update().where(messages.c.id == message_id)
