"""A guard for the HTML parser, whose time grows with the square of the depth of the tree.

Fifty thousand `<div>` within one another, a quarter of a megabyte, would cost half a minute.
"""

import re

MAX_DEPTH = 3000
"""Pages made by people and their tools stay below a few hundred."""

_SMALL = 64_000  # bytes; what a smaller page can cost is bearable
_TAG = re.compile(rb"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_UNNESTED = frozenset(
    b"area base br col embed hr img input link meta param source track wbr li p td th tr option"
    b" optgroup dt dd rp rt thead tbody tfoot colgroup html head body path use circle rect".split()
)
"""Elements that hold nothing or are closed by the next of their kind."""


def without_abyss(source: bytes) -> bytes:
    """The page, cut where its elements stand more than `MAX_DEPTH` deep."""
    if len(source) < _SMALL:
        return source
    tags = source.count(b"<")  # one sign is counted in a third of the time of two
    if tags < MAX_DEPTH or tags - 2 * source.count(b"</") < MAX_DEPTH:
        return source
    depth = 0
    for tag in _TAG.finditer(source):
        if tag[2].lower() in _UNNESTED:
            continue
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        if depth > MAX_DEPTH:
            return source[: tag.start()]
    return source
