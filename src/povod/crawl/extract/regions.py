"""Which parts of a page belong to its product, and which to menus, baskets and other products."""

import re
from functools import cached_property

from selectolax.lexbor import LexborHTMLParser, LexborNode

_MAX_CLIMB = 100
_ASIDE_TAGS = frozenset({"nav", "footer", "aside", "noscript", "template", "head"})
_ASIDE = re.compile(
    r"related|similar|recommend|up-?sell|cross-?sell|viewed|recent|also[-_]|[-_]also|together"
    r"|accessor|analog|best-?sell|popular|novelt|you-?may|pohozh|pohoj|soput|vmeste"
    r"|mini-?cart|mini-?basket|(?:header|top|small|side)[-_]?(?:cart|basket)|basket-?(?:line|small)"
    r"|(?:cart|basket)[-_](?:items|list|popup|drawer|sidebar|total)|wishlist|favou?rite"
    r"|delivery|shipping|dostavk|bonus|cashback|credit|rassroch|installment|kredit"
    r"|filter|facet|mega-?menu|breadcrumb|footer|sidebar|banner|comments|reviews?-list"
    r"|(?:other|more|product|products|catalog|item|items|goods)[-_]?(?:list|slider|carousel)\b"
    r"|(?:list|slider|carousel)[-_]products?",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"похож|с\s+этим\s+товаром|рекоменд|сопутств|вместе\s+с|вы\s+(?:смотрели|недавно)|аналог"
    r"|вам\s+(?:может|также)\s+понрав|также\s+покупают|просмотренн|друг\w+\s+товар"
    r"|you\s+may\s+also|related|similar|customers\s+also|recently\s+viewed",
    re.IGNORECASE,
)


class Regions:
    """Answers for nodes of one tree, remembered by node.

    What holds the top heading is never aside, whatever its class says: `layout-with-sidebar`.
    """

    def __init__(self, tree: LexborHTMLParser) -> None:
        self._tree = tree
        self._known: dict[int, bool] = {}

    @cached_property
    def spine(self) -> frozenset[int]:
        """The top heading and all that it stands in."""
        path: list[int] = []
        node = self._tree.css_first("h1")
        while node is not None and len(path) < _MAX_CLIMB:
            path.append(node.mem_id)
            node = node.parent
        return frozenset(path)

    def is_aside(self, node: LexborNode) -> bool:
        """Whether the node stands in a part that is not about the page's own product."""
        path: list[int] = []
        answer = False
        current: LexborNode | None = node
        while current is not None and len(path) < _MAX_CLIMB:
            key = current.mem_id
            if key in self.spine:
                break
            if (known := self._known.get(key)) is not None:
                answer = known
                break
            path.append(key)
            if _says_aside(current):
                answer = True
                break
            current = current.parent
        for key in path:
            self._known[key] = answer
        return answer


def is_aside_heading(text: str) -> bool:
    """Whether a heading announces other products."""
    return len(text) < 80 and _HEADING.search(text) is not None


def _says_aside(node: LexborNode) -> bool:
    if node.tag in _ASIDE_TAGS:
        return True
    attributes = node.attributes
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    return len(names) > 1 and _ASIDE.search(names) is not None
