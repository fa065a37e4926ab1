"""InSales: the product's JSON, on the page or at `/products_by_id/<id>.json` (S96)."""

import base64
import binascii
from typing import Any, ClassVar
from urllib.parse import urlsplit

from povod.crawl.cms.base import Reading, SiteAdapter, Trace, site_adapter
from povod.crawl.cms.common import (
    JsonObject,
    objects_in,
    parsed_json,
    price_of,
    put_single,
    true_of,
)
from povod.crawl.extract.availability import accepted_stock
from povod.crawl.extract.currency import iso_of
from povod.crawl.extract.document import Document
from povod.crawl.extract.product_model import Layer, Variant
from povod.crawl.extract.values import code_of, gtin_of, plain_text
from povod.crawl.site_profile import SiteProfile


@site_adapter
class InSales(SiteAdapter):
    """Shops on InSales."""

    name = "insales"
    hints = (b"insales", b"InSales", b"page-config", b"products_by_id")
    traces: ClassVar[tuple[Trace, ...]] = (
        Trace(b"insales", 0.4),
        Trace(b"InSales", 0.5),
        Trace(b"page-config", 0.5),
        Trace(b"assets.insales", 0.6),
        Trace(b"static.insales-cdn", 0.7),
        Trace(b"products_by_id", 0.5),
        Trace(b"data-product-json", 0.4),
        Trace(b"/cart_items", 0.3),
        Trace(b"insales_session", 0.7, "headers"),
    )

    def read(self, document: Document, profile: SiteProfile) -> Reading:
        """The product on the page, else the address where it can be had."""
        for node in document.tree.css("[data-product-json]")[:20]:
            data = parsed_json(node.attributes.get("data-product-json"))
            if (
                isinstance(data, dict)
                and not document.regions.is_aside(node)
                and _has_variants(data)
            ):
                return Reading(_layer(data), is_product=True)
        identity = _product_id(document)
        if identity is None:
            return Reading()
        parts = urlsplit(document.url)
        address = f"{parts.scheme}://{parts.netloc}/products_by_id/{identity}.json"
        return Reading(is_product=True, wants=[address])

    def merge(self, document_url: str, wanted_url: str, body: bytes) -> Layer | None:
        """The product of the answer."""
        data = parsed_json(body)
        if not isinstance(data, dict):
            return None
        identity = wanted_url.rpartition("/")[2].removesuffix(".json")
        products = objects_in(
            data.get("products") or ([data["product"]] if "product" in data else [])
        )
        products = products or ([data] if "variants" in data else [])
        match = next((p for p in products if str(p.get("id")) == identity), None)
        return _layer(match) if match is not None and _has_variants(match) else None


def _has_variants(data: JsonObject) -> bool:
    return isinstance(data.get("variants"), list) and bool(data["variants"])


def _product_id(document: Document) -> str | None:
    """From the page's configuration, else from the form that puts the product into the basket."""
    node = document.tree.css_first('meta[name="page-config"]')
    attributes = node.attributes if node is not None else {}
    config = _config(attributes.get("content") or attributes.get("data-config"))
    product = config.get("product")
    inner = product.get("id") if isinstance(product, dict) else None
    found = config.get("product_id") or inner or document.metas.get("product-id")
    if found is None:
        node = document.tree.css_first("form[data-product-id],[data-product-id][itemscope]")
        found = node.attributes.get("data-product-id") if node is not None else None
    text = str(found).strip() if found is not None else ""
    return text if text.isdecimal() else None


def _config(text: str | None) -> JsonObject:
    """The content of the `page-config` meta: JSON, plain or in base64."""
    if not text:
        return {}
    data: Any = parsed_json(text)
    if data is None:
        try:
            data = parsed_json(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            return {}
    return data if isinstance(data, dict) else {}


def _layer(data: JsonObject) -> Layer:
    layer = Layer("cms:insales")
    layer.put("name", plain_text(data.get("title") or data.get("name")))
    layer.put("currency", iso_of(plain_text(data.get("currency_code"))))
    images = [
        item.get("original_url") or item.get("url") for item in objects_in(data.get("images") or [])
    ]
    layer.put("images", tuple(url for url in images if isinstance(url, str) and url[:4] == "http"))
    names = {
        str(o.get("id")): plain_text(o.get("title"))
        for o in objects_in(data.get("option_names") or [])
    }
    rows = objects_in(data["variants"])
    put_single(layer, [_variant(row, names, len(rows) == 1) for row in rows])
    if len(rows) == 1:
        layer.put("price_old", price_of(rows[0].get("old_price")))
        layer.put("gtin", gtin_of(rows[0].get("barcode")))
    if data.get("available") is not None and not layer.variants:
        layer.put("availability", "in_stock" if true_of(data["available"]) else "out_of_stock")
    return layer


def _variant(row: JsonObject, names: dict[str, str | None], is_only: bool) -> Variant:
    attributes = {}
    for value in objects_in(row.get("option_values") or []):
        name = names.get(str(value.get("option_name_id"))) or plain_text(value.get("option_name"))
        if title := plain_text(value.get("title") or value.get("name")):
            attributes[name or "Вариант"] = title
    title = plain_text(row.get("title"))
    if not attributes and title and not is_only:
        attributes = {"Вариант": title}
    stock = accepted_stock(row.get("quantity"))
    available = true_of(row.get("available"))
    return Variant(
        id=plain_text(row.get("id")),
        sku=code_of(row.get("sku")),
        attributes=attributes,
        price=price_of(row.get("price")),
        stock=stock,
        in_stock=available if available is not None else None if stock is None else stock > 0,
    )
