"""A job from its list to its end, over real HTTP, on both databases."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from shop_server import page, product_page, status

from povod.crawl.steps import Step
from povod.sites.states import job_topic
from povod.store.tables import crawl_hosts, job_urls, jobs, processing_jobs, snapshots

READ_BUFFER = 384 * 1024  # what the loop and the client may hold before they stop reading
TWENTY = [f"/p/{n}" for n in range(20)]


def wait_until(check, seconds=10.0):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def in_background(house):
    thread = threading.Thread(target=house.run)
    thread.start()
    return thread


def test_all_pages_are_fetched_and_kept(house, shop):
    job_id = house.make(shop, [f"/p/{n}" for n in range(25)])
    house.run()
    job = house.job(job_id)
    assert (job["status"], job["phase"], job["stop_reason"]) == ("succeeded", "finalize", "")
    assert job["success_urls"] == 25
    assert job["started_at"]
    assert job["finished_at"] > job["started_at"]
    house.check_counters(job_id)
    pages = house.pages(job_id)
    assert len(pages) == 25
    assert float(pages["/p/7"]["data_full"]["price"]) == 100
    assert pages["/p/7"]["title"] == "Дрель 7"
    assert pages["/p/7"]["strategy_used"] == "http/direct"
    assert pages["/p/7"]["bytes_in"] > 1000
    assert job["traffic_bytes"] >= sum(row["bytes_in"] for row in pages.values())
    assert all(shop.hits[f"/p/{n}"] == 1 for n in range(25))
    assert shop.hits["/robots.txt"] == 1
    assert house.finished[0].coverage == 1.0


def test_one_404_is_gone_and_changes_nothing_else(house, shop):
    """N3."""
    shop.rules["/p/3"] = status(404)
    job_id = house.make(shop, TWENTY)
    house.run()
    assert house.outcomes(job_id) == {path: "gone" if path == "/p/3" else "ok" for path in TWENTY}
    assert {row["fetcher"] for row in house.urls(job_id).values()} == {"http"}
    assert house.job(job_id)["status"] == "succeeded"
    assert house.pages(job_id)["/p/3"]["data_full"] is None
    assert shop.hits["/p/3"] == 1


def test_each_address_has_its_own_ladder(house, shop):
    """N1: one 403 first, then others too: none is given up because of another's fate."""
    refused = {f"/p/{n}": status(403) for n in (0, 9)}
    shop.rules.update(refused)
    job_id = house.make(shop, TWENTY, fetchers=["http", "http_tls"], min_coverage=0.5)
    house.run()
    urls = house.urls(job_id)
    for path in TWENTY:
        assert urls[path]["outcome"] == ("blocked" if path in refused else "ok"), path
    for path in refused:
        tried = [Step(item["fetcher"], item["tier"]) for item in urls[path]["step_log"]]
        assert tried == [Step("http"), Step("http_tls")]
        assert shop.hits[path] == 2
    house.check_counters(job_id)


def test_only_the_last_step_works(house, shop):
    """N2: that address succeeds there; the next one does not start at the dearest."""

    def only_browsers(request):
        agent = request.headers.get("User-Agent", "")
        return page(product_page(0)) if "Mozilla" in agent else page("<title>нет</title>", 403)

    shop.rules["/p/0"] = only_browsers
    job_id = house.make(shop, ["/p/0", "/p/1", "/p/2"], max_concurrency=1)
    house.run()
    urls = house.urls(job_id)
    assert urls["/p/0"]["outcome"] == "ok"
    assert urls["/p/0"]["fetcher"] == "http_tls"
    assert [urls[path]["fetcher"] for path in ("/p/1", "/p/2")] == ["http", "http"]


def test_what_fails_for_a_while_is_tried_again(house, shop):
    """N15: a failure is fetched again and the newest observation wins."""
    seen = []

    def shaky(request):
        seen.append(1)
        return page("<title>сбой</title>", 500) if len(seen) < 3 else page(product_page(2))

    shop.rules["/p/2"] = shaky
    job_id = house.make(shop, TWENTY)
    house.run()
    row = house.urls(job_id)["/p/2"]
    assert (row["outcome"], row["attempts"], len(row["step_log"])) == ("ok", 3, 3)
    assert [item["class"] for item in row["step_log"]] == ["http_5xx", "http_5xx", ""]
    assert house.pages(job_id)["/p/2"]["retry_count"] == 2


