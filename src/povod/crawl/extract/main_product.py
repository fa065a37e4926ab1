"""Which of the products that a page describes is its own: the others are a list, or neighbours."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from povod.crawl.extract.document import Document
from povod.crawl.extract.microdata import Item
from povod.crawl.extract.structured import MAX_DEPTH, JsonObject, types_of
from povod.crawl.extract.values import SeenText, as_list, plain_text
from povod.kit.text import value_key

PRODUCT_TYPES = frozenset(
    {"Product", "ProductGroup", "IndividualProduct", "ProductModel", "SomeProducts"}
    | {"Vehicle", "Car", "Motorcycle"}
)
_NEIGHBOURS = frozenset(
    {"isRelatedTo", "isSimilarTo", "isAccessoryOrSparePartFor", "isConsumableFor", "itemReviewed"}
    | {"review", "reviews", "itemOffered", "isVariantOf", "hasVariant", "model", "predecessorOf"}
    | {"successorOf", "about", "mentions"}
)
_WORDS = re.compile(r"\w+")
_ALIKE, _AHEAD = 0.6, 0.15
"""How like the heading a name must be, and how much more than the next one's."""


@dataclass(frozen=True, slots=True)
class Picked:
    """The page's own product, and whether the page lists several."""

    product: JsonObject | None
    is_list: bool
    seen: int


def pick_json_ld(document: Document) -> Picked:
    """The product of the page's JSON-LD."""
    own: list[JsonObject] = []
    listed = 0
    for item, in_list in _products(document.json_ld):
        if in_list:
            listed += 1
        else:
            own.append(item)
    return _pick(own, listed, document)


def pick_microdata(document: Document) -> Picked:
    """The product of the page's microdata, as a JSON-LD object."""
    own: list[JsonObject] = []
    listed = 0
    for item in document.items:
        if not PRODUCT_TYPES & item.types or item.under in _NEIGHBOURS:
            continue
        is_own = not _in_list(item) and not document.regions.is_aside(item.node)
        listed += not is_own
        if is_own:
            own.append(json_of(item))
    return _pick(own, listed, document)


def json_of(item: Item, depth: int = 0) -> JsonObject:
    """A microdata item in the shape of JSON-LD; visible texts are marked as such."""
    found: JsonObject = {"@type": sorted(item.types)}
    for name, values in item.props.items():
        converted: list[Any] = []
        for value in values:
            if not isinstance(value, Item):
                converted.append(SeenText(value) if not _is_machine(value) else value)
            elif depth < MAX_DEPTH:
                converted.append(json_of(value, depth + 1))
        found[name] = converted[0] if len(converted) == 1 else converted
    return found


def _is_machine(value: str) -> bool:
    """Whether a number was written for machines: one point, and no group of three after it."""
    return re.fullmatch(r"\d+(?:\.\d{1,2}|\.\d{4,})?", value) is not None


def _pick(own: list[JsonObject], listed: int, document: Document) -> Picked:
    seen = len(own) + listed
    if len(own) <= 1:
        product = own[0] if own else None
        return Picked(product, product is None and listed > 1, seen)
    names = {value_key(plain_text(item.get("name")) or "") for item in own}
    if len(names) == 1:
        return Picked(_fullest(own), is_list=False, seen=seen)
    match = next((item for item in own if _is_of_page(item, document)), None)
    match = match or _by_heading(own, document)
    return Picked(match, match is None, seen)


def _fullest(products: list[JsonObject]) -> JsonObject:
    """Several objects of one product: the first that has offers, with what the others add."""
    ordered = sorted(products, key=lambda item: not item.get("offers"))
    merged: JsonObject = {}
    for item in ordered:
        merged |= {name: value for name, value in item.items() if not merged.get(name)}
    return merged


def _is_of_page(product: JsonObject, document: Document) -> bool:
    """Whether the object's address is that of the page."""
    page = _address_key(document.url)
    for name in ("url", "@id", "mainEntityOfPage"):
        for value in as_list(product.get(name), 5):
            text = value.get("@id") if isinstance(value, dict) else value
            address = document.link(text) if isinstance(text, str) else None
            if address and _address_key(address) == page and "/" in page:
                return True
    return False


def _address_key(address: str) -> str:
    plain = address.partition("#")[0].partition("?")[0].partition("://")[2]
    return unquote(plain.removeprefix("www.").rstrip("/")).casefold()


def _by_heading(products: list[JsonObject], document: Document) -> JsonObject | None:
    """The one product whose name has most words in common with the page's top heading."""
    heading = _words(document.h1) or _words(document.title)
    scores = [_likeness(_words(plain_text(item.get("name"))), heading) for item in products]
    best = max(scores)
    others = sorted(scores)[-2]
    return products[scores.index(best)] if best >= _ALIKE and best - others >= _AHEAD else None


def _likeness(first: frozenset[str], second: frozenset[str]) -> float:
    """Share of common words, from 0 to 1."""
    return len(first & second) / len(first | second) if first and second else 0.0


def _words(text: str | None) -> frozenset[str]:
    return frozenset(_WORDS.findall(value_key(text))) if text else frozenset()


def _in_list(item: Item) -> bool:
    current: Item | None = item
    while current is not None:
        if current.under in ("itemListElement", "item") or "ItemList" in current.types:
            return True
        current = current.parent
    return False


def _products(objects: list[JsonObject]) -> Iterator[tuple[JsonObject, bool]]:
    """Products with whether they stand in a list; those that only a product names are left out."""
    rest: list[tuple[Any, bool, int]] = [(item, False, 0) for item in reversed(objects)]
    while rest:
        item, in_list, depth = rest.pop()
        if depth > MAX_DEPTH:
            continue
        if isinstance(item, list):
            rest.extend((value, in_list, depth + 1) for value in reversed(item))
        elif isinstance(item, dict):
            kinds = types_of(item)
            if PRODUCT_TYPES & kinds:
                yield item, in_list
            inside = in_list or "ItemList" in kinds or "OfferCatalog" in kinds
            rest.extend(
                (value, inside or name == "itemListElement", depth + 1)
                for name, value in reversed(list(item.items()))
                if isinstance(value, dict | list) and name not in _NEIGHBOURS
            )
