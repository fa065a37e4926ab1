"""A page parsed once, in the state in which contacts, requisites and facts are read from it."""

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import filterfalse, starmap
from typing import TypeVar

from selectolax.lexbor import LexborNode

from povod.crawl.extract.structured import JsonObject, Property, json_ld_in, microdata_in
from povod.crawl.extract.survey import is_gone, survey
from povod.crawl.extract.text import (
    Heading,
    Link,
    anchors_of,
    drop_unseen,
    headings_of,
    link_of,
    meta_name,
    metas_in,
    pointing,
    source_of,
    title_of,
    tree_of,
    visible_text,
)
from povod.kit.errors import InvalidUrl
from povod.kit.url import host_of, registrable_domain

T = TypeVar("T")

_MARKS = re.compile(rb"data-(?:cfemail|phone)")
_MARKED = "[data-cfemail],[data-phone],[data-phone-number]"


class ParsedPage:
    """One page and its parts, each read when it is first asked for.

    What stands in hidden elements is read at once, then these leave the tree.
    """

    def __init__(self, html: str | bytes, url: str) -> None:
        self.url = url
        self.host = _host(url)
        """Host of the page's address; empty when the address is none."""
        self.own_domain = registrable_domain(self.host)
        """The registered domain of the site, or None when its address is strange."""
        self.source = source_of(html)
        self.tree = tree_of(self.source)
        found = survey(self.tree)
        self.json_ld: list[JsonObject] = json_ld_in(found.scripts)
        self.microdata: list[Property] = microdata_in(found.properties)
        self.hidden_links: list[Link] = drop_unseen(self.tree, found)
        self._found = found
        self.text = visible_text(self.tree)
        self.marked = self.tree.css(_MARKED) if _MARKS.search(self.source) else []
        """Elements whose attributes say that they hold a contact."""
        self._places: dict[str, int] = {}

    def place(self, words: str) -> int:
        """Where the words first stand in the text, or -1; several sources ask for the same."""
        known = self._places.get(words)
        return self._places.setdefault(words, self.text.find(words)) if known is None else known

    @cached_property
    def title(self) -> str:
        """The page's title, or an empty text."""
        return title_of(self.tree)

    @cached_property
    def metas(self) -> dict[str, str]:
        """Contents of the `meta` elements by lower-case name."""
        return metas_in(attributes for attributes, _ in _still_there(self._found.metas))

    def metas_named(self, part: str) -> dict[str, str]:
        """Those of the `meta` elements that have this in their name; the others are not read."""
        metas = _still_there(self._found.metas)
        return metas_in(attributes for attributes, _ in metas if part in meta_name(attributes))

    @property
    def pointers(self) -> list[tuple[str, LexborNode]]:
        """Address and node of the links a reader sees that may lead out of the site."""
        return pointing(_still_there(self._found.pointers))

    @property
    def reversed(self) -> list[LexborNode]:
        """Elements whose text is shown from right to left."""
        return list(filterfalse(is_gone, self._found.reversed))

    @property
    def description(self) -> str:
        """The `meta` description, or an empty text."""
        return self.metas.get("description", "")

    @property
    def canonical(self) -> str | None:
        """Address of `link rel=canonical` as written."""
        node = self.tree.css_first('link[rel="canonical" i][href]')
        return (node.attributes.get("href") or "").strip() or None if node is not None else None

    @cached_property
    def headings(self) -> list[Heading]:
        """The `h1` and `h2` in order."""
        return headings_of(self.tree)

    @cached_property
    def links(self) -> list[Link]:
        """All links a reader sees, with their texts."""
        return list(starmap(link_of, anchors_of(self.tree)))


def _still_there(pairs: list[tuple[T, LexborNode]]) -> Iterator[tuple[T, LexborNode]]:
    return (pair for pair in pairs if not is_gone(pair[1]))


@lru_cache(maxsize=1024)
def _host(url: str) -> str:
    try:
        return host_of(url)
    except InvalidUrl:
        return ""