def test_robots_txt_is_obeyed(house, shop):
    shop.robots = "User-agent: *\nDisallow: /cart\n"
    job_id = house.make(shop, [*TWENTY, "/cart/1", "/cart/2"])
    house.run()
    urls = house.urls(job_id)
    assert (urls["/cart/1"]["outcome"], urls["/cart/1"]["reason"]) == ("skipped", "robots")
    assert shop.hits["/cart/1"] == 0
    job = house.job(job_id)
    assert (job["status"], job["skipped_urls"]) == ("succeeded", 2)
    assert house.finished[0].coverage == 1.0


def test_nothing_is_fetched_while_robots_txt_fails(house, shop):
    """N10, S63: the file is asked for again later, then the addresses are skipped."""
    shop.robots = 500
    job_id = house.make(shop, TWENTY)
    house.run()
    assert sum(number for path, number in shop.hits.items() if path != "/robots.txt") == 0
    assert house.job(job_id)["status"] == "running"
    assert house.counts(job_id).pending == 20
    assert all(row["attempts"] == 0 for row in house.urls(job_id).values())
    _let_robots_run_out(house)
    house.run()
    assert shop.hits["/p/1"] == 0
    assert {row["reason"] for row in house.urls(job_id).values()} == {"robots_unreachable"}
    house.check_counters(job_id)
    assert house.job(job_id)["status"] == "failed"


def _let_robots_run_out(house):
    with house.db.tx() as conn:
        past = house.clock.now() - timedelta(seconds=1)
        conn.execute(
            sa.update(crawl_hosts)
            .where(crawl_hosts.c.tier == "robots")
            .values(robots_retry_at=past, robots_tries=3)
        )
        conn.execute(sa.update(crawl_hosts).values(blocked_until=None))
        conn.execute(sa.update(job_urls).values(next_at=None))
        conn.execute(
            sa.update(processing_jobs)
            .where(processing_jobs.c.state == "queued")
            .values(run_at=past)
        )


def test_a_host_that_asks_to_wait_is_left_alone(house, shop):
    """N9: 429 with Retry-After stops the host, not the job; no dearer step is taken."""
    shop.rules["/p/0"] = status(429, Retry_After="120")
    job_id = house.make(shop, TWENTY, max_concurrency=1)
    house.run()
    assert sum(shop.hits.values()) == 2  # robots.txt and the one page
    row = house.urls(job_id)["/p/0"]
    assert (row["state"], row["fetcher"], row["tier"]) == ("pending", "http", "direct")
    assert house.job(job_id)["status"] == "running"
    due = house.ledger.next_due()
    assert timedelta(seconds=100) < due - house.clock.now() < timedelta(seconds=121)


def test_a_wait_of_more_than_an_hour_pauses_the_job(house, shop):
    """S65."""
    shop.rules["/p/0"] = status(503, Retry_After="7200")
    job_id = house.make(shop, TWENTY, max_concurrency=1)
    house.run()
    job = house.job(job_id)
    assert (job["status"], job["pause_reason"]) == ("paused", "host")
    wait = job["resume_at"] - house.clock.now()
    assert timedelta(minutes=118) < wait <= timedelta(hours=2)
    assert house.ledger.next_due() == job["resume_at"]


def test_a_dead_host_ends_the_job_with_finite_requests(house, shop):
    """N4, S66: the breaker opens, waits, tries, and after five openings the rest is given up."""
    shop.everywhere = status(503)
    house.profile("127.0.0.1", ports=[shop.port], policies_override=_impatient())
    job_id = house.make(shop, [f"/p/{n}" for n in range(200)])
    for _ in range(60):
        house.run()
        if house.job(job_id)["status"] not in ("running", "queued"):
            break
        time.sleep(0.06)
    job = house.job(job_id)
    assert (job["status"], job["stop_reason"]) == ("failed", "host_unavailable")
    assert sum(shop.hits.values()) < 60
    reasons = {row["reason"] for row in house.urls(job_id).values()}
    assert "host_unavailable" in reasons
    house.check_counters(job_id)


