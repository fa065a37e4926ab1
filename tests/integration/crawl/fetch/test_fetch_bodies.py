"""The `http` fetcher for sites: encodings, caps, budgets, ends of pages."""

import asyncio
import gzip
import tracemalloc

import brotli
import pytest
import zstandard
from aiohttp import web
from online import fails, run

from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError

PAGE = "<html><title>Окна</title><p>Пластиковые окна</p></html>"
MB = 1024 * 1024


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(PAGE.encode() * 50)),
        ("br", brotli.compress(PAGE.encode() * 50)),
        ("zstd", zstandard.compress(PAGE.encode() * 50)),
    ],
)
def test_every_encoding_that_is_asked_for_is_undone(internet, encoding, packed) -> None:
    async def work(net):
        net.html("/", packed, **{"Content-Encoding": encoding})
        http = await net.http()
        response = await http.fetch(FetchRequest(url="https://firma.ru/"))
        assert encoding in net.requests[0]["Accept-Encoding"]
        return response

    response = run(internet, work)
    assert response.body == PAGE.encode() * 50
    assert len(packed) < response.wire_bytes < len(packed) + 400
    assert not response.truncated


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_bomb_stops_at_the_cap(internet, encoding) -> None:
    """N7: a body that would inflate to hundreds of megabytes; memory stays flat."""
    size = 300 * MB
    chunk = bytes(MB)
    if encoding == "gzip":
        import io

        packed_file = io.BytesIO()
        with gzip.GzipFile(fileobj=packed_file, mode="wb", compresslevel=1) as packer:
            for _ in range(size // MB):
                packer.write(chunk)
        packed = packed_file.getvalue()
    elif encoding == "br":
        packer = brotli.Compressor(quality=1)
        packed = b"".join(packer.process(chunk) for _ in range(size // MB)) + packer.finish()
    else:
        packer = zstandard.ZstdCompressor(level=1).compressobj()
        packed = b"".join(packer.compress(chunk) for _ in range(size // MB)) + packer.flush()

    async def work(net):
        net.html("/", packed, **{"Content-Encoding": encoding})
        http = await net.http()
        tracemalloc.start()
        response = await http.fetch(FetchRequest(url="http://firma.ru/"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return response, peak

    response, peak = run(internet, work)
    assert response.truncated
    assert len(response.body) == 1_572_864
    assert peak < 40 * MB


def test_long_page_is_cut_and_says_so(internet) -> None:
    async def work(net):
        net.html("/", "x" * 3 * MB)
        http = await net.http()
        page = await http.fetch(FetchRequest(url="http://firma.ru/"))
        exact = await http.fetch(FetchRequest(url="http://firma.ru/", max_body=3 * MB))
        return page, exact

    page, exact = run(internet, work)
    assert (page.truncated, len(page.body)) == (True, 1_572_864)
    assert (exact.truncated, len(exact.body)) == (False, 3 * MB)


def test_long_map_is_an_error(internet) -> None:
    async def work(net):
        net.html("/", "x" * 3 * MB)
        http = await net.http()
        await http.fetch(FetchRequest(url="http://firma.ru/", truncate=False))

    error = fails(internet, work)
    assert error.kind is F.TOO_LARGE
    assert error.bytes_in > MB


def test_huge_body_stops_at_the_budget(internet, grant) -> None:
    """N6: 50 MB under a budget of 1 MB."""
    sent = 0

    async def work(net):
        async def flood(reader, writer):
            nonlocal sent
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
            for _ in range(50 * 16):
                writer.write(b"y" * (MB // 16))
                await writer.drain()
                sent += MB // 16

        net.raw = flood
        http = await net.http()
        allowance = grant(MB)
        request = FetchRequest(url="http://raw.ru/", allowance=allowance, max_body=60 * MB)
        with pytest.raises(FetchError) as caught:
            await http.fetch(request)
        return caught.value, allowance

    error, allowance = run(internet, work)
    assert error.kind is F.BUDGET
    assert MB <= error.bytes_in + error.bytes_out <= MB + 256 * 1024
    assert allowance.asked == 4  # three portions more, and the refusal
    assert sent < 8 * MB  # the rest sits in socket buffers, and the connection is closed


def test_without_a_byte_left_nothing_is_sent(internet, grant) -> None:
    async def work(net):
        net.html("/", PAGE)
        http = await net.http()
        with pytest.raises(FetchError) as caught:
            await http.fetch(FetchRequest(url="http://firma.ru/", allowance=grant(0)))
        return caught.value.kind, net.log

    assert run(internet, work) == (F.BUDGET, [])


def test_end_of_page_within_a_script_is_none(internet) -> None:
    """N8: the page goes on after `</html>` in code and comments."""
    body = "<html><script>var a='</html>';</script><!-- </html> --><p>Цена</p></html>"

    async def work(net):
        async def slow(request):
            response = web.StreamResponse(headers={"Content-Type": "text/html"})
            await response.prepare(request)
            for part in (body[:40], body[40:60], body[60:]):
                await response.write(part.encode())
                await asyncio.sleep(0.02)
            return response

        net.pages["/"] = slow
        http = await net.http()
        return await http.fetch(FetchRequest(url="http://firma.ru/"))

    response = run(internet, work)
    assert response.body.decode() == body
    assert not response.truncated


def test_end_of_page_over_two_chunks_ends_the_reading(internet) -> None:
    """N8: the server never ends its stream, the page does."""

    async def work(net):
        async def endless(request):
            response = web.StreamResponse(headers={"Content-Type": "text/html"})
            await response.prepare(request)
            await response.write(b"<html><p>1</p></ht")
            await asyncio.sleep(0.05)
            await response.write(b"ml>\n")
            await asyncio.sleep(30)
            return response

        net.pages["/"] = endless
        http = await net.http()
        return await http.fetch(FetchRequest(url="http://firma.ru/", timeout_s=5))

    response = run(internet, work)
    assert response.body.strip() == b"<html><p>1</p></html>"
    assert response.elapsed < 2
    assert not response.truncated
