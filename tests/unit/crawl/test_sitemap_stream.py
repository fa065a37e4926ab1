"""Maps read as a stream: every format by its content, every damage said (S35-S37, N25, N26)."""

import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.crawl import unpack
from povod.crawl.sitemap_stream import ChildMap, MapStream
from povod.crawl.sitemaps import SitemapEntry, SitemapError

URL = "https://shop.ru/sitemap.xml"
ONE = "https://shop.ru/каталог/чай"
XML = f"<urlset><url><loc>{ONE}</loc><lastmod>2026-05-01</lastmod></url></urlset>"


def read(raw: bytes, size: int = 7) -> tuple[MapStream, list[str]]:
    """The map in small pieces, so that every boundary is crossed."""
    stream = MapStream((raw[at : at + size] for at in range(0, len(raw), size)), URL)
    return stream, [item.loc for item in stream.items()]


def refused(raw: bytes) -> str:
    with pytest.raises(SitemapError) as caught:
        read(raw, 4096)
    return str(caught.value.code)


def zipped(*members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, member in enumerate(members):
            archive.writestr(f"карта{number}.xml", member)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (XML.encode(), "sitemap"),
        (f"\n\n  <?xml version='1.0'?>{XML}".encode(), "sitemap"),
        (XML.replace("<urlset>", '<urlset xmlns="http://example.com/odd">').encode(), "sitemap"),
        (XML.replace("urlset", "x:urlset").replace("<urlset", "<x:urlset").encode(), "sitemap"),
        (XML.encode("cp1251"), "sitemap"),
        (XML.encode("utf-16"), "sitemap"),
        (gzip.compress(XML.encode()), "sitemap"),
        (zipped(XML.encode()), "sitemap"),
        (f"<rss><channel><item><link>{ONE}</link></item></channel></rss>".encode(), "feed"),
        (f'<feed><entry><link href="{ONE}"/></entry></feed>'.encode(), "feed"),
        (f"\ufeff# список\n\n{ONE}\n".encode(), "text"),
        (ONE.encode("cp1251"), "text"),
        (f"Название;Ссылка\nЧай;{ONE}\n".encode("cp1251"), "table"),
        (f"url\tцена\n{ONE}\t100\n".encode(), "table"),
        (f"loc\n{ONE}\n".encode(), "table"),
        (f'"адрес","имя"\n"{ONE}","чай, чёрный"\n'.encode(), "table"),
        (f"Чай чёрный;{ONE};100\n".encode(), "table"),
    ],
)
def test_the_content_tells_the_format(raw: bytes, kind: str) -> None:
    stream, found = read(raw)
    assert (found, stream.kind, stream.complete) == ([ONE], kind, True)


def test_commas_within_plain_addresses_are_no_columns() -> None:
    lines = [f"https://shop.ru/p,{number};v=1" for number in range(30)]
    stream, found = read("\n".join(lines).encode(), 64)
    assert (found, stream.kind) == (lines, "text")


def test_an_index_names_maps_and_pages_keep_their_fields() -> None:
    raw = b"<sitemapindex><sitemap><loc>/a.xml</loc></sitemap></sitemapindex>"
    stream = MapStream([raw], URL)
    assert list(stream.items()) == [ChildMap("https://shop.ru/a.xml")]
    assert stream.kind == "index"
    raw = b"<urlset><url><loc>a&b?c=1&amp;d=2</loc><priority>0.8</priority></url></urlset>"
    entry = next(MapStream([raw], URL).items())
    assert isinstance(entry, SitemapEntry)
    assert (entry.loc, entry.priority) == ("https://shop.ru/a&b?c=1&d=2", 0.8)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (
            b'<!DOCTYPE a [<!ENTITY e "x">]><urlset><url><loc>&e;</loc></url></urlset>',
            "xml_entities",
        ),
        (gzip.compress(gzip.compress(XML.encode())), "nested_archive"),
        (gzip.compress(zipped(XML.encode())), "nested_archive"),
        (zipped(gzip.compress(XML.encode())), "nested_archive"),
        (zipped(XML.encode(), XML.encode()), "unreadable_file"),
        (zipped(), "unreadable_file"),
        (zipped(XML.encode())[:60], "unreadable_file"),
        (b"\x1f\x8b\x08garbage", "unreadable_file"),
        (b"", "unreadable_file"),
        (b"<html><body>no map</body></html>", "unreadable_file"),
        ("просто текст\nбез адресов".encode(), "unreadable_file"),
        (b"x" * (1024**2 + 10), "unreadable_file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\x01\x02\x03" * 40, "unsupported_type"),
        (b"Rar!\x1a\x07\x00rest", "unsupported_type"),
    ],
    ids=[
        *("entities", "gz-in-gz", "zip-in-gz", "gz-in-zip", "two-members", "no-member", "cut-zip"),
        *("broken-gz", "empty", "page", "prose", "long-line", "picture", "rar"),
    ],
)
def test_what_is_no_map_is_named(raw: bytes, code: str) -> None:
    assert refused(raw) == code


def test_damage_at_the_end_keeps_what_was_read() -> None:
    stream, found = read(XML.replace("</urlset>", "").encode())
    assert (found, stream.complete) == ([ONE], False)
    lines = "\n".join(f"https://shop.ru/{number}" for number in range(5000))
    cut = gzip.compress(lines.encode())[:-30]
    stream, found = read(cut, 512)
    assert len(found) > 3000
    assert not stream.complete
    assert "too early" in stream.warnings[0]


def test_gzip_of_several_members_and_padding() -> None:
    two = gzip.compress(b"https://shop.ru/a\n") + gzip.compress(b"https://shop.ru/b\n") + b"\0\0\0"
    stream, found = read(two)
    assert (found, stream.complete) == (["https://shop.ru/a", "https://shop.ru/b"], True)


def test_nothing_is_read_beyond_the_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(b" " * 3_000_000 + XML.encode())
    monkeypatch.setattr(unpack, "MAX_INFLATED_BYTES", 1_000_000)
    assert refused(bomb) == "file_too_large"
    assert refused(zipped(b" " * 3_000_000)) == "file_too_large"
    monkeypatch.setattr(unpack, "MAX_RECEIVED_BYTES", 100)
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 64
            yield b"https://shop.ru/a\n" * 4

    with pytest.raises(SitemapError, match="larger"):
        list(MapStream(endless(), URL).items())
    assert taken < 1000


def test_entries_that_are_no_addresses_are_counted() -> None:
    stream, found = read(f"{ONE}\nнет\nftp://shop.ru/a\n".encode())
    assert (found, stream.bad) == ([ONE], 2)


def test_a_large_map_takes_little_memory() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"<urlset>"
        for number in range(0, 60_000, 100):
            yield "".join(
                f"<url><loc>https://shop.ru/p/{n}</loc><lastmod>2026-05-01T10:00:{n}</lastmod></url>"
                for n in range(number, number + 100)
            ).encode()
        yield b"</urlset>"

    tracemalloc.start()
    count = sum(1 for _ in MapStream(chunks(), URL).items())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 4_000_000


@given(st.lists(st.from_regex(r"/[a-zа-я0-9]{1,8}", fullmatch=True), min_size=1, max_size=30),
       st.integers(1, 40), st.booleans())  # fmt: skip
def test_pieces_make_no_difference(paths: list[str], size: int, packed: bool) -> None:
    addresses = [f"https://shop.ru{path}" for path in paths]
    raw = "".join(f"<url><loc>{address}</loc></url>" for address in addresses)
    body = f"<urlset>{raw}</urlset>".encode()
    _, found = read(gzip.compress(body) if packed else body, size)
    assert found == addresses