def _impatient():
    return {
        "politeness": {"min_delay_ms": 0, "max_delay_s": 0.02},
        "ladder": {"delay_base_s": 0, "delay_base_429_s": 0},
        "breaker": {"open_s": 0.05, "max_open_s": 0.05},
    }


def test_cancel_while_pages_are_in_flight(house, shop):
    """N13: ends cancelled within two seconds or so; nothing turns it back."""
    shop.latency = 20
    job_id = house.make(shop, TWENTY)
    thread = in_background(house)
    wait_until(lambda: shop.at_once["*"] > 0 and house.counts(job_id).leased > 0)
    started = house.job(job_id)["started_at"]
    house.jobs.cancel_job(job_id, "anna")
    asked = time.monotonic()
    thread.join(15)
    assert time.monotonic() - asked < 4
    job = house.job(job_id)
    assert (job["status"], job["started_at"]) == ("cancelled", started)
    urls = house.urls(job_id).values()
    assert {row["state"] for row in urls} == {"pending"}
    assert {row["attempts"] for row in urls} == {0}
    house.check_counters(job_id)


def test_cancel_and_resume_give_the_same_as_an_undisturbed_run(house, shop):
    """N14."""
    shop.latency = 0.05
    job_id = house.make(shop, TWENTY, max_concurrency=2)
    thread = in_background(house)
    wait_until(lambda: house.counts(job_id).ok >= 3)
    house.jobs.cancel_job(job_id, "anna")
    thread.join(15)
    assert 0 < house.counts(job_id).ok < 20
    house.jobs.resume_job(job_id, "anna")
    house.run()
    assert house.job(job_id)["status"] == "succeeded"
    assert set(house.outcomes(job_id).values()) == {"ok"}
    assert len(house.pages(job_id)) == 20
    house.check_counters(job_id)


def test_pause_lets_flights_land_and_resume_goes_on(house, shop):
    shop.latency = 0.3
    job_id = house.make(shop, TWENTY, max_concurrency=4)
    thread = in_background(house)
    wait_until(lambda: shop.at_once["*"] == 4)
    house.jobs.pause_job(job_id, "anna")
    thread.join(10)
    counts = house.counts(job_id)
    assert house.job(job_id)["status"] == "paused"
    assert counts.leased == 0
    assert counts.ok >= 4
    assert counts.pending > 0
    house.jobs.resume_job(job_id, "anna")
    shop.latency = 0
    house.run()
    assert house.job(job_id)["status"] == "succeeded"
    assert all(shop.hits[path] == 1 for path in TWENTY)


def test_retry_failed_fetches_only_what_failed(house, shop):
    """S30, N15: a changed price shows only where a page is fetched again."""
    shop.rules["/p/4"] = status(500)
    job_id = house.make(shop, TWENTY)
    house.run()
    assert house.outcomes(job_id)["/p/4"] == "error"
    del shop.rules["/p/4"]
    shop.price = 150
    house.jobs.retry_failed(job_id, "anna")
    house.run()
    pages = house.pages(job_id)
    assert house.job(job_id)["status"] == "succeeded"
    assert float(pages["/p/4"]["data_full"]["price"]) == 150
    assert float(pages["/p/5"]["data_full"]["price"]) == 100
    assert pages["/p/4"]["error_class"] == ""
    assert shop.hits["/p/5"] == 1
    house.check_counters(job_id)


def test_coverage_decides_between_succeeded_and_partial(house, shop):
    """N50 in small: 2 % blocked is a success, 6 % is not."""
    paths = [f"/p/{n}" for n in range(50)]
    for path in paths[:1]:
        shop.rules[path] = status(403)
    first = house.make(shop, paths, fetchers=["http"])
    house.run()
    assert (house.job(first)["status"], house.job(first)["failed_urls"]) == ("succeeded", 1)
    for path in paths[:3]:
        shop.rules[path] = status(403)
    second = house.make(shop, paths, fetchers=["http"])
    house.run()
    job = house.job(second)
    assert (job["status"], job["stop_reason"]) == ("partial", "coverage")


