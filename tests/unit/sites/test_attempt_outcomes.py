"""From one attempt to an outcome (S57, S71-S73), without network and store."""

from datetime import UTC, datetime, timedelta

import pytest

from povod.crawl.extract.site_page import extract_site_page
from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.fetchers import Attempt
from povod.crawl.fetch.result import Response
from povod.crawl.frontier import Ticket
from povod.crawl.ladder import LadderPolicy
from povod.crawl.policies import shipped_policies
from povod.crawl.steps import Step
from povod.sites.attempts import Fetched, failure_of_page, given_back, settled, skipped
from povod.sites.known import UNKNOWN, Known

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LADDER = LadderPolicy.of(shipped_policies(), fetchers=("http", "http_tls"), tiers=("direct",))
URL = "https://shop.ru/p/1"
TEXT = "Описание товара для покупателя, который выбирает. " * 40


def html(body="", title="Дрель"):
    return f"<html><title>{title}</title><body><h1>{title}</h1>{body}</body></html>".encode()


def ticket(step=None, attempts=1, log=()):
    return Ticket(
        "i", URL, URL, "shop.ru", step or Step(), attempts, log, "list", "t", 1000, NOW, NOW
    )


def fetched(failure=None, status=200, known=UNKNOWN, body=html(TEXT), **more):  # noqa: B008
    response = Response(URL, URL, status, {"etag": '"e"'}, body, wire_bytes=500, bytes_out=100)
    attempt = Attempt(
        more.get("step", Step()), response if status else None, failure, "why", status=status,
        bytes_in=500, bytes_out=100, duration_ms=40, retry_after=more.get("retry_after"),
    )  # fmt: skip
    page = None
    if failure is None and status == 200:
        page = extract_site_page(body, "text/html", URL)
    return Fetched(
        more.get("ticket") or ticket(), attempt, known, page, more.get("became", failure)
    )


def end(got, jitter=1.2):
    return settled(got, LADDER, NOW, jitter)


def test_a_page_is_kept_with_what_it_took():
    done = end(fetched())
    assert (done.outcome, done.reason, done.error_class, done.used) == ("ok", "", "", 600)
    assert done.page["title"] == "Дрель"
    assert done.page["http_status"] == 200
    assert done.page["strategy_used"] == "http/direct"
    assert done.page["etag"] == '"e"'
    assert done.page["data_seo"]["h1"] == "Дрель"
    assert done.entry == {
        "fetcher": "http", "tier": "direct", "class": "", "status": 200, "ms": 40, "bytes": 600,
    }  # fmt: skip


def test_not_modified():
    done = end(fetched(status=304))
    assert (done.outcome, done.page["data_full"], done.page["http_status"]) == (
        "not_modified",
        None,
        304,
    )


@pytest.mark.parametrize(
    ("failure", "status", "outcome"),
    [
        (F.GONE, 404, "gone"),
        (F.CAPTCHA, 403, "blocked"),
        (F.HTTP_401, 401, "error"),
        (F.OFF_DOMAIN_REDIRECT, 0, "error"),
        (F.GUARD_BLOCKED, 0, "error"),
        (F.BUDGET, 0, "skipped"),
        (F.CONTENT_TYPE, 200, "skipped"),
        (F.PARSE_ERROR, 200, "error"),
    ],
)
def test_a_failed_fetch_yields_no_product(failure, status, outcome):
    """S73."""
    done = end(fetched(failure, status))
    assert (done.outcome, done.error_class) == (outcome, failure.value)
    assert done.page["data_full"] is None
    assert done.page["data_seo"] is None
    assert done.page["error_message"] == "why"
    assert done.page["error_class"] == failure.value


def test_a_failure_that_may_pass_waits():
    again = end(fetched(F.HTTP_5XX, 500))
    assert (again.outcome, again.page, again.step) == (None, None, Step())
    assert again.next_at == NOW + timedelta(seconds=1.2)
    assert again.used == 600
    assert again.entry["class"] == "http_5xx"


def test_retry_after_is_what_is_waited():
    again = end(fetched(F.HTTP_429, 429, retry_after=77.0))
    assert again.next_at == NOW + timedelta(seconds=77)
    assert again.seen[0].retry_after == 77


def test_the_log_is_the_history():
    entry = {"fetcher": "http", "tier": "direct", "class": "http_5xx"}
    tried = ticket(attempts=3, log=[entry, entry])
    assert end(fetched(F.HTTP_5XX, 500, ticket=tried)).outcome == "error"
    lost = {"class": "lease_lost"}
    waiting = ticket(attempts=2, log=[lost])
    assert end(fetched(F.HTTP_5XX, 500, ticket=waiting)).outcome is None


def test_no_address_is_tried_more_than_six_times():
    last = ticket(attempts=6)  # five leases were lost
    done = end(fetched(F.HTTP_5XX, 500, ticket=last))
    assert (done.outcome, done.reason) == ("error", "http_5xx")


def test_two_fetchers_with_the_same_text_confirm_a_suspected_page():
    """S58: silent_block."""
    body = html("<p>мало</p>")
    first = fetched(body=body, became=F.SILENT_BLOCK)
    waiting = end(first)
    assert (waiting.outcome, waiting.step) == (None, Step("http_tls"))
    assert waiting.entry["hash"] == first.page.text_hash
    second = ticket(Step("http_tls"), attempts=2, log=[waiting.entry])
    done = end(fetched(body=body, became=F.SILENT_BLOCK, ticket=second))
    assert (done.outcome, done.error_class) == ("ok", "")
    assert done.page["title"] == "Дрель"


def test_a_soft_404_and_a_lost_product_are_no_products():
    missing = fetched(body=html(TEXT, title="Страница не найдена"))
    assert end(missing).outcome == "not_product"
    assert end(fetched(known=Known(page_kind="product"))).outcome == "not_product"
    assert end(fetched(known=Known(page_kind="article"))).outcome == "ok"


def test_what_a_page_turns_out_to_be():
    shell = (
        b"<html><title>x</title><body><div id=app></div><script src=/a.js></script></body></html>"
    )
    assert failure_of_page(extract_site_page(shell, "text/html", URL), UNKNOWN) is F.JS_REQUIRED
    page = extract_site_page(html(TEXT), "text/html", URL)
    assert failure_of_page(page, UNKNOWN) is None
    shrunk = Known(text_len=90_000, fields=frozenset({"price"}))
    assert failure_of_page(page, shrunk) is F.SILENT_BLOCK


def test_a_second_request_is_remembered():
    from dataclasses import replace

    body = html(
        '<script type="application/ld+json">{"@type":"Product","name":"Дрель","offers":'
        '{"price":"10","priceCurrency":"RUB"}}</script>' + TEXT
    )
    got = replace(fetched(body=body), second_request=True)
    assert end(got).page["data_full"]["second_request"] is True


def test_skipped_and_given_back():
    no = skipped(ticket(), "robots")
    assert (no.outcome, no.reason, no.page) == ("skipped", "robots", None)
    first = given_back(ticket())
    assert (first.refund, first.outcome, first.step) == (True, None, Step("", ""))
    later = given_back(ticket(Step("http_tls"), attempts=2))
    assert later.step == Step("http_tls")
