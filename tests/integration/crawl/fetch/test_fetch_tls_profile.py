"""The `http_tls` fetcher: a browser's greeting, through the egress proxy, verified and counted."""

import asyncio
import gzip

import pytest
from aiohttp import web
from online import run

from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError
from povod.crawl.steps import Step

PAGE = "<html><title>Двери</title></html>" * 100
STEP = Step("http_tls", "direct")


def ask(url: str, **more) -> FetchRequest:
    return FetchRequest(url=url, step=STEP, **more)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_page_comes_with_a_browsers_greeting(internet, scheme) -> None:
    async def work(net):
        packed = gzip.compress(PAGE.encode())
        net.html("/page", packed, **{"Content-Encoding": "gzip", "Set-Cookie": "a=1"})
        net.moved("/", "/page")
        fetcher = await net.http_tls()
        response = await fetcher.fetch(ask(f"{scheme}://firma.ru/"))
        again = await fetcher.fetch(ask(f"{scheme}://firma.ru/page"))
        return response, again, net.requests, len(packed)

    response, again, requests, size = run(internet, work)
    assert response.body.decode() == again.body.decode() == PAGE
    assert response.redirects == [(302, f"{scheme}://firma.ru/")]
    assert "Chrome/" in requests[0]["User-Agent"]
    assert requests[0]["Accept-Language"].startswith("ru")
    assert requests[2]["Cookie"] == "a=1"
    assert response.wire_bytes > size
    assert response.bytes_out > 500
    assert str(response.via) == "http_tls/direct"


def test_greeting_is_not_that_of_python(internet) -> None:
    """The cipher list of the hello differs from that of the standard library."""
    seen = {}

    async def work(net):
        async def page(request):
            seen[request.headers["User-Agent"][:7]] = request.transport.get_extra_info(
                "ssl_object"
            ).shared_ciphers()
            return web.Response(text=PAGE, content_type="text/html")

        net.pages["/"] = page
        await (await net.http()).fetch(FetchRequest(url="https://firma.ru/"))
        await (await net.http_tls()).fetch(ask("https://firma.ru/"))

    run(internet, work)
    ours, theirs = seen["PovodBo"], seen["Mozilla"]
    assert [name for name, *_ in ours] != [name for name, *_ in theirs]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://bad.ru/", F.TLS_ERROR),
        ("https://raw.ru/", F.TLS_ERROR),
        ("http://dead.ru/", F.CONNECT_REFUSED),
        ("https://nobody.ru/", F.DNS_ERROR),
        ("https://private.ru/", F.GUARD_BLOCKED),
        ("http://169.254.169.254/", F.GUARD_BLOCKED),
        ("http://firma.ru/to-private", F.GUARD_BLOCKED),
        ("http://firma.ru/loop", F.TOO_MANY_REDIRECTS),
        ("http://firma.ru/away", F.OFF_DOMAIN_REDIRECT),
        ("http://firma.ru/slow", F.TOTAL_TIMEOUT),
        ("http://firma.ru/damaged", F.PARSE_ERROR),
    ],
)
def test_failure_of_the_profiled_client_has_its_class(internet, url, kind) -> None:
    async def work(net):
        async def plain(reader, writer):
            await reader.read(100)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        async def slow(_):
            await asyncio.sleep(20)

        net.raw = plain
        net.place("private.ru", 80, 443, "10.0.0.7")
        net.moved("/to-private", "http://private.ru/")
        net.moved("/loop", "/loop")
        net.moved("/away", "https://other.ru/")
        net.html("/damaged", b"no gzip", **{"Content-Encoding": "gzip"})
        net.pages["/slow"] = slow
        fetcher = await net.http_tls()
        hosts = frozenset({"firma.ru", "private.ru"})
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask(url, hosts=hosts, timeout_s=1.5))
        return caught.value

    error = run(internet, work)
    assert error.kind is kind, error


def test_body_is_cut_at_the_cap_and_at_the_budget(internet, grant) -> None:
    async def work(net):
        net.html("/", "x" * 5_000_000)
        net.html("/bomb", gzip.compress(bytes(200_000_000), 1), **{"Content-Encoding": "gzip"})
        fetcher = await net.http_tls()
        cut = await fetcher.fetch(ask("https://firma.ru/", max_body=100_000))
        bomb = await fetcher.fetch(ask("https://firma.ru/bomb"))
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(
                ask("https://firma.ru/", max_body=10_000_000, allowance=grant(600_000))
            )
        return cut, bomb, caught.value

    cut, bomb, error = run(internet, work)
    assert (cut.truncated, len(cut.body)) == (True, 100_000)
    assert (bomb.truncated, len(bomb.body)) == (True, 1_572_864)
    assert error.kind is F.BUDGET
    assert 500_000 < error.bytes_in < 700_000


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_profiled_client_goes_through_a_proxy(internet, scheme) -> None:
    async def work(net):
        net.html("/", PAGE)
        server = await net.proxy(scheme)
        fetcher = await net.http_tls()
        response = await fetcher.fetch(ask("https://firma.ru/", proxy=server.proxy))
        server.mode = "deny"
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask("https://firma.ru/", proxy=server.proxy))
        return response.body.decode(), server.targets, net.tls_port, caught.value.kind

    body, targets, port, kind = run(internet, work)
    assert body == PAGE
    assert targets == [("127.0.0.1", port)]
    assert kind is F.PROXY_ERROR
