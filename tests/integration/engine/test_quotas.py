import contextlib
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from povod.engine.quotas import Demand, Limit, Quotas
from povod.kit.clock import FixedClock
from povod.kit.errors import InputError
from povod.kit.ids import new_id
from povod.store.db import Database
from povod.store.tables import quotas as table

SECOND = timedelta(seconds=1)
NONE = timedelta()
YANDEX = [Limit(10, 1), Limit(600, 60), Limit(35_000, 3600)]


@pytest.fixture
def quotas(db: Database, clock: FixedClock) -> Quotas:
    return Quotas(db, clock)


def test_limit_is_reached_and_the_wait_is_exact(quotas: Quotas, clock: FixedClock) -> None:
    for _ in range(3):
        assert quotas.take("k", [Limit(3, 10)]) == NONE
        clock.advance(SECOND)
    wait = quotas.take("k", [Limit(3, 10)])
    assert wait == 7 * SECOND
    clock.advance(wait - timedelta(microseconds=1))
    assert quotas.take("k", [Limit(3, 10)]) == timedelta(microseconds=1)
    clock.advance(timedelta(microseconds=1))
    assert quotas.take("k", [Limit(3, 10)]) == NONE


def test_slowest_limit_decides_and_a_refusal_takes_nothing(
    quotas: Quotas, clock: FixedClock
) -> None:
    limits = [Limit(2, 1), Limit(3, 60)]
    assert [quotas.take("k", limits) for _ in range(3)] == [NONE, NONE, SECOND]
    clock.advance(SECOND)
    assert quotas.take("k", limits) == NONE
    assert quotas.take("k", limits) == 59 * SECOND
    assert quotas.used("k", 60) == 3


def test_big_amount_waits_until_enough_is_free(quotas: Quotas, clock: FixedClock) -> None:
    for _ in range(4):
        quotas.take("k", [Limit(5, 10)])
        clock.advance(SECOND)
    assert quotas.take("k", [Limit(5, 10)], amount=3) == 7 * SECOND


def test_keys_do_not_share(quotas: Quotas) -> None:
    assert quotas.take("a", [Limit(1, 10)]) == NONE
    assert quotas.take("b", [Limit(1, 10)]) == NONE


def test_all_keys_or_none(quotas: Quotas) -> None:
    quotas.take("domain", [Limit(1, 60)])
    both = [Demand("mailbox", [Limit(5, 60)]), Demand("domain", [Limit(1, 60)])]
    assert quotas.take_all(both, "message-1") == 60 * SECOND
    assert quotas.used("mailbox", 60) == 0


def test_given_back_tokens_never_were(quotas: Quotas, clock: FixedClock) -> None:
    limits = [Limit(5, 10)]
    quotas.take("k", limits, 2, "kept")
    for _ in range(2):
        clock.advance(SECOND)
        assert quotas.take("k", limits, 1, "back") == NONE
    clock.advance(SECOND)
    assert quotas.take("k", limits, 1, "kept too") == NONE
    assert quotas.take("k", limits) == 7 * SECOND
    assert quotas.give_back("back") == 2
    assert quotas.used("k", 10) == 3
    assert quotas.used("k", 3) == 1
    assert [quotas.take("k", limits) for _ in range(3)] == [NONE, NONE, 7 * SECOND]
    assert quotas.give_back("back") == 0


def test_tokens_belong_to_the_callers_transaction(quotas: Quotas, db: Database) -> None:
    with contextlib.suppress(ZeroDivisionError), db.tx() as conn:
        assert quotas.take("k", [Limit(1, 60)], holder="m", conn=conn) == NONE
        assert quotas.take("k", [Limit(1, 60)], conn=conn) == 60 * SECOND
        raise ZeroDivisionError
    with db.tx() as conn:
        assert quotas.take("k", [Limit(1, 60)], holder="m", conn=conn) == NONE
        assert quotas.give_back("m", conn) == 1
    assert quotas.used("k", 60) == 0


def test_clock_put_back_frees_nothing(db: Database, clock: FixedClock) -> None:
    limits = [Limit(1, 60)]
    assert Quotas(db, clock).take("k", limits) == NONE
    behind = FixedClock(clock.now() - timedelta(hours=1))
    assert Quotas(db, behind).take("k", limits) == timedelta(hours=1, seconds=60)
    behind.advance(timedelta(hours=1, seconds=60))
    assert Quotas(db, behind).take("k", limits) == NONE


@pytest.mark.parametrize("amount", [0, 4])
def test_amount_that_never_fits_is_an_error(quotas: Quotas, amount: int) -> None:
    with pytest.raises(InputError, match="never fits"):
        quotas.take("k", [Limit(9, 1), Limit(3, 60)], amount)


def test_demands_are_checked(quotas: Quotas) -> None:
    with pytest.raises(InputError, match="holder"):
        quotas.give_back("")
    with pytest.raises(InputError, match="once"):
        quotas.take_all([Demand("k", [Limit(9, 1)]), Demand("k", [Limit(9, 1)])])
    with pytest.raises(InputError, match="never fits"):
        quotas.take("k", [])


def test_old_rows_are_tidied_without_changing_the_count(
    quotas: Quotas, db: Database, clock: FixedClock
) -> None:
    for _ in range(300):
        quotas.take("k", [Limit(5, 10)])
        clock.advance(3 * SECOND)
    with db.read() as conn:
        kept = conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    assert kept < 100
    assert quotas.used("k", 10) == 3


def test_a_long_window_costs_no_more_than_a_short_one(
    quotas: Quotas, db: Database, clock: FixedClock
) -> None:
    """The plan of every statement is a search in an index, never a scan or a sort."""
    quotas.take("k", YANDEX)
    if not db.is_sqlite:
        return
    plans = []
    with db.read() as conn:
        for order in ("at, total", "at DESC, total DESC"):
            query = (
                f"SELECT total FROM quotas WHERE key='k' AND at > '2026' ORDER BY {order} LIMIT 1"
            )
            plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
            plans.append(" ".join(str(line[3]) for line in plan))
    assert all("USING" in plan and "B-TREE" not in plan for plan in plans), plans


def used(counted: list[tuple[datetime, int, str]], now: datetime, seconds: float) -> int:
    return sum(amount for at, amount, _ in counted if at > now - timedelta(seconds=seconds))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_no_window_ever_holds_more_than_its_limit(
    sqlite_db: Database, clock: FixedClock, data: st.DataObject
) -> None:
    """Random takes and returns against a plain list of what counts."""
    quotas = Quotas(sqlite_db, clock)
    key = new_id()
    limits = [Limit(3, 1), Limit(7, 5)]
    counted: list[tuple[datetime, int, str]] = []
    for step in range(data.draw(st.integers(5, 25), "steps")):
        clock.advance(timedelta(milliseconds=data.draw(st.integers(0, 900))))
        if counted and data.draw(st.integers(0, 5)) == 0:
            holder = data.draw(st.sampled_from(counted))[2]
            quotas.give_back(holder)
            counted = [token for token in counted if token[2] != holder]
        amount = data.draw(st.integers(1, 3))
        wait = quotas.take(key, limits, amount, f"{key}{step}")
        fits = all(
            amount
            + sum(a for at, a, _ in counted if at > clock.now() - timedelta(seconds=w.seconds))
            <= w.count
            for w in limits
        )
        assert (wait == NONE) is fits
        if fits:
            counted.append((clock.now(), amount, f"{key}{step}"))
        else:
            clock.advance(wait)
            assert quotas.take(key, limits, amount, f"{key}{step}") == NONE
            counted.append((clock.now(), amount, f"{key}{step}"))
