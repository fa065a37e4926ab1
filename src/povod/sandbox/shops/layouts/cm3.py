"""CM3 (Megagroup): `shop2.init` names the kinds of a product, get-offers their prices."""

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

_HEAD = '<script src="/g/shop2v2/default/js/shop2v2-plugins.js"></script>'


def _render(shop: Shop, product: Product, path: str) -> str:
    refs = {str(product.index): _parameters(product)}
    init = script_json({"productRefs": refs, "mode": "product", "uri": "/magazin", "verId": 77})
    body = (
        f"{crumbs(shop, product)}{headings(product)}"
        f'<form method="post" action="/magazin?mode=cart&amp;action=add" class="shop2-product '
        f'shop-product"><input type="hidden" name="product_id" value="{product.index}">'
        f'{gallery(product)}<div class="shop2-product-article"><span>Артикул:</span> '
        f'{product.sku}</div><div class="price-current"><strong>{rouble(product.price)}</strong> '
        f'руб.</div><div class="shop2-product-amount">{AVAILABILITY_TEXT[product.availability]}'
        f'</div><div class="shop2-vendor">{escape(product.brand)}</div></form>'
        f"<div>{escape(product.description)}</div>{attributes_table(product)}"
        f"<script>shop2.init({init});</script>"
    )
    return document(shop, _HEAD + product_head(shop, product, path), body)


def _parameters(product: Product) -> dict[str, dict[str, list[str]]]:
    """Which kinds have which value of each parameter."""
    found: dict[str, dict[str, list[str]]] = {}
    for variant in _kinds(product):
        for label, value in variant.attributes:
            found.setdefault(label, {}).setdefault(value, []).append(variant.id)
    return found


def offers_json(_: Shop, product: Product) -> dict[str, Any]:
    """The answer of `get-offers`."""
    rows = [
        {
            "kind_id": variant.id,
            "article": variant.sku,
            "price": plain_number(variant.price),
            "amount": variant.stock,
            "params": dict(variant.attributes),
        }
        for variant in _kinds(product)
    ]
    return {"offers": rows}


def _kinds(product: Product) -> tuple[Variant, ...]:
    own = Variant(str(500_000 + product.index), product.sku, (), product.price, product.stock)
    return product.variants or (own,)


CM3 = Layout(
    "cm3",
    "/magazin/product/{slug}",
    _render,
    frozenset({"variants"}),
    varied=True,
    hides=frozenset({"availability"}),
    data={"/magazin/product/get-offers/?product_id={index}": offers_json},
)
