"""Gates about what was before: refusals, earlier letters, answers (9, 10, 13)."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from povod.delivery.addresses import PUBLIC_PROVIDERS
from povod.delivery.gates.model import CANCEL, OPEN, SKIP, Scene, Verdict
from povod.delivery.states import OUT
from povod.kit.url import registrable_domain
from povod.store.tables import clients, companies
from povod.store.tables import outreach_messages as messages

REPEAT_DAYS = timedelta(days=365)
ENDS_SEQUENCE = ("bounced", "replied", "unsubscribed", "complained")


def not_suppressed(scene: Scene) -> Verdict:
    """The client is ours still; no refusal of the address, its domain, the company, the client."""
    gone = _client_gone(scene)
    if gone:
        return Verdict(CANCEL, gone)
    found = scene.office.suppression.refused(scene.conn, scene.message, scene.now)
    return OPEN if found is None else Verdict(SKIP, "opt_out", rule=found)


def _client_gone(scene: Scene) -> str:
    """Why the client may not be greeted any more, whatever was approved; empty when it may."""
    message = scene.message
    if message["client_id"] is None or not scene.is_greeting:
        return ""
    columns = (clients.c.erased_at, clients.c.deleted_at, clients.c.do_not_greet)
    row = scene.conn.execute(sa.select(*columns).where(clients.c.id == message["client_id"])).one()
    names = ("client_erased", "client_deleted", "do_not_greet")
    return next((name for name, value in zip(names, row, strict=True) if value), "")


def not_duplicate(scene: Scene) -> Verdict:
    """One first letter a year to a person and to a firm, however often the book has it."""
    message = scene.message
    if scene.is_greeting or message["company_id"] is None:
        return OPEN
    duplicate = sa.select(companies.c.duplicate_of).where(companies.c.id == message["company_id"])
    if scene.conn.execute(duplicate).scalar() is not None:
        return Verdict(SKIP, "duplicate_company")
    if message["kind"] != "letter" or message["resend_of"] is not None:
        return OPEN
    if _sent_to(scene, messages.c.recipient_hash == message["recipient_hash"]):
        return Verdict(SKIP, "duplicate_recipient")
    domain = message["recipient_domain"]
    if domain in PUBLIC_PROVIDERS:
        return OPEN
    names = {domain, registrable_domain(domain) or domain}
    same_firm = messages.c.recipient_domain.in_(sorted(names))
    others = messages.c.company_id != message["company_id"]
    return Verdict(SKIP, "duplicate_domain") if _sent_to(scene, same_firm, others) else OPEN


def _sent_to(scene: Scene, *wanted: Any) -> bool:
    """Did another first letter leave, or perhaps leave, within a year?"""
    since = scene.now - REPEAT_DAYS
    query = (
        sa.select(messages.c.id)
        .where(*wanted, messages.c.kind == "letter", messages.c.id != scene.message["id"])
        .where(messages.c.status.in_(OUT))
        .where(sa.or_(messages.c.sent_at.is_(None), messages.c.sent_at > since))
        .limit(1)
    )
    return scene.conn.execute(query).first() is not None


def sequence_open(scene: Scene) -> Verdict:
    """A follow-up goes out only while nobody of the company answered or refused."""
    message = scene.message
    if message["kind"] != "followup":
        return OPEN
    query = sa.select(messages.c.id).where(
        messages.c.company_id == message["company_id"], messages.c.status.in_(ENDS_SEQUENCE)
    )
    ended = scene.conn.execute(query.limit(1)).first() is not None
    return Verdict(CANCEL, "sequence_stopped") if ended else OPEN
