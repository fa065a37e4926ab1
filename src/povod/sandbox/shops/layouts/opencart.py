"""OpenCart with its plain addresses: product pages differ by the query alone."""

from typing import Any

from povod.sandbox.shops.chrome import (
    AVAILABILITY_TEXT,
    SCHEMA_AVAILABILITY,
    attributes_table,
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
from povod.sandbox.shops.model import Product, Shop

_SCRIPTS = (
    '<script src="catalog/view/javascript/common.js"></script>'
    '<link href="catalog/view/theme/default/stylesheet/stylesheet.css" rel="stylesheet">'
)


def _render(shop: Shop, product: Product, path: str) -> str:
    trail = "".join(
        f'<li><a href="{link}">{escape(name)}</a></li>' for name, link in crumbs_of(shop, product)
    )
    old = ""
    if product.price_old:
        crossed = f"{rouble(product.price_old)}р."
        old = f'<li><span style="text-decoration: line-through;">{crossed}</span></li>'
    own = f'<a href="{escape(path)}">{escape(product.name)}</a>'
    body = (
        f'<ul class="breadcrumb">{trail}<li>{own}</li>'
        f'</ul><div class="thumbnails">{gallery(product)}</div>{headings(product)}'
        '<ul class="list-unstyled"><li>Производитель: '
        f'<a href="/brands">{escape(product.brand)}</a>'
        f"</li><li>Код товара: {escape(product.sku)}</li>"
        f"<li>Доступность: {AVAILABILITY_TEXT[product.availability]}</li></ul>"
        f'<ul class="list-unstyled">{old}<li><h2>{rouble(product.price)}р.</h2></li></ul>'
        f'<div id="product">{_options()}<input type="hidden" name="product_id" '
        f'value="{product.index}"></div><div id="tab-description">{escape(product.description)}'
        f"</div>{attributes_table(product)}"
    )
    data = script_json(_structured(shop, product, path))
    head = product_head(shop, product, path)
    block = f'<script type="application/ld+json">{data}</script>'
    return document(shop, _SCRIPTS + head + block, body)


def _options() -> str:
    return (
        '<div class="form-group required"><label class="control-label" for="input-option226">'
        'Упаковка</label><select name="option[226]" id="input-option226"><option value="">'
        ' --- Выберите --- </option><option value="15">Плёнка</option><option value="16">'
        "Коробка</option></select></div>"
    )


def _structured(shop: Shop, product: Product, path: str) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.name,
        "sku": product.sku,
        "brand": product.brand,
        "image": [shop.home.rstrip("/") + image for image in product.images],
        "offers": {
            "@type": "Offer",
            "price": plain_number(product.price),
            "priceCurrency": "RUB",
            "availability": SCHEMA_AVAILABILITY[product.availability],
            "url": shop.home.rstrip("/") + path,
        },
    }


OPENCART = Layout("opencart", "/index.php?route=product/product&product_id={index}", _render)
