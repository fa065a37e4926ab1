"""Letters: who gets one, who writes it, and its way into the outbox (L92-L103)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.delivery.drafts import Draft
from povod.kit.clock import Clock
from povod.kit.settings import Settings
from povod.leads.answers import answer_key, keep_answer, known_answer
from povod.leads.briefs import LetterSource, load_source
from povod.leads.offers import active_offer
from povod.store.db import Database
from povod.store.tables import companies, contacts, outreach_messages
from povod.writing.briefs import EmailTemplate, OfferBrief
from povod.writing.guardrails import BANNED, check_letter
from povod.writing.letter import default_pieces, write_letter
from povod.writing.llm import LetterModel, ModelAuthError, ModelBusyError, ModelError
from povod.writing.prompt import (
    PROMPT_VERSION,
    injection_suspected,
    system_text,
    user_text,
)

log = structlog.get_logger()

TRY_DELAYS = (20, 40, 60)
RECENT = 200
FOOTER_MARK = "\n\n-- \n"


class Outbox(Protocol):
    """The part of delivery that letters need."""

    def put(self, conn: Connection, draft: Draft) -> Any:
        """Store the draft once per `dedupe_key`; the stored row."""

    def submit(self, conn: Connection, message_id: str) -> Any:
        """Hand it to policy: approved, or waiting for a person."""


@dataclass(frozen=True)
class LetterDeps:
    """What the step needs; built by `app`."""

    db: Database
    clock: Clock
    settings: Settings
    outbox: Outbox
    model: Callable[[], LetterModel | None]


@dataclass(frozen=True)
class Written:
    """What became of one company: a text, or when to try its model again."""

    outcome: str
    source: str = ""
    again_in: timedelta | None = None
    reasons: tuple[str, ...] = ()


def companies_to_write(conn: Connection, campaign: str, limit: int = 1000) -> list[str]:
    """Companies ready for a first letter of this campaign (L101), in an order that mixes niches."""
    written = (
        sa.select(outreach_messages.c.id)
        .where(
            outreach_messages.c.company_id == companies.c.id,
            outreach_messages.c.campaign == campaign,
            outreach_messages.c.kind == "letter",
        )
        .exists()
    )
    reachable = (
        sa.select(contacts.c.id)
        .where(
            contacts.c.company_id == companies.c.id,
            contacts.c.contact_type == "email",
            contacts.c.is_primary,
            contacts.c.status == "active",
        )
        .exists()
    )
    query = (
        sa.select(companies.c.id)
        .where(
            companies.c.status == "contacts_ready",
            companies.c.duplicate_of.is_(None),
            companies.c.hold_reason == "",
            reachable,
            ~written,
        )
        .order_by(companies.c.id)
        .limit(limit)
    )
    found = list(conn.execute(query).scalars())
    return sorted(found, key=lambda company_id: company_id[::-1])


class LetterWriter:
    """Writes one letter at a time; every network call stands outside the transactions."""

    def __init__(self, deps: LetterDeps) -> None:
        self._deps = deps
        self._campaign = deps.settings.letters_campaign

    def write(self, company_id: str, tried: int = 0, reasons: tuple[str, ...] = ()) -> Written:
        """Write to this company; call again after `again_in` when a model should get a new try."""
        demo = bool(self._deps.settings.sandbox_url)
        with self._deps.db.read() as conn:
            source = load_source(conn, company_id)
            offer = active_offer(conn, source.offer_key if source else "", demo=demo)
        if source is None:
            return Written("no_contact")
        return self._write(source, offer, tried, reasons)

    def _write(
        self, source: LetterSource, offer: OfferBrief, tried: int, reasons: tuple[str, ...]
    ) -> Written:
        told = [source.company.excerpt, *(fact.quote for fact in source.company.facts)]
        suspicious = any(map(injection_suspected, told))
        model = None if suspicious else self._deps.model()
        if model is not None and tried < len(TRY_DELAYS):
            answer = self._ask(model, source, offer, tried, reasons)
            if isinstance(answer, Written):
                return answer
            if answer is not None:
                made = {"model": model.name, "prompt_version": PROMPT_VERSION}
                return self._store(source, offer, answer, "llm", made)
        letter, broken = self._from_template(source, offer)
        notes = {"template_version": default_pieces()["version"], "model_reasons": list(reasons)}
        notes |= {"needs_person": broken} if broken else {}
        notes |= {"injection_suspected": True} if suspicious else {}
        return self._store(source, offer, letter, "template", notes)

    def _from_template(
        self, source: LetterSource, offer: OfferBrief
    ) -> tuple[EmailTemplate, list[str]]:
        """The template's letter, and the rules it breaks even without its fact.

        It names no fact when the one it would name breaks a rule.
        """
        honest = tuple(f for f in source.company.facts if not injection_suspected(f.quote))
        company = replace(source.company, facts=honest)
        letter = write_letter(company, offer, self._campaign)
        most = self._deps.settings.max_body_chars
        broken = check_letter(letter, company, offer, max_body=most, pages=source.pages)
        if not broken:
            return letter, []
        log.warning("leads.letters.fact_dropped", reasons=[v.reason for v in broken])
        bare = replace(company, facts=())
        letter = write_letter(bare, offer, self._campaign)
        still = check_letter(letter, bare, offer, max_body=most, pages=source.pages)
        return letter, [violation.reason for violation in still]

    def _ask(
        self,
        model: LetterModel,
        source: LetterSource,
        offer: OfferBrief,
        tried: int,
        reasons: tuple[str, ...],
    ) -> EmailTemplate | Written | None:
        """A checked letter; or when to try again; or None when the template must do."""
        settings = self._deps.settings
        banned = [*BANNED, *offer.banned_words]
        system = system_text(settings.max_body_chars, banned, list(reasons))
        user = user_text(source.company, offer, source.contact, settings.letters_excerpt_chars)
        key = answer_key(PROMPT_VERSION, offer.version, model.name, system, user)
        wait = timedelta(seconds=TRY_DELAYS[tried])
        try:
            letter = self._answer(key, model, system, user)
        except ModelAuthError as error:
            log.error("leads.letters.model_off", error=str(error))
            return None
        except ModelBusyError as error:
            again = max(wait, timedelta(seconds=error.retry_after))
            log.warning("leads.letters.model_busy", error=str(error))
            return Written("again", again_in=again, reasons=reasons)
        except ModelError as error:
            return Written("again", again_in=wait, reasons=(*reasons, str(error)))
        broken = check_letter(
            letter,
            source.company,
            offer,
            max_body=settings.max_body_chars,
            pages=source.pages,
            recent=self._recent(),
        )
        if broken:
            found = tuple(violation.reason for violation in broken[:5])
            return Written("again", again_in=wait, reasons=found)
        return letter

    def _answer(self, key: str, model: LetterModel, system: str, user: str) -> EmailTemplate:
        with self._deps.db.read() as conn:
            known = known_answer(conn, key)
        if known is not None:
            return known
        answer = model.write(system, user)
        settings = self._deps.settings
        cost = answer.usage.cost(settings.openai_price_in_1m, settings.openai_price_out_1m)
        with self._deps.db.tx() as conn:
            keep_answer(conn, key, answer, cost)
        return answer.letter

    def _recent(self) -> list[str]:
        query = (
            sa.select(outreach_messages.c.body)
            .where(
                outreach_messages.c.campaign == self._campaign,
                outreach_messages.c.text_source == "llm",
            )
            .order_by(outreach_messages.c.id.desc())
            .limit(RECENT)
        )
        with self._deps.db.read() as conn:
            bodies = conn.execute(query).scalars()
            return [body.partition(FOOTER_MARK)[0] for body in bodies]

    def _store(
        self,
        source: LetterSource,
        offer: OfferBrief,
        letter: EmailTemplate,
        text_source: str,
        notes: dict[str, Any],
    ) -> Written:
        draft = self._draft(source, offer, letter, text_source, notes)
        with self._deps.db.tx() as conn:
            message = self._deps.outbox.put(conn, draft)
            if message["status"] == "draft":
                self._deps.outbox.submit(conn, message["id"])
        return Written("made", source=text_source)

    def _draft(
        self,
        source: LetterSource,
        offer: OfferBrief,
        letter: EmailTemplate,
        text_source: str,
        notes: dict[str, Any],
    ) -> Draft:
        company_id = source.company.company_id
        cited = {claim.fact_id for claim in letter.claims}
        evidence = {
            **source.evidence,
            "fact_ids": [name for name in source.evidence["fact_ids"] if name in cited],
            "offer": {"key": offer.key, "version": offer.version},
            "text": {"source": text_source, **notes},
        }
        return Draft(
            kind="letter",
            company_id=company_id,
            contact_id=source.contact_row.id,
            to_value=source.contact_row.value,
            subject=letter.subject,
            body=letter.body,
            language=offer.language,
            campaign=self._campaign,
            dedupe_key=f"letter:{company_id}:{self._campaign}",
            evidence=evidence,
            text_source=text_source,
            is_demo=source.is_demo,
            template_version=default_pieces()["version"] if text_source == "template" else None,
            links=(offer.cases_link,) if offer.cases_link else (),
            metadata={
                "injection_suspected": bool(notes.get("injection_suspected")),
                "needs_person": notes.get("needs_person", []),
            },
        )
