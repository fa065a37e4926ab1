"""Magento 2: microdata on the page, variants in `spConfig` inside a `x-magento-init` script."""

from typing import Any

from povod.sandbox.shops.chrome import (
    AVAILABILITY_TEXT,
    SCHEMA_AVAILABILITY,
    attributes_table,
    categories_of,
    crumbs,
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
from povod.sandbox.shops.model import Product, Shop

_HEAD = (
    '<script src="/static/version1760000000/frontend/Magento/luma/ru_RU/requirejs/require.js">'
    '</script><script>var BASE_URL = \'/\'; var require = {"baseUrl": "/static"};</script>'
)


def _render(shop: Shop, product: Product, path: str) -> str:
    title = headings(product).replace("<h1>", '<h1 class="page-title" itemprop="name">', 1)
    category = escape(categories_of(shop)[product.category].name)
    state = "available" if product.stock else "unavailable"
    body = (
        f'<div class="breadcrumbs">{crumbs(shop, product)}</div>'
        '<div class="product-info-main" itemscope itemtype="http://schema.org/Product">'
        f"{title}{gallery(product, itemprop='image')}"
        f'<meta itemprop="category" content="{category}">'
        f'<meta itemprop="brand" content="{escape(product.brand)}">'
        f'<div class="product attribute sku"><div class="value" itemprop="sku">{product.sku}</div>'
        f'</div><div class="stock {state}"><span>{AVAILABILITY_TEXT[product.availability]}</span>'
        f'</div>{_price(product)}<div itemprop="description">{escape(product.description)}</div>'
        f"{attributes_table(product)}</div>{_init(product)}"
    )
    return document(shop, _HEAD + product_head(shop, product, path), body)


def _price(product: Product) -> str:
    amount = plain_number(product.price)
    return (
        '<div class="price-box" itemprop="offers" itemscope itemtype="http://schema.org/Offer">'
        f'<span id="product-price-{product.index}" data-price-amount="{amount}" '
        f'data-price-type="finalPrice" class="price-wrapper"><span class="price">'
        f"{rouble(product.price)}\N{NO-BREAK SPACE}₽</span></span>"
        f'<meta itemprop="price" content="{amount}"><meta itemprop="priceCurrency" content="RUB">'
        f'<link itemprop="availability" href="{SCHEMA_AVAILABILITY[product.availability]}"></div>'
    )


def _init(product: Product) -> str:
    if not product.variants:
        return ""
    config = {"#product_addtocart_form": {"configurable": {"spConfig": _sp_config(product)}}}
    return f'<script type="text/x-magento-init">{script_json(config)}</script>'


def _sp_config(product: Product) -> dict[str, Any]:
    labels = [label for label, _ in product.variants[0].attributes]
    numbers = {label: str(93 + n) for n, label in enumerate(labels)}
    pairs = list(dict.fromkeys(pair for v in product.variants for pair in v.attributes))
    options = {pair: str(500 + n) for n, pair in enumerate(pairs)}
    return {
        "attributes": {
            numbers[label]: {
                "id": numbers[label],
                "code": f"option_{numbers[label]}",
                "label": label,
                "options": [
                    {
                        "id": options[pair],
                        "label": pair[1],
                        "products": [v.id for v in product.variants if pair in v.attributes],
                    }
                    for pair in pairs
                    if pair[0] == label
                ],
            }
            for label in labels
        },
        "productId": str(product.index),
        "optionPrices": {
            v.id: {
                "oldPrice": {"amount": float(v.price)},
                "basePrice": {"amount": float(v.price)},
                "finalPrice": {"amount": float(v.price)},
            }
            for v in product.variants
        },
        "index": {
            v.id: {numbers[label]: options[label, value] for label, value in v.attributes}
            for v in product.variants
        },
        "sku": {v.id: v.sku for v in product.variants},
        "salable": {
            numbers[label]: {
                options[pair]: [v.id for v in product.variants if pair in v.attributes and v.stock]
                for pair in pairs
                if pair[0] == label
            }
            for label in labels
        },
    }


MAGENTO = Layout(
    "magento",
    "/{slug}.html",
    _render,
    frozenset({"variants"}),
    varied=True,
    hides=frozenset({"variant_stock"}),
)
