"""A page of a site parsed once; every part is read when it is first asked for (S85)."""

from functools import cached_property, lru_cache

from selectolax.lexbor import LexborNode

from povod.crawl.extract.microdata import Item, items_of
from povod.crawl.extract.regions import Regions
from povod.crawl.extract.structured import JsonObject, json_ld_of
from povod.crawl.extract.text import metas_of, source_of, tree_of
from povod.kit.errors import InvalidUrl
from povod.kit.text import collapse
from povod.kit.url import host_of, parse_url

_INNER_BREAK = "br,div,p,small,li"


class Document:
    """The tree of one page with its structured data. Nothing here changes the tree."""

    def __init__(self, html: str | bytes, url: str) -> None:
        self.url = url
        self.source = source_of(html)
        self.tree = tree_of(self.source)
        self.regions = Regions(self.tree)

    @cached_property
    def host(self) -> str:
        """Host of the page; empty when the address is none."""
        return _host(self.url)

    @cached_property
    def base(self) -> str:
        """The address that links are seen from."""
        node = self.tree.css_first("base[href]")
        href = (node.attributes.get("href") or "") if node is not None else ""
        return resolved(href, self.url) or self.url

    @cached_property
    def metas(self) -> dict[str, str]:
        """Contents of the `meta` elements by lower-case name."""
        return metas_of(self.tree)

    @cached_property
    def json_ld(self) -> list[JsonObject]:
        """The JSON-LD objects of the page."""
        return json_ld_of(self.tree)

    @cached_property
    def items(self) -> list[Item]:
        """The microdata items of the page."""
        return items_of(self.tree)

    @cached_property
    def title(self) -> str | None:
        """The page's title."""
        nodes = (
            node
            for node in self.tree.css("title")
            if node.parent is None or node.parent.tag != "svg"
        )
        node = next(nodes, None)
        return collapse(node.text()) or None if node is not None else None

    @cached_property
    def h1s(self) -> list[str]:
        """Texts of the top headings, empty ones left out."""
        return [text for node in self.tree.css("h1") if (text := text_of(node))]

    @property
    def h1(self) -> str | None:
        """The first top heading."""
        return self.h1s[0] if self.h1s else None

    @cached_property
    def body_text(self) -> str:
        """Text of the body, scripts too, a line for each node or more."""
        body = self.tree.body
        return body.text(separator="\n", strip=True) if body is not None else ""

    def link(self, href: str | None) -> str | None:
        """The absolute address of a link of this page, or None when it leads nowhere."""
        return resolved(href, self.base)


def text_of(node: LexborNode) -> str:
    """Text of a node on one line; words on both sides of a line break stay apart."""
    child = node.first_child
    is_plain = child is not None and child.tag == "-text" and child.next is None
    if not is_plain and node.css_first(_INNER_BREAK) is not None:
        return collapse(node.text(separator=" "))
    return collapse(node.text())


def resolved(href: str | None, base: str) -> str | None:
    """An address seen from `base`: a full one as it is written, others joined; http(s) only."""
    text = (href or "").strip()
    if not text:
        return None
    if text.lower().startswith(("http://", "https://")) and not any(map(str.isspace, text)):
        return text
    try:
        address = parse_url(text, base)
    except InvalidUrl:
        return None
    return address if address.startswith(("http://", "https://")) else None


@lru_cache(maxsize=1024)
def _host(url: str) -> str:
    try:
        return host_of(url)
    except InvalidUrl:
        return ""
