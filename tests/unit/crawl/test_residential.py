"""Residential bursts (N5): five in a row, a pause that grows after failures, a hundred a day."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.crawl.policies import shipped_policies
from povod.crawl.residential import Burst, refusal

START = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
RULES = shipped_policies().residential


def burst_of(burst: Burst, now: datetime, results: list[bool]) -> Burst:
    for ok in results:
        assert burst.wait(now, RULES) == 0
        burst = burst.taken(now, RULES).settled(ok, RULES)
    return burst


def test_five_in_a_row_whatever_their_results() -> None:
    for results in ([True] * 5, [False] * 5, [True, False, True, True, True]):
        burst = burst_of(Burst(), START, results)
        assert burst.wait(START, RULES) > 0


def test_pause_grows_after_failures_and_is_reset_by_a_clean_burst() -> None:
    burst, now, pauses = Burst(), START, []
    good, bad = [True] * 5, [True, True, False, True, False]
    for results in (good, bad, bad, bad, good, bad):
        burst = burst_of(burst, now, results)
        pauses.append(burst.wait(now, RULES))
        now += timedelta(seconds=pauses[-1])
    assert pauses == [1800, 2700, 4050, 6075, 1800, 2700]


def test_pause_is_never_longer_than_six_hours() -> None:
    burst, now = Burst(), START
    for _ in range(15):
        burst = burst_of(burst, now, [False] * 5)
        wait = burst.wait(now, RULES)
        now += timedelta(seconds=wait)
        if now.date() != START.date():
            break
        assert wait <= 6 * 3600
    assert burst.cooldown_s <= 6 * 3600


def test_failure_known_after_the_last_request_lengthens_the_pause_once() -> None:
    burst = Burst()
    for _ in range(5):
        burst = burst.taken(START, RULES)
    assert burst.wait(START, RULES) == 1800
    burst = burst.settled(True, RULES).settled(False, RULES)
    assert burst.wait(START, RULES) == 2700
    assert burst.settled(False, RULES) == burst


def test_a_hundred_wanted_take_hours_and_a_hundred_and_first_a_day() -> None:
    burst, now, sent = Burst(), START, []
    while len(sent) < 105:
        wait = burst.wait(now, RULES)
        if wait:
            now += timedelta(seconds=wait)
            continue
        burst = Burst.from_json(burst.taken(now, RULES).to_json()).settled(True, RULES)
        sent.append(now)
    assert sent[4] == START
    assert sent[5] == START + timedelta(minutes=30)
    today = [moment for moment in sent if moment.date() == START.date()]
    assert len(today) == 100
    assert sent[100].date() == START.date() + timedelta(days=1)


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.booleans(), st.booleans()), max_size=120),
)
def test_never_more_than_five_within_a_pause(events) -> None:
    burst, now, sent = Burst(), START, []
    for seconds, ok, late in events:
        now += timedelta(seconds=seconds)
        if burst.wait(now, RULES) == 0:
            burst = burst.taken(now, RULES)
            sent.append(now)
            if not late:
                burst = burst.settled(ok, RULES)
        assert Burst.from_json(burst.to_json()) == burst
    for first, sixth in zip(sent, sent[5:], strict=False):
        assert sixth - first >= timedelta(seconds=1800)


@pytest.mark.parametrize(
    ("missing", "word"),
    [("enabled", "environment"), ("profile", "profile"), ("job", "job"), ("quota_left", "quota")],
)
def test_each_consent_is_needed(missing: str, word: str) -> None:
    given_ = {"enabled": True, "profile": True, "job": True, "quota_left": True}
    assert refusal(**given_) == ""
    assert word in refusal(**{**given_, missing: False})
