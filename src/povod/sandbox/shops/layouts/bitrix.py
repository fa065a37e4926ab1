"""1C-Bitrix: prices and quantities in the argument object of JCCatalogElement."""

from decimal import Decimal
from typing import Any

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

_SCRIPTS = (
    '<script src="/bitrix/js/main/core/core.js"></script>'
    '<script>BX.message({"LANGUAGE_ID":"ru"});</script>'
    '<link href="/bitrix/templates/eshop/styles.css" rel="stylesheet">'
)


def to_js(value: Any) -> str:
    """A JavaScript literal with single quotes, as the engine's own PHP writes it."""
    if isinstance(value, dict):
        return "{" + ",".join(f"'{name}':{to_js(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(to_js, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        quoted = value.replace("\\", "\\\\").replace("'", "\\'").replace("</", "<\\/")
        return f"'{quoted}'"
    return str(value)


def _render(shop: Shop, product: Product, path: str) -> str:
    body = (
        f"{crumbs(shop, product)}{headings(product)}{gallery(product)}"
        f'<div class="product-item-detail-price-current" id="bx_{product.index}_price">'
        f"{rouble(product.price)} руб.</div>"
        f'<div class="product-item-quantity">{AVAILABILITY_TEXT[product.availability]}</div>'
        f'<p class="article">Артикул: <span>{escape(product.sku)}</span></p>'
        f'<p class="brand">Производитель: <span>{escape(product.brand)}</span></p>'
        f"<div>{escape(product.description)}</div>{attributes_table(product)}"
        f"<script>var obbx_{product.index} = new JCCatalogElement({to_js(_argument(product))});"
        "</script>"
    )
    return document(shop, _SCRIPTS + product_head(shop, product, path), body)


def _argument(product: Product) -> dict[str, Any]:
    config = {
        "USE_CATALOG": True,
        "SHOW_QUANTITY": True,
        "SHOW_PRICE": True,
        "SHOW_SKU_PROPS": True,
    }
    own = {"ID": str(product.index), "NAME": product.name, "CATEGORY": str(product.category)}
    if not product.variants:
        own |= _sellable(product.price, product.price_old, product.stock)
        return {"CONFIG": config, "PRODUCT_TYPE": "1", "PRODUCT": own}
    trees, values = _tree_values(product)
    return {
        "CONFIG": config,
        "PRODUCT_TYPE": "3",
        "PRODUCT": own,
        "OFFERS": [
            {
                "ID": variant.id,
                "NAME": f"{product.name}, {variant.value}",
                "ARTICLE": variant.sku,
                "TREE": {
                    f"PROP_{trees[label]}": values[label, value]
                    for label, value in variant.attributes
                },
                **_sellable(variant.price, None, variant.stock),
            }
            for variant in product.variants
        ],
        "OFFER_SELECTED": "0",
        "TREE_PROPS": [_tree_prop(label, number, values) for label, number in trees.items()],
    }


def _sellable(price: Decimal, old: Decimal | None, stock: int) -> dict[str, Any]:
    shown = {
        "BASE_PRICE": float(old or price),
        "PRICE": float(price),
        "CURRENCY": "RUB",
        "PRINT_PRICE": f"{rouble(price)} руб.",
    }
    return {
        "ITEM_PRICE_MODE": "S",
        "ITEM_PRICES": [shown],
        "ITEM_PRICE_SELECTED": "0",
        "CHECK_QUANTITY": True,
        "MAX_QUANTITY": str(stock),
        "MEASURE": "шт",
        "CAN_BUY": stock > 0,
    }


def _tree_values(product: Product) -> tuple[dict[str, int], dict[tuple[str, str], str]]:
    """Numbers of the properties and of their values, as the tree refers to them."""
    pairs = list(dict.fromkeys(pair for v in product.variants for pair in v.attributes))
    labels = list(dict.fromkeys(label for label, _ in pairs))
    trees = {label: 50 + number for number, label in enumerate(labels)}
    return trees, {pair: str(300 + number) for number, pair in enumerate(pairs)}


def _tree_prop(label: str, number: int, values: dict[tuple[str, str], str]) -> dict[str, Any]:
    own = {code: {"ID": code, "NAME": value} for (of, value), code in values.items() if of == label}
    return {"ID": str(number), "CODE": f"PROP_{number}", "NAME": label, "VALUES": own}


BITRIX = Layout(
    "bitrix",
    "/catalog/{category}/{slug}/",
    _render,
    frozenset({"stock", "variants", "price_old"}),
    varied=True,
    headers={
        "Set-Cookie": "BITRIX_SM_GUEST_ID=771; path=/",
        "X-Powered-CMS": "Bitrix Site Manager",
    },
)
