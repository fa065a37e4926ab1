"""The `browser` fetcher with a real Chromium: scripts run, everything leaves through our proxy."""

import asyncio
import os

import pytest
from aiohttp import web

from povod.crawl.fetch.browser import BrowserFetcher
from povod.crawl.fetch.chromium import browser_problem
from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError
from povod.crawl.policies import shipped_policies
from povod.crawl.steps import Step

STEP = Step("browser", "direct")
SHELL = """<html><head><title>Магазин</title><link rel="stylesheet" href="/style.css"></head>
<body><div id="app"></div><img src="/photo.jpg"><img src="http://other.ru/pixel.gif">
<script src="https://other.ru/counter.js"></script><script src="https://cdn.firma.ru/lib.js"></script>
<script>
document.cookie = "visited=yes";
fetch('/api/price').then(r => r.json()).then(d => {
  document.getElementById('app').innerHTML = '<h1>Дрель</h1><p class=price>' + d.price + ' ₽</p>';
});
</script></body></html>"""

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True, scope="module")
def chromium() -> None:
    problem = browser_problem("")
    if problem and os.environ.get("CI"):
        pytest.fail(problem)
    if problem:
        pytest.skip(problem)


def run(internet, work):
    async def go():
        async with internet() as net:
            fetcher = BrowserFetcher(
                net.egress,
                shipped_policies().browser.model_copy(update={"wait_s": 5}),
                guard=net.guard,
                authority=net.authority.pem,
            )
            async with fetcher:
                return await work(net, fetcher)

    return asyncio.run(go())


def ask(url: str, **more) -> FetchRequest:
    return FetchRequest(url=url, step=STEP, **more)


def shop(net) -> None:
    async def price(_):
        return web.json_response({"price": "2 990"})

    async def script(_):
        return web.Response(text="window.lib = 1", content_type="application/javascript")

    net.html("/", SHELL)
    net.pages["/api/price"] = price
    net.pages["/lib.js"] = script
    net.html("/style.css", "p{color:red}", **{"Content-Type": "text/css"})


def test_page_is_what_the_scripts_made_of_it(internet) -> None:
    async def work(net, fetcher):
        shop(net)
        net.moved("/old", "/")
        request = ask("https://firma.ru/old", hosts=frozenset({"firma.ru"}))
        first = await fetcher.fetch(request)
        again = await fetcher.fetch(ask("https://firma.ru/", wait_selector=".price"))
        return first, again, list(net.log), list(net.requests)

    first, again, log, requests = run(internet, work)
    assert "<h1>Дрель</h1>" in first.body.decode()
    assert '<p class="price">2 990 ₽</p>' in again.body.decode()
    assert (first.status, first.final_url) == (200, "https://firma.ru/")
    assert first.redirects == [(302, "https://firma.ru/old")]
    assert first.looks_like_html
    assert first.wire_bytes > 1000
    assert first.bytes_out > 500
    # Neither pictures nor other sites; the site's own other host is loaded.
    assert not [entry for entry in log if "photo" in entry or "other.ru" in entry]
    assert "cdn.firma.ru /lib.js" in log
    agents = {request["User-Agent"] for request in requests}
    assert len(agents) == 1
    assert "Headless" not in agents.pop()
    assert "visited=yes" in requests[-1]["Cookie"]  # one context for the site


def test_cookies_do_not_cross_to_another_tier_and_a_crash_is_survived(internet) -> None:
    async def work(net, fetcher):
        shop(net)
        server = await net.proxy("socks5")
        await fetcher.fetch(ask("http://firma.ru/"))
        net.requests.clear()
        through = FetchRequest(
            url="http://firma.ru/", step=Step("browser", "dc"), proxy=server.proxy
        )
        response = await fetcher.fetch(through)
        first = net.requests[0]
        await fetcher._browser.close()  # as after a crash: it is started again
        again = await fetcher.fetch(ask("http://firma.ru/"))
        assert again.body == response.body
        await fetcher.end_job({"firma.ru"})
        assert not fetcher._rooms
        return response, first, server.targets, net.http_port

    response, first, targets, port = run(internet, work)
    assert "Дрель" in response.body.decode()
    assert "Cookie" not in first
    assert ("127.0.0.1", port) in targets


def test_troubles_of_a_browser_have_their_classes(internet, grant) -> None:
    """One Chromium for all of them: its start is the longest part."""
    expected = {
        "https://bad.ru/": F.TLS_ERROR,
        "https://nobody.ru/": F.DNS_ERROR,
        "http://firma.ru/to-private": F.GUARD_BLOCKED,
        "http://firma.ru/script-to-private": None,
        "http://firma.ru/away": F.OFF_DOMAIN_REDIRECT,
        "http://firma.ru/slow": F.TOTAL_TIMEOUT,
    }

    async def work(net, fetcher):
        async def slow(_):
            await asyncio.sleep(20)

        net.place("private.ru", 80, 443, "10.0.0.7")
        net.place("inner.firma.ru", net.http_port, net.tls_port, "127.0.0.9")
        net.moved("/to-private", "http://private.ru/")
        net.moved("/away", "https://other.ru/")
        net.html(
            "/script-to-private",
            "<html><p id=x>-</p><script>fetch('http://inner.firma.ru/secret', {mode: 'no-cors'})"
            ".then(() => x.innerText = 'leaked', () => x.innerText = 'refused')</script>",
        )
        net.pages["/slow"] = slow
        net.html("/secret", "secret")
        net.html("/other", "other")
        found, pages = {}, {}
        hosts = frozenset({"firma.ru", "bad.ru", "nobody.ru", "dead.ru", "private.ru"})
        for url in expected:
            request = ask(url, hosts=hosts, timeout_s=1 if url.endswith("slow") else 5)
            try:
                pages[url] = (await fetcher.fetch(request)).body.decode()
                found[url] = None
            except FetchError as error:
                found[url] = error.kind
        net.html("/big", "<p>" + "x" * 5_000_000)
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask("http://firma.ru/big", allowance=grant(1_000_000)))
        return found, pages, caught.value, list(net.log)

    found, pages, error, log = run(internet, work)
    assert found == expected
    assert "refused" in pages["http://firma.ru/script-to-private"]
    assert not [entry for entry in log if "secret" in entry or entry.startswith("other.ru")]
    assert error.kind is F.BUDGET
    assert 900_000 < error.bytes_in < 1_100_000


def test_browser_that_does_not_start_is_off_for_a_while(internet, tmp_path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)

    async def go():
        async with internet() as net:
            fetcher = BrowserFetcher(
                net.egress, shipped_policies().browser, guard=net.guard, executable=str(broken)
            )
            async with fetcher:
                door = await net.fetchers(fetcher)
                before = door.available()
                attempt = await door.attempt(ask("http://firma.ru/"))
                return before, attempt, door.available()

    before, attempt, after = asyncio.run(go())
    assert (before, after) == (("browser",), ())
    assert attempt.failure is F.JS_REQUIRED  # the next fetcher that runs scripts may try
    assert "does not start" in attempt.detail


def test_missing_browser_says_what_to_install(tmp_path) -> None:
    assert "BROWSER_EXECUTABLE" in browser_problem(str(tmp_path / "no-chromium"))
