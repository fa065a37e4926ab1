"""Maps read as a stream: pages and child maps one by one, whatever the file's size (S35-S37).

`sitemaps.parse_sitemap` gives a small map whole; this gives a large one without holding it. The
format is told by the content: XML of any map or feed, plain lines, or a table of addresses.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

from povod.crawl.sitemap_xml import DoctypeError, Found, XmlMapReader, XmlStoppedError
from povod.crawl.sitemaps import SitemapEntry, SitemapError, absolute, is_xml, number, texts_of
from povod.crawl.unpack import unpacked

COLUMNS = frozenset({"url", "loc", "link", "ссылка", "адрес"})
MOST_WARNINGS = 20
_SAMPLE_LINES = 20
_LONGEST_LINE = 1024**2
_BLANKS = b"\xef\xbb\xbf \t\r\n"
_DELIMITERS = "\t;,"
_KINDS = {"urlset": "sitemap", "sitemapindex": "index", "rss": "feed", "rdf": "feed"}


@dataclass(frozen=True, slots=True)
class ChildMap:
    """A map that this one names."""

    loc: str


Item = SitemapEntry | ChildMap


@dataclass
class MapStream:
    """One map. Iterate over `items` once; `kind`, `complete` and `warnings` are true afterwards.

    `kind` is sitemap, index, feed, text or table. Raises `SitemapError` with `file_too_large`,
    `nested_archive`, `unreadable_file`, `unsupported_type` or `xml_entities`.
    """

    chunks: Iterable[bytes]
    url: str
    kind: str = ""
    complete: bool = True
    warnings: list[str] = field(default_factory=list)
    bad: int = 0
    """Entries that are no address at all."""

    def warn(self, text: str) -> None:
        """Note why this is not all that the file holds."""
        self.complete = False
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(text)

    def items(self) -> Iterator[Item]:
        """Pages and child maps in the order of the file; relative addresses are joined to it."""
        pieces = unpacked(self.chunks, self.url, self.warn)
        head = next(filter(None, (piece.lstrip(_BLANKS) for piece in pieces)), b"")
        if not head:
            raise SitemapError("unreadable_file", self.url, "is empty")
        texts = texts_of(head, pieces)
        return self._xml(texts) if is_xml(head) else self._lines(texts)

    def _xml(self, texts: Iterator[str]) -> Iterator[Item]:
        reader = XmlMapReader()
        try:
            for text in texts:
                yield from self._entries(reader.feed(text))
            reader.close()
        except DoctypeError:
            reason = "declares a document type; maps need none"
            raise SitemapError("xml_entities", self.url, reason) from None
        except XmlStoppedError as stop:
            yield from self._entries(stop.found)
            self.warn(f"{self.url}: the XML breaks off at {stop}")
        if not reader.is_map:
            reason = f"<{reader.root}> is no sitemap, index or feed"
            raise SitemapError("unreadable_file", self.url, reason)
        self.kind = _KINDS.get(reader.root.rpartition(":")[2].lower(), "feed")

    def _entries(self, found: Iterable[Found]) -> Iterator[Item]:
        for item in found:
            loc = absolute(item.fields["loc"], self.url)
            if loc is None:
                self.bad += 1
            elif item.is_child:
                yield ChildMap(loc)
            else:
                fields = item.fields
                priority = number(fields.get("priority"))
                yield SitemapEntry(loc, fields.get("lastmod"), priority, fields.get("changefreq"))

    def _lines(self, texts: Iterator[str]) -> Iterator[Item]:
        lines = _lines_of(texts, self.url)
        sample = list(islice(lines, _SAMPLE_LINES))
        shape = _shape(sample)
        self.kind = "text" if shape is None else "table"
        every = chain(sample, lines)
        addresses = _plain(every) if shape is None else self._cells(every, *shape)
        got = False
        for address in addresses:
            if address[:8].lower().startswith(("http://", "https://")):
                got = True
                yield SitemapEntry(address)
            else:
                self.bad += 1
        if not got:
            reason = "is neither XML nor a list of addresses"
            raise SitemapError("unreadable_file", self.url, reason)

    def _cells(
        self, lines: Iterator[str], delimiter: str, column: int, has_header: bool
    ) -> Iterator[str]:
        rows = csv.reader(lines, delimiter=delimiter)
        try:
            for number_of_row, row in enumerate(rows):
                cell = row[column].strip() if column < len(row) else ""
                if cell and not (has_header and number_of_row == 0):
                    yield cell
        except csv.Error as error:
            self.warn(f"{self.url}: the table breaks off in line {rows.line_num}: {error}")


def _lines_of(texts: Iterator[str], url: str) -> Iterator[str]:
    """Lines with their ends; leading blank ones are left out."""
    rest, begun = "", False
    for text in texts:
        *lines, rest = (rest + text).split("\n")
        if len(rest) > _LONGEST_LINE:
            raise SitemapError("unreadable_file", url, "has a line of more than a million letters")
        for line in lines:
            begun = begun or bool(line.strip())
            if begun:
                yield f"{line}\n"
    if rest.strip():
        yield rest


def _plain(lines: Iterator[str]) -> Iterator[str]:
    """One address a line; what follows `#` at its beginning is a comment."""
    for line in lines:
        address = line.strip()
        if address and not address.startswith("#"):
            yield address


def _shape(sample: list[str]) -> tuple[str, int, bool] | None:
    """Delimiter, column and whether there is a header; None for plain lines."""
    useful = [line for line in sample if line.strip() and not line.lstrip().startswith("#")]
    if not useful:
        return None
    if sample[0] in useful:
        for delimiter in _DELIMITERS:
            names = [cell.strip().casefold() for cell in _split(useful[0], delimiter)]
            column = next((at for at, name in enumerate(names) if name in COLUMNS), None)
            if column is not None:
                return delimiter, column, True
    for delimiter in _DELIMITERS:
        column = _column_of_addresses(useful, delimiter)
        if column is not None:
            return delimiter, column, False
    return None


def _column_of_addresses(lines: list[str], delimiter: str) -> int | None:
    """The first column that holds addresses, if these lines are a table and not bare addresses."""
    rows = [_split(line, delimiter) for line in lines]
    width = max(len(row) for row in rows)
    if width == 1:
        return None
    for column in range(width):
        cells = [row[column].strip() for row in rows if column < len(row)]
        if not any(_is_web(cell) for cell in cells):
            continue
        return column if column or delimiter == "\t" or _has_words(rows) else None
    return None


def _has_words(rows: list[list[str]]) -> bool:
    """Whether what follows an address is text and not a part of the address."""
    following = [cell for row in rows for cell in row[1:] if cell.strip()]
    return any(not cell.isascii() or " " in cell.strip() for cell in following)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def _is_web(text: str) -> bool:
    return text[:8].lower().startswith(("http://", "https://"))
