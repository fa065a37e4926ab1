"""A job from its list to its end, over real HTTP, on both databases."""

import asyncio
import time
from datetime import timedelta

import sqlalchemy as sa
from shop_server import page, product_page, status

from povod.crawl.steps import Step
from povod.sites.states import job_topic
from povod.store.tables import crawl_hosts, job_urls, processing_jobs, snapshots

TWENTY = [f"/p/{n}" for n in range(20)]


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
