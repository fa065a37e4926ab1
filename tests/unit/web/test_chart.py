"""Geometry of the month's chart."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.web.chart import BOTTOM, LEFT, RIGHT, TOP, Day, draw, nice_top

FIRST = date(2026, 10, 22)


def days(*pairs: tuple[int, int]) -> list[Day]:
    return [Day(FIRST + timedelta(days=n), *pair) for n, pair in enumerate(pairs)]


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 1), (1, 1), (2, 2), (3, 4), (5, 5), (6, 10), (11, 20), (41, 50), (99, 100), (101, 200)],
)
def test_scales_end_at_a_round_number(most: int, top: int) -> None:
    assert nice_top(most) == top


def test_bars_stand_on_the_axis_and_the_tallest_reaches_the_top() -> None:
    chart = draw(days((20, 5), (0, 0), (10, 0)))
    assert [(bar.kind, bar.value) for bar in chart.bars] == [
        ("sent", 20),
        ("replied", 5),
        ("sent", 10),
    ]
    assert (chart.bars[0].y, chart.bars[0].height) == (TOP, BOTTOM - TOP)
    assert chart.bars[2].height == (BOTTOM - TOP) / 2
    assert (chart.sent, chart.replied) == (30, 5)
    assert [day.day for day in chart.busy_days] == [FIRST + timedelta(days=2), FIRST]


def test_today_has_its_label() -> None:
    chart = draw(days(*[(0, 0)] * 30))
    assert [tick.day for tick in chart.ticks][-1] == FIRST + timedelta(days=29)
    assert len(chart.ticks) == 6
    assert chart.bars == []


def test_lines_have_whole_numbers() -> None:
    assert [line.value for line in draw(days((1, 0))).lines] == [0, 1]
    assert [line.value for line in draw(days((17, 0))).lines] == [0, 5, 10, 15, 20]


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=40))
@settings(max_examples=60)
def test_nothing_is_drawn_outside_or_on_top_of_another(pairs: list[tuple[int, int]]) -> None:
    chart = draw(days(*pairs))
    for bar in chart.bars:
        assert TOP <= bar.y <= BOTTOM
        assert bar.y + bar.height == pytest.approx(BOTTOM, abs=0.1)
        assert bar.x >= LEFT
        assert bar.x + bar.width <= RIGHT + 0.1
    edges = [(bar.x, bar.x + bar.width) for bar in chart.bars]
    for (_, end), (start, _) in pairwise(edges):
        assert end <= start + 0.1
