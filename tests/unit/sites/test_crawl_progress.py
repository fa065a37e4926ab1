"""S110: what is told of a crawl, and how often."""

from datetime import UTC, datetime

import pytest

from povod.crawl.frontier import Settled, Ticket
from povod.crawl.steps import Step
from povod.sites import progress
from povod.sites.progress import PAGES_A_SECOND, Teller
from povod.sites.states import job_topic

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Told(list):
    def emit(self, topic, kind, data, **_):
        assert topic == job_topic("j")
        self.append((kind, dict(data)))


def settled(outcome="ok", number=0):
    url = f"https://shop.ru/{number}"
    ticket = Ticket("i", url, url, "shop.ru", Step(), 1, [], "list", "t", 0, NOW, NOW)
    entry = {"status": 200, "ms": 5, "bytes": 900}
    return Settled(ticket=ticket, outcome=outcome, entry=entry)


@pytest.fixture
def at(monkeypatch):
    class Clock:
        now = 1000.0

    monkeypatch.setattr(progress.time, "monotonic", lambda: Clock.now)
    return Clock


def test_pages_are_sampled_and_failures_are_not(at):
    told = Told()
    teller = Teller(told, "j", 100, 0)
    teller.pages(settled(number=n) for n in range(50))
    assert len(told) == PAGES_A_SECOND
    teller.pages([settled("blocked"), settled("error"), settled("ok"), settled(None)])
    assert [data["outcome"] for _, data in told[PAGES_A_SECOND:]] == ["blocked", "error"]
    at.now += 1
    teller.pages([settled("gone")])
    assert told[-1][1]["outcome"] == "gone"
    assert told[-1][1] | {"ms": 5, "bytes": 900, "status": 200, "fetcher": "http"} == told[-1][1]


def test_progress_is_told_twice_a_second_with_rate_and_rest(at):
    told = Told()
    teller = Teller(told, "j", 100, 10)
    assert teller.is_due()
    at.now += 10
    counters = {"success_urls": 40, "failed_urls": 5, "gone_urls": 4, "skipped_urls": 1}
    teller.progress(counters, {"in_flight": 3})
    [(kind, data)] = told
    assert (kind, data["progress"], data["rate"], data["eta_s"]) == ("progress", 0.5, 4.0, 12)
    assert data["counters"]["total_urls"] == 100
    assert data["in_flight"] == 3
    assert not teller.is_due()
    at.now += 0.5
    assert teller.is_due()


def test_nothing_is_promised_before_anything_is_done(at):
    told = Told()
    at.now += 1
    teller = Teller(told, "j", 0, 0)
    teller.progress(dict.fromkeys(progress._COUNTERS, 0), {})
    assert told[0][1]["progress"] is None
    assert told[0][1]["eta_s"] is None


def test_news_name_the_job(at):
    told = Told()
    Teller(told, "j", 1, 0).news([("breaker", {"host": "shop.ru", "state": "open"})])
    assert told == [("breaker", {"host": "shop.ru", "state": "open", "job_id": "j"})]
