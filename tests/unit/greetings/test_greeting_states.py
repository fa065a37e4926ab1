"""The table of moves of a greeting (G51)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.greetings.states import (
    MOVES,
    STATES,
    UNSENT,
    IllegalMove,
    allowed_from,
    check_move,
)
from povod.store.tables.greetings import GREETING_STATES

ROLES = ("run", "system", "delivery", "operator", "approver", "admin", "viewer")


class TestTable:
    def test_states_are_those_of_the_database(self) -> None:
        assert set(STATES) == set(GREETING_STATES)

    @pytest.mark.parametrize(
        ("before", "after", "role"),
        [
            ("generated", "needs_approval", "run"),
            ("generated", "approved", "run"),
            ("needs_approval", "approved", "approver"),
            ("needs_approval", "rejected", "admin"),
            ("approved", "needs_approval", "operator"),
            ("rejected", "needs_approval", "operator"),
            ("needs_approval", "skipped", "system"),
            ("approved", "sent", "delivery"),
            ("approved", "error", "delivery"),
            ("error", "approved", "operator"),
            ("skipped", "approved", "operator"),
            ("approved", "cancelled", "operator"),
        ],
    )
    def test_what_may_be(self, before: str, after: str, role: str) -> None:
        check_move(before, after, role)

    @pytest.mark.parametrize(
        ("before", "after", "role"),
        [
            ("needs_approval", "approved", "run"),
            ("needs_approval", "approved", "operator"),
            ("needs_approval", "approved", "system"),
            ("sent", "approved", "admin"),
            ("sent", "cancelled", "admin"),
            ("cancelled", "approved", "admin"),
            ("rejected", "approved", "approver"),
            ("generated", "sent", "delivery"),
        ],
    )
    def test_what_may_not(self, before: str, after: str, role: str) -> None:
        with pytest.raises(IllegalMove) as error:
            check_move(before, after, role)
        assert before in str(error.value)
        assert after in str(error.value)

    def test_a_sent_greeting_is_final(self) -> None:
        assert allowed_from("sent") == set()
        assert allowed_from("cancelled") == set()

    def test_everything_unsent_may_be_cancelled(self) -> None:
        assert all("cancelled" in allowed_from(state) for state in UNSENT)


@given(
    st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from(ROLES)), max_size=12),
)
def test_no_walk_reaches_sending_without_approval(walk: list[tuple[str, str]]) -> None:
    """Whoever tries whatever: `sent` comes after `approved`, or after a wait that delivery made."""
    state, passed = "generated", ["generated"]
    for after, role in walk:
        try:
            check_move(state, after, role)
        except IllegalMove:
            continue
        assert (state, after) in MOVES
        state = after
        passed.append(after)
    if "sent" in passed:
        before = passed[: passed.index("sent")]
        assert before[-1] in ("approved", "error", "needs_approval")
