"""The status table (D15)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.delivery.states import MOVES, RISE, Actor, IllegalMove, allowed_from, check_move
from povod.store.tables.delivery import MESSAGE_STATES

ROLES = (
    *("system", "operator", "approver", "admin", "worker", "reaper", "resolver", "inbox"),
    "viewer",
)
states = st.sampled_from(MESSAGE_STATES)
roles = st.sampled_from(ROLES)


def may(before: str, after: str, role: str) -> bool:
    try:
        check_move(before, after, Actor(role))
    except IllegalMove:
        return False
    return True


@given(states, states, roles)
def test_only_moves_of_the_table_are_legal(before: str, after: str, role: str) -> None:
    if may(before, after, role):
        assert (before, after) in MOVES


@given(states, states)
def test_higher_roles_may_what_lower_ones_may(before: str, after: str) -> None:
    allowed = [may(before, after, role) for role in ("operator", "approver", "admin")]
    assert allowed == sorted(allowed)


@given(states, states)
def test_a_viewer_moves_nothing(before: str, after: str) -> None:
    assert not may(before, after, "viewer")


@given(st.sampled_from(RISE), st.sampled_from(RISE))
def test_after_sending_a_status_only_rises(before: str, after: str) -> None:
    assert may(before, after, "inbox") == (RISE.index(after) > RISE.index(before))


@pytest.mark.parametrize("role", ["system", "worker", "reaper", "operator", "inbox", "resolver"])
def test_nothing_but_an_approvers_order_sends_a_doubt_again(role: str) -> None:
    assert not may("uncertain", "scheduled", role)
    assert not may("uncertain", "sending", role)
    assert may("uncertain", "scheduled", "approver")


@pytest.mark.parametrize("role", [role for role in ROLES if role != "worker"])
def test_only_the_worker_takes_a_message(role: str) -> None:
    assert not may("scheduled", "sending", role)


def test_final_states_stay() -> None:
    assert allowed_from("cancelled") == set()
    assert allowed_from("complained") == set()


def test_the_error_names_both_states_the_actor_and_the_way_out() -> None:
    with pytest.raises(IllegalMove) as caught:
        check_move("cancelled", "sent", Actor("operator", "ivan"))
    text = str(caught.value)
    assert all(word in text for word in ("cancelled", "sent", "operator:ivan", "nothing"))
    assert (caught.value.before, caught.value.after) == ("cancelled", "sent")


def test_every_state_can_be_reached() -> None:
    reached = {"draft"}
    while True:
        more = {after for before, after in MOVES if before in reached}
        if more <= reached:
            break
        reached |= more
    assert reached == set(MESSAGE_STATES)
