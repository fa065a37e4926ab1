"""Microdata of a page as items within items, and Open Graph, from the parsed tree.

An own pass: each node with `itemprop` or `itemscope` finds its item by going up once, so that the
time grows with the number of such nodes. Property values follow the HTML standard.
"""

from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from povod.crawl.extract.selecting import select

MAX_NODES = 20_000
"""Nodes of microdata read from one page."""

_MAX_CLIMB = 200
_VALUE_OF_TAG = {
    "a": "href", "area": "href", "link": "href", "audio": "src", "embed": "src", "iframe": "src",
    "img": "src", "source": "src", "track": "src", "video": "src", "object": "data",
    "data": "value", "meter": "value", "time": "datetime", "meta": "content",
}  # fmt: skip
_LINKS = frozenset({"href", "src", "data"})
_TYPES_WITH_LINK_VALUES = frozenset({"availability", "itemcondition", "image", "url"})


@dataclass(slots=True)
class Item:
    """One `itemscope`: its types, properties in the order of the page, and its node."""

    types: frozenset[str]
    node: LexborNode
    parent: "Item | None" = None
    under: str = ""
    props: dict[str, list["str | Item"]] = field(default_factory=dict)

    def text(self, *names: str) -> str | None:
        """The first text among these properties."""
        return next((value for name in names for value in self.texts(name)), None)

    def texts(self, name: str) -> list[str]:
        """All texts of a property; of an item within it, its name."""
        found = []
        for value in self.props.get(name, ()):
            text = value if isinstance(value, str) else value.text("name", "url")
            if text:
                found.append(text)
        return found

    def items(self, *names: str) -> list["Item"]:
        """The items that stand under these properties."""
        return [
            value
            for name in names
            for value in self.props.get(name, ())
            if not isinstance(value, str)
        ]


def items_of(tree: LexborHTMLParser) -> list[Item]:
    """All items of the page in its order, outer before inner."""
    items: dict[int, Item] = {}
    found: list[Item] = []
    for node in select(tree, "[itemscope],[itemprop]", MAX_NODES):
        attributes = node.attributes
        names = (attributes.get("itemprop") or "").split()
        owner = _owner(node, items) if found else None
        value: str | Item
        if "itemscope" in attributes:
            value = items[node.mem_id] = Item(_types(attributes.get("itemtype")), node, owner)
            value.under = names[0] if names else ""
            found.append(value)
        elif names and owner is not None:
            value = _value(node, names, attributes)
        else:
            continue
        if owner is not None:
            for name in names:
                owner.props.setdefault(name, []).append(value)
    return found


def open_graph_of(metas: dict[str, str]) -> dict[str, str]:
    """The `og:` and `product:` properties among the `meta` elements of a page."""
    return {
        name: content for name, content in metas.items() if name.startswith(("og:", "product:"))
    }


def _types(itemtype: str | None) -> frozenset[str]:
    return frozenset(name.rstrip("/#").rpartition("/")[2] for name in (itemtype or "").split())


def _owner(node: LexborNode, items: dict[int, Item]) -> Item | None:
    parent = node.parent
    for _ in range(_MAX_CLIMB):
        if parent is None:
            return None
        if item := items.get(parent.mem_id):
            return item
        parent = parent.parent
    return None


def _value(node: LexborNode, names: list[str], attributes: dict[str, str | None]) -> str:
    """The value of a property: `content` first, as search engines read it."""
    content = attributes.get("content")
    if content is not None and content.strip():
        return content.strip()
    attribute = _VALUE_OF_TAG.get(node.tag or "")
    if attribute is not None:
        value = (attributes.get(attribute) or "").strip()
        is_text_wanted = attribute in _LINKS and not _TYPES_WITH_LINK_VALUES.intersection(names)
        if value and not (is_text_wanted and node.tag == "a"):
            return value
        if node.tag in ("meta", "img", "link"):
            return value
    return " ".join(node.text(separator=" ").split())
