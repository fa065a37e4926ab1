"""What a reader sees of a page: its visible text, title, description, headings and links.

Hidden elements are dropped (L78), because nobody meant them for a reader: they are traps for
robots, prompts for models, or pieces of script.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import starmap
from typing import NamedTuple

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from povod.crawl.extract.nesting import without_abyss
from povod.crawl.extract.survey import Survey, is_gone, survey
from povod.kit.text import collapse, decode

EXCERPT_LENGTH = 40_000
"""Longest `homepage_excerpt` in characters (L78)."""

_AS_WRITTEN = int(LexborDocumentOptions.WO_EVENTS)
_BREAK = "\0"  # stands between text nodes while blanks are collapsed; no node holds it
_INVISIBLE = ("\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff")
_OTHER_BLANKS = (
    "\n\t\f\xa0\u2009\u202f\r\v\x1c\x1d\x1e\x1f\x85\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u200a\u2028\u2029\u205f\u3000"
)
_COMBINING = ("\u0306", "\u0308", "\u0301")  # й and ё in two characters; an accent
_INWORD_COMMENT = re.compile(
    rb"(?<=[a-z0-9@._-])(?:<!--[^<>]{0,100}-->)+(?=[a-z0-9@._-])", re.IGNORECASE
)
_COMMENT_REACH = 150  # bytes on both sides of an at-sign
_MAX_INWORD_COMMENTS = 50


class Link(NamedTuple):
    """A link as the page has it: address not yet resolved, text of the anchor collapsed."""

    href: str
    text: str


class Heading(NamedTuple):
    """Text of an `h1` or `h2`."""

    level: int
    text: str


def source_of(html: str | bytes) -> bytes:
    """The page in UTF-8; bytes are decoded by what they and their `meta` say.

    Comments within a word are dropped: for a reader they do not part it, for the parser they do.
    """
    if isinstance(html, str):
        source = html.encode("utf-8", "replace")
    else:
        text, encoding = decode(html)
        source = html if encoding == "utf-8" else text.encode("utf-8", "replace")
    for start, end in reversed(_inword_comments(source)):
        source = source[:start] + source[end:]
    return without_abyss(source)


def parse_html(html: str | bytes) -> LexborHTMLParser:
    """The page's tree."""
    return tree_of(source_of(html))


def tree_of(source: bytes) -> LexborHTMLParser:
    """The tree of a page in UTF-8, without copies that a browser would make of chosen options."""
    return LexborHTMLParser(source, options=_AS_WRITTEN)


def anchors_of(
    root: LexborHTMLParser | LexborNode, query: str = "a[href]"
) -> list[tuple[str, LexborNode]]:
    """Address and node of each link below `root` that leads anywhere, in the order of the page."""
    return pointing((node.attrs.sget("href", ""), node) for node in root.css(query))


def pointing(links: Iterable[tuple[str, LexborNode]]) -> list[tuple[str, LexborNode]]:
    """Those of the links that lead anywhere, blanks around their addresses dropped."""
    return [
        (href, node)
        for written, node in links
        if (href := written.strip()) and not href.startswith(("#", "javascript:"))
    ]


def link_of(href: str, node: LexborNode) -> Link:
    """The link with the text of its anchor."""
    return Link(href, " ".join(node.text().split()))


def drop_unseen(tree: LexborHTMLParser, found: Survey | None = None) -> list[Link]:
    """Remove from the tree what no reader sees; gives the links that went with it."""
    found = found or survey(tree)
    for node in found.unseen:
        if not is_gone(node):
            node.decompose()
    hidden_links: list[Link] = []
    for node in found.hidden:
        if not is_gone(node):
            hidden_links.extend(starmap(link_of, anchors_of(node)))
            node.decompose()
    tree.merge_text_nodes()  # what stood between two halves of a word is gone
    return hidden_links


def visible_text(tree: LexborHTMLParser) -> str:
    """Text of the body, a line for each text node, blanks collapsed, letters composed.

    Soft hyphens and zero-width characters are dropped. Call `drop_unseen` first.
    """
    body = tree.body
    if body is None:
        return ""
    text = body.text(separator=_BREAK, skip_empty=True, strip=True)
    if any(map(text.__contains__, _INVISIBLE)):
        text = _without_invisible(text)
    text = _plain_blanks(text)
    while _BREAK * 2 in text:
        text = text.replace(_BREAK * 2, _BREAK)
    return text.strip(f"{_BREAK} ").replace(_BREAK, "\n")


def title_of(tree: LexborHTMLParser) -> str:
    """The page's title, or an empty text."""
    node = tree.css_first("title")
    return collapse(node.text()) if node is not None else ""


def metas_of(tree: LexborHTMLParser) -> dict[str, str]:
    """`name` or `property` of each `meta` in lower case to its content; the first one counts."""
    return metas_in(node.attributes for node in tree.css("meta[content]"))


def metas_in(elements: Iterable[Mapping[str, str | None]]) -> dict[str, str]:
    """The same of the attributes of `meta` elements that are found already."""
    metas: dict[str, str] = {}
    for attributes in elements:
        name = meta_name(attributes)
        content = collapse(attributes.get("content") or "")
        if name and content:
            metas.setdefault(name, content)
    return metas


def meta_name(attributes: Mapping[str, str | None]) -> str:
    """`name` or `property` of a `meta` in lower case."""
    return (attributes.get("name") or attributes.get("property") or "").strip().lower()


def headings_of(tree: LexborHTMLParser) -> list[Heading]:
    """The `h1` and `h2` of the page in order, empty ones left out."""
    return [
        Heading(int((node.tag or "h2")[1]), text)
        for node in tree.css("h1,h2")
        if (text := collapse(node.text(separator=" ")))
    ]


def _inword_comments(source: bytes) -> list[tuple[int, int]]:
    """Where short comments stand between two characters of one word, next to an at-sign."""
    found: set[tuple[int, int]] = set()
    at = source.find(b"@")
    mark = -1  # the exclamation mark from which on comments may follow
    while at >= 0 and len(found) < _MAX_INWORD_COMMENTS:
        start = max(at - _COMMENT_REACH, 0)
        if mark < start:
            mark = source.find(b"!", start)
            if mark < 0:
                break
        if mark < at + _COMMENT_REACH:
            found.update(
                (start + match.start(), start + match.end())
                for match in _INWORD_COMMENT.finditer(source[start : at + _COMMENT_REACH])
            )
        at = source.find(b"@", at + 1)
    return sorted(found)


def _without_invisible(text: str) -> str:
    """The text without signs that nobody sees, and without the blanks that they kept at an edge."""
    for sign in _INVISIBLE:
        text = text.replace(sign, "")
    return _BREAK.join([line.strip() for line in text.split(_BREAK)])


def _plain_blanks(text: str) -> str:
    """Blanks collapsed by replacing, which on a page is ten times faster than split and join."""
    for sign in filter(text.__contains__, _OTHER_BLANKS):
        text = text.replace(sign, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    is_composed = not any(map(text.__contains__, _COMBINING))
    return text if is_composed else unicodedata.normalize("NFC", text)
