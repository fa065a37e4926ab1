"""Contacts in attributes: `data-*`, `content`, `value` (L80); a `placeholder` is none."""

from collections.abc import Iterator

from povod.crawl.extract.parsed import ParsedPage

_LOOK_BACK = 250
_MAX_NAME = 41
_NAME_SIGNS = bytes(range(0x61, 0x7B)) + bytes(range(0x41, 0x5B)) + b"0123456789-"
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
    yield from page.metas_named("phone").values()


def _names_before_at_signs(source: bytes) -> set[str]:
    """Names of the attributes that hold at-signs: cheaper than reading every attribute there is."""
    names: set[str] = set()
    place = source.find(b"@")
    while place >= 0:
        start = max(place - _LOOK_BACK, 0)
        quote = max(source.rfind(b'"', start, place), source.rfind(b"'", start, place))
        # nothing begins with an at-sign but the keys of JSON-LD and the names of accounts
        if 0 <= quote < place - 1 and source.find(b">", quote, place) < 0:
            before = source[max(quote - 48, 0) : quote].rstrip()
            if before.endswith(b"="):
                names.add(_last_name(before[:-1].rstrip()))
        place = source.find(b"@", place + 1)
    return {name for name in names if name in ("content", "value") or name.startswith("data-")}


def _last_name(text: bytes) -> str:
    """The name that ends the text, in lower case; empty when none does."""
    signs = text[len(text.rstrip(_NAME_SIGNS)) :]
    return signs[-_MAX_NAME:].lstrip(b"0123456789-").decode().lower()
