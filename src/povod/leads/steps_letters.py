"""The letters step as ledger work, and what happens to a company when its letter moves (L103)."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.engine.handlers import Handlers, Run
from povod.engine.ledger import Ledger
from povod.engine.work import Later, NewWork
from povod.leads.letters import LetterDeps, LetterWriter, companies_to_write
from povod.leads.offers import NoOfferError, active_offer
from povod.store.tables import companies, contacts, offers, processing_jobs

log = structlog.get_logger()

PLAN, WRITE = "leads.letters_plan", "leads.letters"
QUEUE = "enrich"
ROLE = "worker"


class LetterSteps:
    """Plans one work per company and writes one letter per work."""

    def __init__(self, deps: LetterDeps, ledger: Ledger) -> None:
        self._deps = deps
        self._ledger = ledger
        self._writer = LetterWriter(deps)

    def register(self, handlers: Handlers) -> None:
        """Offer both kinds to the runner."""
        handlers.register(PLAN, self.plan, QUEUE)
        handlers.register(WRITE, self.write, QUEUE)

    def plan(self, run: Run) -> dict[str, Any]:
        """Order a letter for every company that is ready for one."""
        if not self._deps.settings.letters_enabled:
            return {}
        with self._deps.db.tx() as conn:
            wanted = self._unplanned(conn)
            works = [
                NewWork(QUEUE, WRITE, {"company_id": name}, dedup_key=f"{WRITE}:{name}")
                for name in wanted
            ]
            return {"planned": len(self._ledger.enqueue_many(conn, works))}

    def write(self, run: Run) -> dict[str, Any] | Later:
        """One letter; a model that failed is asked again later, then the template writes."""
        tried = int(run.checkpoint.get("tried", 0))
        reasons = tuple(run.checkpoint.get("reasons", ()))
        written = self._writer.write(run.args["company_id"], tried, reasons)
        if written.again_in is not None:
            state = {"tried": tried + 1, "reasons": list(written.reasons)}
            return Later(self._deps.clock.now() + written.again_in, state)
        counts = {written.outcome: 1, **({written.source: 1} if written.source else {})}
        run.progress(counts)
        return counts

    def next_due(self) -> datetime | None:
        """Now, if a company waits for a letter and there is an offer to write about."""
        if not self._deps.settings.letters_enabled:
            return None
        with self._deps.db.read() as conn:
            return self._deps.clock.now() if self._unplanned(conn, 1) else None

    def _unplanned(self, conn: Connection, limit: int = 1000) -> list[str]:
        try:
            active_offer(conn, demo=bool(self._deps.settings.sandbox_url))
        except NoOfferError:
            return []
        planned = _planned(conn)
        campaign = self._deps.settings.letters_campaign
        ready = companies_to_write(conn, campaign, limit + len(planned))
        return [name for name in ready if name not in planned][:limit]


def _planned(conn: Connection) -> set[str]:
    """Companies whose letter is under way, or failed for good: only a newer offer may help."""
    jobs = processing_jobs.c
    newest_offer = sa.select(sa.func.max(offers.c.created_at)).scalar_subquery()
    live = jobs.state.in_(("queued", "running"))
    hopeless = (jobs.state == "failed") & (jobs.created_at >= newest_offer)
    query = sa.select(jobs.dedup_key).where(jobs.kind == WRITE, live | hopeless)
    return {str(name).partition(":")[2] for name in conn.execute(query).scalars()}


def on_letter_moved(conn: Connection, message: Any, _before: str, after: str) -> None:
    """Delivery's callback, inside the transaction that moved the message."""
    company_id = message["company_id"]
    if company_id is None:
        return
    if after == "sent":
        _move(conn, company_id, "contacted", ("contacts_ready",))
    elif after in ("replied", "unsubscribed", "complained"):
        _move(conn, company_id, "replied", ("contacts_ready", "contacted"))
    elif after == "bounced":
        _bounced(conn, company_id, message["contact_id"])


def _move(conn: Connection, company_id: str, status: str, allowed: tuple[str, ...]) -> None:
    conn.execute(
        companies.update()
        .where(companies.c.id == company_id, companies.c.status.in_(allowed))
        .values(status=status)
    )


def _bounced(conn: Connection, company_id: str, contact_id: str | None) -> None:
    """The address is dead: the next usable one becomes primary; the letter is not sent again."""
    if contact_id is not None:
        dead = contacts.update().where(contacts.c.id == contact_id)
        conn.execute(dead.values(status="bounced", is_primary=False))
    following = conn.execute(
        sa.select(contacts.c.id)
        .where(
            contacts.c.company_id == company_id,
            contacts.c.contact_type == "email",
            contacts.c.status == "active",
        )
        .order_by(contacts.c.is_primary.desc(), contacts.c.rank.desc(), contacts.c.value)
        .limit(1)
    ).scalar()
    if following is None:
        _move(conn, company_id, "contacts_not_found", ("contacts_ready", "contacted"))
        return
    conn.execute(contacts.update().where(contacts.c.id == following).values(is_primary=True))
    _move(conn, company_id, "contacts_ready", ("contacted",))
