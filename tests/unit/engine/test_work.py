from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.engine.work import NewWork, backoff, check_json, storable_text
from povod.kit.errors import InputError


def test_unknown_queue_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"no queue 'mial'.*mail"):
        NewWork("mial", "letters")


def test_bad_window_is_refused_when_work_is_made() -> None:
    with pytest.raises(InputError, match="window"):
        NewWork("mail", "letters", window="at night")


def test_work_needs_at_least_one_attempt() -> None:
    with pytest.raises(InputError, match="max_attempts"):
        NewWork("mail", "letters", max_attempts=0)


def test_backoff_doubles_up_to_an_hour() -> None:
    waits = [backoff(attempt, random_share=1).total_seconds() for attempt in (1, 2, 3, 11, 500)]
    assert waits == [5, 10, 20, 3600, 3600]


@given(st.integers(1, 1000), st.floats(0, 1))
def test_half_of_the_backoff_is_random(attempt: int, share: float) -> None:
    whole = backoff(attempt, random_share=1)
    assert whole / 2 <= backoff(attempt, share) <= whole


def test_random_waits_differ() -> None:
    assert len({backoff(8) for _ in range(20)}) > 1
    assert min(backoff(8) for _ in range(20)) >= timedelta(seconds=320)


@pytest.mark.parametrize("value", [{"a": float("nan")}, {"a": "\0"}, {"a": "\ud800"}, {"a": {1}}])
def test_what_a_database_cannot_keep_is_found_early(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        check_json(value)


def test_ordinary_results_pass() -> None:
    check_json({"a": [1, None, "ё\\u0000"[:1]], "b": {"c": 1.5}})


def test_error_texts_are_made_storable() -> None:
    assert storable_text("a\0b\ud800c") == "ab?c"
