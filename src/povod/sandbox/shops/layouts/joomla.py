"""Joomla with HikaShop: markup only."""

from povod.sandbox.shops.chrome import (
    AVAILABILITY_TEXT,
    attributes_table,
    crumbs,
    document,
    escape,
    gallery,
    headings,
    product_head,
    rouble,
)
from povod.sandbox.shops.layouts.base import Layout
from povod.sandbox.shops.model import Product, Shop

_HEAD = (
    '<meta name="generator" content="Joomla! - Open Source Content Management">'
    '<script src="/media/jui/js/jquery.min.js"></script>'
    '<link href="/media/com_hikashop/css/hikashop.css" rel="stylesheet">'
)


def _render(shop: Shop, product: Product, path: str) -> str:
    title = headings(product).replace(
        "<h1>", '<h1><span id="hikashop_product_name_main" class="hikashop_product_name_main">', 1
    )
    title = title.replace("</h1>", "</span></h1>", 1)
    old = ""
    if product.price_old:
        crossed = f"{rouble(product.price_old)} руб."
        old = f'<span class="hikashop_product_price_before_discount"><del>{crossed}</del></span>'
    body = (
        f"{crumbs(shop, product)}"
        f'<div id="hikashop_product_page" class="hikashop_product_page">{title}'
        f'<span class="hikashop_product_code_main">{product.sku}</span>{gallery(product)}'
        f'<span class="hikashop_product_price_full">{old}<span class="hikashop_product_price '
        f'hikashop_product_price_0">{rouble(product.price)} руб.</span></span>'
        f'<span class="hikashop_product_stock_count">{_stock(product)}</span>'
        f'<p>Бренд: {escape(product.brand)}</p><div id="hikashop_product_description_main">'
        f"{escape(product.description)}</div>{attributes_table(product)}</div>"
    )
    return document(shop, _HEAD + product_head(shop, product, path), body)


def _stock(product: Product) -> str:
    if product.stock:
        return f"В наличии: {product.stock} шт."
    return AVAILABILITY_TEXT[product.availability]


JOOMLA = Layout("joomla", "/product/{slug}", _render, frozenset({"price_old"}))
