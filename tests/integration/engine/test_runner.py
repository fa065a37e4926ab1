import asyncio
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from povod.engine import runner as runner_module
from povod.engine.dispatch.inline import InlineDispatcher
from povod.engine.ledger import Ledger
from povod.engine.runner import Handler, Handlers, Later, Run, Runner
from povod.engine.schedules import Schedules
from povod.engine.work import NewWork
from povod.kit.clock import FixedClock, SystemClock
from povod.kit.errors import ConfigurationError
from povod.store.db import Database
from povod.store.tables import processing_jobs as jobs

Enqueue = Callable[..., str]
RowOf = Callable[[str], sa.RowMapping]


@pytest.fixture
def make(ledger: Ledger, clock: FixedClock) -> Callable[..., Runner]:
    def build(handler: Handler, **options: Any) -> Runner:
        handlers = Handlers()
        handlers.register("step", handler)
        return Runner(ledger, handlers, clock, **options)

    return build


class Background:
    """`run_forever` in a thread, stopped at the end."""

    def __init__(self, runner: Runner) -> None:
        self.stop = threading.Event()
        self.thread = threading.Thread(target=runner.run_forever, args=(self.stop,), daemon=True)
        self.thread.start()

    def end(self, within: float = 10) -> None:
        self.stop.set()
        self.thread.join(within)
        assert not self.thread.is_alive()


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_results_of_sync_and_async_handlers_are_kept(
    ledger: Ledger, clock: FixedClock, enqueue: Enqueue, row_of: RowOf
) -> None:
    async def later_in_loop(run: Run) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"doubled": run.args["n"] * 2}

    handlers = Handlers()
    handlers.register("async", later_in_loop, queue="search")
    handlers.register("sync", lambda run: {"thread": threading.current_thread().name})
    first, second = enqueue("search", "async", args={"n": 21}), enqueue(kind="sync")
    summary = Runner(ledger, handlers, clock).run_until_idle()
    assert (summary.done, summary.failed, dict(summary.by_kind)) == (2, 0, {"async": 1, "sync": 1})
    assert row_of(first)["result"] == {"doubled": 42}
    assert row_of(second)["result"] == {"thread": "povod-work"}


def test_until_idle_runs_what_handlers_bring_about(
    ledger: Ledger, make: Callable[..., Runner], enqueue: Enqueue
) -> None:
    def chain(run: Run) -> None:
        if run.args["n"]:
            with ledger.db.tx() as conn:
                ledger.enqueue(conn, NewWork("default", "step", {"n": run.args["n"] - 1}))

    enqueue(args={"n": 7})
    assert make(chain).run_until_idle().done == 8


def test_until_idle_keeps_to_the_wanted_kinds(
    ledger: Ledger, clock: FixedClock, enqueue: Enqueue, row_of: RowOf
) -> None:
    handlers = Handlers()
    handlers.register("a", lambda run: None)
    handlers.register("b", lambda run: None)
    first, second = enqueue(kind="a"), enqueue(kind="b")
    assert Runner(ledger, handlers, clock).run_until_idle(["a", "unheard of"]).done == 1
    assert (row_of(first)["state"], row_of(second)["state"]) == ("done", "queued")


def test_work_without_a_handler_here_stays_queued(
    make: Callable[..., Runner], enqueue: Enqueue, row_of: RowOf
) -> None:
    work_id = enqueue(kind="of another version")
    assert make(lambda run: None).run_until_idle().done == 0
    assert row_of(work_id)["state"] == "queued"


def test_what_a_handler_raises_fails_the_try_with_its_reason(
    make: Callable[..., Runner], enqueue: Enqueue, row_of: RowOf, clock: FixedClock
) -> None:
    def boom(run: Run) -> None:
        raise RuntimeError("no answer for ivan@example.ru\0")

    work_id = enqueue(max_attempts=2)
    runner = make(boom)
    summary = runner.run_until_idle()
    assert (summary.done, summary.retried, summary.failed) == (0, 1, 0)
    row = row_of(work_id)
    assert (row["state"], row["error"]) == (
        "queued",
        "RuntimeError: no answer for iv***@example.ru",
    )
    assert timedelta(seconds=2) <= row["run_at"] - clock.now() <= timedelta(seconds=5)
    clock.advance(timedelta(seconds=5))
    assert runner.run_until_idle().failed == 1
    assert row_of(work_id)["state"] == "failed"


