"""Firecrawl by its documented protocol, against a server on loopback."""

from dataclasses import dataclass, field

import pytest
from aiohttp import web
from online import run, serve
from pydantic import SecretStr

from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.firecrawl import FirecrawlFetcher
from povod.crawl.fetch.request import FetchRequest, FirecrawlOptions
from povod.crawl.fetch.result import FetchError
from povod.crawl.policies import shipped_policies
from povod.crawl.steps import Step

PAGE = "<html><title>Тепло</title><p>Котёл 12 кВт</p></html>"
RULES = shipped_policies("prod").flaresolverr.model_copy(update={"off_s": 0.3})
HOSTS = frozenset({"firma.ru"})


@dataclass
class Crawler:
    """Firecrawl: `/v2/scrape`; keys have a status each."""

    keys: dict[str, int]
    bodies: list[dict] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    data: dict = field(default_factory=dict)
    url: str = ""

    async def scrape(self, request: web.Request) -> web.Response:
        key = request.headers["Authorization"].removeprefix("Bearer ")
        self.used.append(key)
        self.bodies.append(await request.json())
        status = self.keys[key]
        if status != 200:
            return web.json_response({"success": False, "error": "no credits"}, status=status)
        return web.json_response({"success": True, "data": self.data})


async def paid(net, keys: dict[str, int], **data) -> tuple[Crawler, FirecrawlFetcher]:
    meta = {"statusCode": 200, "url": "https://firma.ru/"}
    crawler = Crawler(keys, data={"rawHtml": PAGE, "metadata": meta, **data})
    url = await serve(net, web.post("/v2/scrape", crawler.scrape))
    return crawler, FirecrawlFetcher(net.services, url, guard=net.guard, key=SecretStr("house"))


def crawl(*keys: str, url: str = "https://firma.ru/", **more) -> FetchRequest:
    options = FirecrawlOptions(tuple(SecretStr(key) for key in keys), **more)
    return FetchRequest(url=url, step=Step("firecrawl"), hosts=HOSTS, firecrawl=options)


def test_raw_page_is_asked_for_and_never_a_cached_one(internet) -> None:
    async def work(net):
        crawler, fetcher = await paid(net, {"k1": 200, "house": 200})
        response = await fetcher.fetch(crawl("k1", zero_data_retention=True))
        await fetcher.fetch(FetchRequest(url="https://firma.ru/", step=Step("firecrawl")))
        return response, crawler

    response, crawler = run(internet, work)
    assert response.body.decode() == PAGE
    assert response.status == 200
    first, second = crawler.bodies
    assert first["formats"] == ["rawHtml"]
    assert first["maxAge"] == 0
    assert first["onlyMainContent"] is first["skipTlsVerification"] is False
    assert (first["zeroDataRetention"], second["zeroDataRetention"]) == (True, False)
    assert crawler.used == ["k1", "house"]
    assert "k1" not in repr(crawl("k1"))  # N42: no key in a log of the request


@pytest.mark.parametrize("status", [402, 429])
def test_keys_take_turns(internet, status) -> None:
    async def work(net):
        crawler, fetcher = await paid(net, {"spent": status, "full": 200, "house": 200})
        await fetcher.fetch(crawl("spent", "full"))
        return crawler.used

    assert run(internet, work) == ["spent", "full"]


@pytest.mark.parametrize(
    ("keys", "data", "kind"),
    [
        ({"k": 402}, {}, F.BOT_BLOCK),
        ({"k": 500}, {}, F.BOT_BLOCK),
        ({"k": 200}, {"metadata": {"url": "https://other.ru/"}}, F.OFF_DOMAIN_REDIRECT),
        ({"k": 200}, {"metadata": {"url": "http://10.0.0.1/"}}, F.GUARD_BLOCKED),
    ],
)
def test_failure_of_the_paid_service_has_its_class(internet, keys, data, kind) -> None:
    async def work(net):
        _, fetcher = await paid(net, keys, **data)
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(crawl(*keys))
        return caught.value

    error = run(internet, work)
    assert error.kind is kind
    assert error.bytes_in == 0


def test_status_of_the_page_is_the_sites(internet) -> None:
    async def work(net):
        _, fetcher = await paid(net, {"k": 200}, metadata={"statusCode": 404})
        door = await net.fetchers(fetcher)
        return await door.attempt(crawl("k")), door.available(), door.available(firecrawl=True)

    attempt, without, with_key = run(internet, work)
    assert attempt.failure is F.GONE
    assert (without, with_key) == ((), ("firecrawl",))


def test_only_the_jobs_hosts_are_told_and_a_dead_service_is_a_failure(internet) -> None:
    async def work(net):
        crawler, fetcher = await paid(net, {"k": 200})
        with pytest.raises(FetchError) as foreign:
            await fetcher.fetch(crawl("k", url="https://other.ru/"))
        dead = FirecrawlFetcher(net.services, "http://127.0.0.1:1", guard=net.guard)
        with pytest.raises(FetchError) as gone:
            await dead.fetch(crawl("k"))
        with pytest.raises(FetchError) as keyless:
            await dead.fetch(FetchRequest(url="https://firma.ru/", step=Step("firecrawl")))
        return foreign.value, gone.value, keyless.value, crawler.used

    foreign, gone, keyless, used = run(internet, work)
    assert foreign.kind is F.OFF_DOMAIN_REDIRECT
    assert gone.kind is keyless.kind is F.BOT_BLOCK
    assert "no key" in keyless.detail
    assert used == []
