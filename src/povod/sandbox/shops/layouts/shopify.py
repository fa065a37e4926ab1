"""Shopify: everything about variants but their quantity in `/products/<handle>.js`."""

from typing import Any

from povod.sandbox.shops.chrome import (
    attributes_table,
    categories_of,
    crumbs,
    document,
    escape,
    gallery,
    headings,
    product_head,
    rouble,
)
from povod.sandbox.shops.layouts.base import Layout
from povod.sandbox.shops.layouts.plain import breadcrumb_block
from povod.sandbox.shops.model import Product, Shop, Variant

_CDN = '<script src="https://cdn.shopify.com/s/files/1/0001/theme.js" defer></script>'


def _render(shop: Shop, product: Product, path: str) -> str:
    name = shop.host.partition(".")[0]
    script = (
        f'<script>var Shopify = Shopify || {{}}; Shopify.shop = "{name}.myshopify.com"; '
        'Shopify.theme = {"name":"Dawn","role":"main"}; '
        'Shopify.currency = {"active":"RUB","rate":"1.0"};</script>'
    )
    body = (
        f'<div id="shopify-section-main" class="shopify-section">{crumbs(shop, product)}</div>'
        f"{headings(product)}{gallery(product)}"
        f'<div class="product__price"><span class="price-item price-item--regular">'
        f"{rouble(product.price)} ₽</span></div>"
        f'<form action="/cart/add" data-product-id="{product.index}"></form>'
        f'<p class="product__vendor">{escape(product.brand)}</p>'
        f"<div>{escape(product.description)}</div>{attributes_table(product)}"
    )
    head = _CDN + script + product_head(shop, product, path) + breadcrumb_block(shop, product)
    return document(shop, head, body)


def product_js(shop: Shop, product: Product) -> dict[str, Any]:
    """The answer of `/products/<handle>.js`: money in the smallest unit."""
    variants = product.variants or (
        Variant(str(700_000 + product.index), product.sku, (), product.price, product.stock),
    )
    labels = [label for label, _ in variants[0].attributes] or ["Title"]
    values = [list(dict.fromkeys(_option(variant, n) for variant in variants))
              for n in range(len(labels))]  # fmt: skip
    return {
        "id": 6_000_000 + product.index,
        "title": product.name,
        "handle": product.slug,
        "vendor": product.brand,
        "type": categories_of(shop)[product.category].name,
        "price": _cents(product.price),
        "available": product.stock > 0,
        "images": [f"//{shop.host}{image}" for image in product.images],
        "options": [
            {"name": label, "position": n, "values": shown}
            for n, (label, shown) in enumerate(zip(labels, values, strict=True), 1)
        ],
        "variants": [_variant(variant, len(labels)) for variant in variants],
    }


def _variant(variant: Variant, options: int) -> dict[str, Any]:
    shown = [_option(variant, n) for n in range(options)]
    return {
        "id": int(variant.id),
        "title": " / ".join(shown),
        **{f"option{n + 1}": shown[n] if n < options else None for n in range(3)},
        "sku": variant.sku,
        "available": variant.stock > 0,
        "price": _cents(variant.price),
        "compare_at_price": None,
        "inventory_management": "shopify",
    }


def _option(variant: Variant, number: int) -> str:
    return variant.attributes[number][1] if variant.attributes else "Default Title"


def _cents(price: Any) -> int:
    return int(price * 100)


SHOPIFY = Layout(
    "shopify",
    "/products/{slug}",
    _render,
    frozenset({"variants"}),
    varied=True,
    hides=frozenset({"variant_stock", "group_sku", "preorder"}),
    data={"/products/{slug}.js": product_js},
    headers={"X-ShopId": "57001", "Set-Cookie": "_shopify_y=5f1c; path=/"},
)
