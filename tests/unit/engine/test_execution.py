"""The boundary of work, with a ledger that only remembers what it was asked."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from povod.engine import handlers as handlers_module
from povod.engine.dispatch.inline import InlineDispatcher
from povod.engine.events import Events
from povod.engine.execution import Executor, Heartbeat
from povod.engine.handlers import Handlers, Result, Run
from povod.engine.ledger import Ledger
from povod.engine.work import Later, Outcome, Work
from povod.kit.clock import FixedClock
from povod.kit.errors import InputError, LeaseLostError

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


class FakeLedger:
    lease_seconds = 0.03

    def __init__(self) -> None:
        self.asked = 0
        self.cancelled = False
        self.lose = False
        self.held: dict[str, bool] = {}
        self.during_extend: Callable[[], None] = lambda: None

    def is_cancelled(self, work: Work) -> bool:
        self.asked += 1
        return self.cancelled

    def checkpoint(self, work: Work, data: dict[str, Any]) -> None:
        if self.lose:
            raise LeaseLostError("gone")

    def extend_many(self, works: list[Work]) -> dict[str, bool]:
        self.during_extend()
        return self.held


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


def make_work(name: str = "w1", attempts: int = 1) -> Work:
    return Work(name, "default", "step", {}, {}, attempts, 3, "", "anna", 1)


def make_run(ledger: FakeLedger, stopping: bool = False, **options: Any) -> Run:
    return Run(
        make_work(**options),
        cast(Ledger, ledger),
        cast(Events, SimpleNamespace()),
        lambda: stopping,
    )


def wait(answer: Awaitable[Result]) -> Result:
    async def finish() -> Result:
        return await answer

    return asyncio.run(finish())


def execute(run: Run, handler: Callable[[Run], Any]) -> Outcome | None:
    handlers = Handlers()
    handlers.register("step", handler)
    executor = Executor(
        cast(Ledger, SimpleNamespace()),
        handlers,
        FixedClock(NOW),
        cast(Events, SimpleNamespace()),
        lambda: False,
    )
    return executor.execute(run, wait)


def outcome_of(run: Run, handler: Callable[[Run], Any]) -> Outcome:
    outcome = execute(run, handler)
    assert outcome is not None
    return outcome


def test_result_of_either_kind_of_handler_ends_the_work(ledger: FakeLedger) -> None:
    async def handler(run: Run) -> Result:
        return {"n": 1}

    for one in (handler, lambda run: {"n": 1}):
        outcome = outcome_of(make_run(ledger), one)
        assert (outcome.state, outcome.result) == ("done", {"n": 1})


def test_later_forgives_attempts(ledger: FakeLedger) -> None:
    later = Later(NOW + timedelta(minutes=5), {"page": 2})
    outcome = outcome_of(make_run(ledger, attempts=2), lambda run: later)
    assert (outcome.state, outcome.run_at, outcome.attempts) == ("queued", later.run_at, 0)
    assert outcome.checkpoint == {"page": 2}


@pytest.mark.parametrize(
    ("attempts", "error", "state"),
    [
        (1, OSError("x"), "queued"),
        (2, OSError("x"), "queued"),
        (3, OSError("x"), "failed"),
        (1, InputError("x"), "failed"),
        (3, SystemExit(1), "failed"),
    ],
)
def test_error_is_tried_again_while_that_may_help(
    ledger: FakeLedger, attempts: int, error: BaseException, state: str
) -> None:
    def handler(run: Run) -> Result:
        raise error

    outcome = outcome_of(make_run(ledger, attempts=attempts), handler)
    assert outcome.state == state
    assert outcome.error.startswith(type(error).__name__)
    assert (outcome.run_at is not None) is (state == "queued")


def test_long_error_is_cut(ledger: FakeLedger) -> None:
    def handler(run: Run) -> Result:
        raise ValueError("long " * 10_000)

    assert len(outcome_of(make_run(ledger), handler).error) == 2000


def test_nothing_is_written_after_the_lease_was_lost(ledger: FakeLedger) -> None:
    ledger.lose = True

    def saves(run: Run) -> Result:
        run.save({"n": 1})
        return None

    def saves_and_stumbles(run: Run) -> Result:
        try:
            run.save({"n": 1})
        except LeaseLostError:
            raise RuntimeError("something else") from None
        return None

    def saves_and_goes_on(run: Run) -> Result:
        with pytest.raises(LeaseLostError):
            run.save({"n": 1})
        return {"n": 1}

    for handler in (saves, saves_and_stumbles, saves_and_goes_on):
        assert execute(make_run(ledger), handler) is None


def test_database_is_not_asked_at_every_look(
    ledger: FakeLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(ledger)
    for _ in range(1000):
        assert not run.cancelled()
    assert ledger.asked <= 1
    monkeypatch.setattr(handlers_module, "LOOK_SECONDS", 0)
    ledger.cancelled = True
    assert run.cancelled()


def test_cancelled_and_stopped_work_end_differently(
    ledger: FakeLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def polite(run: Run) -> Result:
        assert run.cancelled()
        return {"ignored": 1}

    outcome = outcome_of(make_run(ledger, stopping=True, attempts=2), polite)
    assert (outcome.state, outcome.attempts, outcome.run_at) == ("queued", 1, NOW)
    monkeypatch.setattr(handlers_module, "LOOK_SECONDS", 0)
    ledger.cancelled = True
    outcome = outcome_of(make_run(ledger, stopping=True), polite)
    assert (outcome.state, outcome.result) == ("cancelled", None)


def test_heartbeat_tells_runs_what_became_of_them(ledger: FakeLedger) -> None:
    kept, asked, lost = (make_run(ledger, name=name) for name in ("kept", "asked", "lost"))
    ledger.held = {"kept": False, "asked": True}
    beats = Heartbeat(cast(Ledger, ledger))
    beats.hold([kept, asked, lost])
    beats.beat_once()
    beats.close()
    assert (kept.stop_asked, asked.stop_asked, lost.lost) == (False, True, True)
    assert not kept.lost


def test_run_that_ended_during_a_beat_lost_nothing(ledger: FakeLedger) -> None:
    run = make_run(ledger)
    beats = Heartbeat(cast(Ledger, ledger))
    beats.hold([run])
    ledger.during_extend = lambda: beats.drop([run])
    beats.beat_once()
    beats.close()
    assert not run.lost


def test_run_that_was_taken_again_by_its_own_process_is_lost(ledger: FakeLedger) -> None:
    frozen, fresh = make_run(ledger), make_run(ledger)
    beats = Heartbeat(cast(Ledger, ledger))
    beats.hold([frozen])
    beats.hold([fresh])
    beats.close()
    assert (frozen.lost, fresh.lost) == (True, False)


def test_heart_beats_by_itself(ledger: FakeLedger) -> None:
    beaten = threading.Event()
    ledger.during_extend = beaten.set
    beats = Heartbeat(cast(Ledger, ledger))
    beats.hold([make_run(ledger)])
    assert beaten.wait(5)
    beats.close()


def test_inline_bell_wakes_those_who_listen() -> None:
    bell, rings = InlineDispatcher(), []

    def wake() -> None:
        rings.append(1)

    bell.subscribe(wake)
    bell.notify("mail", "w1")
    bell.unsubscribe(wake)
    bell.notify("mail", "w2")
    assert rings == [1]
