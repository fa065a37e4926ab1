"""Nodes that CSS finds, each once: the parser gives a node for every part of a list it matches."""

from selectolax.lexbor import LexborHTMLParser, LexborNode


def select(
    root: LexborHTMLParser | LexborNode, query: str, limit: int = 10_000
) -> list[LexborNode]:
    """The first `limit` nodes that match, in the order of the page."""
    seen: set[int] = set()
    found: list[LexborNode] = []
    for node in root.css(query):
        if node.mem_id not in seen:
            seen.add(node.mem_id)
            found.append(node)
            if len(found) >= limit:
                break
    return found
