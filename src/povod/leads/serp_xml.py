"""From the bytes of a reply to an element tree: checked before, mended after (Y41, Y42, Y44).

The standard library's C parser is fast but expands entities. It is only given what begins with
the root element, where no document type can stand, so none but the five built-in ones exist.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple, cast
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError, XMLParser, XMLPullParser

from povod.leads.serp_errors import BadXml, EmptyRaw, ForbiddenDtd, NotXml

MAX_BYTES = 20 * 1024 * 1024
MAX_DEPTH = 64
MAX_TAGS = 1_000_000

_UTF8_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_HTML = re.compile(rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_ENCODING = re.compile(rb"<\?xml\s[^>]*?\bencoding\s*=\s*[\"']([^\"'>]*)")
_PROLOG = re.compile(rb"(?:\s|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_ROOT = re.compile(rb"<[A-Za-z_:]")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WHOLE = ("doc", "error")
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]+)|([0-9]+));")


class ReplyTree(NamedTuple):
    """The root of a reply; `recovered` tells that it had to be mended or was cut."""

    root: Element
    recovered: bool


def read_tree(xml: bytes | str) -> ReplyTree:
    """Parse a reply; documents complete before a break or a cut end survive it.

    Raises a subclass of `UnreadableReply` when there is nothing to save.
    """
    raw = xml.encode("utf-8", "ignore") if isinstance(xml, str) else xml
    content = _content(raw)
    recovered = False
    try:
        parser = XMLParser(encoding="utf-8")  # noqa: S314 - what it sees was checked
        root = ElementTree.XML(_without_marks(content), parser)
    except ParseError as error:
        root, recovered = _recover(content, raw, str(error)), True
    _check_depth(root, raw)
    _check_kind(root, raw)
    return ReplyTree(root, recovered)


def _content(raw: bytes) -> bytes:
    """The bytes from the root element on; refused unless they may be parsed."""
    if len(raw) > MAX_BYTES:
        raise BadXml(f"the reply has {len(raw)} bytes, the limit is {MAX_BYTES}", raw)
    if raw.count(b"<") > MAX_TAGS:
        raise BadXml(f"the reply has more than {MAX_TAGS} tags", raw)
    if raw.startswith(_WIDE_MARKS):
        raise BadXml("the reply is UTF-16 or UTF-32, only UTF-8 is read", raw)
    body = raw.removeprefix(_UTF8_MARK).strip()
    if not body:
        raise EmptyRaw("the reply is empty", raw)
    if _HTML.match(body):
        raise NotXml("the reply is an HTML page, not XML", raw)
    encoding = _ENCODING.match(body)
    if encoding and encoding[1].lower() not in (b"utf-8", b"utf8"):
        raise BadXml(f"the reply declares {encoding[1][:40]!r}, only UTF-8 is read", raw)
    return body[_root_start(body, raw) :]


def _root_start(body: bytes, raw: bytes) -> int:
    """Only a declaration, comments, instructions and white space may precede the root element."""
    prolog = _PROLOG.match(body)
    start = prolog.end() if prolog else 0
    if _ROOT.match(body, start):
        return start
    found = body[start : start + 40]
    if b"<" not in body[start:]:
        raise BadXml(f"the reply has no root element but {found!r}", raw)
    raise ForbiddenDtd(f"{found!r} before the root element is not allowed", raw)


def _without_marks(content: bytes) -> bytes:
    """Text is joined across highlighting anyway (Y35); without it a third fewer elements are built.

    Unequal counts mean marks of another form, such as one with attributes: then all stay.
    """
    pieces = content.split(b"<hlword>")
    plain = b"".join(pieces).split(b"</hlword>")
    return b"".join(plain) if len(plain) == len(pieces) else content


def _check_depth(root: Element, raw: bytes) -> None:
    level = [root]  # only elements that have children of their own
    for _ in range(MAX_DEPTH):
        level = list(filter(len, chain.from_iterable(level)))
        if not level:
            return
    raise BadXml(f"the reply is nested deeper than {MAX_DEPTH} elements", raw)


def _check_kind(root: Element, raw: bytes) -> None:
    """Any XML may come back from a proxy; it must not pass for a search that found nothing."""
    known = root.tag == "yandexsearch" or any(True for tag in _WHOLE for _ in root.iter(tag))
    if not known:
        raise BadXml(f"the root element {root.tag[:40]!r} is not a search reply", raw)


def _recover(content: bytes, raw: bytes, reason: str) -> Element:
    """The root of what can be read once forbidden characters are gone."""
    text = _FORBIDDEN.sub("", _valid_prefix(content))
    return _Rescue(raw, reason).read(_REFERENCE.sub(_allowed_reference, text))


def _valid_prefix(content: bytes) -> str:
    """The text up to the first byte that is not UTF-8: that byte is a break like any other."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        return content[: error.start].decode()


def _allowed_reference(match: re.Match[str]) -> str:
    """A reference to a character that XML 1.0 forbids vanishes, any other stays."""
    digits, base = (match[1], 16) if match[1] else (match[2], 10)
    number = int(digits, base) if len(digits) < 12 else 0
    allowed = 0 < number < 0x110000 and not _FORBIDDEN.match(chr(number))
    return match[0] if allowed else ""


class _Rescue:
    """Keeps the path of open elements, so that a break loses only what was unfinished."""

    def __init__(self, raw: bytes, reason: str) -> None:
        self.raw = raw
        self.reason = reason
        self.open: list[Element] = []
        self.whole: set[Element] = set()

    def read(self, text: str) -> Element:
        """Parse step by step up to the end or the first break."""
        root: Element | None = None
        parser: XMLPullParser[Element] = XMLPullParser(("start", "end"))
        parser.feed(text)
        try:
            for event, element in cast(Iterator[tuple[str, Element]], parser.read_events()):
                root = element if root is None else root
                self._follow(event, element)
            parser.close()
        except ParseError:
            return self._without_unfinished(root)
        assert root is not None, "a document without root element does not close"
        return root

    def _follow(self, event: str, element: Element) -> None:
        if event == "start":
            self.open.append(element)
            if len(self.open) > MAX_DEPTH:
                raise BadXml(f"the reply is nested deeper than {MAX_DEPTH} elements", self.raw)
            return
        self.open.pop()
        if element.tag in _WHOLE:
            self.whole.add(element)

    def _without_unfinished(self, root: Element | None) -> Element:
        """Drop the outermost open element that holds nothing whole."""
        if root is None or not self.whole:
            raise self._lost()
        for parent, child in zip(self.open, self.open[1:], strict=False):
            if self.whole.isdisjoint(child.iter()):
                parent.remove(child)
                break
        return root

    def _lost(self) -> BadXml:
        return BadXml(f"the reply is damaged ({self.reason}), no document is complete", self.raw)
