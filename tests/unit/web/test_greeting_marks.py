"""Marks in a text, and the buttons for each role and state."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from povod.greetings.states import STATES
from povod.web.greetings_api.shapes import without_controls
from povod.web.greetings_pages.greeting import choices, marked
from povod.web.masked import mask_phone
from povod.web.session import Person


def finding(start: int, end: int, code: str = "promo", part: str = "body") -> dict[str, Any]:
    return {"start": start, "end": end, "code": code, "part": part}


def test_places_are_marked_and_the_rest_is_text() -> None:
    row = {
        "body": "<b>Скидка</b>",
        "violations": [finding(3, 9, "a'b"), finding(0, 2, part="wish")],
    }
    text = str(marked(row))
    assert text == "&lt;b&gt;<mark title='a&#39;b'>Скидка</mark>&lt;/b&gt;"


def test_marks_that_overlap_are_made_once() -> None:
    row = {"body": "0123456789", "violations": [finding(2, 6), finding(4, 8), finding(8, 99)]}
    assert str(marked(row)) == "01<mark title='promo'>2345</mark>6789"


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70))))
def test_no_word_is_lost_and_nothing_becomes_markup(
    body: str, spots: list[tuple[int, int]]
) -> None:
    row = {"body": body, "violations": [finding(start, end) for start, end in spots]}
    text = str(marked(row)).replace("<mark title='promo'>", "").replace("</mark>", "")
    assert text == str(escape(body))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "admin"])
def test_buttons_follow_the_table_of_moves(role: str, state: str) -> None:
    may = choices({"status": state, "message_id": "m"}, Person("x", "x", role))
    if role == "viewer":
        assert may == set()
        return
    assert "rate" in may
    assert ("approve" in may) is (state in ("generated", "needs_approval") and role != "operator")
    assert ("reject" in may) is (state == "needs_approval" and role != "operator")
    assert ("retry" in may) is (state in ("error", "skipped"))
    assert ("edit" in may) is (state in ("generated", "needs_approval", "approved", "rejected"))
    assert ("cancel" in may) is (state not in ("sent", "cancelled"))


@given(st.text(max_size=80))
def test_lines_stay_and_controls_go(text: str) -> None:
    kept = without_controls(text)
    assert all(char.isprintable() or char in "\n\t" for char in kept)
    assert without_controls(kept) == kept


def test_lines_of_windows_become_ours() -> None:
    assert without_controls("а\r\nб\rв\x00г") == "а\nб\nвг"


def test_numbers_are_masked_to_two_digits() -> None:
    assert mask_phone("+79161234567;ext=123") == "***67"
