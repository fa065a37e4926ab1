"""WooCommerce: variations in an attribute of the form, also behind the store API."""

from typing import Any

from povod.sandbox.shops.chrome import (
    AVAILABILITY_TEXT,
    attributes_table,
    categories_of,
    category_path,
    document,
    escape,
    gallery,
    headings,
    plain_number,
    product_head,
    rouble,
    script_json,
)
from povod.sandbox.shops.goods import slug_of
from povod.sandbox.shops.layouts.base import Layout
from povod.sandbox.shops.model import Availability, Product, Shop, Variant

_HEAD = (
    '<meta name="generator" content="WooCommerce 9.4.2">'
    '<link rel="stylesheet" href="/wp-content/plugins/woocommerce/assets/css/woocommerce.css">'
)


def _render(shop: Shop, product: Product, path: str) -> str:
    category = categories_of(shop)[product.category]
    trail = (
        '<nav class="woocommerce-breadcrumb"><a href="/">Главная</a> / '
        '<a href="/catalog/">Каталог</a> / '
        f'<a href="{category_path(category)}">{escape(category.name)}</a> / '
        f"{escape(product.name)}</nav>"
    )
    title = headings(product).replace("<h1>", '<h1 class="product_title entry-title">', 1)
    sale = _form(product) if product.variants else _stock(product.availability, product.stock)
    body = (
        f'{trail}<div id="product-{product.index}" class="product type-product">'
        f'<div class="woocommerce-product-gallery">{gallery(product)}</div>{title}'
        f'<p class="price">{_price(product)}</p>{sale}'
        f'<div class="product_meta"><span class="sku_wrapper">Артикул: <span class="sku">'
        f"{escape(product.sku)}</span></span></div>"
        f"<p>{escape(product.description)}</p>{attributes_table(product)}</div>"
    )
    data = {"@context": "https://schema.org/", "@graph": [_structured(shop, product, path)]}
    block = f'<script type="application/ld+json">{script_json(data)}</script>'
    head = _HEAD + product_head(shop, product, path) + block
    return document(shop, head, body, attributes=' class="single-product woocommerce"')


def _structured(shop: Shop, product: Product, path: str) -> dict[str, Any]:
    state = "InStock" if product.availability is Availability.IN_STOCK else "OutOfStock"
    if product.availability is Availability.PREORDER:
        state = "BackOrder"
    return {
        "@type": "Product",
        "name": product.name,
        "sku": product.sku,
        "brand": {"@type": "Brand", "name": product.brand},
        "image": [shop.home.rstrip("/") + image for image in product.images],
        "offers": [
            {
                "@type": "Offer",
                "price": plain_number(product.price),
                "priceCurrency": "RUB",
                "availability": f"http://schema.org/{state}",
                "url": shop.home.rstrip("/") + path,
            }
        ],
    }


def _form(product: Product) -> str:
    variations = escape(script_json([_variation(variant) for variant in product.variants]))
    rows = "".join(_choice(product, label) for label, _ in product.variants[0].attributes)
    return (
        f'<form class="variations_form cart" data-product_id="{product.index}" '
        f'data-product_variations="{variations}"><table class="variations">{rows}</table></form>'
    )


def _variation(variant: Variant) -> dict[str, Any]:
    state = Availability.IN_STOCK if variant.stock else Availability.OUT_OF_STOCK
    return {
        "attributes": {
            f"attribute_pa_{slug_of(label)}": slug_of(value) for label, value in variant.attributes
        },
        "availability_html": _stock(state, variant.stock),
        "display_price": float(variant.price),
        "display_regular_price": float(variant.price),
        "is_in_stock": variant.stock > 0,
        "is_purchasable": True,
        "max_qty": variant.stock or "",
        "min_qty": 1,
        "sku": variant.sku,
        "variation_id": int(variant.id),
        "variation_is_active": True,
        "variation_is_visible": True,
    }


def _choice(product: Product, label: str) -> str:
    """The select of one attribute: slugs in the values, words for people in the text."""
    name = f"pa_{slug_of(label)}"
    values = dict.fromkeys(
        value for variant in product.variants for own, value in variant.attributes if own == label
    )
    options = "".join(f'<option value="{slug_of(v)}">{escape(v)}</option>' for v in values)
    return (
        f'<tr><th class="label"><label for="{name}">{escape(label)}</label></th><td>'
        f'<select id="{name}" name="attribute_{name}" data-attribute_name="attribute_{name}">'
        f'<option value="">Выбрать опцию</option>{options}</select></td></tr>'
    )


def _price(product: Product) -> str:
    amount = (
        '<span class="woocommerce-Price-amount amount"><bdi>{}&nbsp;'
        '<span class="woocommerce-Price-currencySymbol">&#8381;</span></bdi></span>'
    )
    now = amount.format(rouble(product.price))
    if product.variants:
        return f"{now} &ndash; {amount.format(rouble(max(v.price for v in product.variants)))}"
    if product.price_old is None:
        return now
    return f"<del>{amount.format(rouble(product.price_old))}</del> <ins>{now}</ins>"


def _stock(state: Availability, stock: int) -> str:
    if stock:
        return f'<p class="stock in-stock">{stock} в наличии</p>'
    return f'<p class="stock out-of-stock">{AVAILABILITY_TEXT[state]}</p>'


def _api(_: Shop, product: Product) -> object:
    """The store API's answer for one product, prices in kopecks as there."""
    kopecks = str(int(product.price * 100))
    return [
        {
            "id": product.index,
            "name": product.name,
            "slug": product.slug,
            "sku": product.sku,
            "type": "variable" if product.variants else "simple",
            "prices": {
                "price": kopecks,
                "regular_price": kopecks,
                "currency_code": "RUB",
                "currency_minor_unit": 2,
            },
            "is_in_stock": product.stock > 0,
            "variations": [
                {
                    "id": int(variant.id),
                    "attributes": [
                        {"name": label, "value": slug_of(value)}
                        for label, value in variant.attributes
                    ],
                }
                for variant in product.variants
            ],
        }
    ]


WOOCOMMERCE = Layout(
    "woocommerce",
    "/product/{slug}/",
    _render,
    frozenset({"stock", "variants", "price_old"}),
    varied=True,
    data={"/wp-json/wc/store/v1/products?slug={slug}": _api},
    headers={"Link": '</wp-json/>; rel="https://api.w.org/"'},
)
