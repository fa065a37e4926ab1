"""Contacts in attributes: `data-*`, `content`, `value` (L80); a `placeholder` is none."""

import re
from collections.abc import Iterator

from povod.crawl.extract.parsed import ParsedPage

_LOOK_BACK = 250
_NAME = re.compile(rb"[a-z][a-z0-9-]{0,40}$", re.IGNORECASE)
_PHONE_NAMES = ("data-phone", "data-phone-number")


def address_attributes(page: ParsedPage) -> list[str]:
    """Values of attributes with an at-sign in them, in the order of the page."""
    names = _names_before_at_signs(page.source)
    query = ",".join(f"[{name}]" for name in sorted(names))
    if not query:
        return []
    return [
        value
        for node in page.tree.css(query)
        for name, value in node.attributes.items()
        if name in names and value and "@" in value
    ]


def phone_attributes(page: ParsedPage) -> Iterator[str]:
    """Values of attributes whose name says that they hold a telephone number."""
    for node in page.marked:
        yield from (node.attributes.get(name) or "" for name in _PHONE_NAMES)
    yield from (content for name, content in page.metas.items() if "phone" in name)


def _names_before_at_signs(source: bytes) -> set[str]:
    """Names of the attributes that hold at-signs: cheaper than reading every attribute there is."""
    names: set[str] = set()
    place = source.find(b"@")
    while place >= 0:
        start = max(place - _LOOK_BACK, 0)
        quote = max(source.rfind(b'"', start, place), source.rfind(b"'", start, place))
        if quote >= 0 and source.find(b">", quote, place) < 0:
            before, sign, rest = source[max(quote - 48, 0) : quote].rpartition(b"=")
            match = _NAME.search(before.rstrip()) if sign and not rest.strip() else None
            if match is not None:
                names.add(match[0].decode().lower())
        place = source.find(b"@", place + 1)
    return {name for name in names if name in ("content", "value") or name.startswith("data-")}