def test_errors_that_no_retry_cures_fail_at_once(
    make: Callable[..., Runner], enqueue: Enqueue, row_of: RowOf
) -> None:
    def unconfigured(run: Run) -> None:
        raise ConfigurationError("YANDEX_CLOUD_FOLDER_ID: not set")

    work_id = enqueue()
    assert make(unconfigured).run_until_idle().failed == 1
    assert row_of(work_id)["attempts"] == 1


@pytest.mark.parametrize("result", [{"at": object()}, {"a": "\ud800"}, {"a": float("inf")}])
def test_result_that_cannot_be_kept_fails_its_work_only(
    make: Callable[..., Runner], enqueue: Enqueue, row_of: RowOf, result: dict[str, Any]
) -> None:
    bad, good = enqueue(args={"bad": 1}, max_attempts=1), enqueue()
    make(lambda run: result if run.args else {"ok": 1}).run_until_idle()
    assert (row_of(bad)["state"], row_of(good)["state"]) == ("failed", "done")


def test_handler_that_exits_fails_its_work_only(
    make: Callable[..., Runner], enqueue: Enqueue, row_of: RowOf
) -> None:
    def leave(run: Run) -> None:
        raise SystemExit(3)

    work_id = enqueue(max_attempts=1)
    assert make(leave).run_until_idle().failed == 1
    assert "SystemExit" in row_of(work_id)["error"]


def test_later_comes_back_with_its_checkpoint(
    make: Callable[..., Runner], enqueue: Enqueue, row_of: RowOf, clock: FixedClock
) -> None:
    def slices(run: Run) -> Later | dict[str, Any]:
        page = run.checkpoint.get("page", 0)
        if page < 6:
            return Later(clock.now(), {"page": page + 1})
        return {"pages": page}

    work_id = enqueue(max_attempts=2)
    summary = make(slices).run_until_idle()
    assert (summary.put_back, summary.done) == (6, 1)
    assert row_of(work_id)["result"] == {"pages": 6}


def test_saved_checkpoint_survives_a_failure(
    make: Callable[..., Runner], enqueue: Enqueue, clock: FixedClock
) -> None:
    seen: list[dict[str, Any]] = []

    def resumes(run: Run) -> None:
        seen.append(dict(run.checkpoint))
        run.save({"row": len(seen)})
        if len(seen) < 3:
            raise OSError("cut")

    enqueue()
    runner = make(resumes)
    for _ in range(3):
        runner.run_until_idle()
        clock.advance(timedelta(hours=1))
    assert seen == [{}, {"row": 1}, {"row": 2}]


def test_progress_reaches_the_events(make: Callable[..., Runner], enqueue: Enqueue) -> None:
    def tells(run: Run) -> None:
        run.progress({"done": 1, "total": 2})
        run.progress({"x": 1}, topic="other")

    work_id = enqueue()
    runner = make(tells)
    runner.run_until_idle()
    first, second = runner.events.read()
    assert (first.topic, first.kind, first.data) == ("step", "progress", {"done": 1, "total": 2})
    assert (first.work_id, second.topic) == (work_id, "other")


def test_running_handler_sees_the_cancellation(
    ledger: Ledger, make: Callable[..., Runner], enqueue: Enqueue, row_of: RowOf
) -> None:
    begun = threading.Event()

    def long(run: Run) -> dict[str, Any]:
        begun.set()
        wait_for(run.cancelled)
        return {"ignored": True}

    background = Background(make(long))
    work_id = enqueue()
    assert begun.wait(5)
    ledger.cancel(work_id)
    wait_for(lambda: row_of(work_id)["state"] == "cancelled", 5)
    assert row_of(work_id)["result"] is None
    background.end()


def test_stop_gives_unfinished_work_back_at_once(
    make: Callable[..., Runner], enqueue: Enqueue, row_of: RowOf
) -> None:
    begun = threading.Event()

    def polite(run: Run) -> None:
        run.save({"row": 1})
        begun.set()
        wait_for(run.cancelled)

    ids = [enqueue() for _ in range(5)]
    background = Background(make(polite, concurrency=2))
    assert begun.wait(5)
    background.end(within=5)
    rows = [row_of(work_id) for work_id in ids]
    assert [(row["state"], row["attempts"]) for row in rows] == [("queued", 0)] * 5


def test_stop_does_not_wait_for_the_deaf(
    make: Callable[..., Runner],
    enqueue: Enqueue,
    row_of: RowOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module, "GRACE_SECONDS", 0.3)
    begun, let_go = threading.Event(), threading.Event()

    def deaf(run: Run) -> None:
        begun.set()
        let_go.wait(10)

    work_id = enqueue()
    background = Background(make(deaf))
    assert begun.wait(5)
    background.end(within=4)
    assert (row_of(work_id)["state"], row_of(work_id)["attempts"]) == ("queued", 0)
    let_go.set()
    time.sleep(0.1)
    assert row_of(work_id)["state"] == "queued"


