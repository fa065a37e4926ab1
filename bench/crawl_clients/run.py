"""One contestant on one shop: `python run.py NAME PORT PAGES FOLDER EXTRACTION`.

Prints one JSON object: pages kept, CPU seconds (user and system) and wall seconds of the crawl,
imports and set-up aside, and the peak memory of the process.
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

CONCURRENCY = 10


class Meter:
    """CPU and wall time from its start to its end."""

    def __init__(self) -> None:
        self._cpu, self._wall = cpu_seconds(), time.perf_counter()

    def report(self, pages: int) -> None:
        """Print the figures."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cpu, wall = cpu_seconds() - self._cpu, time.perf_counter() - self._wall
        print(json.dumps({"pages": pages, "cpu": cpu, "wall": wall, "peak_mb": peak}))


def cpu_seconds() -> float:
    """User and system time of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def addresses(port: int, pages: int) -> list[str]:
    """Every page of the shop."""
    return [f"http://127.0.0.1:{port}/p/{number}" for number in range(pages)]


def povod(port: int, pages: int, folder: str, *, is_light: bool) -> None:
    """A job of Povod on SQLite, by one worker."""
    import sqlalchemy as sa
    import uvloop  # noqa: F401 - the loop of the crawl, imported before the clock starts as in bare

    from crawl_clients.light import light
    from povod.crawl.extract.site_page import extract_site_page
    from povod.crawl.frontier import NewUrl
    from povod.crawl.urlkey import url_key
    from povod.engine.events import Events
    from povod.engine.handlers import Handlers
    from povod.engine.ledger import Ledger
    from povod.engine.runner import Runner
    from povod.kit.clock import SystemClock
    from povod.kit.log import configure
    from povod.kit.sealing import Sealer
    from povod.kit.settings import load_settings
    from povod.sites.deps import FinishResult, InputResult, SitesDeps
    from povod.sites.jobs import NewJob
    from povod.sites.options import JobOptions
    from povod.sites.work import SitesWork
    from povod.store.db import Database
    from povod.store.tables import jobs, metadata, site_profiles

    configure("WARNING", "json")
    clock, place = SystemClock(), Path(folder)
    db = Database(f"sqlite:///{place / 'povod.db'}", clock)
    settings = load_settings({}, None, data_dir=place, povod_guard_allow=["127.0.0.0/8"])
    ledger, events, handlers = Ledger(db, clock), Events(db, clock), Handlers()
    deps = SitesDeps(
        db, clock, settings, ledger, events, Sealer(b"b" * 32),
        read_input=lambda _: InputResult(complete=True),
        finalize=lambda *_: FinishResult(),
        export=lambda *_: {},
        extract=light if is_light else extract_site_page,
    )  # fmt: skip
    work = SitesWork(deps)
    work.register(handlers)
    profile: dict[str, Any] = {
        "ports": [port],
        "policies_override": {
            "politeness": {"min_delay_ms": 0},
            "budgets": {"all_hard_mb": 9000, "all_soft_mb": 9000},
        },
        "budgets": {"hard_mb_per_day": 9000, "soft_mb_per_day": 9000},
    }
    with db.tx() as conn:
        metadata.create_all(conn)
        conn.execute(sa.insert(site_profiles).values(domain="127.0.0.1", data=profile))
    urls = [NewUrl(url, url_key(url), at) for at, url in enumerate(addresses(port, pages))]
    options = JobOptions.parse({"max_concurrency": CONCURRENCY, "traffic_budget_mb": 9000})
    work.store.create_job(NewJob(domain="127.0.0.1", options=options, input_kind="list", urls=urls))
    runner = Runner(ledger, handlers, clock, events=events)
    assert deps.policies.version, "read before the clock starts, as every worker does once"
    meter = Meter()
    runner.run_until_idle()
    with db.read() as conn:
        job = conn.execute(sa.select(jobs)).mappings().one()
    if job["status"] != "succeeded":
        raise SystemExit(f"the job is {job['status']}: {job['stop_reason']} {job['error_message']}")
    meter.report(job["success_urls"])


def bare(port: int, pages: int, folder: str, *, is_light: bool) -> None:
    """aiohttp, the same extraction, SQLite: nothing else."""
    import aiohttp
    import uvloop

    from crawl_clients.light import light
    from crawl_clients.sink import Sink
    from povod.crawl.extract.site_page import extract_site_page

    sink, extract = Sink(folder), light if is_light else extract_site_page
    waiting = addresses(port, pages)[::-1]

    async def worker(session: aiohttp.ClientSession) -> None:
        while waiting:
            url = waiting.pop()
            async with session.get(url) as answer:
                body = await answer.read()
                kind = answer.headers.get("Content-Type", "")
            page = extract(body, kind, url)
            data = {"full": page.data_full(), "seo": page.data_seo(), "hash": page.content_hash}
            sink.add(url, page.title or "", data)

    async def crawl() -> None:
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(worker(session) for _ in range(CONCURRENCY)))

    meter = Meter()
    uvloop.run(crawl())
    sink.flush()
    meter.report(sink.count)


def scrapy(port: int, pages: int, folder: str, *, is_light: bool) -> None:
    """Scrapy with parsel."""
    from scrapy import Spider
    from scrapy.crawler import CrawlerProcess

    from crawl_clients.fields import fields
    from crawl_clients.light import light
    from crawl_clients.sink import Sink

    sink = Sink(folder)

    class Shop(Spider):
        name = "shop"
        start_urls = addresses(port, pages)

        def parse(self, response: Any) -> None:
            if is_light:
                found = light(response.body, "text/html; charset=utf-8", response.url).data_seo()
            else:
                found = fields(response.selector, response.url, response.body)
            sink.add(response.url, found["title"], found)

    process = CrawlerProcess(
        {
            "ROBOTSTXT_OBEY": True,
            "CONCURRENT_REQUESTS": CONCURRENCY,
            "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
            "DOWNLOAD_DELAY": 0,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "ERROR",
            "USER_AGENT": "PovodBot/bench",
        }
    )
    process.crawl(Shop)
    meter = Meter()
    process.start()
    sink.flush()
    meter.report(sink.count)


def crawlee(port: int, pages: int, folder: str, *, is_light: bool) -> None:
    """Crawlee's HTTP crawler with Parsel."""
    import logging

    from crawlee import ConcurrencySettings
    from crawlee.configuration import Configuration
    from crawlee.crawlers import HttpCrawler, ParselCrawler

    from crawl_clients.fields import fields
    from crawl_clients.light import light
    from crawl_clients.sink import Sink

    sink = Sink(folder)
    kind: Any = HttpCrawler if is_light else ParselCrawler

    def extract(context: Any, body: bytes) -> dict[str, Any]:
        if is_light:
            return light(body, "text/html; charset=utf-8", context.request.url).data_seo()
        return fields(context.selector, context.request.url, body)

    async def crawl() -> None:
        crawler = kind(
            configuration=Configuration(storage_dir=folder, purge_on_start=True),
            concurrency_settings=ConcurrencySettings(
                min_concurrency=CONCURRENCY,
                desired_concurrency=CONCURRENCY,
                max_concurrency=CONCURRENCY,
            ),
            respect_robots_txt_file=True,
            configure_logging=False,
            statistics_log_format="inline",
        )

        async def handle(context: Any) -> None:
            body = await context.http_response.read()
            found = extract(context, body)
            sink.add(context.request.url, found["title"], found)

        crawler.router.default_handler(handle)
        await crawler.run(addresses(port, pages))

    logging.disable(logging.WARNING)
    meter = Meter()
    asyncio.run(crawl())
    sink.flush()
    meter.report(sink.count)


CLIENTS = {"povod": povod, "bare": bare, "scrapy": scrapy, "crawlee": crawlee}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    name, port, pages, folder, extraction = sys.argv[1:]
    CLIENTS[name](int(port), int(pages), folder, is_light=extraction == "path")
