"""The repeating steps of the house: what each is called, how often it looks, when it has work."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from povod.app.house import House
from povod.app.step import Step
from povod.delivery import work as delivery_work
from povod.greetings import work as greeting_work
from povod.leads import enrich_due, steps_letters, steps_search
from povod.leads.sheets import work as sheet_work
from povod.sites import keeping, phases
from povod.sites import schedules as site_schedules
from povod.store.tables import outreach_messages, processing_jobs

SECONDS = 60
REVISITS = timedelta(days=1)
# How long after the last letter the mailbox is looked into when waiting times are jumped over.
LOOKS = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 30, 60, 180, 360, 720, 1560))


def all_steps(house: House) -> list[Step]:
    """Every step, in the order in which one feeds the next."""
    steps = [*_sheet_step(house), *_search_steps(house), *_company_steps(house)]
    return [*steps, _greetings_step(house), *_mail_steps(house), *_sites_steps(house)]


def _sheet_step(house: House) -> list[Step]:
    """The Google Sheet, as often as it is wanted; no step at all while that is off."""
    if not house.settings.sheet_sync_enabled:
        return []
    due = partial(sheet_work.next_due, house.search)
    seconds = house.settings.sheet_sync_interval_minutes * 60
    return [Step(sheet_work.KIND, sheet_work.QUEUE, sheet_work.ROLE, seconds, due)]


def _search_steps(house: House) -> list[Step]:
    deps = house.search
    due = {
        "leads.submit": steps_search.next_submit,
        "leads.poll": steps_search.next_poll,
        "leads.ingest": steps_search.next_ingest,
        "leads.dedup": steps_search.next_dedup,
    }
    roles = {"leads.submit": "scheduler", "leads.poll": "scheduler"}

    def bind(kind: str) -> Callable[[], datetime | None]:
        return lambda: due[kind](deps)

    return [
        Step(kind, steps_search.QUEUE, roles.get(kind, "app"), SECONDS, bind(kind)) for kind in due
    ]


def _company_steps(house: House) -> list[Step]:
    visits = Step(
        enrich_due.PLAN_KIND,
        enrich_due.QUEUE,
        "worker",
        SECONDS,
        lambda: _next_visit(house),
    )
    letters = Step(
        steps_letters.PLAN,
        steps_letters.QUEUE,
        steps_letters.ROLE,
        SECONDS,
        house.letters.next_due,
    )
    return [visits, letters]


def _next_visit(house: House) -> datetime | None:
    """The next first visit or retry; a re-visit weeks ahead is no reason to wait."""
    if not house.settings.enrich_enabled:
        return None
    now = house.clock.now()
    with house.db.read() as conn:
        if enrich_due.room(conn) == 0:
            return None
        due = enrich_due.next_due(conn, now)
    return due if due is not None and due - now <= REVISITS else None


def _greetings_step(house: House) -> Step:
    """The daily run; asked every minute, so a missed one is made as soon as somebody works."""
    parts = house.greetings.parts
    due = partial(greeting_work.next_due, parts)
    return Step(greeting_work.RUN, greeting_work.QUEUE, greeting_work.ROLE, SECONDS, due)


def _sites_steps(house: House) -> list[Step]:
    """Figures of each minute while a job runs; the others come by their schedules alone."""
    measure = house.sites.keeping.next_measure
    slots = house.sites.schedules.next_due
    return [
        Step(site_schedules.FIRE, site_schedules.QUEUE, "scheduler", keeping.MINUTE, slots),
        Step(keeping.METRICS, keeping.QUEUE, "worker", keeping.MINUTE, measure),
        Step(phases.MAINTENANCE, phases.QUEUE, "worker", keeping.MINUTE, lambda: None),
        Step(keeping.RETENTION, keeping.QUEUE, "worker", keeping.DAY, lambda: None),
    ]


def _mail_steps(house: House) -> list[Step]:
    every = delivery_work.EVERY_SECONDS
    inbox = house.settings.inbox_poll_seconds
    due = {
        delivery_work.PLAN: lambda: _next_plan(house),
        delivery_work.SEND: house.delivery.next_due,
        delivery_work.REAP: house.delivery.next_due,
        delivery_work.RESOLVE: house.delivery.next_due,
        delivery_work.INBOX: lambda: _next_look(house),
    }
    return [
        Step(kind, delivery_work.QUEUE, "worker", every.get(kind, inbox), next_due)
        for kind, next_due in due.items()
    ]


def _next_plan(house: House) -> datetime | None:
    waiting = sa.select(outreach_messages.c.id).where(outreach_messages.c.status == "approved")
    with house.db.read() as conn:
        found = conn.execute(waiting.limit(1)).first()
    return house.clock.now() if found is not None else None


def _next_look(house: House) -> datetime | None:
    """When the mailbox is worth a look: several times in the day after the last letter."""
    if not (house.settings.inbox_enabled and house.settings.smtp_imap_host):
        return None
    with house.db.read() as conn:
        last = conn.execute(sa.select(sa.func.max(outreach_messages.c.sent_at))).scalar()
        looks = sa.select(sa.func.max(processing_jobs.c.run_at)).where(
            processing_jobs.c.kind == delivery_work.INBOX, processing_jobs.c.state == "done"
        )
        looked = conn.execute(looks).scalar() or last
    if last is None:
        return None
    return next((last + after for after in LOOKS if last + after > looked), None)
