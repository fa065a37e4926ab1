"""S63 as rules: what is kept of robots.txt, and when it is asked for again."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from povod.crawl.host_store import StoredRobots
from povod.crawl.policies import shipped_policies
from povod.crawl.robots_cache import (
    AGENT,
    RobotsAnswer,
    RobotsCache,
    after_answer,
    is_due,
    standing_of,
)
from povod.kit.clock import FixedClock

RULES = shipped_policies().politeness
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FILE = b"User-agent: *\nDisallow: /cart\nCrawl-delay: 120\n"
ORIGIN = "https://shop.ru"


class Site:
    """Answers as told, and keeps what the cache stores."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.kept = {}

    async def ask(self, url):
        self.asked.append(url)
        await asyncio.sleep(0)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def load(self, origin):
        return self.kept.get(origin)

    async def save(self, origin, stored):
        self.kept[origin] = stored


def cache_of(site, clock):
    return RobotsCache(site.ask, site, RULES, clock)


def test_rules_are_read_once_a_day():
    site, clock = Site(RobotsAnswer(200, FILE)), FixedClock(NOW)
    cache = cache_of(site, clock)

    async def look():
        return await asyncio.gather(*(cache.standing(ORIGIN) for _ in range(5)))

    standings = asyncio.run(look())
    assert site.asked == [f"{ORIGIN}/robots.txt"]
    assert {item.crawl_delay_ms for item in standings} == {60_000}
    assert standings[0].rules.allows(AGENT, f"{ORIGIN}/p/1")
    assert not standings[0].rules.allows(AGENT, f"{ORIGIN}/cart/1")
    clock.advance(timedelta(hours=23))
    asyncio.run(cache.standing(ORIGIN))
    assert len(site.asked) == 1
    clock.advance(timedelta(hours=1))
    asyncio.run(cache.standing(ORIGIN))
    assert len(site.asked) == 2


def test_what_another_process_has_read_is_used():
    site, clock = Site(RobotsAnswer(200, FILE)), FixedClock(NOW)
    asyncio.run(cache_of(site, clock).standing(ORIGIN))
    asyncio.run(cache_of(site, clock).standing(ORIGIN))
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 301])
def test_no_file_means_all_is_allowed(status):
    stored = after_answer(StoredRobots(), RobotsAnswer(status, FILE), RULES, NOW)
    assert standing_of(stored, RULES, NOW).rules.allows(AGENT, f"{ORIGIN}/cart")


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_without_a_copy_nothing_is_fetched_until_the_file_can_be_read(status):
    stored, now = StoredRobots(), NOW
    waits = []
    for _ in range(3):
        stored = after_answer(stored, RobotsAnswer(status), RULES, now)
        standing = standing_of(stored, RULES, now)
        assert standing.rules is None
        waits.append((standing.retry_at - now).total_seconds())
        assert not is_due(stored, RULES, now)
        now = standing.retry_at
        assert is_due(stored, RULES, now)
    assert waits == [60, 300, 900]
    stored = after_answer(stored, RobotsAnswer(status), RULES, now)
    assert standing_of(stored, RULES, now) == standing_of(stored, RULES, now).__class__(None, None)


def test_after_the_last_try_it_is_asked_for_later_as_if_for_the_first_time():
    stored = StoredRobots(tries=4, retry_at=NOW)
    assert is_due(stored, RULES, NOW)
    again = after_answer(stored, RobotsAnswer(500), RULES, NOW)
    assert (again.tries, again.retry_at) == (1, NOW + timedelta(seconds=60))
    assert after_answer(stored, RobotsAnswer(200, FILE), RULES, NOW).tries == 0


def test_the_last_good_copy_counts_for_a_week():
    good = after_answer(StoredRobots(), RobotsAnswer(200, FILE), RULES, NOW)
    broken = after_answer(good, RobotsAnswer(503), RULES, NOW + timedelta(days=1))
    assert not standing_of(broken, RULES, NOW + timedelta(days=7)).rules.allows(
        AGENT, f"{ORIGIN}/cart"
    )
    assert standing_of(broken, RULES, NOW + timedelta(days=8)).rules is None


def test_only_the_beginning_of_a_huge_file_is_kept():
    stored = after_answer(StoredRobots(), RobotsAnswer(200, FILE + b"\x00#" * 900_000), RULES, NOW)
    assert len(stored.text) <= RULES.robots_max_bytes
    assert "\0" not in stored.text


def test_known_answers_without_asking():
    site, clock = Site(RobotsAnswer(200, FILE)), FixedClock(NOW)
    cache = cache_of(site, clock)
    assert cache.known(ORIGIN) is None
    asyncio.run(cache.standing(ORIGIN))
    assert not cache.known(ORIGIN).allows(AGENT, "/cart")
    cache.forget(ORIGIN)
    assert cache.known(ORIGIN) is None
