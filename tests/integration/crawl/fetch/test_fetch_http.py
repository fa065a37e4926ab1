"""The `http` fetcher for sites: bytes, failures, redirects, cookies, guard, proxies."""

import asyncio

import pytest
from aiohttp import web
from online import run

from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError
from povod.crawl.steps import Step

PAGE = "<html><title>Окна</title><p>Пластиковые окна</p></html>"
MB = 1024 * 1024


def test_bytes_are_those_of_the_wire(internet) -> None:
    """S74: what the server wrote and read, headers and bodies, redirects included."""
    seen = {"in": 0, "out": 0}

    async def work(net):
        async def count(reader, writer):
            for answer in (
                b"HTTP/1.1 302 Found\r\nLocation: /page\r\nContent-Length: 3\r\n\r\nbye",
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
            ):
                seen["out"] += len(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answer)
                seen["in"] += len(answer)
            await reader.read()

        net.raw = count
        http = await net.http()
        return await http.fetch(FetchRequest(url="http://raw.ru/start?a=1"))

    response = run(internet, work)
    assert response.body == b"hello"
    assert (response.wire_bytes, response.bytes_out) == (seen["in"], seen["out"])
    assert response.bytes_total == seen["in"] + seen["out"]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://bad.ru/", F.TLS_ERROR),  # N11
        ("https://raw.ru/", F.TLS_ERROR),
        ("http://dead.ru/", F.CONNECT_REFUSED),
        ("http://nobody.ru/", F.DNS_ERROR),
        ("http://firma.ru:8080/", F.GUARD_BLOCKED),
        ("ftp://firma.ru/", F.GUARD_BLOCKED),
        ("http://user:pass@firma.ru/", F.GUARD_BLOCKED),
        ("http://169.254.169.254/", F.GUARD_BLOCKED),  # N39
        ("http://0x7f000002/", F.GUARD_BLOCKED),
        ("http://2130706434/", F.GUARD_BLOCKED),
        ("http://017700000002/", F.GUARD_BLOCKED),
        ("http://127.2/", F.GUARD_BLOCKED),
        ("http://[::ffff:10.0.0.1]/", F.GUARD_BLOCKED),
        ("http://[::1]/", F.GUARD_BLOCKED),
        ("http://[64:ff9b::a00:1]/", F.GUARD_BLOCKED),
        ("http://private.ru/", F.GUARD_BLOCKED),
        ("http://firma.ru/to-private", F.GUARD_BLOCKED),
        ("http://firma.ru/to-literal", F.GUARD_BLOCKED),
        ("http://firma.ru/to-hex", F.GUARD_BLOCKED),
        ("http://firma.ru/to-file", F.GUARD_BLOCKED),
        ("http://firma.ru/loop", F.TOO_MANY_REDIRECTS),
        ("http://firma.ru/away", F.OFF_DOMAIN_REDIRECT),
        ("http://firma.ru/forbidden", F.ROBOTS),
    ],
)
def test_failure_has_its_class(internet, url, kind) -> None:
    async def work(net):
        async def plain(reader, writer):
            await reader.read(100)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        net.raw = plain
        net.place("private.ru", 80, 443, "10.0.0.7")
        net.moved("/to-private", "http://private.ru/")
        net.moved("/to-literal", "http://127.0.0.2/")
        net.moved("/to-hex", "http://0x7f.0.0.2/")
        net.moved("/to-file", "file:///etc/passwd")
        net.moved("/loop", "/loop")
        net.moved("/away", "https://other.ru/")
        net.moved("/forbidden", "/private")
        http = await net.http()
        hosts = frozenset({"firma.ru", "private.ru", "127.0.0.2"})
        request = FetchRequest(
            url=url,
            hosts=hosts,
            may_follow=lambda target: F.ROBOTS if target.endswith("/private") else None,
        )
        with pytest.raises(FetchError) as caught:
            await http.fetch(request)
        return caught.value, net.log

    error, log = run(internet, work)
    assert error.kind is kind, error
    assert not [entry for entry in log if "other.ru" in entry or entry.endswith("/private")]


def test_name_that_changes_to_a_private_address_is_refused(internet) -> None:
    """N39: rebinding; the second look-up gives loopback of somebody else."""

    async def work(net):
        net.html("/", PAGE)
        net.place("rebind.ru", net.http_port, net.tls_port, ["127.0.0.1", "127.0.0.9"])
        http = await net.http()
        first = await http.fetch(FetchRequest(url="http://rebind.ru/"))
        again = await http.fetch(FetchRequest(url="http://rebind.ru/"))  # the vetted answer
        net.resolver._known.clear()
        with pytest.raises(FetchError) as caught:
            await http.fetch(FetchRequest(url="https://rebind.ru/"))
        return first, again, caught.value

    first, again, error = run(internet, work)
    assert first.status == again.status == 200
    assert error.kind is F.GUARD_BLOCKED


