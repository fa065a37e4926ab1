"""InSales: the page shows the first variant; all of them lie in `/products_by_id/<id>.json`."""

from typing import Any

from povod.sandbox.shops.chrome import (
    AVAILABILITY_TEXT,
    attributes_table,
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
from povod.sandbox.shops.model import Product, Shop, Variant


def _render(shop: Shop, product: Product, path: str) -> str:
    config = escape(script_json({"product_id": product.index, "template": "product"}))
    head = (
        f'<meta data-config="{config}" name="page-config" content="">'
        f'<meta name="product-id" content="{product.index}">'
        '<script src="https://static.insales-cdn.com/assets/common-js/common.v2.js"></script>'
    )
    price = product.variants[0].price if product.variants else product.price
    body = (
        f"{crumbs(shop, product)}{headings(product)}{gallery(product)}"
        f'<form data-product-id="{product.index}" class="product-form">'
        f'<span class="product-price" data-product-card-price>{rouble(price)} руб</span>'
        f'<span class="product-available">{AVAILABILITY_TEXT[product.availability]}</span></form>'
        f'<p class="product-sku">Артикул: <span>{escape(product.sku)}</span></p>'
        f'<p>Бренд: <span class="vendor">{escape(product.brand)}</span></p>'
        f"<div>{escape(product.description)}</div>{attributes_table(product)}"
        "<script>window.InSales = window.InSales || {};</script>"
    )
    return document(shop, head + product_head(shop, product, path), body)


def product_json(shop: Shop, product: Product) -> dict[str, Any]:
    """The answer of `/products_by_id/<id>.json`."""
    variants = product.variants or (
        Variant(str(800_000 + product.index), product.sku, (), product.price, product.stock),
    )
    names = [label for label, _ in variants[0].attributes]
    own = {
        "id": product.index,
        "title": product.name,
        "available": product.stock > 0,
        "currency_code": "RUR",
        "images": [{"original_url": shop.home.rstrip("/") + path} for path in product.images],
        "option_names": [
            {"id": number, "title": label, "position": number}
            for number, label in enumerate(names, 1)
        ],
        "variants": [_variant(product, variant) for variant in variants],
    }
    return {"status": "ok", "products": [own]}


def _variant(product: Product, variant: Variant) -> dict[str, Any]:
    old = None if product.variants or not product.price_old else plain_number(product.price_old)
    return {
        "id": int(variant.id),
        "title": " / ".join(value for _, value in variant.attributes),
        "sku": variant.sku,
        "available": variant.stock > 0,
        "price": plain_number(variant.price),
        "old_price": old,
        "quantity": variant.stock,
        "option_values": [
            {"option_name_id": number, "title": value}
            for number, (_, value) in enumerate(variant.attributes, 1)
        ],
    }


INSALES = Layout(
    "insales",
    "/product/{slug}",
    _render,
    frozenset({"stock", "variants", "price_old"}),
    varied=True,
    data={"/products_by_id/{index}.json": product_json},
)
