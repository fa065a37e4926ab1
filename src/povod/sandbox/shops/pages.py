"""Which page of a shop answers to a path: products, shelves, data of engines, pictures, maps."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import orjson

from povod.sandbox.answers import Answer
from povod.sandbox.shops.changes import Changes
from povod.sandbox.shops.chrome import PER_PAGE, categories_of
from povod.sandbox.shops.layouts import LAYOUTS, Layout
from povod.sandbox.shops.layouts.spa import rendered
from povod.sandbox.shops.listing import (
    catalogue_page,
    home_page,
    not_found_page,
    page_count,
    shelf_page,
)
from povod.sandbox.shops.maps import map_answer, robots_answer
from povod.sandbox.shops.model import Category, Product
from povod.sandbox.shops.odd_maps import odd_map

_NUMBER = re.compile(r"[-=](\d+)(?:\.html)?/?$")
_PIXEL = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
)


@dataclass(frozen=True)
class Asked:
    """A request as the pages see it."""

    path: str
    query: str = ""
    via: str = ""

    @property
    def whole(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path


def page_of(changes: Changes, asked: Asked) -> Answer:
    """The page, map or data at a path; a 404 page for everything else."""
    path = asked.path
    if path == "/robots.txt":
        return robots_answer(changes)
    if path.startswith("/maps/"):
        count = parse_qs(asked.query).get("n", [""])[0]
        return odd_map(changes, path.removeprefix("/maps/"), count) or _missing(changes)
    if path.startswith("/upload/img/"):
        return Answer(200, _PIXEL, {"Content-Type": "image/gif"})
    return (
        map_answer(changes, path)
        or _data(changes, asked)
        or _listing(changes, asked)
        or _product(changes, asked)
        or _missing(changes)
    )


def _product(changes: Changes, asked: Asked) -> Answer | None:
    number = _NUMBER.search(asked.path) or _NUMBER.search(asked.whole)
    product = changes.product(int(number[1])) if number else None
    if product is None:
        return None
    shop = changes.shop
    layout = LAYOUTS[shop.layout]
    path = layout.path(shop, product)
    if path not in {asked.path, asked.whole}:
        return None
    render = rendered if layout.name == "spa" and asked.via else layout.render
    return _html(changes, render(shop, product, path), layout.media_type)


def _data(changes: Changes, asked: Asked) -> Answer | None:
    """The engine's JSON about one product, if the path is one of its data paths."""
    layout = LAYOUTS[changes.shop.layout]
    for pattern, make in _data_patterns(layout):
        found = pattern.fullmatch(asked.whole)
        product = changes.product(int(found[1])) if found else None
        if product is not None:
            body = orjson.dumps(make(changes.shop, product))
            return Answer(200, body, {"Content-Type": "application/json; charset=utf-8"})
    return None


@cache
def _layout_patterns(name: str) -> list[tuple[re.Pattern[str], Any]]:
    shapes = {"{index}": r"(\d+)", "{slug}": r"[a-z0-9-]+-(\d+)"}
    made = []
    for template, make in LAYOUTS[name].data.items():
        text = re.escape(template)
        for mark, group in shapes.items():
            text = text.replace(re.escape(mark), group)
        made.append((re.compile(text), make))
    return made


def _data_patterns(layout: Layout) -> list[tuple[re.Pattern[str], Any]]:
    return _layout_patterns(layout.name)


def _listing(changes: Changes, asked: Asked) -> Answer | None:
    shop = changes.shop
    if asked.path == "/":
        return _html(changes, home_page(shop))
    if asked.path == "/catalog/":
        return _html(changes, catalogue_page(shop))
    for place, category in enumerate(categories_of(shop)):
        if asked.path == f"/catalog/{category.slug}/":
            return _shelf(changes, category, place, asked.query)
    return None


def _shelf(changes: Changes, category: Category, place: int, query: str) -> Answer:
    shop, layout = changes.shop, LAYOUTS[changes.shop.layout]
    step = len(categories_of(shop))
    pages = page_count(len(range(place, changes.total, step)))
    asked = parse_qs(query).get("page", ["1"])[0]
    page = int(asked) if asked.isdigit() else 1
    if not 1 <= page <= pages:
        return _missing(changes)
    first = place + (page - 1) * PER_PAGE * step
    numbers = range(first, min(first + PER_PAGE * step, changes.total), step)
    shown: list[tuple[Product, str]] = []
    for index in numbers:
        product = changes.product(index)
        if product is not None:
            shown.append((product, layout.path(shop, product)))
    return _html(changes, shelf_page(shop, category, page, pages, shown))


def _missing(changes: Changes) -> Answer:
    answer = _html(changes, not_found_page(changes.shop))
    answer.status = 404
    return answer


def _html(changes: Changes, text: str, media_type: str = "text/html") -> Answer:
    shop = changes.shop
    declared = shop.header_charset
    kind = f"{media_type}; charset={declared}" if declared else media_type
    body = text.encode(shop.charset, "xmlcharrefreplace")
    return Answer(200, body, {"Content-Type": kind, **LAYOUTS[shop.layout].headers})