def test_name_that_nobody_can_have_is_a_dns_error(internet) -> None:
    async def work(net):
        from aiohttp.resolver import ThreadedResolver

        net.resolver._system = ThreadedResolver()
        server = await net.proxy("http")
        http = await net.http()
        kinds = []
        for proxy in (None, server.proxy):
            with pytest.raises(FetchError) as caught:
                await http.fetch(FetchRequest(url=f"http://{'a' * 64}.ru/", proxy=proxy))
            kinds.append(caught.value.kind)
        return kinds

    assert run(internet, work) == [F.DNS_ERROR, F.DNS_ERROR]


def test_long_fields_and_careless_encodings_are_read(internet) -> None:
    async def work(net):
        policy = "default-src " + "https://cdn.firma.ru " * 1500
        net.html(
            "/", PAGE, **{"Content-Security-Policy": policy.strip(), "Content-Encoding": "utf-8"}
        )
        return await (await net.http()).fetch(FetchRequest(url="http://firma.ru/"))

    response = run(internet, work)
    assert response.body.decode() == PAGE
    assert len(response.headers["content-security-policy"]) > 30_000


def test_www_and_https_are_the_same_host(internet) -> None:
    async def work(net):
        net.html("/page", PAGE)
        net.moved("/", "https://www.firma.ru/page", 301)
        http = await net.http()
        request = FetchRequest(url="http://firma.ru/", hosts=frozenset({"firma.ru"}))
        return await http.fetch(request)

    response = run(internet, work)
    assert response.final_url == "https://www.firma.ru/page"
    assert response.redirects == [(301, "http://firma.ru/")]


def test_connection_is_kept_after_pages_and_redirects(internet) -> None:
    async def work(net):
        ports = set()

        async def page(request):
            ports.add(request.transport.get_extra_info("peername")[1])
            if request.path == "/a":
                return web.Response(status=302, headers={"Location": "/b"}, text="there")
            return web.Response(text=PAGE, content_type="text/html")

        net.pages["/a"] = net.pages["/b"] = page
        http = await net.http()
        for _ in range(3):
            await http.fetch(FetchRequest(url="http://firma.ru/a"))
        return ports, net.names.asked

    ports, asked = run(internet, work)
    assert len(ports) == 1
    assert asked == ["firma.ru"]


def test_unchanged_page_is_told_so(internet) -> None:
    async def work(net):
        async def page(request):
            if request.headers.get("If-None-Match") == '"v1"':
                return web.Response(status=304, headers={"ETag": '"v1"'})
            return web.Response(
                text=PAGE,
                content_type="text/html",
                headers={"ETag": '"v1"', "Last-Modified": "Mon, 01 Jun 2026 10:00:00 GMT"},
            )

        net.pages["/"] = page
        http = await net.http()
        first = await http.fetch(FetchRequest(url="http://firma.ru/"))
        again = FetchRequest(
            url="http://firma.ru/", etag=first.etag, last_modified=first.last_modified
        )
        return first, await http.fetch(again), net.requests[1]

    first, second, sent = run(internet, work)
    assert not first.not_modified
    assert second.not_modified
    assert second.body == b""
    assert sent["If-Modified-Since"] == "Mon, 01 Jun 2026 10:00:00 GMT"


