"""S64, S65, S67 as rules: pauses, wishes of the host, how many at once."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.crawl.hosts import (
    AHEAD,
    HostLimits,
    HostState,
    Observation,
    at_once,
    clamped_crawl_delay,
    delay_of,
    observed,
    percentile,
    start_times,
)
from povod.crawl.policies import shipped_policies

RULES = shipped_policies().politeness
LIMITS = HostLimits(max_concurrency=2)
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def after(*seen, state=None, limits=LIMITS):
    state = state or HostState()
    for item in seen:
        state = observed(state, item, RULES, limits, NOW)
    return state


def ok(latency=0.4, **more):
    return Observation(status=200, latency_s=latency, **more)


def test_the_pause_follows_the_latency_of_good_answers():
    assert after(ok(0.4)).delay_ms == 200
    assert after(ok(4.0)).delay_ms == 2000
    slow = after(ok(4.0))
    assert after(ok(0.4), state=slow).delay_ms == 1100  # (2000 + 200) / 2
    assert after(ok(500)).delay_ms == 60_000


def test_other_answers_never_lower_it():
    slow = HostState(delay_ms=3000)
    assert after(Observation(status=404, latency_s=0.1), state=slow).delay_ms == 3000
    assert after(Observation(status=403, latency_s=20), state=slow).delay_ms == 10_000
    assert after(Observation(status=0, latency_s=0), state=slow).delay_ms == 3000


def test_a_page_as_it_was_lowers_it_as_a_new_one_does():
    """A second crawl has hardly any 200: one 503 must not slow it down for good."""
    slow = after(Observation(status=503, latency_s=0.1))
    state = slow
    for _ in range(12):
        state = after(Observation(status=304, latency_s=0.1), state=state)
    assert state.delay_ms < slow.delay_ms / 3
    assert state.delay_ms == 200


@pytest.mark.parametrize("code", [429, 503])
def test_please_slow_down_doubles_it(code):
    told = Observation(status=code, latency_s=0.1)
    assert after(told).delay_ms == 1000
    assert after(told, told).delay_ms == 2000
    assert after(*[told] * 12).delay_ms == 60_000


def test_the_longest_of_three_pauses_counts():
    state = HostState(delay_ms=300)
    assert delay_of(state, RULES, LIMITS) == timedelta(milliseconds=300)
    assert delay_of(replace(state, crawl_delay_ms=2000), RULES, LIMITS) == timedelta(seconds=2)
    assert delay_of(state, RULES, HostLimits(2, 700)) == timedelta(milliseconds=700)
    assert delay_of(HostState(), RULES, LIMITS) == timedelta(milliseconds=200)


@pytest.mark.parametrize(
    ("asked", "followed"), [(None, 0), (0, 0), (-5, 0), (0.2, 1000), (10, 10_000), (120, 60_000)]
)
def test_crawl_delay_is_followed_within_bounds(asked, followed):
    assert clamped_crawl_delay(asked, RULES) == followed


def test_a_crawl_delay_means_one_at_a_time():
    assert at_once(HostState(crawl_delay_ms=1000), RULES, HostLimits(8)) == 1
    assert at_once(HostState(), RULES, HostLimits(8)) == 8
    assert at_once(HostState(), RULES, HostLimits(99)) == 10


@pytest.mark.parametrize("code", [429, 503, 301])
def test_retry_after_stops_the_host(code):
    state = after(Observation(status=code, retry_after=120))
    assert state.blocked_until == NOW + timedelta(seconds=120)
    shorter = after(Observation(status=code, retry_after=5), state=state)
    assert shorter.blocked_until == state.blocked_until
    assert after(Observation(status=code, retry_after=9e9)).blocked_until == NOW + timedelta(days=1)
    assert after(Observation(status=code, retry_after=0)).blocked_until is None


def test_a_slow_host_gets_fewer_at_once_and_then_more_again():
    limits = HostLimits(10)
    slow = after(*[ok(50)] * 100, limits=limits)
    assert slow.concurrency == 8
    slower = after(*[ok(50)] * 100, state=slow, limits=limits)
    assert slower.concurrency == 6
    better = after(*[ok(1)] * 300, state=slower, limits=limits)
    assert better.concurrency > 6
    best = after(*[ok(1)] * 500, state=better, limits=limits)
    assert at_once(best, RULES, limits) == 10


def test_it_never_falls_below_one():
    assert after(*[ok(50)] * 900, limits=HostLimits(2)).concurrency == 1


def test_the_mean_size_of_pages_moves_slowly():
    state = after(ok(bytes_in=40_000))
    assert state.mean_page_bytes == 40_000
    assert 40_000 < after(ok(bytes_in=80_000), state=state).mean_page_bytes < 45_000
    assert after(Observation(status=404, bytes_in=9), state=state).mean_page_bytes == 40_000


def test_starts_are_spaced_and_not_far_ahead():
    delay = timedelta(seconds=20)
    starts, state = start_times(HostState(), 10, delay, NOW)
    assert starts == [NOW, NOW + delay, NOW + 2 * delay, NOW + 3 * delay]
    assert state.next_request_at == NOW + 4 * delay
    assert start_times(state, 1, delay, NOW)[0] == []
    assert start_times(state, 1, delay, NOW + delay)[0] == [NOW + 4 * delay]


def test_a_host_left_alone_for_long_is_not_asked_in_a_burst():
    state = HostState(next_request_at=NOW - timedelta(hours=1))
    starts, _ = start_times(state, 2, timedelta(seconds=1), NOW)
    assert starts == [NOW, NOW + timedelta(seconds=1)]


def test_percentile():
    assert percentile([], 0.95) == 0
    assert percentile(list(range(100)), 0.95) == 95
    assert percentile([7], 0.95) == 7


@given(
    wanted=st.integers(1, 30),
    delay=st.integers(0, 90_000),
    ahead=st.integers(-100_000, 100_000),
)
def test_starts_are_in_order_within_bounds(wanted, delay, ahead):
    pause = timedelta(milliseconds=delay)
    state = HostState(next_request_at=NOW + timedelta(milliseconds=ahead))
    starts, after_them = start_times(state, wanted, pause, NOW)
    assert len(starts) <= wanted
    assert all(NOW <= at <= NOW + AHEAD for at in starts)
    assert all(later - one == pause for one, later in itertools.pairwise(starts))
    assert not starts or after_them.next_request_at == starts[-1] + pause


@given(
    st.lists(
        st.builds(
            Observation,
            status=st.sampled_from([0, 200, 304, 404, 429, 500, 503]),
            latency_s=st.floats(0, 100),
            retry_after=st.none() | st.floats(0, 1e6),
        ),
        max_size=30,
    )
)
def test_no_answer_takes_the_pause_out_of_its_bounds(seen):
    for state in [after(*seen)]:
        assert 0 <= state.delay_ms <= 60_000
        if seen:
            assert state.delay_ms >= RULES.min_delay_ms
        assert state.blocked_until is None or state.blocked_until <= NOW + timedelta(days=1)
