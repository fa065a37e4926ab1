"""Small parts of fetching: heads of messages, addresses, cookies, tickets, the guard, seals."""

import asyncio
from contextlib import suppress

import pytest
from yarl import URL

from povod.crawl.fetch.addresses import check_address, href, redirect_target, same_site
from povod.crawl.fetch.cookies import MAX_JARS, CookieStore
from povod.crawl.fetch.failures import Failure, FailureClass, coarse
from povod.crawl.fetch.http1 import HeadError, read_head
from povod.crawl.fetch.result import FetchError, Response
from povod.crawl.fetch.tickets import Ticket
from povod.kit.errors import ConfigurationError
from povod.kit.guard import AddressGuard
from povod.kit.sealing import Sealer, SealError


def head_of(raw: bytes):
    async def go():
        reader = asyncio.StreamReader(limit=1024)
        reader.feed_data(raw)
        reader.feed_eof()
        return await read_head(reader, 1)

    return asyncio.run(go())


def test_request_is_rewritten_for_the_site() -> None:
    head = head_of(
        b"GET http://firma.ru/page?a=1 HTTP/1.1\r\nHost: firma.ru\r\n"
        b"Proxy-Authorization: Basic x\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n"
    )
    assert head.method == "GET"
    assert head.get("proxy-authorization") == "Basic x"
    assert head.for_origin() == (
        b"GET /page?a=1 HTTP/1.1\r\nHost: firma.ru\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    bare = head_of(b"GET http://firma.ru HTTP/1.1\r\n\r\n")
    assert bare.for_origin().startswith(b"GET / HTTP/1.1\r\n")


def test_answer_says_that_nothing_may_follow() -> None:
    head = head_of(b"HTTP/1.1 200 OK\r\nKeep-Alive: 5\r\nX: \xe9\r\n\r\nbody")
    assert head.closing() == b"HTTP/1.1 200 OK\r\nX: \xe9\r\nConnection: close\r\n\r\n"
    assert head.size == len(b"HTTP/1.1 200 OK\r\nKeep-Alive: 5\r\nX: \xe9\r\n\r\n")


def test_stream_without_a_head() -> None:
    assert not head_of(b"")
    assert not head_of(b"\r\n")
    for raw in (b"GET / HT", b"x" * 5000):
        with pytest.raises(HeadError):
            head_of(raw)


@pytest.mark.parametrize(
    "url",
    [
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://2130706433/",
        "http://127.1/",
        "http://[::ffff:7f00:1]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://100.64.0.1/",
        "http://firma.ru:22/",
        "http://firma.ru:0/",
        "https://a:b@firma.ru/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "gopher://firma.ru/",
    ],
)
def test_address_is_refused_however_it_is_written(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        check_address(href(url))
    assert caught.value.kind is FailureClass.GUARD_BLOCKED


@pytest.mark.parametrize("url", ["http://", "nonsense", "http://a b/", "//firma.ru"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(FetchError):
        href(url)


def test_good_address_gives_its_host() -> None:
    assert check_address(href("https://Окна.РФ/путь")) == "xn--80atjc.xn--p1ai"
    assert check_address("http://firma.ru:8080/", ports={8080}) == "firma.ru"
    assert check_address("http://127.0.0.1/", AddressGuard(["127.0.0.0/8"])) == "127.0.0.1"
    assert redirect_target("/x", "https://firma.ru/a") == "https://firma.ru/x"
    assert same_site("www.firma.ru", {"firma.ru"})
    assert not same_site("shop.firma.ru", {"firma.ru"})
    with pytest.raises(FetchError):
        redirect_target("http://[", "https://firma.ru/")


def test_guard_opens_only_what_it_is_given() -> None:
    guard = AddressGuard(["10.1.0.0/16", "fd00::/8"])
    assert guard.permits("10.1.2.3")
    assert guard.permits("fd00::1")
    assert guard.permits("93.184.216.34")
    for ip in ("10.2.0.1", "127.0.0.1", "fe80::1", "no address", ""):
        assert not guard.permits(ip)
    with pytest.raises(ConfigurationError, match="POVOD_GUARD_ALLOW: 'localhost'"):
        AddressGuard(["localhost"])


def test_every_class_has_a_coarse_one() -> None:
    assert {coarse(kind) for kind in FailureClass} <= set(Failure)
    assert coarse(FailureClass.GONE) is Failure.HTTP_4XX
    assert coarse(FailureClass.CONNECT_TIMEOUT) is Failure.TIMEOUT


async def clearance() -> None:
    store = CookieStore()
    cookie = {"name": "cf_clearance", "value": "a=b", "domain": ".firma.ru", "path": "/"}
    url = URL("https://www.firma.ru/x")
    store.clear(url, "dc", [cookie, {"name": "", "value": "x"}], "Solver/1", ttl_s=100)
    assert store.headers(URL("https://firma.ru/"), "dc") == {
        "Cookie": "cf_clearance=a=b",
        "User-Agent": "Solver/1",
    }
    assert store.headers(url, "direct") == {}
    assert store.headers(URL("https://other.ru/"), "dc") == {}
    store.clear(url, "isp", [cookie], "Solver/1", ttl_s=-1)
    assert store.headers(url, "isp") == {"Cookie": "cf_clearance=a=b"}


def test_clearance_goes_to_its_site_and_tier_and_ends() -> None:
    asyncio.run(clearance())


def test_jars_are_bounded() -> None:
    asyncio.run(many_jars())


async def many_jars() -> None:
    store = CookieStore()
    for number in range(MAX_JARS + 5):
        store.keep(URL(f"http://s{number}.ru/"), "direct", ["a=1; Path=/"])
    assert store.headers(URL("http://s0.ru/"), "direct") == {}
    assert store.headers(URL(f"http://s{MAX_JARS}.ru/"), "direct") == {"Cookie": "a=1"}


def test_ticket_asks_once_for_connections_that_run_at_once(grant_of) -> None:
    async def go():
        ticket = Ticket()
        assert await ticket.may_read()
        ticket.begin(allowance := grant_of(300, 100))
        ticket.bytes_in += 150
        answers = await asyncio.gather(*(ticket.may_read() for _ in range(5)))
        first = answers, allowance.asked
        ticket.bytes_in += 1000
        answers = await asyncio.gather(*(ticket.may_read() for _ in range(5)))
        again = Ticket.begin(ticket, None)
        return first, answers, ticket.is_exhausted, again

    first, answers, exhausted, _ = asyncio.run(go())
    assert first == ([True] * 5, 1)
    assert answers == [False] * 5
    assert exhausted is False  # forgotten by the next request


@pytest.fixture
def grant_of():
    class Grant:
        def __init__(self, total: int, portion: int) -> None:
            self.left, self.granted, self.portion = total - portion, portion, portion
            self.asked = 0

        async def more(self) -> bool:
            await asyncio.sleep(0)
            self.asked += 1
            part = min(self.left, self.portion)
            self.left -= part
            self.granted += part
            return part > 0

    return Grant


def test_seal_opens_with_its_key_and_the_previous_one_only() -> None:
    old, new = b"o" * 32, b"n" * 32
    sealed = Sealer(old).seal("пароль")
    assert "пароль" not in sealed
    assert sealed.isascii()
    assert Sealer(old).open(sealed) == "пароль"
    assert Sealer(new, old).open(sealed) == "пароль"
    assert Sealer(old).seal("пароль") != sealed
    for other in (Sealer(new), Sealer(old, purpose="else")):
        with pytest.raises(SealError, match="SECRET_KEY"):
            other.open(sealed)
    with suppress(SealError):
        pytest.fail(Sealer(old).open("garbage"))
    assert Sealer(old).seal("") == Sealer(old).open("") == ""


def test_response_tells_what_it_cost() -> None:
    response = Response("u", "u", 304, {"etag": '"1"'}, b"", elapsed=0.1234, wire_bytes=10)
    assert (response.duration_ms, response.bytes_in, response.bytes_total) == (123, 10, 10)
    assert response.not_modified
    assert (response.etag, response.last_modified) == ('"1"', "")