def test_cookies_stay_with_their_site_and_tier(internet) -> None:
    async def work(net):
        async def page(request):
            response = web.Response(text=request.headers.get("Cookie", "none"))
            response.set_cookie("seen", f"by-{request.host}")
            return response

        net.pages["/"] = page
        http = await net.http()
        told = []
        for url, tier in (
            ("http://firma.ru/", "direct"),
            ("http://firma.ru/", "direct"),
            ("http://firma.ru/", "dc"),
            ("http://other.ru/", "direct"),
        ):
            request = FetchRequest(url=url, step=Step("http", tier))
            told.append((await http.fetch(request)).body.decode())
        net.cookies.forget({"firma.ru"})
        told.append((await http.fetch(FetchRequest(url="http://firma.ru/"))).body.decode())
        told.append((await http.fetch(FetchRequest(url="http://other.ru/"))).body.decode())
        return told

    assert run(internet, work) == [
        "none",
        "seen=by-firma.ru",
        "none",
        "none",
        "none",
        "seen=by-other.ru",
    ]


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        ("silent", F.READ_TIMEOUT),
        ("trickle", F.TOTAL_TIMEOUT),
        ("reset", F.CONNECT_RESET),
        ("short", F.CONNECT_RESET),
        ("noise", F.PARSE_ERROR),
        ("unknown encoding", F.PARSE_ERROR),
    ],
)
def test_bad_server_has_its_class(internet, stage, kind) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"

    async def work(net):
        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            if stage == "silent":
                await asyncio.sleep(3)
            elif stage == "trickle":
                writer.write(head + b"\r\n")
                for _ in range(30):
                    await asyncio.sleep(0.1)
                    writer.write(b"x")
            elif stage == "short":
                writer.write(head + b"Content-Length: 100\r\n\r\nabc")
            elif stage == "noise":
                writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
            elif stage == "unknown encoding":
                writer.write(head + b"Content-Encoding: rot13\r\nContent-Length: 1\r\n\r\nx")
            await writer.drain()

        net.raw = serve
        http = await net.http()
        request = FetchRequest(url="http://raw.ru/", read_timeout_s=0.3, timeout_s=0.8)
        with pytest.raises(FetchError) as caught:
            await http.fetch(request)
        return caught.value

    error = run(internet, work)
    assert error.kind is kind, error
    assert error.bytes_out > 100  # the request went out and is paid for


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
@pytest.mark.parametrize("url", ["http://firma.ru/", "https://firma.ru/"])
def test_proxy_gets_the_vetted_address(internet, scheme, url) -> None:
    async def work(net):
        net.html("/", PAGE)
        server = await net.proxy(scheme)
        http = await net.http()
        request = FetchRequest(url=url, step=Step("http", "dc"), proxy=server.proxy)
        response = await http.fetch(request)
        return response, server.targets, net.http_port if url.startswith("http:") else net.tls_port

    response, targets, port = run(internet, work)
    assert response.body.decode() == PAGE
    assert response.proxy_id == f"p-{scheme}"
    assert targets == [("127.0.0.1", port)]


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("trouble", ["deny", "login", "gone"])
@pytest.mark.parametrize("url", ["http://firma.ru/", "https://firma.ru/"])
def test_trouble_of_a_proxy_is_a_proxy_error(internet, scheme, trouble, url) -> None:
    async def work(net):
        net.html("/", PAGE)
        server = await net.proxy(scheme)
        server.mode = trouble
        proxy = server.proxy
        if trouble == "login":
            proxy = type(proxy)("x", scheme, "127.0.0.1", server.port, "user", "wrong")
        if trouble == "gone":
            proxy = type(proxy)("x", scheme, "127.0.0.1", 1, "user", "secret")
        door = await net.fetchers(await net.http())
        attempt = await door.attempt(FetchRequest(url=url, proxy=proxy))
        return attempt, net.log

    attempt, log = run(internet, work)
    assert attempt.failure is F.PROXY_ERROR
    assert attempt.proxy_refused is (trouble == "login")
    assert log == []


def test_private_name_is_refused_before_the_proxy_is_asked(internet) -> None:
    async def work(net):
        net.place("private.ru", 80, 443, "10.0.0.7")
        server = await net.proxy("http")
        http = await net.http()
        kinds = []
        for url in ("http://private.ru/", "https://private.ru/"):
            with pytest.raises(FetchError) as caught:
                await http.fetch(FetchRequest(url=url, proxy=server.proxy))
            kinds.append(caught.value.kind)
        return kinds, server.targets

    assert run(internet, work) == ([F.GUARD_BLOCKED, F.GUARD_BLOCKED], [])


def test_attempt_judges_what_came(internet) -> None:
    """N9: 429 keeps what the site asked for."""

    async def work(net):
        net.html("/", PAGE)
        net.html("/busy", "wait", 429, **{"Retry-After": "120"})
        net.html("/gone", "no", 404)
        net.moved("/wait", "/", **{"Retry-After": "30"})
        net.html("/pdf", "%PDF-1.7", **{"Content-Type": "application/pdf"})
        door = await net.fetchers(await net.http(), missing={"browser": "not installed"})
        return [
            await door.attempt(FetchRequest(url=f"http://firma.ru{path}", step=Step(fetcher)))
            for path, fetcher in (
                ("/", "http"),
                ("/busy", "http"),
                ("/gone", "http"),
                ("/pdf", "http"),
                ("/", "browser"),
                ("/wait", "http"),
            )
        ]

    good, busy, gone, pdf, absent, sent_on = run(internet, work)
    assert (sent_on.failure, sent_on.retry_after, good.retry_after) == (None, 30, None)  # S65
    assert (good.failure, good.status) == (None, 200)
    assert good.bytes_total == good.response.bytes_total > 0
    assert (busy.failure, busy.retry_after) == (F.HTTP_429, 120.0)
    assert gone.failure is F.GONE
    assert pdf.failure is F.CONTENT_TYPE
    assert "not installed" in absent.detail
    assert absent.bytes_total == 0
