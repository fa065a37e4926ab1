"""Lists of proxies, their states and the choice among them (S82, S83), without a database."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.crawl.policies import shipped_policies
from povod.crawl.proxies.choice import HostRecord, choose, weight
from povod.crawl.proxies.health import after_failure, after_success, awake, is_usable
from povod.crawl.proxies.model import Proxy
from povod.crawl.proxies.parsing import parse_proxies

RULES = shipped_policies().proxies
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def proxy(name: str = "a", **more) -> Proxy:
    return Proxy(name, "http", "10.0.0.1", 8080, "ivan", "пароль/1", **more)


def test_list_is_read_line_by_line() -> None:
    parsed = parse_proxies(
        "\ufeff# наши\n"
        "http://user:p%40ss@proxy.ru:8080\n"
        "\n"
        "  SOCKS5://10.1.2.3:1080/  \n"
        "socks5h://[2001:db8::1]:1080\n"
        "https://user@proxy.ru:443\n"
        "http://user:new@PROXY.ru:8080\n"
    )
    assert parsed.bad == []
    assert [tuple(item) for item in parsed.proxies] == [
        ("http", "proxy.ru", 8080, "user", "new"),  # the same proxy, given again
        ("socks5", "10.1.2.3", 1080, "", ""),
        ("socks5", "2001:db8::1", 1080, "", ""),
        ("https", "proxy.ru", 443, "user", ""),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("proxy.ru:8080", "scheme"),
        ("ftp://proxy.ru:21", "scheme"),
        ("http://:8080", "no host"),
        ("http://proxy.ru", "no port"),
        ("http://proxy.ru:99999", "no address"),
        ("http://proxy.ru:8080/path", "after the port"),
        ("http://[::1:8080", "no address"),
        ("http://user:secret@proxy.ru:abc", "no address"),
    ],
)
def test_bad_line_is_named_by_number_and_not_repeated(line: str, reason: str) -> None:
    parsed = parse_proxies(f"http://good.ru:1\n{line}\nhttp://good.ru:2")
    assert len(parsed.proxies) == 2
    [bad] = parsed.bad
    assert bad.number == 2
    assert reason in bad.reason
    assert "secret" not in bad.reason


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    parsed = parse_proxies(text)
    assert all(1 <= item.port <= 65_535 for item in parsed.proxies)


def test_password_is_in_no_text_but_the_url() -> None:
    one = proxy(tier="isp")
    assert "пароль" not in repr(one)
    assert one.label == "isp#a"
    assert one.url == "http://ivan:%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C%2F1@10.0.0.1:8080"
    assert Proxy("b", "socks5", "2001:db8::1", 1).url == "socks5://[2001:db8::1]:1"


def test_three_failures_in_a_row_are_a_rest_of_ten_minutes() -> None:
    one = proxy()
    for _ in range(2):
        one = after_failure(one, NOW, RULES)
        assert one.state == "active"
    one = after_failure(one, NOW, RULES)
    assert (one.state, one.resting_until) == ("resting", NOW + timedelta(seconds=600))
    assert not is_usable(one, NOW + timedelta(seconds=599))
    assert is_usable(one, NOW + timedelta(seconds=600))
    assert awake(one, NOW, RULES).state == "resting"
    assert awake(one, NOW + timedelta(seconds=600), RULES).state == "active"


def test_a_success_in_between_starts_the_count_anew() -> None:
    one = proxy()
    for ok in (False, False, True, False, False):
        one = after_success(one, 100, NOW, RULES) if ok else after_failure(one, NOW, RULES)
    assert (one.state, one.fails_in_row, one.ok_count, one.fail_count) == ("active", 2, 1, 4)


def test_five_rests_in_a_row_burn_it() -> None:
    one = proxy(ok_count=1000)
    now = NOW
    for rest in range(5):
        assert one.rests_in_row == rest
        for _ in range(7):  # those that were under way when the rest began count for nothing
            one = after_failure(one, now, RULES)
        now += timedelta(seconds=600)
    assert one.state == "burned"
    assert not is_usable(one, NOW + timedelta(days=30))
    assert after_success(one, 100, NOW, RULES).state == "burned"  # until an operator says so


def test_login_that_is_not_taken_burns_at_once() -> None:
    assert after_failure(proxy(), NOW, RULES, refused=True).state == "burned"


@pytest.mark.parametrize(
    ("ok", "fail", "latency", "state"),
    [
        (14, 5, 100, "active"),
        (12, 6, 100, "active"),  # 19 uses with this one: too few to judge
        (13, 6, 100, "active"),  # 14 of 20
        (12, 7, 100, "degraded"),  # 13 of 20
        (1, 0, 30_000, "degraded"),
    ],
)
def test_poor_or_slow_proxy_is_degraded(ok: int, fail: int, latency: int, state: str) -> None:
    before = proxy(ok_count=ok, fail_count=fail, latency_ms=latency)
    assert after_success(before, latency, NOW, RULES).state == state


def test_weight_prefers_success_and_speed_and_knowledge_of_the_host() -> None:
    fresh = weight(proxy(), None, RULES)
    assert fresh == pytest.approx(0.5 * 1000 / 50)
    assert weight(proxy(ok_count=8), None, RULES) == pytest.approx(0.9 * 20)
    assert weight(proxy(ok_count=8, latency_ms=500), None, RULES) == pytest.approx(0.9 * 2)
    on_host = HostRecord(ok=0, fail=8, latency_ms=0)
    assert weight(proxy(ok_count=98), on_host, RULES) == pytest.approx(0.1 * 20)


def test_choice_follows_the_weights() -> None:
    good, poor = proxy("good", ok_count=98), proxy("poor", fail_count=8)
    draw = random.Random(7)
    taken = Counter(choose([good, poor], {}, RULES, draw).id for _ in range(2000))
    assert 0.86 < taken["good"] / 2000 < 0.95  # 0.99 against 0.1


def test_degraded_and_just_failed_ones_only_if_nothing_else() -> None:
    draw = random.Random(7)
    good, weak = proxy("good"), proxy("weak", state="degraded")
    picks = lambda pool, avoid=(): {choose(pool, {}, RULES, draw, avoid).id for _ in range(50)}  # noqa: E731
    assert picks([good, weak]) == {"good"}
    assert picks([good, weak], {"good"}) == {"weak"}
    assert picks([weak]) == {"weak"}
    assert picks([good], {"good"}) == {"good"}
    assert choose([], {}, RULES, draw) is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 700)), max_size=60))
def test_any_life_of_a_proxy_keeps_its_counts(results: list[tuple[bool, int]]) -> None:
    one, now = proxy(), NOW
    for ok, seconds in results:
        now += timedelta(seconds=seconds)
        one = after_success(one, 200, now, RULES) if ok else after_failure(one, now, RULES)
        assert (one.state == "resting") == (one.resting_until is not None)
    assert one.ok_count + one.fail_count == len(results)
    assert one.fails_in_row < RULES.fails_to_rest
