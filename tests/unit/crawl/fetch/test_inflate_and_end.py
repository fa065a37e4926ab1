"""Decoding within a cap and finding the end of a page, chunk by chunk."""

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from povod.crawl.fetch.htmlend import HtmlEnd, find_html_end
from povod.crawl.fetch.inflate import DecodingError, Inflater


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACK = {
    "": lambda body: body,
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate ": raw_deflate,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


def cut(raw: bytes, size: int) -> list[bytes]:
    return [raw[start : start + size] for start in range(0, len(raw), size)]


@example(body=b"A", size=1, encoding="Deflate ")
@settings(max_examples=40, deadline=None)
@given(
    body=st.binary(min_size=1, max_size=3000),
    size=st.integers(1, 700),
    encoding=st.sampled_from(sorted(PACK)),
)
def test_any_chunks_give_the_body(body: bytes, size: int, encoding: str) -> None:
    inflater = Inflater(encoding, 3000)
    for chunk in cut(PACK[encoding](body), size):
        inflater.feed(chunk)
    assert inflater.body() == body
    assert inflater.is_complete
    assert not inflater.is_full


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate", "br", "zstd"])
def test_body_beyond_the_cap_is_cut_there(encoding: str) -> None:
    inflater = Inflater(encoding, 100_000)
    for chunk in cut(PACK[encoding](b"a" * 400_000), 1000):
        inflater.feed(chunk)
        if inflater.is_full:
            break
    assert inflater.is_full
    assert inflater.body() == b"a" * 100_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_cut_off_stream_is_not_complete(encoding: str) -> None:
    import random

    body = random.Random(1).randbytes(5000)
    packed = PACK[encoding](body)
    inflater = Inflater(encoding, 10_000)
    inflater.feed(packed[: len(packed) // 2])
    assert not inflater.is_complete


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_damage_is_an_error(encoding: str) -> None:
    with pytest.raises(DecodingError, match="damaged"):
        Inflater(encoding, 1000).feed(b"\xff\xfe\xfd this is nothing" * 20)


@pytest.mark.parametrize("encoding", ["compress", "gzip, br", "Ш" * 200])
def test_unknown_encoding_is_an_error(encoding: str) -> None:
    with pytest.raises(DecodingError, match="not asked for"):
        Inflater(encoding, 1000)


@pytest.mark.parametrize(
    ("page", "end"),
    [
        ("<html></html>", True),
        ("<HTML></HTML  >\n", True),
        ("<html><p>", False),
        ("<script>'</html>'</script>", False),
        ("<script>'</html>'</script></html>", True),
        ("<script src=a></script></html>", True),
        ("<!-- </html> -->", False),
        ("<!-- </html>", False),
        ("<style>a:after{content:'</html>'}</style>", False),
        ("<template></html></template>", False),
        ("<scripted></html>", True),
        ("<script>a</SCRIPT ></html>", True),
        ("</html", False),
    ],
)
def test_end_stands_outside_of_code_and_comments(page: str, end: bool) -> None:
    assert (find_html_end(page.encode()) >= 0) is end


@given(st.integers(1, 30), st.sampled_from(["", "\n<!-- сайт -->\n", "<script>'</html>'</script>"]))
def test_end_is_seen_however_the_page_is_cut(size: int, before: str) -> None:
    page = f"<html><p>Окна</p>{before}</html>".encode()
    inflater, watch = Inflater("", 10_000), HtmlEnd()
    seen = [watch.is_reached(inflater.feed(chunk), inflater.body) for chunk in cut(page, size)]
    assert seen[-1]
    assert not any(seen[:-1])
