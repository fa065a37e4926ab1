"""Sitemaps as sites publish them: XML maps, indexes, feeds, plain lists, gzipped or not (S35-S37).

The format is told by the content. A file is read as a stream and only what is kept takes memory.
What cannot be read to its end gives what was read before, and says so.
"""

import codecs
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from povod.crawl.sitemap_xml import DoctypeError, Found, XmlMapReader, XmlStoppedError
from povod.kit.charset import declared_charset, decode
from povod.kit.errors import InputError, InvalidUrl
from povod.kit.url import parse_url

MAX_RECEIVED_BYTES = 50 * 1024**2
MAX_INFLATED_BYTES = 200 * 1024**2
MAX_URLS = 200_000
MAX_CHILDREN = 1000

_CHUNK = 64 * 1024
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_GZIP_FORMAT = 31  # zlib's word for a gzip header with the largest window
_BLANKS = b"\xef\xbb\xbf \t\r\n"


class SitemapError(InputError):
    """The file gives no addresses at all; `code` is a word for programs, the message for people."""

    def __init__(self, code: str, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}", code=code)


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    """One page of a map; `lastmod` as written."""

    loc: str
    lastmod: str | None = None
    priority: float | None = None
    changefreq: str | None = None

    @property
    def modified(self) -> datetime | None:
        """`lastmod` as an instant in UTC; a date alone is its midnight; None if unreadable."""
        return _instant(self.lastmod) if self.lastmod else None


@dataclass
class Sitemap:
    """Pages and child maps in the order of the file."""

    entries: list[SitemapEntry] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    complete: bool = True
    """False when something of the file is missing here; `warnings` say what."""
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Note why this is not all that the file holds."""
        self.complete = False
        if len(self.warnings) < 100:
            self.warnings.append(text)


def parse_sitemap(raw: bytes, url: str) -> Sitemap:
    """Pages and child maps of the file fetched from `url`; relative addresses are joined to it.

    SitemapError: `too_large`, `nested_archive`, `xml_entities` (any document type), `not_sitemap`.
    """
    if len(raw) > MAX_RECEIVED_BYTES:
        raise SitemapError("too_large", url, f"is larger than {MAX_RECEIVED_BYTES // 1024**2} MiB")
    found = Sitemap()
    chunks = _inflated(raw, url, found)
    head = next(chunks, b"").lstrip(_BLANKS)
    if head.startswith((_GZIP, _ZIP)):
        raise SitemapError("nested_archive", url, "is an archive of another kind or within another")
    texts = texts_of(head, chunks)
    if is_xml(head):
        _read_xml(texts, url, found)
    else:
        _read_lines(texts, url, found)
    if not (found.entries or found.children or found.complete):
        raise SitemapError("not_sitemap", url, found.warnings[0])
    return found


def _inflated(raw: bytes, url: str, found: Sitemap) -> Iterator[bytes]:
    """The bytes of the map, piece by piece, never more than the cap."""
    if not raw.startswith(_GZIP):
        yield from (raw[place : place + _CHUNK] for place in range(0, len(raw), _CHUNK))
        return
    size, packed = 0, raw
    while packed.startswith(_GZIP):  # a gzip file may have several members
        inflater = zlib.decompressobj(_GZIP_FORMAT)
        while not inflater.eof:
            try:
                piece = inflater.decompress(packed, _CHUNK)
            except zlib.error as error:
                found.warn(f"the gzip data are damaged: {error}")
                return
            if not piece and not inflater.eof:
                found.warn("the gzip data end too early")
                return
            size += len(piece)
            if size > MAX_INFLATED_BYTES:
                limit = MAX_INFLATED_BYTES // 1024**2
                raise SitemapError("too_large", url, f"inflates to more than {limit} MiB")
            yield piece
            packed = inflater.unconsumed_tail
        packed = inflater.unused_data


def texts_of(head: bytes, rest: Iterator[bytes]) -> Iterator[str]:
    """The pieces decoded; the first one tells the charset, a label only when it is plain ASCII."""
    label = declared_charset(head) if head.isascii() else None
    decoder = codecs.getincrementaldecoder(label or decode(head)[1])("replace")
    yield decoder.decode(head).lstrip("\ufeff")
    for piece in rest:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def is_xml(head: bytes) -> bool:
    """Whether the file begins as XML does, in any encoding."""
    return head.replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n").startswith(b"<")


def _read_xml(texts: Iterator[str], url: str, found: Sitemap) -> None:
    reader = XmlMapReader()
    try:
        for text in texts:
            for item in reader.feed(text):
                _keep(item, url, found)
            if _is_full(found):
                return
        reader.close()
    except DoctypeError:
        raise SitemapError(
            "xml_entities", url, "declares a document type; maps need none"
        ) from None
    except XmlStoppedError as stop:
        for item in stop.found:
            _keep(item, url, found)
        found.warn(f"the XML breaks off at {stop}")
    if not reader.is_map:
        raise SitemapError("not_sitemap", url, f"<{reader.root}> is no sitemap, index or feed")


def _read_lines(texts: Iterator[str], url: str, found: Sitemap) -> None:
    rest = ""
    for text in texts:
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            _keep_line(line, url, found)
        if _is_full(found):
            return
    _keep_line(rest, url, found)
    if not found.entries:
        raise SitemapError("not_sitemap", url, "is neither XML nor a list of addresses")


def _keep_line(line: str, url: str, found: Sitemap) -> None:
    address = line.strip()
    if not address or address.startswith("#"):
        return
    if _is_web(address):
        _keep(Found("url", {"loc": address}), url, found)
    else:
        found.warn(f"{address[:80]!r} is no address")


def _keep(item: Found, url: str, found: Sitemap) -> None:
    fields = item.fields
    loc = absolute(fields["loc"], url)
    if loc is None:
        found.warn(f"{fields['loc'][:80]!r} is no address of a page")
    elif item.is_child and len(found.children) < MAX_CHILDREN:
        found.children.append(loc)
    elif not item.is_child and len(found.entries) < MAX_URLS:
        lastmod, changefreq = fields.get("lastmod"), fields.get("changefreq")
        priority = number(fields.get("priority"))
        found.entries.append(SitemapEntry(loc, lastmod, priority, changefreq))


def _is_full(found: Sitemap) -> bool:
    if len(found.entries) < MAX_URLS and len(found.children) < MAX_CHILDREN:
        return False
    found.warn(f"only the first {MAX_URLS} pages and {MAX_CHILDREN} maps are taken")
    return True


def absolute(loc: str, url: str) -> str | None:
    """The address as written if it is a full one, else joined to the map's; None if it is none."""
    full = _is_web(loc)
    try:
        href = parse_url(loc, None if full else url)
    except InvalidUrl:
        return None
    if not _is_web(href):
        return None
    return loc if full and loc.isprintable() and " " not in loc else href


def _is_web(address: str) -> bool:
    return address[:8].lower().startswith(("http://", "https://"))


def number(text: str | None) -> float | None:
    """A priority, held within 0 and 1; None when it is none."""
    try:
        return min(max(float(text or ""), 0.0), 1.0)
    except ValueError:
        return None


def _instant(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
