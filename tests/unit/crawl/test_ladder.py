"""Escalation of one address: the table of classes, and that it always ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.ladder import (
    Done,
    LadderPolicy,
    Retry,
    Tried,
    default_policy,
    first_step,
    next_step,
)
from povod.crawl.policies import shipped_policies
from povod.crawl.steps import FETCHERS, TIERS, Step, traffic_class

ALL = LadderPolicy.of(
    shipped_policies(), fetchers=FETCHERS, tiers=("direct", "dc", "isp", "residential")
)


def play(failure: F, policy: LadderPolicy = ALL, start: Step | None = None) -> tuple[list, Done]:
    """Every attempt fails alike: the steps taken, and the end."""
    history = [Tried(start or first_step(policy), failure)]
    while True:
        answer = next_step(history, failure, policy)
        if isinstance(answer, Done):
            return [str(item.step) for item in history], answer
        history.append(Tried(answer.step, failure))


@pytest.mark.parametrize(
    ("failure", "steps", "outcome"),
    [
        (
            F.CONNECT_TIMEOUT,
            ["http/direct"] * 3 + ["http/dc"] * 3,
            "error",
        ),
        (F.READ_TIMEOUT, ["http/direct"] * 2 + ["http/dc"] * 2 + ["http/isp"] * 2, "error"),
        (F.DNS_ERROR, ["http/direct"] * 2, "error"),
        (F.TLS_ERROR, ["http/direct", "http_tls/direct"], "error"),
        (F.HTTP_429, ["http/direct"] * 5, "error"),
        (F.HTTP_503, ["http/direct"] * 5, "error"),
        (F.HTTP_5XX, ["http/direct"] * 3, "error"),
        (F.HTTP_408, ["http/direct"] * 3, "error"),
        (F.HTTP_425, ["http/direct"] * 3, "error"),
        (
            F.BOT_BLOCK,
            [f"{fetcher}/direct" for fetcher in FETCHERS] + ["http_tls/dc"],
            "blocked",
        ),
        (F.CAPTCHA, ["http/direct"], "blocked"),
        (
            F.JS_REQUIRED,
            ["http/direct", "browser/direct", "flaresolverr/direct", "firecrawl/direct"],
            "error",
        ),
        (F.SILENT_BLOCK, [f"{fetcher}/direct" for fetcher in FETCHERS], "blocked"),
        (F.GONE, ["http/direct"], "gone"),
        (F.HTTP_401, ["http/direct"], "error"),
        (F.HTTP_402, ["http/direct"], "error"),
        (F.HTTP_451, ["http/direct"], "error"),
        (F.HTTP_4XX, ["http/direct"], "error"),
        (F.OFF_DOMAIN_REDIRECT, ["http/direct"], "error"),
        (F.TOO_MANY_REDIRECTS, ["http/direct"], "error"),
        (F.GUARD_BLOCKED, ["http/direct"], "error"),
        (F.PARSE_ERROR, ["http/direct"], "error"),
        (F.ROBOTS, ["http/direct"], "skipped"),
        (F.CONTENT_TYPE, ["http/direct"], "skipped"),
        (F.BUDGET, ["http/direct"], "skipped"),
        (F.DEADLINE, ["http/direct"], "skipped"),
    ],
)
def test_class_takes_its_steps(failure: F, steps: list[str], outcome: str) -> None:
    assert play(failure) == (steps, Done(outcome, failure.value))


def test_default_install_knows_two_fetchers_and_no_proxy() -> None:
    policy = default_policy()
    assert play(F.BOT_BLOCK, policy) == (
        ["http/direct", "http_tls/direct"],
        Done("blocked", "bot_block"),
    )
    assert play(F.CONNECT_RESET, policy)[0] == ["http/direct"] * 3
    assert play(F.JS_REQUIRED, policy) == (["http/direct"], Done("error", "js_required"))


def test_residential_comes_last_and_never_first() -> None:
    policy = LadderPolicy.of(
        shipped_policies(), fetchers=("http", "http_tls"), tiers=("residential", "direct", "dc")
    )
    assert policy.tiers == ("direct", "dc", "residential")
    assert play(F.BOT_BLOCK, policy)[0][-1] == "http_tls/residential"
    only = LadderPolicy.of(shipped_policies(), fetchers=("http",), tiers=("mobile",))
    assert first_step(only) == Step("http", "direct")
    assert play(F.READ_TIMEOUT, only)[0] == ["http/direct"] * 2 + ["http/mobile"] * 2


def test_profile_may_begin_with_the_browser() -> None:
    policy = LadderPolicy.of(shipped_policies(), fetchers=("browser", "http"), tiers=("direct",))
    assert first_step(policy) == Step("browser", "direct")
    assert play(F.SILENT_BLOCK, policy)[0] == ["browser/direct", "http/direct"]


def test_later_tier_begins_at_the_first_fetcher_left() -> None:
    policy = LadderPolicy.of(shipped_policies(), fetchers=("http",), tiers=("direct", "dc"))
    assert play(F.BOT_BLOCK, policy)[0] == ["http/direct", "http/dc"]


def test_same_text_from_two_fetchers_is_the_page() -> None:
    thin = F.SILENT_BLOCK
    history = [Tried(Step("http"), thin, "a" * 64), Tried(Step("http_tls"), thin, "a" * 64)]
    assert next_step(history, thin, ALL) == Done("ok")
    other = [history[0], Tried(Step("http_tls"), thin, "b" * 64)]
    assert next_step(other, thin, ALL) == Retry(Step("browser"), pytest.approx(2.6))
    same_fetcher = [history[0], Tried(Step("http", "dc"), thin, "a" * 64)]
    assert isinstance(next_step(same_fetcher, thin, ALL), Retry)


def test_step_that_left_the_list_is_followed_by_a_cheap_one() -> None:
    """The soft budget has taken the browser away while the address was there (S76)."""
    policy = LadderPolicy.of(shipped_policies(), fetchers=("http", "http_tls"), tiers=("direct",))
    answer = next_step([Tried(Step("browser"))], F.BOT_BLOCK, policy)
    assert isinstance(answer, Retry)
    assert answer.step == Step("http")


@pytest.mark.parametrize(
    ("failure", "attempts", "retry_after", "delay"),
    [
        (F.CONNECT_RESET, 1, None, 1.3),
        (F.CONNECT_RESET, 2, None, 2.6),
        (F.HTTP_5XX, 2, None, 2.6),
        (F.HTTP_429, 1, None, 78),
        (F.HTTP_429, 2, None, 156),
        (F.HTTP_429, 4, None, 390),  # 300 times the jitter
        (F.HTTP_429, 1, 120.0, 120),
        (F.HTTP_503, 1, 7.0, 7),
        (F.HTTP_503, 1, 0.0, 0),
        (F.HTTP_503, 1, None, 1.3),
        (F.DNS_ERROR, 1, None, 30),
    ],
)
def test_delay(failure: F, attempts: int, retry_after: float | None, delay: float) -> None:
    history = [Tried(Step(), failure)] * attempts
    answer = next_step(history, failure, ALL, retry_after=retry_after)
    assert answer == Retry(Step(), pytest.approx(delay))


@given(
    failures=st.lists(st.sampled_from(F), min_size=12, max_size=12),
    fetchers=st.lists(st.sampled_from(FETCHERS), min_size=1, unique=True),
    tiers=st.lists(st.sampled_from(TIERS), min_size=1, unique=True),
    hashes=st.lists(st.sampled_from(["", "a", "b"]), min_size=12, max_size=12),
)
def test_every_sequence_of_failures_ends(failures, fetchers, tiers, hashes) -> None:
    policy = LadderPolicy.of(shipped_policies(), fetchers=fetchers, tiers=tiers)
    step = first_step(policy)
    assert traffic_class(step.tier) == "plain"
    history: list[Tried] = []
    for failure, text_hash in zip(failures, hashes, strict=True):
        history.append(Tried(step, failure, text_hash))
        answer = next_step(history, failure, policy)
        if isinstance(answer, Done):
            break
        assert answer.delay_s >= 0
        assert answer.step.fetcher in (*fetchers, step.fetcher)
        slow_down = failure in (F.HTTP_429, F.HTTP_503)
        assert not slow_down or answer.step == step
        step = answer.step
    assert isinstance(answer, Done)
    assert len(history) <= 6


@given(st.lists(st.sampled_from(F), min_size=1, max_size=5))
def test_history_of_one_address_is_all_it_knows(failures) -> None:
    """N1-N3: asking about other addresses in between changes nothing."""
    history = [Tried(Step(), failure) for failure in failures]
    before = next_step(history, failures[-1], ALL)
    for _ in range(3):
        next_step([Tried(Step(), F.BOT_BLOCK)], F.BOT_BLOCK, ALL)
        next_step([Tried(Step(), F.GONE)], F.GONE, ALL)
    assert next_step(history, failures[-1], ALL) == before


def test_only_the_last_step_works_and_the_next_address_starts_anew() -> None:
    """N2: a chain of five steps of which only the last one gets through."""
    history = [Tried(first_step(ALL), F.BOT_BLOCK)]
    while history[-1].step.fetcher != "firecrawl":
        answer = next_step(history, F.BOT_BLOCK, ALL)
        assert isinstance(answer, Retry)
        history.append(Tried(answer.step, F.BOT_BLOCK))
    assert len(history) == 5
    assert first_step(ALL) == Step("http", "direct")


@pytest.mark.parametrize("step", [Step(f, t) for f in FETCHERS for t in TIERS])
def test_step_is_written_and_read_back(step: Step) -> None:
    assert Step.parse(str(step)) == step
    assert len(str(step)) <= 50


def test_unknown_step_is_the_first_one() -> None:
    assert Step.parse("telnet/moon") == Step("http", "direct")
    assert Step.parse("") == Step()
