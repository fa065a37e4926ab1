"""Schedules of crawls on both databases: slots, kills, retries, maintenance (S129)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from crawl_house import House

from povod.engine.quotas import Quotas
from povod.engine.runner import Runner
from povod.kit.clock import FixedClock
from povod.kit.errors import ForbiddenError, InputError, NotFoundError
from povod.sites import schedules as site_schedules
from povod.sites.schedules import SiteSchedules
from povod.sites.start import Order, Started, Starter
from povod.sites.states import JobActive, move
from povod.store.tables import audit_log, job_events, jobs, processing_jobs
from povod.store.types import CLOCK_OPTION

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Unsteady(Starter):
    """Fails as often as it is told."""

    errors: list[Exception] = field(default_factory=list)

    def start(self, order: Order) -> Started:
        if self.errors:
            raise self.errors.pop()
        return super().start(order)


class Plans:
    """Schedules with a clock that is set by hand; only what starts jobs runs."""

    def __init__(self, db, tmp_path) -> None:
        self.clock = FixedClock(NOON)
        db.clock = self.clock
        db.engine.update_execution_options(**{CLOCK_OPTION: self.clock})
        self.house = House(db, self.clock, tmp_path)
        self.db = db
        self.starter = Unsteady(self.house.deps, Quotas(db, self.clock))
        self.plans = SiteSchedules(self.house.deps, self.starter)
        self.plans.register(self.house.handlers)

    def add(self, **given):
        return self.plans.create({"domain": "Магазин.рф", "zone": "UTC", **given}, "анна")

    def at(self, moment: datetime) -> None:
        self.clock.advance(moment - self.clock.now())

    def work(self) -> None:
        self.plans.fire()
        runner = Runner(
            self.house.ledger, self.house.handlers, self.clock, queues=["default"],
            events=self.house.events,
        )  # fmt: skip
        runner.run_until_idle()

    def jobs(self):
        with self.db.read() as conn:
            return conn.execute(sa.select(jobs).order_by(jobs.c.id)).mappings().all()

    def end_jobs(self) -> None:
        with self.db.tx() as conn:
            conn.execute(sa.update(jobs).values(status="succeeded"))

    def fail_jobs(self, phase: str = "input") -> None:
        """Active jobs end as failed in that phase, as a worker ends them."""
        for job in self.jobs():
            if job["status"] != "queued":
                continue
            with self.db.tx() as conn:
                conn.execute(sa.update(jobs).where(jobs.c.id == job["id"]).values(phase=phase))
                for event in ("take", "fail"):
                    move(conn, self.house.events, job["id"], event)

    def outcomes(self):
        query = sa.select(job_events.c.data).where(job_events.c.kind == "schedule")
        with self.db.read() as conn:
            return [d["outcome"] for d in conn.execute(query.order_by(job_events.c.id)).scalars()]

    def failing(self, times: int, error: Exception) -> None:
        """Starts that fail so many times."""
        self.starter.errors.extend([error] * times)


@pytest.fixture
def plans(db, tmp_path):
    return Plans(db, tmp_path)


def test_a_slot_starts_one_job(plans) -> None:
    made = plans.add()
    assert made["next_run_at"] == NOON + timedelta(hours=6)
    assert made["domain"].startswith("xn--")
    plans.work()
    assert plans.jobs() == []
    plans.at(NOON + timedelta(hours=6, minutes=1))
    plans.work()
    plans.work()
    (job,) = plans.jobs()
    assert (job["schedule_id"], job["rights_how"], job["rights_by"]) == (
        made["id"], "schedule", "анна",
    )  # fmt: skip
    shown = plans.plans.get(made["id"])
    assert (shown["last"]["outcome"], shown["last_job_id"]) == ("started", job["id"])
    assert shown["last"]["slot"] == (NOON + timedelta(hours=6)).isoformat()
    assert shown["next_run_at"] == NOON + timedelta(hours=12)


def test_many_processes_fire_a_slot_once(plans) -> None:
    plans.add()
    plans.at(NOON + timedelta(hours=6))
    assert [plans.plans.fire() for _ in range(3)] == [1, 0, 0]


def test_a_worker_killed_after_the_start_finds_its_job(plans) -> None:
    plans.add()
    plans.at(NOON + timedelta(hours=6))
    plans.work()
    plans.end_jobs()  # so that nothing but the key keeps a second one away
    with plans.db.tx() as conn:
        mine = processing_jobs.c.kind == site_schedules.START
        conn.execute(sa.update(processing_jobs).where(mine).values(state="queued"))
    plans.work()
    assert (len(plans.jobs()), plans.outcomes()) == (1, ["started", "started"])


def test_slots_missed_while_nothing_ran_are_one(plans) -> None:
    made = plans.add()
    plans.at(NOON + timedelta(days=3, minutes=5))
    plans.work()
    plans.end_jobs()
    plans.work()
    assert len(plans.jobs()) == 1
    assert plans.plans.get(made["id"])["next_run_at"] == NOON + timedelta(days=3, hours=6)


def test_an_active_site_is_passed_over(plans) -> None:
    plans.add()
    plans.at(NOON + timedelta(hours=6))
    plans.work()
    plans.at(NOON + timedelta(hours=12))
    plans.work()
    plans.at(NOON + timedelta(hours=13))
    plans.work()  # it is not tried again before the next slot
    assert (len(plans.jobs()), plans.outcomes()) == (1, ["started", "skipped"])


def test_a_failed_start_is_tried_three_times_more(plans) -> None:
    plans.add()
    plans.failing(9, ForbiddenError("нельзя"))
    slot = NOON + timedelta(hours=6)
    for minutes in (0, 14, 15, 29, 30, 45, 60, 75):
        plans.at(slot + timedelta(minutes=minutes))
        plans.work()
    assert plans.outcomes() == ["retried", "retried", "retried", "failed"]
    assert plans.jobs() == []


def test_a_start_that_succeeds_at_last(plans) -> None:
    plans.add()
    plans.failing(2, InputError("not yet"))
    for minutes in (0, 15, 30, 45):
        plans.at(NOON + timedelta(hours=6, minutes=minutes))
        plans.work()
    assert (len(plans.jobs()), plans.outcomes()) == (1, ["retried", "retried", "started"])


def test_a_job_whose_list_cannot_be_read_is_started_again(plans) -> None:
    """Three times, a quarter of an hour apart; a job that failed later is not."""
    plans.add()
    slot = NOON + timedelta(hours=6)
    counts = []
    for minutes in (0, 14, 15, 30, 45, 60, 75):
        plans.at(slot + timedelta(minutes=minutes))
        plans.work()
        counts.append(len(plans.jobs()))
        plans.fail_jobs()
    assert counts == [1, 1, 2, 3, 4, 4, 4]
    assert plans.outcomes() == [*["started", "retried"] * 3, "started", "failed"]
    assert len({job["idempotency_key"] for job in plans.jobs()}) == 4


def test_a_job_that_fails_while_crawling_is_not_started_again(plans) -> None:
    made = plans.add()
    plans.at(NOON + timedelta(hours=6))
    plans.work()
    plans.fail_jobs(phase="crawl")
    plans.at(NOON + timedelta(hours=7))
    plans.work()
    plans.plans.run_now(made["id"], "борис")  # whoever starts by hand tries again by hand
    plans.fail_jobs()
    plans.at(NOON + timedelta(hours=8))
    plans.work()
    assert (len(plans.jobs()), plans.outcomes()) == (2, ["started"])


def test_maintenance_is_waited_for(plans) -> None:
    made = plans.add(cron="*/30 * * * *", maintenance="12:10-14:00")
    assert made["next_run_at"] == NOON + timedelta(hours=2)
    for minutes in (30, 60, 90):
        plans.at(NOON + timedelta(minutes=minutes))
        plans.work()
    assert plans.jobs() == []
    plans.at(NOON + timedelta(hours=2))
    plans.work()
    plans.end_jobs()
    plans.work()
    # The slots held back became one; that of 14:00 itself came while they waited.
    assert (len(plans.jobs()), plans.outcomes()) == (1, ["started"])


def test_off_and_on_again_waits_for_the_next_slot(plans) -> None:
    made = plans.add()
    plans.plans.change(made["id"], {"enabled": False}, "анна")
    plans.at(NOON + timedelta(days=2, hours=1))
    plans.work()
    on = plans.plans.change(made["id"], {"enabled": True}, "борис")
    plans.work()
    assert (plans.jobs(), on["next_run_at"]) == ([], NOON + timedelta(days=2, hours=6))
    assert on["created_by"] == "анна"


def test_switched_off_between_slot_and_start(plans) -> None:
    made = plans.add()
    plans.at(NOON + timedelta(hours=6))
    plans.plans.fire()
    plans.plans.change(made["id"], {"enabled": False}, "анна")
    plans.work()
    assert plans.jobs() == []


def test_run_now_leaves_the_times_alone(plans) -> None:
    made = plans.add()
    first = plans.plans.run_now(made["id"], "борис", key="k")
    assert first.job["schedule_id"] == made["id"]
    assert not plans.plans.run_now(made["id"], "борис", key="k").is_new
    with pytest.raises(JobActive):
        plans.plans.run_now(made["id"], "борис")
    assert plans.plans.get(made["id"])["next_run_at"] == made["next_run_at"]


def test_what_is_refused(plans) -> None:
    for wrong in (
        {"cron": "x"}, {"zone": "Mars"}, {"maintenance": "never"}, {"options": {"colour": 1}},
        {"options": {"firecrawl_api_key": "secret"}}, {"sitemap_url": "ftp://a.ru/x"},
        {"sitemap_url": "http://10.0.0.1/s.xml"}, {"colour": 1}, {"domain": ""},
    ):  # fmt: skip
        with pytest.raises(InputError):
            plans.add(**wrong)
    assert plans.plans.listed() == []
    for missing in ("nothing", "01a2295a-9718-73db-82b2-3f45694c7246"):
        with pytest.raises(NotFoundError):
            plans.plans.get(missing)


def test_a_schedule_is_forgotten_but_its_deeds_are_not(plans) -> None:
    made = plans.add()
    assert plans.plans.count() == 1
    plans.plans.delete(made["id"], "анна")
    assert (plans.plans.count(), plans.plans.listed()) == (0, [])
    with plans.db.read() as conn:
        actions = conn.execute(sa.select(audit_log.c.action).order_by(audit_log.c.id)).scalars()
        assert list(actions) == ["schedule_change"] * 2


def test_a_slot_in_the_future_keeps_nobody_waiting(plans) -> None:
    plans.add()
    assert plans.plans.next_due() is None
    plans.at(NOON + timedelta(hours=6))
    assert plans.plans.next_due() == NOON + timedelta(hours=6)
