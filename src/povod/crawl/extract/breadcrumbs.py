"""The trail of a page: names and addresses from the home page down.

Structured trails are read first. Else the trail's element is found with the fast parser and only
that piece of the page goes through `zyte-parsers`, which knows how trails are built.
"""

import re

import zyte_parsers
from lxml import html as lxml_html  # type: ignore[import-untyped]
from lxml.etree import ParserError  # type: ignore[import-untyped]
from selectolax.lexbor import LexborNode

from povod.crawl.extract.document import Document
from povod.crawl.extract.microdata import Item
from povod.crawl.extract.product_model import Crumb
from povod.crawl.extract.selecting import select
from povod.crawl.extract.structured import JsonObject, types_of, walk
from povod.crawl.extract.values import as_list, plain_text
from povod.kit.text import collapse

_MAX_CRUMBS = 30
_MAX_TRAIL_BYTES = 30_000
_DOCUMENT = re.compile(r"<(?:html|body)[\s>]", re.IGNORECASE)
_SEPARATORS = " /\\|>»›→•·—–-:.\u00a0"
_FINAL_SEPARATOR = re.compile(r"\s+[/\\|>»›→•·—–:.-]+\s*$")
_NOT_PLAIN = (
    "button,[itemtype],[title],li ul,li ol,li li,select,svg,[class*=drop i],[class*=menu i]"
)
_TRAIL_QUERIES = (
    '[class*="breadcrumb" i],[id*="breadcrumb" i],[aria-label*="breadcrumb" i]'
    ',[class*="bread-crumb" i],[class*="kroshki" i],[class*="crumbs" i]',
    '[class*="path" i]:has(a + a),[id*="path" i]:has(a + a)',
)


def extract_breadcrumbs(html: str | bytes, url: str) -> list[Crumb]:
    """Names and absolute addresses in order, separators dropped.

    Without an `html` or `body` tag the whole input is the trail.
    """
    text = html if isinstance(html, str) else html.decode("utf-8", "replace")
    if not _DOCUMENT.search(text):
        return _read_trail(text, url)
    return breadcrumbs_of(Document(html, url))


def breadcrumbs_of(document: Document) -> list[Crumb]:
    """The same for a page that is parsed already."""
    return (
        _of_json_ld(document.json_ld, document)
        or _of_microdata(document.items, document)
        or _of_markup(document)
    )


def _of_json_ld(objects: list[JsonObject], document: Document) -> list[Crumb]:
    trails = (
        _members(item.get("itemListElement"), document)
        for item in walk(objects)
        if "BreadcrumbList" in types_of(item)
    )
    return max(trails, key=len, default=[])


def _members(value: object, document: Document) -> list[Crumb]:
    entries = [item for item in as_list(value, _MAX_CRUMBS) if isinstance(item, dict)]
    entries.sort(key=_position)
    crumbs = []
    for entry in entries:
        target = entry.get("item")
        inner = target if isinstance(target, dict) else {}
        name = plain_text(entry.get("name")) or plain_text(inner.get("name"))
        address = inner.get("@id") or inner.get("url") or (target if target is not inner else None)
        if name:
            crumbs.append((name, document.link(plain_text(address or entry.get("url")))))
    return crumbs


def _position(entry: JsonObject) -> float:
    try:
        return float(plain_text(entry.get("position")) or 0)
    except ValueError:
        return 0.0


def _of_microdata(items: list[Item], document: Document) -> list[Crumb]:
    for item in items:
        if "BreadcrumbList" in item.types:
            crumbs = [_crumb_of(entry, document) for entry in item.items("itemListElement")]
            if named := [crumb for crumb in crumbs if crumb[0]]:
                return named[:_MAX_CRUMBS]
    return []


def _crumb_of(entry: Item, document: Document) -> Crumb:
    inner = next(iter(entry.items("item")), entry)
    name = entry.text("name") or inner.text("name") or ""
    link = entry.node.css_first("a[href],link[href]")
    href = link.attributes.get("href") if link is not None else inner.text("url", "item")
    if not name and link is not None:
        name = collapse(link.text(separator=" "))
    return name, document.link(href)


def _of_markup(document: Document) -> list[Crumb]:
    for query in _TRAIL_QUERIES:
        for node in select(document.tree, query, 5):
            if node.tag in ("html", "body", "head", "a", "style", "script", "link"):
                continue
            piece = node.html or ""
            if len(piece) < _MAX_TRAIL_BYTES and (crumbs := _read_node(node, piece, document)):
                return crumbs
    return []


def _read_node(node: LexborNode, piece: str, document: Document) -> list[Crumb]:
    if node.css_first("a") is None:
        return []
    crumbs = _read_plain(node, document) or _read_trail(piece, document.base)
    return crumbs if 0 < len(crumbs) <= _MAX_CRUMBS else []


def _read_plain(node: LexborNode, document: Document) -> list[Crumb]:
    """A trail of links and perhaps one text after them, which most are; else nothing.

    It costs a tenth of the careful reading.
    """
    if node.css_first(_NOT_PLAIN) is not None:
        return []
    links = node.css("a[href]")
    crumbs = [(collapse(link.text(separator=" ")), document.link(_href(link))) for link in links]
    text = collapse(node.text(separator=" "))
    between = text
    for name, address in crumbs:
        if not (name and address and name in between):
            return []
        before, _, between = between.partition(name)
        if before.strip(_SEPARATORS):
            return []
    last = _FINAL_SEPARATOR.sub("", between.lstrip(_SEPARATORS))
    addresses = [address for _, address in crumbs]
    if len(set(addresses)) < len(addresses):
        return []
    return [*crumbs, (last, None)] if last else crumbs


def _href(link: LexborNode) -> str:
    href = link.attributes.get("href") or ""
    return "" if href.strip().startswith(("#", "javascript:")) else href


def _read_trail(piece: str, base: str) -> list[Crumb]:
    """The trail that a piece of a page is."""
    try:
        node = lxml_html.fromstring(piece)
    except (ParserError, ValueError):
        return []
    found = zyte_parsers.extract_breadcrumbs(node, base_url=base) or ()
    return [(crumb.name or "", crumb.url) for crumb in found]
