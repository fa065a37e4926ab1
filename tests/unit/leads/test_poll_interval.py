from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from povod.leads.poll import SLOWEST, SLOWEST_AT_END, SOON, interval

MINUTE = timedelta(minutes=1)
LONG = timedelta(hours=10)


def test_reads_become_rarer_up_to_ten_minutes():
    steps = [interval(polls, LONG, MINUTE).total_seconds() for polls in range(8)]
    assert steps[:4] == [60, 90, 135, 202.5]
    assert steps[-1] == 600
    assert steps == sorted(steps)


@given(st.integers(0, 10_000), st.integers(0, 12 * 3600), st.integers(1, 3600))
def test_an_operation_about_to_expire_is_read_at_least_every_five_minutes(polls, left, first):
    pause = interval(polls, timedelta(seconds=left), timedelta(seconds=first))
    assert timedelta() < pause <= SLOWEST
    if timedelta(seconds=left) < SOON:
        assert pause <= SLOWEST_AT_END
