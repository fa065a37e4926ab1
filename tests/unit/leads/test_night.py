"""The tariff's window and the slots in it, at their very edges (L28-L30, Y48, Y52)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.kit.errors import PovodError
from povod.leads.night import (
    TARIFF_ZONE,
    NightWindowViolation,
    create_price,
    is_night,
    next_open,
    next_slot,
    require_night,
    window_tag,
)

MOMENTS = st.integers(1_577_836_800, 2_051_222_400).map(lambda s: datetime.fromtimestamp(s, UTC))
GUARDS = st.sampled_from([0, 5, 600])


def at(text: str) -> datetime:
    """A time on 21 November 2026 by the tariff's clock."""
    return datetime.fromisoformat(f"2026-11-21T{text}+03:00")


@pytest.mark.parametrize(
    ("text", "guard", "night"),
    [
        ("00:00:00", 0, True),
        ("07:59:59.999999", 0, True),
        ("08:00:00", 0, False),
        ("23:59:59.999999", 0, False),
        ("00:00:04.999", 5, False),
        ("00:00:05", 5, True),
        ("07:59:54.999", 5, True),
        ("07:59:55", 5, False),
    ],
)
def test_edges_of_the_window(text, guard, night):
    assert is_night(at(text), guard) is night


def test_the_zone_of_the_moment_does_not_matter():
    moment = datetime(2026, 7, 1, 23, 30, tzinfo=ZoneInfo("Europe/London"))  # 22:30 UTC
    assert is_night(moment)
    assert not is_night(datetime(2026, 11, 21, 20, 59, 59, tzinfo=UTC))
    assert is_night(datetime(2026, 11, 21, 21, 0, tzinfo=UTC))


def test_a_moment_without_zone_is_refused():
    with pytest.raises(ValueError, match="aware"):
        is_night(datetime(2026, 11, 21))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("text", "guard", "opening"),
    [
        ("03:00:00", 5, "2026-11-21T03:00:00+03:00"),
        ("00:00:01", 5, "2026-11-21T00:00:05+03:00"),
        ("07:59:57", 5, "2026-11-22T00:00:05+03:00"),
        ("12:00:00", 0, "2026-11-22T00:00:00+03:00"),
    ],
)
def test_next_opening(text, guard, opening):
    found = next_open(at(text), guard)
    assert found == datetime.fromisoformat(opening)
    assert found.tzinfo is UTC


@given(MOMENTS, GUARDS)
def test_the_next_opening_is_the_first_night_instant(moment, guard):
    opening = next_open(moment, guard)
    assert is_night(opening, guard)
    assert moment <= opening < moment + timedelta(days=1)
    if opening > moment:
        assert not is_night(moment, guard)
        assert not is_night(opening - timedelta(microseconds=1), guard)


def test_an_opening_is_counted_in_hours_even_when_clocks_change():
    before = datetime(2026, 3, 28, 23, 0, tzinfo=ZoneInfo("Europe/Berlin"))  # DST in 3 hours
    before_utc = before.astimezone(UTC)
    assert next_open(before + timedelta(hours=12)) == next_open(
        (before + timedelta(hours=12)).astimezone(UTC)
    )
    assert next_open(before) == before_utc


def test_a_night_has_640_slots_and_the_next_goes_to_the_next_night():
    start, last = at("00:00:00"), None
    slots = []
    for _ in range(641):
        last = next_slot(start, last, 45, 5)
        slots.append(last)
    night = [slot for slot in slots if slot < at("08:00:00")]
    assert len(night) == 640
    assert slots[0] == at("00:00:05")
    assert slots[640] == at("00:00:05") + timedelta(days=1)
    gaps = {later - earlier for earlier, later in pairwise(night)}
    assert gaps == {timedelta(seconds=45)}


def test_an_old_last_slot_does_not_hold_back():
    assert next_slot(at("03:00:00"), at("01:00:00"), 45) == at("03:00:00")


def test_the_gate_names_the_next_opening():
    require_night(at("00:00:05"), 5)
    with pytest.raises(NightWindowViolation, match=r"opens 22\.11 at 00:00:05.*--now") as caught:
        require_night(at("12:00:00"), 5)
    assert caught.value.opens_at == at("00:00:05") + timedelta(days=1)
    assert isinstance(caught.value, PovodError)


def test_the_servers_clock_decides_the_tariff():
    day, night = at("08:00:01"), at("07:59:59")
    assert window_tag(night, day) == "night"
    assert window_tag(day, night) == "day"
    assert window_tag(None, night) == "night"


def test_price_of_one_query(settings):
    assert create_price(settings, "night") == Decimal("0.02541")
    assert create_price(settings, "day") == Decimal("0.03050")
    saved = 700 * (create_price(settings, "day") - create_price(settings, "night"))
    assert round(saved, 2) == Decimal("3.56")


def test_the_zone_has_no_summer_time():
    assert TARIFF_ZONE.utcoffset(None) == timedelta(hours=3)
