"""A JSON answer instead of a page, read by the JSONPath expressions of the site's profile (S96).

`parsing` is `{type: "json_api", root: "$.product", fields: {name: "$.title", …},
variants: {root: "$.offers[*]", fields: {id, sku, url, price, stock, in_stock}, attributes: {…}}}`;
paths of fields are seen from their root.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonpath

from povod.crawl.cms.base import Reading, SiteAdapter, site_adapter
from povod.crawl.cms.common import parsed_json, price_of, true_of
from povod.crawl.extract.availability import (
    Availability,
    accepted_stock,
    availability_of_schema,
    availability_of_text,
)
from povod.crawl.extract.currency import iso_of
from povod.crawl.extract.document import Document
from povod.crawl.extract.product_model import FIELDS, MAX_VARIANTS, Layer, Variant
from povod.crawl.extract.values import (
    as_list,
    code_of,
    count_of,
    decimal_of,
    gtin_of,
    plain_text,
    text_digest,
)
from povod.crawl.site_profile import SiteProfile


@site_adapter
class JsonApi(SiteAdapter):
    """Sites whose addresses answer with JSON."""

    name = "json_api"

    def read(self, document: Document, profile: SiteProfile) -> Reading:
        """The product at the root of the answer."""
        data = parsed_json(document.source)
        parsing = profile.parsing
        root = _first(str(parsing.get("root") or "$"), data) if data is not None else None
        if root is None:
            return Reading()
        layer = Layer("cms:json_api")
        for name, path in _mapping(parsing.get("fields")).items():
            if name in FIELDS:
                _put(layer, name, _all(str(path), root), document)
        layer.variants = _variants(_mapping(parsing.get("variants")), root, document)
        return Reading(layer, is_product="name" in layer.fields or "price" in layer.fields)


def _put(layer: Layer, name: str, values: list[Any], document: Document) -> None:
    value = values[0] if values else None
    if name in ("price", "price_max", "price_old"):
        amount = price_of(value)
        layer.put(name, amount)
        if value is not None and amount is None:
            layer.warnings.append(f"{name}_refused")
    elif name == "images":
        texts = [text for item in values for text in as_list(item) if isinstance(text, str)]
        layer.put(name, tuple(a for text in texts if (a := document.link(text))))
    elif name == "attrs":
        layer.put(name, {k: t for k, v in _mapping(value).items() if (t := plain_text(v))})
    elif name == "breadcrumbs":
        names = [text for item in values for part in as_list(item) if (text := plain_text(part))]
        layer.put(name, tuple((text, None) for text in names))
    else:
        layer.put(name, _single(name, value))


def _single(name: str, value: Any) -> Any:
    if name == "availability":
        return _availability(value)
    if name == "stock":
        return accepted_stock(value)
    if name == "currency":
        return iso_of(plain_text(value))
    if name == "gtin":
        return gtin_of(value)
    if name == "rating":
        return decimal_of(value)
    if name == "reviews":
        return count_of(value)
    if name == "description_hash":
        return text_digest(plain_text(value))
    return code_of(value)


def _availability(value: Any) -> Availability | None:
    known = true_of(value)
    if known is not None:
        return "in_stock" if known else "out_of_stock"
    text = plain_text(value)
    return availability_of_schema(text) or availability_of_text(text)


def _variants(parsing: Mapping[str, Any], root: Any, document: Document) -> list[Variant]:
    if not parsing.get("root"):
        return []
    fields, attributes = _mapping(parsing.get("fields")), _mapping(parsing.get("attributes"))
    rows = _all(str(parsing["root"]), root)[: MAX_VARIANTS + 1]
    return [_variant(row, fields, attributes, document) for row in rows]


def _variant(
    row: Any, fields: Mapping[str, Any], attributes: Mapping[str, Any], document: Document
) -> Variant:
    def get(name: str) -> Any:
        return _first(str(fields[name]), row) if name in fields else None

    stock = accepted_stock(get("stock"))
    known = true_of(get("in_stock"))
    return Variant(
        id=code_of(get("id")),
        sku=code_of(get("sku")),
        url=document.link(plain_text(get("url"))),
        attributes={n: t for n, p in attributes.items() if (t := plain_text(_first(str(p), row)))},
        price=price_of(get("price")),
        stock=stock,
        in_stock=known if known is not None else None if stock is None else stock > 0,
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _first(path: str, data: Any) -> Any:
    return next(iter(_all(path, data)), None)


def _all(path: str, data: Any) -> list[Any]:
    """What the path finds; a path that is none finds nothing."""
    compiled = _compiled(path)
    return compiled.findall(data) if compiled is not None else []


@lru_cache(maxsize=512)
def _compiled(path: str) -> Any:
    try:
        return jsonpath.compile(path)
    except jsonpath.JSONPathError:
        return None
