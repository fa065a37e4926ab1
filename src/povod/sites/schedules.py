"""Crawls that begin by themselves (S129).

Each schedule is a row of `schedules` that the engine ticks: by compare-and-set, so that of many
processes one makes the work of a slot, and so that slots missed while nothing ran make one work.
The job of a slot has a key made of schedule and slot: a worker that is killed after the start and
runs again finds that job instead of making a second one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection, RowMapping

from povod.engine.handlers import Handlers, Run
from povod.engine.schedules import Schedules
from povod.engine.work import NORMAL, Later, NewWork
from povod.kit.errors import InputError, NotFoundError, PovodError
from povod.kit.ids import new_id
from povod.sites.deps import SitesDeps
from povod.sites.options import SECRETS, InvalidOption, JobOptions
from povod.sites.start import Order, Source, Started, Starter, domain_of
from povod.sites.states import JobActive, is_id
from povod.sites.timing import EVERY_SIX_HOURS, Timing, retry_at
from povod.store import audit
from povod.store.tables import job_events, jobs, schedules

log = structlog.get_logger()

QUEUE = "default"
FIRE, START = "sites.schedules", "sites.scheduled"
AUDITED = "schedule_change"
_DEFAULTS: Mapping[str, Any] = {
    "cron": EVERY_SIX_HOURS, "maintenance": "", "sitemap_url": "", "options": {}, "enabled": True,
}  # fmt: skip
FIELDS = ("domain", "zone", *_DEFAULTS)
_SLOT = re.compile(r"schedule:[0-9a-f-]{36}:(?P<slot>[^#]+)(?:#(?P<again>\d+))?$")


@dataclass(frozen=True)
class SiteSchedules:
    """Schedules of sites: made, changed, run at once, and what fires them."""

    deps: SitesDeps
    starter: Starter

    def register(self, handlers: Handlers) -> None:
        """Make the kinds of work known to a runner."""
        handlers.register(FIRE, lambda _run: {"fired": self.fire()}, queue=QUEUE)
        handlers.register(START, self._start, queue=QUEUE)
        self.deps.events.listen(self.hear)

    # -- what people do ---------------------------------------------------------------------

    def create(self, given: Mapping[str, Any], by: str) -> dict[str, Any]:
        """A new schedule of a site; `InputError` names the field that is wrong."""
        wish = {**_DEFAULTS, "zone": self.deps.settings.app_timezone, **given}
        return self._put(new_id(), self._checked(wish), by, by)

    def change(self, schedule_id: str, given: Mapping[str, Any], by: str) -> dict[str, Any]:
        """The same with some fields changed; another time counts from now."""
        before = self.get(schedule_id)
        wish = {**{name: before[name] for name in FIELDS}, **given}
        return self._put(before["id"], self._checked(wish), before["created_by"], by)

    def get(self, schedule_id: str) -> dict[str, Any]:
        """One schedule as shown; `NotFoundError`."""
        with self.deps.db.read() as conn:
            return shown(conn, _row(conn, schedule_id))

    def listed(self, limit: int = 500, after: str = "") -> list[dict[str, Any]]:
        """Schedules, oldest first."""
        query = sa.select(schedules).where(schedules.c.kind == START)
        if after:
            query = query.where(schedules.c.id > after)
        with self.deps.db.read() as conn:
            rows = conn.execute(query.order_by(schedules.c.id).limit(limit)).mappings().all()
            return [shown(conn, row) for row in rows]

    def count(self) -> int:
        """How many there are."""
        query = sa.select(sa.func.count()).where(schedules.c.kind == START)
        with self.deps.db.read() as conn:
            return conn.execute(query).scalar_one()

    def delete(self, schedule_id: str, by: str) -> None:
        """Forget a schedule; its jobs stay."""
        with self.deps.db.tx() as conn:
            row = _row(conn, schedule_id)
            conn.execute(sa.delete(schedules).where(schedules.c.id == row["id"]))
            audit.append(conn, by, AUDITED, row["id"], {"deleted": row["args"]["domain"]})

    def run_now(self, schedule_id: str, by: str, key: str = "", rate_key: str = "") -> Started:
        """A job at once, whatever the time; `JobActive` if the site has one. Its slots stay."""
        with self.deps.db.read() as conn:
            row = _row(conn, schedule_id)
        return self.starter.start(_order(row["id"], row["args"], by, key, rate_key))

    # -- what fires them --------------------------------------------------------------------

    @property
    def plan(self) -> Schedules:
        """The engine's schedules."""
        return Schedules(self.deps.db, self.deps.clock, self.deps.ledger)

    def next_due(self) -> datetime | None:
        """A slot that is due; one in the future is no reason for anybody to wait."""
        due = self.plan.next_due(START)
        return due if due is not None and due <= self.deps.now() else None

    def fire(self) -> int:
        """Let the work of every slot that is due be done; how many."""
        return self.plan.tick(START)

    def _start(self, run: Run) -> dict[str, Any] | Later:
        """The job of a slot; may be killed and repeated at any instant."""
        args, now = run.args, self.deps.now()
        row = self._alive(args["schedule_id"])
        if row is None:
            return {"outcome": "off"}
        allowed = _timing(row["args"], row).allowed_from(now)
        if allowed > now:
            return Later(allowed)
        order = _order(row["id"], args, args["by"], _key(row["id"], args))
        try:
            job = self.starter.start(order).job
        except JobActive as active:
            return self._told(args, "skipped", active.active_job_id, str(active))
        except PovodError as error:
            return self._failed(run, now, str(error))
        return self._told(args, "started", str(job["id"]))

    def _failed(self, run: Run, now: datetime, error: str) -> dict[str, Any] | Later:
        """Again in a quarter of an hour, three times; then it waits for its next slot."""
        tries = int(run.checkpoint.get("tries", run.args.get("again", 0))) + 1
        again = retry_at(now, tries)
        log.warning("schedule.start_failed", schedule=run.args["schedule_id"], tries=tries)
        told = self._told(run.args, "retried" if again else "failed", "", error)
        return Later(again, {"tries": tries}) if again else told

    def hear(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """A job of a slot whose list cannot be read has failed to start too."""
        for row in rows:
            if row["kind"] == "state" and row["data"].get("to") == "failed":
                self._job_failed(conn, str(row["topic"]).removeprefix("sites:"))

    def _job_failed(self, conn: Connection, job_id: str) -> None:
        mine = (jobs.c.id == job_id, jobs.c.schedule_id.is_not(None), jobs.c.phase == "input")
        query = sa.select(jobs.c.schedule_id, jobs.c.idempotency_key).where(*mine)
        job = conn.execute(query).first()
        slot = _SLOT.search(job.idempotency_key or "") if job is not None else None
        if job is None or slot is None:
            return
        found = sa.select(schedules.c.args).where(schedules.c.id == job.schedule_id)
        args = conn.execute(found).scalar()
        again = int(slot["again"] or 0) + 1
        at = retry_at(self.deps.now(), again)
        if args is None:
            return
        outcome = "retried" if at else "failed"
        data = {"slot": slot["slot"], "outcome": outcome, "job_id": job_id, "error": ""}
        if at:
            work = NewWork(
                QUEUE, START, {**args, "slot": slot["slot"], "again": again}, run_at=at,
                dedup_key=f"{START}:again:{job.schedule_id}",
            )  # fmt: skip
            self.deps.ledger.enqueue(conn, work)
        self.deps.events.write(conn, topic_of(job.schedule_id), "schedule", data)

    def _told(
        self, args: Mapping[str, Any], outcome: str, job_id: str, error: str = ""
    ) -> dict[str, Any]:
        """What became of a slot, for whoever looks at the schedule."""
        data = {"slot": args["slot"], "outcome": outcome, "job_id": job_id, "error": error[:500]}
        with self.deps.db.tx() as conn:
            self.deps.events.write(conn, topic_of(args["schedule_id"]), "schedule", data)
        return data

    def _alive(self, schedule_id: str) -> RowMapping | None:
        query = sa.select(schedules).where(schedules.c.id == schedule_id, schedules.c.enabled)
        with self.deps.db.read() as conn:
            return conn.execute(query).mappings().first()

    # -- checks -----------------------------------------------------------------------------

    def _checked(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        """What can be told at once is told at once, as at the start of a job."""
        unknown = sorted(set(wish) - set(FIELDS))
        if unknown:
            raise InputError(f"a schedule has no {unknown[0]}; it has {', '.join(FIELDS)}")
        Timing(wish["cron"], wish["zone"], wish["maintenance"]).check()
        kept = [name for name in SECRETS if name in wish["options"]]
        if kept:
            raise InvalidOption(kept[0], "a schedule keeps no keys; set it for the whole house")
        domain = domain_of(wish.get("domain") or wish["sitemap_url"])
        found = {**wish, "domain": domain, "cron": " ".join(wish["cron"].split())}
        options = JobOptions.parse(_options(found))
        self.starter.previewed(Source(sitemap_url=found["sitemap_url"]), options)
        return found

    def _put(
        self, schedule_id: str, wish: Mapping[str, Any], owner: str, by: str
    ) -> dict[str, Any]:
        own = ("domain", "sitemap_url", "options", "maintenance")
        args = {name: wish[name] for name in own} | {"schedule_id": schedule_id, "by": owner}
        row = {
            "id": schedule_id, "name": f"{START}:{schedule_id}", "queue": QUEUE, "kind": START,
            "args": args, "cron": wish["cron"], "interval_seconds": 0, "window": "",
            "zone": wish["zone"], "priority": NORMAL, "enabled": wish["enabled"],
        }  # fmt: skip
        with self.deps.db.tx() as conn:
            self.plan.put(conn, row)
            facts = {name: wish[name] for name in ("domain", "cron", "zone", "enabled")}
            audit.append(conn, by, AUDITED, schedule_id, facts)
            return shown(conn, _row(conn, schedule_id))


def shown(conn: Connection, row: RowMapping) -> dict[str, Any]:
    """A schedule as people and programs see it."""
    args, timing = row["args"], _timing(row["args"], row)
    newest = sa.select(jobs.c.id).where(jobs.c.schedule_id == row["id"])
    mine = (jobs.c.domain == args["domain"],)  # the index of domains leads there
    last_job = conn.execute(newest.where(*mine).order_by(jobs.c.id.desc()).limit(1)).scalar()
    news = sa.select(job_events.c.data).where(job_events.c.topic == topic_of(row["id"]))
    last = conn.execute(news.order_by(job_events.c.id.desc()).limit(1)).scalar()
    return {
        "id": row["id"],
        "domain": args["domain"],
        "cron": timing.cron,
        "zone": timing.zone,
        "maintenance": timing.maintenance,
        "sitemap_url": args["sitemap_url"],
        "options": args["options"],
        "enabled": row["enabled"],
        "next_run_at": timing.allowed_from(row["next_run_at"]) if row["enabled"] else None,
        "last_run_at": row["last_run_at"],
        "last": last,
        "last_job_id": last_job,
        "created_by": args["by"],
        "created_at": row["created_at"],
    }


def topic_of(schedule_id: str) -> str:
    """Where the news of a schedule are found."""
    return f"sites:schedule:{schedule_id}"


def _row(conn: Connection, schedule_id: str) -> RowMapping:
    query = sa.select(schedules).where(schedules.c.id == schedule_id, schedules.c.kind == START)
    row = conn.execute(query).mappings().first() if is_id(schedule_id) else None
    if row is None:
        raise NotFoundError(f"there is no schedule {schedule_id[:60]}")
    return row


def _timing(args: Mapping[str, Any], row: RowMapping) -> Timing:
    return Timing(row["cron"], row["zone"], args["maintenance"])


def _options(args: Mapping[str, Any]) -> dict[str, Any]:
    """Without a map of its own the site's maps are looked for."""
    return {**args["options"], "domain": args["domain"], "discover": not args["sitemap_url"]}


def _key(schedule_id: str, args: Mapping[str, Any]) -> str:
    """One job for each slot and try."""
    again = args.get("again", 0)
    return f"schedule:{schedule_id}:{args['slot']}" + (f"#{again}" if again else "")


def _order(
    schedule_id: str, args: Mapping[str, Any], by: str, key: str, rate_key: str = ""
) -> Order:
    """The right to collect the pages was asserted by who made the schedule (S5)."""
    return Order(
        source=Source(sitemap_url=args["sitemap_url"]),
        options=_options(args),
        by=by,
        how="schedule",
        idempotency_key=key,
        schedule_id=schedule_id,
        rate_key=rate_key,
    )
