"""A shop that describes its products in JSON-LD: ProductGroup where there are variants."""

from typing import Any

from povod.sandbox.shops.chrome import (
    AVAILABILITY_TEXT,
    SCHEMA_AVAILABILITY,
    attributes_table,
    categories_of,
    crumbs,
    crumbs_of,
    document,
    escape,
    gallery,
    headings,
    plain_number,
    product_head,
    rouble,
    script_json,
)
from povod.sandbox.shops.layouts.base import Layout
from povod.sandbox.shops.model import Availability, Product, Shop, Variant

SCHEMA_NAME = {"Цвет": "color", "Размер": "size", "Материал": "material"}


def structured(shop: Shop, product: Product, path: str) -> str:
    """The two schema.org blocks of a page: product and breadcrumbs."""
    return _script(_group(shop, product, path)) + breadcrumb_block(shop, product)


def breadcrumb_block(shop: Shop, product: Product) -> str:
    """The way to the product as schema.org tells it."""
    return _script(_breadcrumbs(shop, product))


def _script(block: dict[str, Any]) -> str:
    return f'<script type="application/ld+json">{script_json(block)}</script>'


def _render(shop: Shop, product: Product, path: str) -> str:
    old = f'<s class="old">{rouble(product.price_old)} ₽</s> ' if product.price_old else ""
    body = (
        f"{crumbs(shop, product)}{headings(product)}{gallery(product)}"
        f'<div class="buy">{old}<b class="price">{rouble(product.price)} ₽</b> '
        f'<span class="avail">{AVAILABILITY_TEXT[product.availability]}</span></div>'
        f"<p>Артикул {escape(product.sku)}</p><p>{escape(product.description)}</p>"
        f"{attributes_table(product)}"
    )
    return document(shop, product_head(shop, product, path) + structured(shop, product, path), body)


def _group(shop: Shop, product: Product, path: str) -> dict[str, Any]:
    url = shop.home.rstrip("/") + path
    block: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ProductGroup" if product.variants else "Product",
        "name": product.name,
        "sku": product.sku,
        "gtin13": product.gtin,
        "brand": {"@type": "Brand", "name": product.brand},
        "category": categories_of(shop)[product.category].name,
        "description": product.description,
        "image": [shop.home.rstrip("/") + image for image in product.images],
        "url": url,
    }
    if product.rating:
        block["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": str(product.rating),
            "reviewCount": product.reviews,
        }
    if product.variants:
        block["productGroupID"] = product.sku
        block["hasVariant"] = [_variant(variant, product, url) for variant in product.variants]
    else:
        block["offers"] = _offer(plain_number(product.price), product.availability, url)
    return block


def _variant(variant: Variant, product: Product, url: str) -> dict[str, Any]:
    state = Availability.IN_STOCK if variant.stock else Availability.OUT_OF_STOCK
    offer = _offer(plain_number(variant.price), state, f"{url}?variant={variant.id}")
    offer["inventoryLevel"] = {"@type": "QuantitativeValue", "value": variant.stock}
    own = {SCHEMA_NAME[label]: value for label, value in variant.attributes if label in SCHEMA_NAME}
    others = [
        {"@type": "PropertyValue", "name": label, "value": value}
        for label, value in variant.attributes
        if label not in SCHEMA_NAME
    ]
    return {
        "@type": "Product",
        "productID": variant.id,
        "sku": variant.sku,
        "name": f"{product.name}, {variant.value}",
        **own,
        **({"additionalProperty": others} if others else {}),
        "offers": offer,
    }


def _offer(price: str, state: Availability, url: str) -> dict[str, Any]:
    return {
        "@type": "Offer",
        "price": price,
        "priceCurrency": "RUB",
        "availability": SCHEMA_AVAILABILITY[state],
        "url": url,
    }


def _breadcrumbs(shop: Shop, product: Product) -> dict[str, Any]:
    items = [
        {"@type": "ListItem", "position": place, "name": name, "item": shop.home.rstrip("/") + path}
        for place, (name, path) in enumerate(crumbs_of(shop, product), 1)
    ]
    items.append({"@type": "ListItem", "position": len(items) + 1, "name": product.name})
    return {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items}


PLAIN = Layout(
    "plain",
    "/catalog/{category}/{slug}.html",
    _render,
    frozenset({"gtin", "rating", "reviews", "variants"}),
    varied=True,
)
