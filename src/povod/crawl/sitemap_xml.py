"""The XML of sitemaps and feeds, read by expat as it comes in.

Namespaces are not asked for: half of all maps have none or a wrong one. A field belongs to a page
when it stands directly in its element under the same prefix, so images and videos stay out.
"""

import re
from dataclasses import dataclass
from xml.parsers import expat

from povod.kit.errors import InputError

_ROOTS = frozenset({"urlset", "sitemapindex", "rss", "rdf", "feed"})
_ITEMS = frozenset({"url", "sitemap", "item", "entry"})
_FIELDS = {
    "loc": "loc",
    "lastmod": "lastmod",
    "priority": "priority",
    "changefreq": "changefreq",
    "link": "loc",
    "pubdate": "lastmod",
    "date": "lastmod",
    "updated": "lastmod",
}
_REPEATED = frozenset({"lastmod", "changefreq"})
"""Fields whose few values come again and again; each is kept in memory once."""

# A bare ampersand is the commonest fault of maps; what stands in CDATA is meant as it is.
_BARE_AMPERSAND = re.compile(
    r"(<!\[CDATA\[.*?\]\]>)|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)", re.DOTALL
)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MOST_KNOWN = 1000
_LONGEST_GAP = 1024**2  # characters without the end of a tag


class DoctypeError(InputError):
    """The file declares a document type: entities and external files are not read."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page or child map: the name of its element and its fields, `loc` always among them."""

    element: str
    fields: dict[str, str]

    @property
    def is_child(self) -> bool:
        """Whether this is a map and not a page."""
        return self.element == "sitemap"


class XmlStoppedError(InputError):
    """The XML cannot be read further; `found` is what stood before."""

    def __init__(self, reason: str, found: list[Found]) -> None:
        self.found = found
        super().__init__(reason)


class XmlMapReader:
    """Takes the text piece by piece and gives the pages and maps that are complete."""

    def __init__(self) -> None:
        self.root = ""
        self._stack: list[str] = []
        self._item_depth = 0
        self._fields: dict[str, str] = {}
        self._field: str | None = None
        self._text: list[str] = []
        self._found: list[Found] = []
        self._held_back = ""
        self._known: dict[str, str] = {}
        self._parser = self._new_parser()

    @property
    def is_map(self) -> bool:
        """Whether the root element is that of a map or a feed."""
        return _local(self.root) in _ROOTS

    def feed(self, text: str) -> list[Found]:
        """Read on; what has been completed by this piece."""
        held = self._held_back + text
        end = held.rfind(">") + 1
        if not end and len(held) > _LONGEST_GAP:
            end = len(held)
        self._held_back = held[end:]
        self._parse(held[:end], final=False)
        return self._taken()

    def close(self) -> None:
        """The file is at its end; XmlStoppedError if its elements are not."""
        self._parse(self._held_back, final=True)

    def _new_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        return parser

    def _parse(self, text: str, final: bool) -> None:
        clean = _BARE_AMPERSAND.sub(lambda m: m[1] or "&amp;", _NOT_XML.sub("", text))
        try:
            self._parser.Parse(clean.encode("utf-8", "replace"), final)
        except expat.ExpatError as error:
            if "loc" in self._fields:  # the page whose element was cut off
                self._complete()
            reason = f"line {error.lineno}: {expat.ErrorString(error.code)}"
            raise XmlStoppedError(reason, self._taken()) from None

    def _taken(self) -> list[Found]:
        found, self._found = self._found, []
        return found

    def _doctype(self, *_: object) -> None:
        raise DoctypeError

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._stack.append(name)
        depth = len(self._stack)
        local = _local(name)
        if depth == 1:
            self.root = name
        elif not self._item_depth and local in _ITEMS:
            self._item_depth, self._fields = depth, {}
        elif depth == self._item_depth + 1 and self._is_own(name, local):
            self._field, self._text = _FIELDS[local], []
            if local == "link" and attributes.get("rel", "alternate") == "alternate":
                self._text.append(attributes.get("href", ""))

    def _is_own(self, name: str, local: str) -> bool:
        """Whether the field belongs to the item itself and not to an image or video in it."""
        if local not in _FIELDS:
            return False
        prefix, item_prefix = _prefix(name), _prefix(self._stack[self._item_depth - 1])
        return prefix == item_prefix or local == "date"

    def _end(self, _: str) -> None:
        depth = len(self._stack)
        if depth == self._item_depth:
            self._complete()
        elif self._field is not None and depth == self._item_depth + 1:
            value = "".join(self._text).strip()
            if value:
                if self._field in _REPEATED:
                    value = self._once(value)
                self._fields.setdefault(self._field, value)
            self._field = None
        self._stack.pop()

    def _once(self, value: str) -> str:
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        return self._known.setdefault(value, value)

    def _complete(self) -> None:
        if "loc" in self._fields:
            element = _local(self._stack[self._item_depth - 1])
            self._found.append(Found(element, self._fields))
        self._item_depth, self._fields = 0, {}

    def _characters(self, text: str) -> None:
        if self._field is not None:
            self._text.append(text)


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _prefix(name: str) -> str:
    return name.rpartition(":")[0]
