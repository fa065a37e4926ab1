"""S66 as rules: when a host gets no requests, and how it gets them back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.crawl.breaker import REFUSALS, TIMEOUTS, UNSAID, Breaker
from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.policies import shipped_policies

RULES = shipped_policies().breaker
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def after(*failures, start=None, now=NOW, job="a"):
    breaker = start or Breaker()
    for failure in failures:
        breaker = breaker.seen(failure, now, RULES, job)
    return breaker


@pytest.mark.parametrize("failure", sorted(REFUSALS))
def test_five_refusals_in_a_row_open_it(failure):
    assert after(*[failure] * 4).state == "closed"
    opened = after(*[failure] * 5)
    assert opened.state == "open"
    assert opened.until == NOW + timedelta(seconds=300)
    assert opened.allowed(NOW, RULES) == 0


@pytest.mark.parametrize("failure", sorted(TIMEOUTS))
def test_ten_timeouts_in_a_row_open_it(failure):
    assert after(*[failure] * 9).state == "closed"
    assert after(*[failure] * 10).state == "open"


@pytest.mark.parametrize("answer", [None, F.GONE, F.HTTP_401, F.BOT_BLOCK, F.HTTP_5XX])
def test_any_other_answer_ends_the_row(answer):
    row = [F.HTTP_503] * 4
    assert after(*row, answer, *row).state == "closed"


@pytest.mark.parametrize("nothing", sorted(UNSAID))
def test_what_says_nothing_of_the_host_counts_neither_way(nothing):
    assert after(*[F.HTTP_503] * 4, nothing, F.HTTP_503).state == "open"
    assert after(*[nothing] * 50).state == "closed"


def test_after_the_pause_three_trials_and_two_successes_close_it():
    later = NOW + timedelta(seconds=301)
    opened = after(*[F.HTTP_503] * 5)
    assert opened.allowed(later, RULES) == 3
    trying = opened.taken(2, later)
    assert (trying.state, trying.allowed(later, RULES)) == ("half_open", 1)
    assert trying.taken(1, later).allowed(later, RULES) == 0
    once = after(None, start=trying, now=later)
    assert once.state == "half_open"
    closed = after(None, start=once, now=later)
    assert (closed.state, closed.allowed(later, RULES)) == ("closed", None)


def test_a_failed_trial_doubles_the_pause_up_to_an_hour():
    now, breaker, waits = NOW, after(*[F.HTTP_503] * 5), []
    for _ in range(6):
        waits.append(breaker.wait_s)
        now = breaker.until
        breaker = after(F.CONNECT_REFUSED, start=breaker.taken(1, now), now=now)
    assert waits == [300, 600, 1200, 2400, 3600, 3600]
    assert breaker.opens == 7
    assert breaker.opens_in("a") == 7
    assert breaker.opens_in("b") == 0


def test_openings_count_for_the_job_in_which_they_happen():
    first = after(*[F.HTTP_503] * 5, job="a")
    later = first.until
    second = after(F.HTTP_503, start=first.taken(1, later), now=later, job="b")
    assert (second.opens, second.opens_in("a"), second.opens_in("b")) == (2, 0, 1)


def test_results_from_before_the_pause_change_nothing():
    opened = after(*[F.HTTP_503] * 5)
    assert after(None, F.HTTP_503, start=opened) == opened


def test_a_trial_that_a_proxy_spoilt_is_given_back():
    later = NOW + timedelta(seconds=300)
    trying = after(*[F.HTTP_503] * 5).taken(3, later)
    assert after(F.PROXY_ERROR, start=trying, now=later).allowed(later, RULES) == 1


def test_trials_whose_results_never_came_are_given_out_anew():
    later = NOW + timedelta(seconds=300)
    trying = after(*[F.HTTP_503] * 5).taken(3, later)
    assert trying.allowed(later, RULES) == 0
    assert trying.allowed(later + timedelta(seconds=151), RULES) == 3


def test_it_survives_the_store():
    breaker = after(*[F.HTTP_503] * 5).taken(2, NOW + timedelta(seconds=400))
    again = Breaker.of(breaker.state, breaker.until, breaker.opens, breaker.counts())
    assert again == breaker


@given(
    st.lists(st.sampled_from([None, *sorted(REFUSALS | TIMEOUTS | UNSAID), F.GONE]), max_size=60)
)
def test_whatever_happens_the_host_gets_requests_again(results):
    now, breaker = NOW, Breaker()
    for failure in results:
        now += timedelta(seconds=1)
        if breaker.allowed(now, RULES) != 0:
            breaker = breaker.taken(1, now).seen(failure, now, RULES, "a")
        assert breaker.wait_s <= RULES.max_open_s
    assert breaker.allowed(now + timedelta(seconds=RULES.max_open_s), RULES) != 0