def test_a_job_budget_ends_its_addresses(house, shop):
    """N6, S75: a huge page under a small budget; the pages before it are kept."""

    async def huge(request):
        from aiohttp import web

        answer = web.StreamResponse(headers={"Content-Type": "text/html"})
        await answer.prepare(request)
        for _ in range(800):
            await answer.write(b"<p>" + b"x" * 65_536)
        return answer

    shop.rules["/p/3"] = huge
    paths = [f"/p/{n}" for n in range(6)]
    job_id = house.make(shop, paths, max_concurrency=1, traffic_budget_mb=1, min_coverage=0.1)
    house.run()
    job, urls = house.job(job_id), house.urls(job_id)
    assert [urls[path]["outcome"] for path in paths[:3]] == ["ok", "ok", "ok"]
    assert {(urls[path]["outcome"], urls[path]["reason"]) for path in paths[4:]} <= {
        ("skipped", "budget"),
        ("ok", ""),
    }
    assert job["traffic_bytes"] <= 1_048_576 + READ_BUFFER
    assert urls["/p/3"]["reason"] in ("budget", "")
    house.check_counters(job_id)


def test_the_day_budget_of_a_site_pauses_the_job(house, shop):
    """S75: paused until the next day."""
    house.profile(
        "127.0.0.1",
        ports=[shop.port],
        policies_override={"politeness": {"min_delay_ms": 0}},
        budgets={"hard_mb_per_day": 0.03, "soft_mb_per_day": 0.03},
    )
    job_id = house.make(shop, TWENTY)
    house.run()
    job = house.job(job_id)
    assert (job["status"], job["pause_reason"]) == ("paused", "budget")
    assert job["resume_at"] > house.clock.now()
    assert 0 < job["success_urls"] < 20


def test_a_page_that_breaks_the_parser_fails_alone(house, shop):
    """N46."""
    real = house.deps.extract

    def fragile(body, kind, url, *rest, **named):
        if url.endswith("/p/7"):
            raise RecursionError("too deep")
        return real(body, kind, url, *rest, **named)

    object.__setattr__(house.deps, "extract", fragile)
    job_id = house.make(shop, TWENTY)
    house.run()
    row = house.urls(job_id)["/p/7"]
    assert (row["outcome"], row["error_class"]) == ("error", "parse_error")
    assert house.counts(job_id).ok == 19
    assert house.job(job_id)["status"] == "succeeded"


def test_an_internal_fault_three_times_in_a_row_fails_the_job(house, shop, monkeypatch):
    """S27."""

    def broken(*_):
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr("povod.sites.fetching.settled", broken)
    job_id = house.make(shop, TWENTY)
    for _ in range(3):
        house.run()
        with house.db.tx() as conn:
            past = house.clock.now() - timedelta(seconds=1)
            waiting = processing_jobs.c.state == "queued"
            conn.execute(sa.update(processing_jobs).where(waiting).values(run_at=past))
    job = house.job(job_id)
    assert job["status"] == "failed"
    assert job["error_message"] == "internal: RuntimeError: a bug of ours"
    assert house.counts(job_id).leased == 0


def test_the_deadline_ends_the_job(house, shop):
    shop.latency = 0.1
    job_id = house.make(shop, [f"/p/{n}" for n in range(60)], max_concurrency=1)
    thread = in_background(house)
    wait_until(lambda: house.counts(job_id).ok >= 2)
    with house.db.tx() as conn:
        conn.execute(sa.update(jobs).values(deadline_at=house.clock.now()))
    thread.join(0.1)
    house.jobs.pause_job(job_id, "anna")
    thread.join(10)
    house.jobs.resume_job(job_id, "anna")
    house.run()
    job = house.job(job_id)
    assert (job["status"], job["stop_reason"]) == ("partial", "deadline")
    reasons = {row["reason"] for row in house.urls(job_id).values() if row["outcome"] == "skipped"}
    assert reasons == {"deadline"}
    house.check_counters(job_id)


def test_no_more_at_once_than_the_job_allows(house, shop):
    shop.latency = 0.02
    house.make(shop, [f"/p/{n}" for n in range(40)], max_concurrency=3)
    house.run()
    assert shop.most_at_once["*"] <= 3


def test_a_crawl_delay_is_kept(house, shop):
    """S64: one at a time, a second apart."""
    shop.robots = "User-agent: *\nCrawl-delay: 1\n"
    job_id = house.make(shop, ["/p/1", "/p/2", "/p/3"])
    began = time.monotonic()
    house.run()
    assert 1.8 < time.monotonic() - began < 6
    assert shop.most_at_once["*"] == 1
    assert house.job(job_id)["status"] == "succeeded"


