"""The fetcher against real servers on loopback, reached through the sandbox's own name service."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from povod.crawl.fetch.http import HttpFetcher, raise_for_status
from povod.crawl.fetch.resolver import SandboxResolver
from povod.crawl.fetch.result import Failure, FetchError, FetchLimits
from povod.crawl.politeness import PoliteSession

LOG = web.AppKey("log", list[str])
LIMITS = FetchLimits(timeout=2, connect_timeout=1, max_redirects=3, max_body=100_000)
NAMES = {"firma.ru": "127.0.0.1", "inside.ru": "10.0.0.7", "meta.ru": "169.254.169.254"}
PAGE = "<html><title>Окна</title></html>".encode()


def text(body: bytes, **headers: str) -> web.Response:
    return web.Response(body=body, headers={"Content-Type": "text/html", **headers})


async def site(request: web.Request) -> web.StreamResponse:
    answers: dict[str, Callable[[], Awaitable[web.StreamResponse]]] = {
        "/gzip": lambda: _now(text(gzip.compress(PAGE), **{"Content-Encoding": "gzip"})),
        "/deflate": lambda: _now(text(_raw_deflate(PAGE), **{"Content-Encoding": "deflate"})),
        "/brotli": lambda: _now(text(b"xx", **{"Content-Encoding": "br"})),
        "/broken-gzip": lambda: _now(text(b"no gzip at all", **{"Content-Encoding": "gzip"})),
        "/bomb": lambda: _now(
            text(gzip.compress(bytes(50_000_000)), **{"Content-Encoding": "gzip"})
        ),
        "/big": lambda: _now(text(b"x" * 200_000)),
        "/moved": lambda: _now(_redirect("/page")),
        "/loop": lambda: _now(_redirect("/loop")),
        "/to-private": lambda: _now(_redirect("http://10.1.2.3/secret")),
        "/to-inside": lambda: _now(_redirect("http://inside.ru/")),
        "/to-file": lambda: _now(_redirect("file:///etc/passwd")),
        "/to-nonsense": lambda: _now(_redirect("http://a b:99999/")),
        "/slow": _slow,
        "/endless": lambda: _endless(request),
        "/busy": lambda: _now(web.Response(status=429, headers={"Retry-After": "7"})),
        "/empty": lambda: _now(text(b"")),
    }
    request.app[LOG].append(request.path)
    return await answers.get(request.path, lambda: _now(text(PAGE)))()


async def _now(response: web.Response) -> web.StreamResponse:
    return response


def _redirect(target: str) -> web.Response:
    return web.Response(status=301, headers={"Location": target})


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


async def _slow() -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/html"})
    await response.prepare(request)
    for _ in range(10_000):
        await response.write(b"<p>" * 1000)
    return response


class World:
    """A site and the name service that leads to it."""

    def __init__(self, robots: web.Response | None = None) -> None:
        self.log: list[str] = []
        self.robots = robots
        self.port = 0

    async def control(self, request: web.Request) -> web.Response:
        if request.path == "/sandbox/ports":
            return web.json_response({"http": self.port, "https": 1, "smtp": 1, "imap": 1})
        address = NAMES.get(request.query["name"])
        return web.json_response({"addresses": [address]} if address else {}, status=200)

    async def robots_txt(self, request: web.Request) -> web.Response:
        self.log.append("/robots.txt")
        return web.Response(text="User-agent: *\nDisallow: /private\nCrawl-delay: 3\n")


async def _start(app: web.Application) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


@asynccontextmanager
async def world() -> AsyncIterator[tuple[World, HttpFetcher]]:
    place = World()
    pages = web.Application()
    pages[LOG] = place.log
    pages.router.add_get("/robots.txt", place.robots_txt)
    pages.router.add_get("/{tail:.*}", site)
    control = web.Application()
    control.router.add_get("/{tail:.*}", place.control)
    page_runner, place.port = await _start(pages)
    control_runner, control_port = await _start(control)
    resolver = SandboxResolver(f"http://127.0.0.1:{control_port}")
    try:
        async with HttpFetcher(resolver, user_agent="PovodBot/0", limits=LIMITS) as fetcher:
            yield place, fetcher
    finally:
        await page_runner.cleanup()
        await control_runner.cleanup()


def fetch(path: str, host: str = "http://firma.ru") -> object:
    async def go() -> object:
        async with world() as (_, fetcher):
            return await fetcher.get(host + path)

    return asyncio.run(go())


@pytest.mark.parametrize("path", ["/page", "/gzip", "/deflate"])
def test_page_is_decoded(path: str) -> None:
    response = fetch(path)
    assert response.body == PAGE
    assert response.looks_like_html


def test_redirect_is_followed_and_remembered() -> None:
    response = fetch("/moved")
    assert response.final_url == "http://firma.ru/page"
    assert response.redirects == [(301, "http://firma.ru/moved")]


def test_nothing_is_an_empty_page() -> None:
    assert fetch("/empty").body == b""


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("/bomb", Failure.TOO_LARGE),
        ("/big", Failure.TOO_LARGE),
        ("/endless", Failure.TOO_LARGE),
        ("/loop", Failure.REDIRECTS),
        ("/to-private", Failure.GUARD),
        ("/to-inside", Failure.GUARD),
        ("/to-file", Failure.GUARD),
        ("/to-nonsense", Failure.REDIRECTS),
        ("/slow", Failure.TIMEOUT),
        ("/brotli", Failure.PROTOCOL),
        ("/broken-gzip", Failure.PROTOCOL),
    ],
)
def test_bad_answer_has_its_class(path: str, failure: Failure) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(path)
    assert caught.value.failure is failure
    assert caught.value.detail


@pytest.mark.parametrize(
    ("address", "failure"),
    [
        ("http://inside.ru/", Failure.GUARD),
        ("http://meta.ru/latest/meta-data", Failure.GUARD),
        ("http://127.0.0.1/", Failure.GUARD),
        ("http://[::1]/", Failure.GUARD),
        ("http://firma.ru:8080/", Failure.GUARD),
        ("ftp://firma.ru/", Failure.GUARD),
        ("http://user:pass@firma.ru/", Failure.GUARD),
        ("http://nobody.ru/", Failure.DNS),
        ("https://firma.ru/", Failure.CONNECT),
    ],
)
def test_forbidden_or_dead_address_is_refused(address: str, failure: Failure) -> None:
    with pytest.raises(FetchError) as caught:
        fetch("", address)
    assert caught.value.failure is failure


def test_status_is_no_page() -> None:
    response = fetch("/busy")
    with pytest.raises(FetchError) as caught:
        raise_for_status(response)
    assert caught.value.failure is Failure.BLOCKED
    assert caught.value.retry_after == 7


def test_robots_come_first_and_their_delay_is_kept() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def go() -> World:
        async with world() as (place, fetcher):
            session = PoliteSession(fetcher, pause=0.5, limits=LIMITS, sleep=sleep)
            await session.get("http://firma.ru/a")
            await session.get("http://firma.ru/b")
            with pytest.raises(FetchError) as caught:
                await session.get("http://firma.ru/private/c")
            assert caught.value.failure is Failure.ROBOTS
            return place

    place = asyncio.run(go())
    assert place.log == ["/robots.txt", "/a", "/b"]
    assert slept == [3.0, 3.0]
