"""Shopify: the product's JSON in a script, else at its address with `.js` (S96)."""

from typing import ClassVar
from urllib.parse import urlsplit

from povod.crawl.cms.base import Reading, SiteAdapter, Trace, site_adapter
from povod.crawl.cms.common import (
    JsonObject,
    cents_of,
    objects_in,
    parsed_json,
    put_single,
    true_of,
)
from povod.crawl.extract.availability import accepted_stock
from povod.crawl.extract.document import Document
from povod.crawl.extract.product_model import Layer, Variant
from povod.crawl.extract.selecting import select
from povod.crawl.extract.values import code_of, gtin_of, plain_text
from povod.crawl.site_profile import SiteProfile

_SCRIPTS = 'script[type="application/json"][data-product-json],script[id^="ProductJson"]'


@site_adapter
class Shopify(SiteAdapter):
    """Shops on Shopify."""

    name = "shopify"
    hints = (b"shopify", b"Shopify", b"/cdn/shop/")
    traces: ClassVar[tuple[Trace, ...]] = (
        Trace(b"cdn.shopify.com", 0.6),
        Trace(b"/cdn/shop/", 0.5),
        Trace(b"Shopify.theme", 0.6),
        Trace(b"shopify-section", 0.5),
        Trace(b"x-shopid", 0.7, "headers"),
        Trace(b"_shopify_", 0.6, "headers"),
    )

    def read(self, document: Document, profile: SiteProfile) -> Reading:
        """The script's product, else the address of the same JSON."""
        for node in select(document.tree, _SCRIPTS, 5):
            data = parsed_json(node.text())
            data = data.get("product", data) if isinstance(data, dict) else None
            if isinstance(data, dict) and isinstance(data.get("variants"), list):
                return Reading(_layer(data), is_product=True)
        parts = urlsplit(document.url)
        _, found, handle = parts.path.partition("/products/")
        if not found or not handle.strip("/"):
            return Reading()
        path = f"/products/{handle.strip('/').partition('/')[0].removesuffix('.js')}.js"
        return Reading(is_product=True, wants=[f"{parts.scheme}://{parts.netloc}{path}"])

    def merge(self, document_url: str, wanted_url: str, body: bytes) -> Layer | None:
        """The product of the answer."""
        data = parsed_json(body)
        is_product = isinstance(data, dict) and isinstance(data.get("variants"), list)
        return _layer(data) if is_product else None


def _layer(data: JsonObject) -> Layer:
    layer = Layer("cms:shopify")
    layer.put("name", plain_text(data.get("title")))
    layer.put("brand", code_of(data.get("vendor")))
    layer.put("category", plain_text(data.get("type")))
    layer.put("price", cents_of(data.get("price")))
    old = cents_of(data.get("compare_at_price"))
    layer.put("price_old", old)
    if (available := true_of(data.get("available"))) is not None:
        layer.put("availability", "in_stock" if available else "out_of_stock")
    names = [_option_name(option) for option in data.get("options") or []]
    rows = objects_in(data["variants"])
    is_single = len(rows) == 1
    put_single(layer, [_variant(row, names, is_single) for row in rows])
    if is_single:
        layer.put("gtin", gtin_of(rows[0].get("barcode")))
    return layer


def _option_name(option: object) -> str:
    name = option.get("name") if isinstance(option, dict) else option
    return plain_text(name) or "option"


def _variant(row: JsonObject, names: list[str], is_single: bool) -> Variant:
    values = row.get("options")
    values = values if isinstance(values, list) else [row.get(f"option{n}") for n in (1, 2, 3)]
    texts = [text for value in values if (text := plain_text(value))]
    attributes = {
        names[place] if place < len(names) else f"option{place + 1}": text
        for place, text in enumerate(texts)
    }
    counted = row.get("inventory_management") not in (None, "")
    return Variant(
        id=plain_text(row.get("id")),
        sku=code_of(row.get("sku")),
        attributes={} if is_single and texts in ([], ["Default Title"]) else attributes,
        price=cents_of(row.get("price")),
        stock=accepted_stock(row.get("inventory_quantity")) if counted else None,
        in_stock=true_of(row.get("available")),
    )
