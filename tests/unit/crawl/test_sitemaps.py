"""Sitemaps as sites publish them."""

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.crawl import sitemaps
from povod.crawl.sitemaps import SitemapEntry, SitemapError, parse_sitemap

URL = "https://firma.ru/maps/sitemap.xml"
XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*locs, attributes=XMLNS):
    body = "".join(f"<url><loc>{loc}</loc></url>" for loc in locs)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {attributes}>{body}</urlset>'.encode()


def locs(raw):
    return [entry.loc for entry in parse_sitemap(raw, URL).entries]


def refusal(raw):
    with pytest.raises(SitemapError) as caught:
        parse_sitemap(raw, URL)
    assert str(caught.value).startswith(URL)
    return caught.value.code


def test_the_fields_of_a_page():
    raw = f"""<urlset {XMLNS}><url>
        <loc> https://firma.ru/a </loc><lastmod>2024-05-17</lastmod>
        <changefreq>daily</changefreq><priority>0.8</priority>
    </url></urlset>"""
    found = parse_sitemap(raw.encode(), URL)
    assert found.entries == [SitemapEntry("https://firma.ru/a", "2024-05-17", 0.8, "daily")]
    assert found.complete
    assert found.children == found.warnings == []


def test_an_index_gives_child_maps_in_order():
    raw = f"""<sitemapindex {XMLNS}><sitemap><loc>https://firma.ru/2.xml</loc>
        <lastmod>2024-05-17</lastmod></sitemap><sitemap><loc>1.xml.gz</loc></sitemap>
        </sitemapindex>"""
    found = parse_sitemap(raw.encode(), URL)
    assert found.children == ["https://firma.ru/2.xml", "https://firma.ru/maps/1.xml.gz"]
    assert found.entries == []


@pytest.mark.parametrize(
    "attributes", ["", 'xmlns=""', 'xmlns="http://www.google.com/schemas/sitemap/0.84"']
)
def test_any_namespace_or_none(attributes):
    assert locs(urlset("https://firma.ru/a", attributes=attributes)) == ["https://firma.ru/a"]


def test_a_prefixed_map():
    raw = b"<sm:urlset><sm:url><sm:loc>https://firma.ru/a</sm:loc></sm:url></sm:urlset>"
    assert locs(raw) == ["https://firma.ru/a"]


def test_images_and_videos_are_no_pages():
    raw = """<urlset><url><image:loc>https://firma.ru/0.png</image:loc>
        <loc>https://firma.ru/a</loc>
        <image:image><image:loc>https://firma.ru/1.png</image:loc></image:image>
        <video:video><loc>https://firma.ru/2.mp4</loc></video:video></url>
        <url><image:loc>https://firma.ru/3.png</image:loc></url></urlset>"""
    assert locs(raw.encode()) == ["https://firma.ru/a"]


def test_faults_that_are_tolerated():
    raw = b"\n \xef\xbb\xbf" + urlset(
        "https://firma.ru/?a=1&b=2&amp;c=3",
        "<![CDATA[https://firma.ru/?x=1&y=2]]>",
        "https://firma.ru/<!-- here -->b",
        "/relative",
        "../up\x0b",
    )
    assert locs(raw) == [
        "https://firma.ru/?a=1&b=2&c=3",
        "https://firma.ru/?x=1&y=2",
        "https://firma.ru/b",
        "https://firma.ru/relative",
        "https://firma.ru/up",
    ]


def test_a_full_address_stays_as_written():
    assert locs(urlset("HTTP://Firma.ru", "https://firma.ru/цены")) == [
        "HTTP://Firma.ru",
        "https://firma.ru/цены",
    ]


@pytest.mark.parametrize("written", ["utf-8", "cp1251"])
@pytest.mark.parametrize("label", ["utf-8", "windows-1251"])
def test_a_wrong_charset_label(label, written):
    pages = "".join(f"<url><loc>https://firma.ru/каталог/двери-{n}</loc></url>" for n in range(20))
    raw = f'<?xml version="1.0" encoding="{label}"?><urlset>{pages}</urlset>'.encode(written)
    assert locs(raw)[7] == "https://firma.ru/каталог/двери-7"


def test_utf16():
    raw = '<?xml version="1.0" encoding="utf-16"?><urlset><url><loc>/a</loc></url></urlset>'
    assert locs(raw.encode("utf-16")) == ["https://firma.ru/a"]


def test_what_is_no_address_of_a_page_is_left_out_and_said():
    found = parse_sitemap(urlset("mailto:a@firma.ru", "http://[", "https://firma.ru/a"), URL)
    assert [entry.loc for entry in found.entries] == ["https://firma.ru/a"]
    assert not found.complete
    assert len(found.warnings) == 2


