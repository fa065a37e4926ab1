"""S26-S30: the states of a job, against a model, and under races; on both databases."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from crawl_house import House
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from povod.crawl.frontier import NewUrl
from povod.engine.work import NewWork
from povod.kit.errors import ConflictError, InputError, NotFoundError
from povod.sites import phases
from povod.sites.jobs import (
    FIRECRAWL_KEY,
    NewJob,
    get_job,
    get_secret,
    has_secret,
    list_jobs,
)
from povod.sites.options import JobOptions
from povod.sites.orphans import adopt_orphans, find_orphans
from povod.sites.states import (
    ACTIVE,
    FINAL,
    TRANSITIONS,
    BadState,
    JobActive,
    Superseded,
    job_topic,
    move,
    try_move,
)
from povod.store.tables import job_secrets, job_urls, jobs, processing_jobs


def new(house, domain="shop.ru", urls=3, **options):
    rows = [NewUrl(f"https://{domain}/{n}", f"https://{domain}/{n}", n) for n in range(urls)]
    return house.jobs.create_job(
        NewJob(
            domain=domain, options=JobOptions.parse(options), input_kind="list", urls=rows,
            created_by="anna", rights_by="anna",
        )
    )["id"]  # fmt: skip


def put(house, job_id, **values):
    with house.db.tx() as conn:
        conn.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))


class JobMachine(RuleBasedStateMachine):
    """Random events against the table of S27 as a model."""

    house: House

    @initialize()
    def begin(self):
        with self.house.db.tx() as conn:
            conn.execute(sa.delete(jobs))
            conn.execute(sa.delete(processing_jobs))
        self.id = new(self.house)
        self.status, self.phase, self.version, self.started = "queued", "input", 0, None
        self.told = ["queued"]

    @rule(event=st.sampled_from(sorted(TRANSITIONS)))
    def happens(self, event):
        allowed = TRANSITIONS[event]
        expected = self.status in allowed.sources and self.phase in allowed.phases
        with self.house.db.tx() as conn:
            moved = try_move(conn, self.house.events, self.id, event)
        assert (moved is not None) == expected
        if moved is not None:
            assert moved.before == self.status
            self.status, self.version = allowed.target, self.version + 1
            self.told.append(self.status)

    @precondition(lambda self: self.status == "running")
    @rule(phase=st.sampled_from(["input", "crawl", "finalize"]))
    def goes_on(self, phase):
        put(self.house, self.id, phase=phase)
        self.phase = phase

    @invariant()
    def holds(self):
        if not hasattr(self, "status"):
            return
        job = self.house.job(self.id)
        assert (job["status"], job["version"]) == (self.status, self.version)
        assert (job["finished_at"] is not None) == (self.status in FINAL)
        if self.started is not None:
            assert job["started_at"] == self.started
        self.started = job["started_at"]

    def teardown(self):
        events = self.house.events.read(topic=job_topic(self.id))
        assert [event.data["to"] for event in events if event.kind == "state"] == self.told


@pytest.mark.parametrize("count", [25])
def test_the_states_follow_the_table(house, count):
    class Machine(JobMachine):
        pass

    Machine.house = house
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=count,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_twenty_at_once_make_one_job(house):
    """S26."""
    made, refused = [], []
    gate = threading.Barrier(20)

    def start():
        gate.wait()
        try:
            made.append(new(house))
        except JobActive as active:
            refused.append(active)

    threads = [threading.Thread(target=start) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 19)
    assert {active.active_job_id for active in refused} == set(made)
    assert {active.code for active in refused} == {"job_active"}


def test_another_domain_and_an_ended_job_are_no_hindrance(house):
    first = new(house)
    new(house, "other.ru")
    house.jobs.cancel_job(first, "anna")
    second = new(house)
    with pytest.raises(JobActive):
        house.jobs.resume_job(first, "anna")
    house.jobs.cancel_job(second, "anna")
    assert house.jobs.resume_job(first, "anna")["status"] == "queued"


def test_what_cannot_be_done_says_so(house):
    job_id = new(house)
    for action in (house.jobs.resume_job, house.jobs.retry_failed):
        with pytest.raises(BadState, match="queued"):
            action(job_id, "anna")
    house.jobs.cancel_job(job_id, "anna")
    with pytest.raises(BadState, match="cancelled"):
        house.jobs.pause_job(job_id, "anna")
    with pytest.raises(BadState):
        house.jobs.cancel_job(job_id, "anna")
    with pytest.raises(BadState, match="nothing of it can be retried"):
        house.jobs.retry_failed(job_id, "anna")
    with pytest.raises(InputError, match="ok cannot be retried"):
        house.jobs.retry_failed(job_id, "anna", ["ok"])
    for missing in ("nonsense", "01890000-0000-7000-8000-000000000000"):
        with pytest.raises(NotFoundError):
            house.jobs.pause_job(missing, "anna")


def test_finalisation_cannot_be_paused_or_cancelled(house):
    """S27a."""
    job_id = new(house)
    put(house, job_id, status="running", phase="finalize")
    for action in (house.jobs.pause_job, house.jobs.cancel_job):
        with pytest.raises(BadState, match="finalize"):
            action(job_id, "anna")


def test_a_pause_with_an_end_wakes_by_itself(house):
    job_id = new(house)
    later = house.clock.now() + timedelta(hours=2)
    paused = house.jobs.pause_job(job_id, "worker", "host", later)
    assert (paused["pause_reason"], paused["resume_at"]) == ("host", later)
    assert not house.jobs.wake_job(job_id, paused["version"] - 1)
    assert house.jobs.wake_job(job_id, paused["version"])
    job = house.job(job_id)
    assert (job["status"], job["pause_reason"], job["resume_at"]) == ("queued", "", None)
    assert not house.jobs.wake_job(job_id, paused["version"])


def test_nothing_is_reopened_after_a_later_job_wrote_the_state(house):
    """S30."""
    first = new(house)
    house.jobs.cancel_job(first, "anna")
    second = new(house)
    house.jobs.cancel_job(second, "anna")
    put(house, second, diff_state="ready")
    for action in (house.jobs.resume_job, house.jobs.retry_failed):
        with pytest.raises(Superseded, match=second):
            action(first, "anna")
    put(house, second, diff_state="held")
    assert house.jobs.resume_job(first, "anna")["status"] == "queued"


def test_retry_failed_takes_only_what_may_be_retried(house):
    job_id = new(house, urls=6)
    ends = [
        ("ok", ""), ("blocked", "captcha"), ("error", "http_5xx"), ("skipped", "budget"),
        ("skipped", "robots"), ("gone", ""),
    ]  # fmt: skip
    with house.db.tx() as conn:
        for position, (outcome, reason) in enumerate(ends):
            conn.execute(
                sa.update(job_urls)
                .where(job_urls.c.position == position)
                .values(state="done", outcome=outcome, reason=reason, attempts=6)
            )
    put(house, job_id, status="partial", phase="finalize", finished_at=house.clock.now())
    house.jobs.retry_failed(job_id, "anna", ["skipped"])
    assert _pending(house) == {3}
    house.jobs.cancel_job(job_id, "anna")
    house.jobs.retry_failed(job_id, "anna")
    assert _pending(house) == {1, 2, 3}
    job = house.job(job_id)
    assert (job["phase"], job["finished_at"], job["status"]) == ("crawl", None, "queued")
    house.check_counters(job_id)
    with house.db.read() as conn:
        again = job_urls.c.state == "pending"
        assert set(conn.execute(sa.select(job_urls.c.attempts).where(again)).scalars()) == {0}


def _pending(house):
    query = sa.select(job_urls.c.position).where(job_urls.c.state == "pending")
    with house.db.read() as conn:
        return set(conn.execute(query).scalars())


def test_one_of_two_movers_loses(house):
    job_id = new(house)
    results = []
    gate = threading.Barrier(8)

    def take():
        gate.wait()
        with house.db.tx() as conn:
            results.append(try_move(conn, house.events, job_id, "take"))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result is not None for result in results) == 1
    assert house.job(job_id)["version"] == 1


def test_a_move_that_is_rolled_back_tells_nothing(house):
    job_id = new(house)

    def take_and_fail():
        with house.db.tx() as conn:
            move(conn, house.events, job_id, "take")
            raise ConflictError("undo")

    with pytest.raises(ConflictError):
        take_and_fail()
    assert house.job(job_id)["status"] == "queued"
    assert len(house.events.read(topic=job_topic(job_id))) == 1


def test_listing_filters_and_pages(house):
    ids = [new(house, f"shop{n}.ru") for n in range(5)]
    house.jobs.cancel_job(ids[0], "anna")
    with house.db.read() as conn:
        first, cursor = list_jobs(conn, limit=2)
        second, cursor = list_jobs(conn, limit=2, cursor=cursor)
        third, end = list_jobs(conn, limit=2, cursor=cursor)
        assert [job["id"] for job in (*first, *second, *third)] == ids[::-1]
        assert end == ""
        assert [job["id"] for job in list_jobs(conn, status="cancelled")[0]] == [ids[0]]
        assert [job["id"] for job in list_jobs(conn, domain="shop3.ru")[0]] == [ids[3]]
        with pytest.raises(InputError, match="cursor"):
            list_jobs(conn, cursor="'; drop")


def test_secrets_are_sealed_apart_from_the_options(house):
    """S139, N42."""
    job_id = new(house, firecrawl_api_key="fc-very-secret", enable_firecrawl=True)
    with house.db.read() as conn:
        assert get_secret(conn, house.deps.sealer, job_id, FIRECRAWL_KEY) == "fc-very-secret"
        assert has_secret(conn, job_id, FIRECRAWL_KEY)
        assert not has_secret(conn, job_id, "other")
        sealed = conn.execute(sa.select(job_secrets.c.sealed)).scalar_one()
        assert "fc-very-secret" not in f"{get_job(conn, job_id)}{sealed}"
    with house.db.tx() as conn:
        conn.execute(sa.delete(jobs))
        assert conn.execute(sa.select(sa.func.count()).select_from(job_secrets)).scalar() == 0


def test_a_job_without_work_gets_new_work(house):
    job_id = new(house)
    with house.db.tx() as conn:
        assert find_orphans(conn) == []
        conn.execute(sa.delete(processing_jobs))
        assert [item["id"] for item in find_orphans(conn)] == [job_id]
    with house.db.tx() as conn:
        house.ledger.enqueue(conn, NewWork(phases.QUEUE, phases.MAINTENANCE))
    house.run(queues=[phases.QUEUE])
    assert adopt_orphans(house.deps, house.jobs) == 0
    assert house.job(job_id)["started_at"] is not None


def test_a_job_whose_work_failed_for_good_fails(house):
    job_id = new(house)
    with house.db.tx() as conn:
        conn.execute(sa.update(processing_jobs).values(state="failed", error="killed thrice"))
    assert adopt_orphans(house.deps, house.jobs) == 1
    assert house.job(job_id)["status"] == "failed"
    assert house.job(job_id)["status"] not in ACTIVE


def test_a_held_diff_gives_the_job_the_status_it_would_have_had(house):
    """S107."""
    whole, cut = new(house, urls=1), new(house, "other.ru", urls=2)
    with house.db.tx() as conn:
        done = sa.update(job_urls).values(state="done", outcome="ok")
        conn.execute(done)
        second = sa.and_(job_urls.c.job_id == cut, job_urls.c.position == 1)
        conn.execute(sa.update(job_urls).where(second).values(outcome="skipped", reason="deadline"))
    for job_id in (whole, cut):
        put(house, job_id, status="partial", phase="finalize", stop_reason="diff_held")
        with house.db.tx() as conn:
            house.jobs.settle_held(conn, job_id, "anna")
    states = [(house.job(i)["status"], house.job(i)["stop_reason"]) for i in (whole, cut)]
    assert states == [("succeeded", ""), ("partial", "deadline")]
