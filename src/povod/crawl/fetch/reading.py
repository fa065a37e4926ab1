"""Reading one body within its caps: size after decoding, bytes allowed, the end of the page."""

import asyncio
from dataclasses import dataclass

import aiohttp

from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.htmlend import HtmlEnd
from povod.crawl.fetch.inflate import DecodingError, Inflater
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError

GRACE_SECONDS = 0.25
GRACE_READS = 4
"""How long a finished page may take to end its stream by itself, which keeps the connection."""

SKIPPED_BODY = 16 * 1024
"""A redirect's body up to this size is read on, which keeps the connection too."""


@dataclass(slots=True)
class Meter:
    """Bytes of one fetch on the wire, all hops together."""

    bytes_in: int = 0
    bytes_out: int = 0

    async def may_read(self, request: FetchRequest) -> bool:
        """Whether another buffer may be read; asks for more when the reservation is reached."""
        allowance = request.allowance
        if allowance is None:
            return True
        while self.bytes_in + self.bytes_out >= allowance.granted:
            if not await allowance.more():
                return False
        return True


async def read_body(
    answer: aiohttp.ClientResponse, request: FetchRequest, meter: Meter
) -> tuple[bytes, bool]:
    """The decoded body, and whether it was cut short; `FetchError` when the budget is out."""
    inflater = Inflater(answer.headers.get("Content-Encoding", ""), request.max_body)
    watch = HtmlEnd() if request.stop_at_html_end and _is_html(answer) else None
    content = answer.content
    while await meter.may_read(request):
        chunk = await content.readany()
        meter.bytes_in += len(chunk)
        plain = inflater.feed(chunk)
        if inflater.is_full:
            return _cut(answer, inflater, request), True
        if content.at_eof():
            return _whole(inflater)
        if watch is not None and watch.is_reached(plain, inflater.body):
            await _let_end(answer, meter)
            return inflater.body(), False
    answer.close()
    raise FetchError(FailureClass.BUDGET, request.url, f"no bytes left after {meter.bytes_in}")


def _whole(inflater: Inflater) -> tuple[bytes, bool]:
    """The body of a stream that ended; cut short when its encoding has no end."""
    body = inflater.body()
    if inflater.is_complete:
        return body, False
    if not body:
        raise DecodingError("damaged body: nothing could be decoded")
    return body, True


def _cut(answer: aiohttp.ClientResponse, inflater: Inflater, request: FetchRequest) -> bytes:
    answer.close()
    if request.truncate:
        return inflater.body()
    detail = f"body is larger than {request.max_body} bytes"
    raise FetchError(FailureClass.TOO_LARGE, request.url, detail, status=answer.status)


def _is_html(answer: aiohttp.ClientResponse) -> bool:
    return "html" in answer.headers.get("Content-Type", "html").lower()


async def _let_end(answer: aiohttp.ClientResponse, meter: Meter) -> None:
    """The page is whole: take what trails it if that comes at once, else hang up."""
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            for _ in range(GRACE_READS):
                meter.bytes_in += len(await answer.content.readany())
                if answer.content.at_eof():
                    return
    except (TimeoutError, aiohttp.ClientError):
        pass
    answer.close()


async def skip_body(answer: aiohttp.ClientResponse, meter: Meter) -> None:
    """Take the short body of a redirect off the connection, or hang up."""
    if (answer.content_length or SKIPPED_BODY + 1) > SKIPPED_BODY and answer.content_length != 0:
        answer.close()
        return
    meter.bytes_in += len(await answer.content.read())


def head_size(answer: aiohttp.ClientResponse) -> int:
    """Bytes of the status line and the fields, as they were sent."""
    fields = sum(len(name) + len(value) + 4 for name, value in answer.raw_headers)
    return 17 + len(answer.reason or "") + fields
