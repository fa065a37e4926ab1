"""One walk over a page's tree for all elements that contacts are read from.

Every walk costs as much as a tenth of the parse, so the questions of several readers are asked at
once and the answers sorted here.
"""

from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from povod.crawl.extract.hidden import is_hidden

Attributes = dict[str, str | None]

UNSEEN_TAGS = ("script", "style", "template", "noscript", "iframe", "wbr")
"""Elements that leave the tree before the text is read; without `wbr` a word is whole again."""

_ASKED = ",".join(
    (
        *UNSEEN_TAGS, "meta[content]", "bdo", "[itemprop]",
        "[style]", "[hidden]", "[aria-hidden]",
        'a:is([href*=":"],[href^="//"],[href*="/cdn-cgi/"])',
    )
)  # fmt: skip


class Survey(NamedTuple):
    """The elements by what they are, each kind in the order of the page.

    A `meta` comes with its attributes, a `pointer`, which may lead out of the site, with its
    address as written.
    """

    unseen: list[LexborNode]
    scripts: list[LexborNode]
    metas: list[tuple[Attributes, LexborNode]]
    properties: list[LexborNode]
    hidden: list[LexborNode]
    reversed: list[LexborNode]
    pointers: list[tuple[str, LexborNode]]


def survey(tree: LexborHTMLParser) -> Survey:
    """Ask once for everything, and read the attributes of every element once."""
    found = Survey([], [], [], [], [], [], [])
    # an element comes once for every part of the question that it answers
    for node in {node.mem_id: node for node in tree.css(_ASKED)}.values():
        tag, attributes = node.tag, node.attributes
        if "itemprop" in attributes:
            found.properties.append(node)
        if tag in UNSEEN_TAGS:
            found.unseen.append(node)
            if "ld+json" in (attributes.get("type") or "").lower():
                found.scripts.append(node)
            continue
        if tag == "a":
            found.pointers.append((attributes.get("href") or "", node))
        elif tag == "meta":
            found.metas.append((attributes, node))
        if is_hidden(attributes) and tag not in ("html", "body"):
            found.hidden.append(node)
        if (tag == "bdo" or "style" in attributes) and is_reversed(tag, attributes):
            found.reversed.append(node)
    return found


def is_reversed(tag: str | None, attributes: Attributes) -> bool:
    """Whether the element says that its text runs from right to left."""
    if tag == "bdo" and (attributes.get("dir") or "").lower() == "rtl":
        return True
    return "rtl" in (attributes.get("style") or "").lower()


def is_gone(node: LexborNode) -> bool:
    """Whether the element has left the tree, alone or with one around it."""
    return node.parent is None
