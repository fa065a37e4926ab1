"""JSON-LD and microdata of a page.

JSON-LD is read by an own pass over `<script type="application/ld+json">`: a correct script goes
through orjson, a broken one is mended first. `@graph` is kept as written, so that the list holds
what the page holds; `walk` goes down into graphs and nested objects for whoever looks for a key.
"""

import html as entities
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson
from selectolax.lexbor import LexborHTMLParser, LexborNode

from povod.crawl.extract.text import parse_html

JsonObject = dict[str, Any]

MAX_DEPTH = 40
"""Deeper nesting than this is no description of a company or a product."""

_CDATA = re.compile(r"(?://|/\*)?[ \t]*(?:<!\[CDATA\[|\]\]>)[ \t]*(?:\*/)?")
_EDGES = " \t\r\n\f\v\ufeff\xa0;"
_TOKEN = re.compile(
    r'(?P<string>")|(?P<skip>//[^\n]*|/\*.*?(?:\*/|\Z)|<!--(?:[^\n]{0,500}?-->)?|-->)|(?P<comma>,(?=\s*[}\]]))'
    r"|(?P<control>[\x00-\x08\x0b\x0c\x0e-\x1f\xa0\ufeff])",
    re.DOTALL,
)
_STRING_SIGN = re.compile(r'\\(?P<escaped>.?)|(?P<quote>")', re.DOTALL)
_AFTER_STRING = re.compile(r'\s*(?:[:}\]]|$|,\s*(?:["{\[}\]/<\-\d]|true|false|null|$))')
_GAP = re.compile(r"[\s,;]*")
_NESTING = (dict, list)
_DECODER = json.JSONDecoder(strict=False)


class Property(NamedTuple):
    """One `itemprop` of a page's microdata."""

    name: str
    value: str


def json_ld(html: str | bytes) -> list[JsonObject]:
    """All JSON-LD objects of the page in order; a script that cannot be mended is left out.

    A script that holds a list gives its members; an object with `@graph` stays one object.
    """
    return json_ld_of(parse_html(html))


def json_ld_of(tree: LexborHTMLParser) -> list[JsonObject]:
    """The same for a page that is parsed already."""
    return json_ld_in(tree.css('script[type*="ld+json" i]'))


def json_ld_in(scripts: Iterable[LexborNode]) -> list[JsonObject]:
    """The same for scripts that are found already."""
    found: list[JsonObject] = []
    for node in scripts:
        found.extend(_objects(node.text()))
    return found


def walk(objects: list[JsonObject]) -> Iterator[JsonObject]:
    """Every object within the given ones, outer before inner, in the order of the page."""
    rest: list[tuple[Any, int]] = [(item, 0) for item in reversed(objects)]
    while rest:
        item, depth = rest.pop()
        if isinstance(item, dict):
            yield item
        inner = item.values() if isinstance(item, dict) else item
        if depth < MAX_DEPTH:
            rest.extend(
                (value, depth + 1) for value in reversed(list(inner)) if isinstance(value, _NESTING)
            )


def types_of(item: JsonObject) -> set[str]:
    """The `@type` names of an object, without a vocabulary's address before them."""
    kinds = item.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return {re.split(r"[/#:]", name)[-1] for name in names if isinstance(name, str)}


def texts_of(value: Any) -> list[str]:
    """The texts of a JSON-LD value, which may be a text, a number, `@value` or a list of these."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int):
        return [str(value)]
    if isinstance(value, list):
        return [
            text for item in value[:50] if not isinstance(item, list) for text in texts_of(item)
        ]
    if isinstance(value, dict) and isinstance(value.get("@value"), str):
        return [value["@value"]]
    return []


def microdata_of(tree: LexborHTMLParser) -> list[Property]:
    """All `itemprop` values of the page, hidden ones too: many sites hide the whole block."""
    return microdata_in(tree.css("[itemprop]"))


def microdata_in(nodes: Iterable[LexborNode]) -> list[Property]:
    """The values of elements with `itemprop` that are found already."""
    return [
        Property(name.lower(), value)
        for node in nodes
        if (value := _property_value(node))
        for name in (node.attributes.get("itemprop") or "").split()
    ]


def _property_value(node: LexborNode) -> str:
    attributes = node.attributes
    for name in ("content", "href", "src", "datetime"):
        if value := attributes.get(name):
            return value.strip()
    if "itemscope" in attributes:
        return ""
    return " ".join(node.text().split())


def _objects(script: str) -> list[JsonObject]:
    parsed = _parse(script)
    items = parsed if isinstance(parsed, list) else [parsed]
    return [item for item in items if isinstance(item, dict)]


def _parse(script: str) -> Any:
    try:
        return orjson.loads(script)
    except ValueError:
        pass
    for text in _readings(script):
        if values := _read_all(text):
            return values
    return None


def _readings(script: str) -> Iterator[str]:
    """Ever freer readings of a script that is no JSON as it stands."""
    text = _CDATA.sub("", script).strip(_EDGES)
    if text.startswith(("{&quot;", "[{&quot;")):
        text = entities.unescape(text)
    yield text
    yield mend(text)
    # a comment around the whole hid it from old browsers
    yield mend(text.removeprefix("<!--").removesuffix("-->"))


def _read_all(text: str) -> list[Any]:
    """One JSON value, or several one after another, as some templates print them.

    What stands before a stray bracket or an unfinished second value is still good.
    """
    values: list[Any] = []
    position = 0
    try:
        while position < len(text):
            value, position = _DECODER.raw_decode(text, position)
            values.extend(value if isinstance(value, list) else [value])
            gap = _GAP.match(text, position)
            position = gap.end() if gap else position
    except (ValueError, RecursionError):
        pass
    return [value for value in values if isinstance(value, dict)]


def mend(text: str) -> str:
    """The script without comments, trailing commas and control characters, its strings closed.

    Inside a string nothing is dropped: a quotation mark that cannot end it (`"ООО "Ромашка""`)
    and a backslash that begins no escape become text. Time is linear in the length.
    """
    parts: list[str] = []
    position = 0
    while match := _TOKEN.search(text, position):
        parts.append(text[position : match.start()])
        if match["string"]:
            string, position = _mended_string(text, match.end())
            parts.append(string)
        else:
            parts.append(" " if match["control"] else "")
            position = match.end()
    parts.append(text[position:])
    return "".join(parts).strip(_EDGES)


def _mended_string(text: str, start: int) -> tuple[str, int]:
    """The JSON string that begins after the quotation mark before `start`, and where it ends."""
    parts = ['"']
    position = start
    for match in _STRING_SIGN.finditer(text, start):
        parts.append(text[position : match.start()])
        position = match.end()
        escaped = match["escaped"]
        if match["quote"] is None:
            parts.append(f"\\{escaped}" if escaped and escaped in '"\\/bfnrtu' else escaped or "")
        elif _AFTER_STRING.match(text, position):
            return "".join([*parts, '"']), position
        else:
            parts.append('\\"')
    return "".join([*parts, text[position:], '"']), len(text)