def test_heartbeat_keeps_the_lease_of_long_work(
    db: Database, enqueue: Enqueue, row_of: RowOf
) -> None:
    clock = SystemClock()
    db.clock = clock
    ledger = Ledger(db, clock, lease_seconds=0.6)
    handlers = Handlers()
    handlers.register("step", lambda run: time.sleep(1.5))
    work_id = enqueue(run_at=None)
    background = Background(Runner(ledger, handlers, clock))
    wait_for(lambda: row_of(work_id)["state"] == "running")
    while row_of(work_id)["state"] == "running":
        assert ledger.claim("thief", ["default"], 1) == []
        time.sleep(0.1)
    background.end()
    assert (row_of(work_id)["state"], row_of(work_id)["lease_epoch"]) == ("done", 1)


def test_result_of_a_lost_lease_is_thrown_away(
    ledger: Ledger,
    make: Callable[..., Runner],
    enqueue: Enqueue,
    row_of: RowOf,
    expire_leases: Callable[[], None],
) -> None:
    def loses(run: Run) -> dict[str, Any]:
        expire_leases()
        ledger.claim("thief", ["default"], 1)
        run.save({"never": 1})
        return {"never": 1}

    work_id = enqueue()
    summary = make(loses).run_until_idle()
    assert (summary.done, summary.failed, summary.retried) == (0, 0, 0)
    row = row_of(work_id)
    assert (row["owner"], row["state"], row["checkpoint"]) == ("thief", "running", {})


def test_doorbell_wakes_a_sleeping_runner(
    ledger: Ledger, make: Callable[..., Runner], enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "POLL_SECONDS", 30)
    ledger.dispatcher = InlineDispatcher()
    begun = threading.Event()
    background = Background(make(lambda run: begun.set()))
    time.sleep(0.3)
    enqueue()
    assert begun.wait(5)
    background.stop.set()
    enqueue()
    background.end()


def test_schedules_tick_while_the_runner_serves(
    db: Database, ledger: Ledger, clock: FixedClock, make: Callable[..., Runner]
) -> None:
    begun = threading.Event()
    plan = Schedules(db, clock, ledger)
    plan.ensure("s", "default", "step", interval_seconds=60)
    background = Background(make(lambda run: begun.set(), schedules=plan))
    assert begun.wait(5)
    background.end()


def test_runner_outlives_trouble_with_the_database(
    ledger: Ledger,
    make: Callable[..., Runner],
    enqueue: Enqueue,
    row_of: RowOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module, "TROUBLE_SECONDS", 0.05)
    settle, failures = ledger.settle, [0]

    def flaky(ended: Any) -> set[str]:
        failures[0] += 1
        if failures[0] < 3:
            raise sa.exc.OperationalError("update", {}, Exception("connection lost"))
        return settle(ended)

    monkeypatch.setattr(ledger, "settle", flaky)
    work_id = enqueue()
    background = Background(make(lambda run: {"n": 1}))
    wait_for(lambda: row_of(work_id)["state"] == "done")
    background.end()
    assert row_of(work_id)["attempts"] == 1


def test_many_small_works_are_each_done_once(ledger: Ledger, make: Callable[..., Runner]) -> None:
    seen: list[int] = []
    with ledger.db.tx() as conn:
        ledger.enqueue_many(conn, [NewWork("default", "step", {"n": n}) for n in range(1500)])
    assert make(lambda run: seen.append(run.args["n"])).run_until_idle().done == 1500
    assert sorted(seen) == list(range(1500))


def test_long_work_is_not_hoarded(
    ledger: Ledger, make: Callable[..., Runner], enqueue: Enqueue
) -> None:
    """A runner leaves to others what its threads cannot begin soon."""
    held: list[int] = []

    def slow(run: Run) -> None:
        time.sleep(0.1)
        held.append(ledger.stats().count("running"))

    for _ in range(24):
        enqueue()
    make(slow, concurrency=2).run_until_idle()
    assert max(held) <= 10
    with ledger.db.read() as conn:
        assert set(conn.execute(sa.select(jobs.c.lease_epoch)).scalars()) == {1}


def test_two_handlers_for_a_kind_are_refused() -> None:
    handlers = Handlers()
    handlers.register("step", lambda run: None)
    with pytest.raises(ConfigurationError, match="two handlers"):
        handlers.register("step", lambda run: None)
    with pytest.raises(ConfigurationError, match="no queue"):
        handlers.register("other", lambda run: None, queue="fast")
