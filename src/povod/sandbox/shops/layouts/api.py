"""A shop that is JSON all through: each listed address answers with data (`json_api`, S96).

`{"data": {"item": {"title", "price": {"value", "old", "currency"}, "stock", "available", "sku",
"vendor": {"name"}, "barcode", "section", "path": [...], "pictures": [...]}}}`
"""

from typing import Any

import orjson

from povod.sandbox.shops.chrome import categories_of, crumbs_of, plain_number
from povod.sandbox.shops.layouts.base import Layout
from povod.sandbox.shops.model import Product, Shop


def _render(shop: Shop, product: Product, _: str) -> str:
    return orjson.dumps(item_json(shop, product)).decode()


def item_json(shop: Shop, product: Product) -> dict[str, Any]:
    """The answer about one product."""
    home = shop.home.rstrip("/")
    price = {"value": plain_number(product.price), "currency": "RUB"}
    if product.price_old:
        price["old"] = plain_number(product.price_old)
    item = {
        "id": product.index,
        "title": product.name,
        "price": price,
        "stock": product.stock,
        "available": product.availability.value,
        "sku": product.sku,
        "vendor": {"name": product.brand},
        "barcode": product.gtin,
        "section": categories_of(shop)[product.category].name,
        "path": [{"name": name, "url": home + path} for name, path in crumbs_of(shop, product)],
        "pictures": [home + image for image in product.images],
    }
    return {"data": {"item": item}}


API = Layout(
    "api",
    "/api/v1/products/{slug}",
    _render,
    frozenset({"gtin", "stock", "price_old"}),
    media_type="application/json",
)
