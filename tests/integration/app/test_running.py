"""Working until idle: what is due is done, and time passes only where it can be made to."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from povod.app.house import House
from povod.app.running import until_idle
from povod.app.step import Step
from povod.delivery.facade import Delivery
from povod.engine.events import Events
from povod.engine.handlers import Handlers, Run
from povod.engine.ledger import Ledger
from povod.engine.quotas import Quotas
from povod.engine.schedules import Schedules
from povod.kit.clock import Clock, FixedClock, ShiftedClock
from povod.kit.errors import InputError
from povod.kit.settings import Settings
from povod.store.db import Database

Make = Callable[..., "Diary"]


class Diary:
    """A house whose only step has dates to keep; it notes when it kept them."""

    def __init__(self, db: Database, clock: Clock, settings: Settings, *dates: timedelta) -> None:
        self.clock = clock
        self.start = clock.now()
        self.dates = [self.start + date for date in dates]
        self.kept: list[datetime] = []
        ledger, handlers, quotas = Ledger(db, clock), Handlers(), Quotas(db, clock)
        handlers.register("leads.diary", self._keep, "search")
        rooms: dict[str, Any] = dict.fromkeys(
            ("search", "letters", "leads", "greetings", "book", "sites")
        )
        self.house = House(
            settings=settings,
            clock=clock,
            db=db,
            ledger=ledger,
            events=Events(db, clock),
            quotas=quotas,
            schedules=Schedules(db, clock, ledger),
            handlers=handlers,
            delivery=Delivery(db, clock, settings, quotas),
            **rooms,
        )
        self.house.steps = [Step("leads.diary", "search", "app", 60, self._next)]

    def _next(self) -> datetime | None:
        return min(self.dates, default=None)

    def _keep(self, run: Run) -> None:
        due = [date for date in self.dates if date <= self.clock.now()]
        self.dates = [date for date in self.dates if date not in due]
        self.kept += due
        run.progress({"kept": len(due)})


@pytest.fixture
def make_diary(db: Database, settings: Settings) -> Make:
    return lambda *dates: Diary(db, db.clock, settings, *dates)


NOW, SOON = timedelta(), timedelta(hours=5)
TOMORROW, NEXT_MONTH = timedelta(days=1), timedelta(days=30)


class TestOnAClockThatCannotJump:
    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock(datetime(2026, 11, 20, 9, 30, tzinfo=UTC))

    def test_only_what_is_due(self, make_diary: Make) -> None:
        diary = make_diary(NOW, SOON)
        assert until_idle(diary.house)["leads.diary"]["kept"] == 1
        assert len(diary.dates) == 1

    def test_nothing_due(self, make_diary: Make) -> None:
        assert until_idle(make_diary(SOON).house) == {}

    def test_a_second_run_counts_only_its_own(self, make_diary: Make) -> None:
        diary = make_diary(NOW)
        until_idle(diary.house)
        assert until_idle(diary.house) == {}


class TestOnTheSandboxClock:
    @pytest.fixture
    def clock(self) -> ShiftedClock:
        return ShiftedClock()

    def test_waiting_times_pass_at_once(self, make_diary: Make) -> None:
        diary = make_diary(NOW, SOON, TOMORROW)
        assert until_idle(diary.house)["leads.diary"]["kept"] == 3
        assert diary.kept == sorted(diary.kept)
        assert diary.clock.now() >= diary.start + TOMORROW

    def test_long_waits_are_told(self, make_diary: Make) -> None:
        told: list[str] = []
        until_idle(make_diary(SOON).house, tell=told.append)
        assert len(told) == 1
        assert "5.0 h pass" in told[0]

    def test_what_is_too_far_away_is_left(self, make_diary: Make) -> None:
        diary = make_diary(NOW, NEXT_MONTH)
        until_idle(diary.house)
        assert len(diary.dates) == 1
        assert diary.clock.now() < diary.start + TOMORROW

    @pytest.mark.parametrize("options", [{"jump": False}, {"steps": ["diary"]}])
    def test_no_jump_when_none_is_wanted(self, make_diary: Make, options: Any) -> None:
        diary = make_diary(NOW, SOON)
        until_idle(diary.house, **options)
        assert len(diary.kept) == 1

    @pytest.mark.parametrize("name", ["leads.diary", "diary"])
    def test_only_the_named_steps(self, make_diary: Make, name: str) -> None:
        diary = make_diary(NOW)
        until_idle(diary.house, steps=[name])
        assert len(diary.kept) == 1

    def test_a_name_that_no_step_has_is_wrong_use(self, make_diary: Make) -> None:
        diary = make_diary(NOW)
        with pytest.raises(InputError, match=r"leads\.diary"):
            until_idle(diary.house, steps=["submit"])
        assert diary.kept == []