def test_unchanged_pages_are_asked_for_with_their_validators(house, shop):
    """S72: 304 keeps what is known; a key whose variants came separately is asked for in full."""

    def conditional(request):
        if request.headers.get("If-None-Match") == '"v1"':
            return page("", 304)
        return page(product_page(1), ETag='"v1"')

    shop.rules["/p/1"] = shop.rules["/p/2"] = conditional
    job_id = house.make(shop, ["/p/1", "/p/2"])
    rows = [
        {"domain": "127.0.0.1", "url": path, "url_key": f"https://127.0.0.1:{shop.port}{path}"}
        | {"last_crawl_at": house.clock.now(), "first_seen_at": house.clock.now(), "etag": '"v1"'}
        | {"last_data": {"page_kind": "product", "second_request": path == "/p/2"}}
        for path in ("/p/1", "/p/2")
    ]
    with house.db.tx() as conn:
        conn.execute(sa.insert(snapshots), rows)
    house.run()
    assert house.outcomes(job_id) == {"/p/1": "not_modified", "/p/2": "ok"}
    known = house.pages(job_id)["/p/1"]
    assert (known["http_status"], known["data_full"], known["outcome"]) == (
        304,
        None,
        "not_modified",
    )


def test_a_product_that_became_another_page_is_no_product(house, shop):
    shop.rules["/p/1"] = lambda _: page("<title>Блог</title><h1>Блог</h1><p>" + "слово " * 400)
    job_id = house.make(shop, ["/p/1"])
    with house.db.tx() as conn:
        conn.execute(
            sa.insert(snapshots).values(
                domain="127.0.0.1",
                url="x",
                url_key=f"https://127.0.0.1:{shop.port}/p/1",
                last_crawl_at=house.clock.now(),
                first_seen_at=house.clock.now(),
                last_data={"page_kind": "product"},
            )
        )
    house.run()
    assert house.outcomes(job_id) == {"/p/1": "not_product"}


def test_progress_and_states_are_told(house, shop):
    """S110, S29: the state events are there, in order, and no page event is lost to failures."""
    shop.rules["/p/2"] = status(404)
    job_id = house.make(shop, TWENTY)
    house.run()
    events = house.events.read(topic=job_topic(job_id))
    states = [event.data["to"] for event in events if event.kind == "state"]
    assert states == ["queued", "running", "succeeded"]
    assert [event.kind for event in events][-1] == "complete"
    told = {event.data["url"]: event.data["outcome"] for event in events if event.kind == "page"}
    assert told[shop.url("/p/2")] == "gone"
    progress = [event.data for event in events if event.kind == "progress"]
    assert progress
    assert progress[-1]["counters"]["total_urls"] == 20


def test_a_job_without_addresses_fails_and_does_not_hang(house, shop):
    job_id = house.make(shop, [])
    house.run()
    assert house.job(job_id)["status"] == "failed"


def test_no_worker_leaves_the_job_queued(house, shop):
    """N19."""
    job_id = house.make(shop, TWENTY)
    assert house.job(job_id)["status"] == "queued"
    assert house.ledger.next_due() is not None
    assert shop.hits == {}


def test_the_loop_of_a_job_is_its_own(house, shop):
    """The handler runs in a thread of the runner, whose loop stays free."""
    job_id = house.make(shop, TWENTY)

    async def beside():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.005)
                ticks += 1

        ticking = asyncio.create_task(tick())
        from povod.engine.runner import Runner

        await Runner(house.ledger, house.handlers, house.clock, events=house.events).drain()
        ticking.cancel()
        return ticks

    assert asyncio.run(beside()) > 5
    assert house.job(job_id)["status"] == "succeeded"


@pytest.mark.parametrize("fate", ["vanished", "stale"])
def test_work_of_an_earlier_run_of_the_job_does_nothing(house, shop, fate):
    job_id = house.make(shop, TWENTY)
    house.jobs.pause_job(job_id, "anna")
    if fate == "vanished":
        with house.db.tx() as conn:
            conn.execute(sa.delete(jobs))
        house.run()
        return
    house.jobs.resume_job(job_id, "anna")
    house.run()
    assert house.job(job_id)["status"] == "succeeded"
    assert all(shop.hits[path] == 1 for path in TWENTY)
