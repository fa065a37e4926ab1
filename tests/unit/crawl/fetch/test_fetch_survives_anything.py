"""Whatever bytes and texts a site sends: a class or a value comes back, never another error."""

import asyncio
import errno
from datetime import UTC, datetime

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.crawl.classify import classify_response, has_challenge_marks, retry_after_of
from povod.crawl.fetch.addresses import check_address, href, redirect_target
from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.htmlend import find_html_end
from povod.crawl.fetch.http1 import HeadError, read_head
from povod.crawl.fetch.inflate import DecodingError, Inflater
from povod.crawl.fetch.result import FetchError, Response
from povod.crawl.fetch.trouble import egress_reason, failure_of, short
from povod.kit.errors import GuardError

NOISE = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from(
            [
                b"<title>",
                b"</title>",
                b"captcha",
                b"<form>",
                b"</html>",
                b"<!--",
                b"<script>",
                b"just a moment",
                "проверка браузера".encode(),
            ]
        ),
        max_size=20,
    ).map(b"".join),
)


@settings(max_examples=150, deadline=None)
@given(body=NOISE, status=st.integers(200, 599), kind=st.text(max_size=30))
def test_any_answer_is_judged(body: bytes, status: int, kind: str) -> None:
    response = Response("u", "u", status, {"content-type": kind}, body)
    verdict = classify_response(response)
    if verdict is None:
        assert status == 304 or status < 300
    else:
        assert verdict.failure in F
        assert verdict.detail
    if has_challenge_marks(response) and status != 304:
        assert verdict.failure in (F.BOT_BLOCK, F.CAPTCHA)


@given(st.text(max_size=60))
def test_any_wish_to_wait_is_read(text: str) -> None:
    now = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    wait = retry_after_of(Response("u", "u", 429, {"retry-after": text}, b""), now)
    assert wait is None or 0 <= wait <= 86_400


def kind_of(call) -> F | None:
    try:
        call()
    except FetchError as error:
        return error.kind
    return None


@given(st.text(max_size=80), st.sampled_from(["", "http://", "https://firma.ru", "//"]))
def test_any_address_is_taken_or_refused(text: str, before: str) -> None:
    assert kind_of(lambda: check_address(href(before + text))) in (None, F.GUARD_BLOCKED)
    found = kind_of(lambda: redirect_target(text, "https://firma.ru/a"))
    assert found in (None, F.TOO_MANY_REDIRECTS)


@given(NOISE)
def test_end_of_any_page_is_within_it(body: bytes) -> None:
    assert -1 <= find_html_end(body) <= len(body)
    whole = find_html_end(body + b"--></script></style></template></html>")
    assert whole >= find_html_end(body)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "zstd"]))
def test_any_body_is_decoded_or_damaged(body: bytes, encoding: str) -> None:
    inflater = Inflater(encoding, 1000)
    try:
        inflater.feed(body)
    except DecodingError:
        return
    assert len(inflater.body()) <= 1000


@given(st.binary(max_size=300))
def test_any_head_is_read_or_refused(raw: bytes) -> None:
    async def go():
        reader = asyncio.StreamReader()
        reader.feed_data(raw + b"\r\n\r\n")
        reader.feed_eof()
        return await read_head(reader, 1)

    try:
        head = asyncio.run(go())
    except HeadError:
        return
    assert head.closing().endswith(b"Connection: close\r\n\r\n")
    assert isinstance(head.target, str)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (GuardError("closed"), F.GUARD_BLOCKED),
        (DecodingError("damaged"), F.PARSE_ERROR),
        (UnicodeError("label too long"), F.DNS_ERROR),
        (aiohttp.ServerDisconnectedError(), F.CONNECT_RESET),
        (aiohttp.ClientPayloadError("cut"), F.CONNECT_RESET),
        (aiohttp.ConnectionTimeoutError("slow"), F.CONNECT_TIMEOUT),
        (aiohttp.SocketTimeoutError("slow"), F.READ_TIMEOUT),
        (TimeoutError(), F.READ_TIMEOUT),
        (aiohttp.InvalidURL("x"), F.PARSE_ERROR),
        (OSError(errno.EPIPE, "broken pipe"), F.CONNECT_RESET),
    ],
)
def test_error_of_a_client_has_its_class(error: Exception, kind: F) -> None:
    assert failure_of(error) is kind
    assert 0 < len(short(error)) <= 300


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ECONNREFUSED, F.CONNECT_REFUSED),
        (errno.ECONNRESET, F.CONNECT_RESET),
        (errno.ETIMEDOUT, F.CONNECT_TIMEOUT),
        (errno.EHOSTUNREACH, F.CONNECT_TIMEOUT),
        (None, F.CONNECT_REFUSED),
    ],
)
def test_connection_that_is_not_made_is_told_by_its_number(number, kind: F) -> None:
    key = aiohttp.client_reqrep.ConnectionKey("f.ru", 80, False, True, None, None, None)
    assert failure_of(aiohttp.ClientConnectorError(key, OSError(number, "x"))) is kind


def test_reason_that_is_none_is_the_proxys_fault() -> None:
    assert egress_reason("dns_error") is F.DNS_ERROR
    assert egress_reason("") is egress_reason("nonsense") is F.PROXY_ERROR