def test_gzip_of_several_members():
    raw = urlset("https://firma.ru/a", "https://firma.ru/b")
    packed = gzip.compress(raw[:90]) + gzip.compress(raw[90:])
    assert locs(packed) == ["https://firma.ru/a", "https://firma.ru/b"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_truncated_map_gives_what_was_complete(pack):
    pages = [f"https://firma.ru/item-{n * 7919}" for n in range(3000)]
    raw = pack(urlset(*pages))
    found = parse_sitemap(raw[: len(raw) // 2], URL)
    got = [entry.loc for entry in found.entries]
    assert 500 < len(got) < 3000
    assert got == pages[: len(got)]
    assert not found.complete
    assert found.warnings


def test_a_page_cut_after_its_address_is_kept():
    raw = b"<urlset><url><loc>https://firma.ru/a</loc><lastmod>2024"
    found = parse_sitemap(raw, URL)
    assert found.entries == [SitemapEntry("https://firma.ru/a")]
    assert "line 1" in found.warnings[0]


def test_damaged_gzip():
    packed = bytearray(
        gzip.compress(urlset(*(f"https://firma.ru/{n * 7919}" for n in range(9000))))
    )
    packed[len(packed) // 2] ^= 0xFF
    found = parse_sitemap(bytes(packed), URL)
    assert found.entries
    assert not found.complete


def test_rss():
    raw = """<rss version="2.0"><channel><link>https://firma.ru/</link>
        <item><title>x</title><link>https://firma.ru/news/1</link>
        <pubDate>Fri, 17 May 2024 12:30:00 +0300</pubDate></item></channel></rss>"""
    (entry,) = parse_sitemap(raw.encode(), URL).entries
    assert entry.loc == "https://firma.ru/news/1"
    assert entry.modified == datetime(2024, 5, 17, 9, 30, tzinfo=UTC)


def test_atom():
    raw = """<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://firma.ru/"/><entry>
        <link rel="self" href="/feed/1"/><link href="/news/1"/>
        <updated>2024-05-17T12:30:00Z</updated></entry></feed>"""
    (entry,) = parse_sitemap(raw.encode(), URL).entries
    assert (entry.loc, entry.lastmod) == ("https://firma.ru/news/1", "2024-05-17T12:30:00Z")


def test_a_list_of_addresses():
    raw = "\ufeff# наши страницы\r\nhttps://firma.ru/1\r\n\r\n  http://firma.ru/2 \nне адрес\n"
    found = parse_sitemap(raw.encode(), URL)
    assert [entry.loc for entry in found.entries] == ["https://firma.ru/1", "http://firma.ru/2"]
    assert found.warnings == ["'не адрес' is no address"]
    assert locs(gzip.compress(b"https://firma.ru/1\nhttps://firma.ru/2")) == [
        "https://firma.ru/1",
        "https://firma.ru/2",
    ]


def test_an_empty_map_is_a_map():
    found = parse_sitemap(urlset(), URL)
    assert (found.entries, found.children, found.complete) == ([], [], True)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"404 not found",
        b"<html><body>404</body></html>",
        b"<urlset",
        b"\x1f\x8b\x08 broken",
        b"\x89PNG\r\n\0\0",
    ],
)
def test_what_is_no_map_is_refused(raw):
    assert refusal(raw) == "not_sitemap"


@pytest.mark.parametrize(
    "doctype",
    ['<!DOCTYPE a [<!ENTITY b "c">]>', '<!DOCTYPE a SYSTEM "file:///etc/passwd">', "<!DOCTYPE a>"],
)
def test_a_document_type_is_refused(doctype):
    assert (
        refusal(f"{doctype}<urlset><url><loc>&b;</loc></url></urlset>".encode()) == "xml_entities"
    )


def test_archives_within_archives_are_refused():
    assert refusal(gzip.compress(gzip.compress(urlset("/a")))) == "nested_archive"
    assert refusal(b"PK\x03\x04rest of a zip") == "nested_archive"


def test_a_gzip_bomb_is_stopped_at_the_cap(monkeypatch):
    monkeypatch.setattr(sitemaps, "MAX_INFLATED_BYTES", 1024**2)
    assert refusal(gzip.compress(b"<urlset>" + b" " * 20_000_000)) == "too_large"


def test_a_file_larger_than_allowed_is_refused_unread(monkeypatch):
    monkeypatch.setattr(sitemaps, "MAX_RECEIVED_BYTES", 10)
    assert refusal(urlset("/a")) == "too_large"


def test_more_pages_than_allowed_are_cut_and_said(monkeypatch):
    monkeypatch.setattr(sitemaps, "MAX_URLS", 3)
    found = parse_sitemap(urlset("/1", "/2", "/3", "/4"), URL)
    assert [entry.loc[-1] for entry in found.entries] == ["1", "2", "3"]
    assert not found.complete
    assert "only the first 3 pages" in found.warnings[0]


@pytest.mark.parametrize(
    ("lastmod", "modified"),
    [
        ("2024-05-17", datetime(2024, 5, 17, tzinfo=UTC)),
        ("2024-05-17T12:30:00+03:00", datetime(2024, 5, 17, 9, 30, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_modified(lastmod, modified):
    assert SitemapEntry("https://firma.ru/", lastmod).modified == modified


@settings(deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=100).map(b"<urlset><url><loc>/a".__add__))
def test_any_bytes_are_a_map_or_are_refused(raw):
    try:
        found = parse_sitemap(raw, URL)
    except SitemapError:
        return
    assert all(entry.loc for entry in found.entries)
