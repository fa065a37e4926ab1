"""A shop whose only structure is microdata in the markup; the stock stands in words."""

from povod.sandbox.shops.chrome import (
    AVAILABILITY_TEXT,
    SCHEMA_AVAILABILITY,
    attributes_table,
    categories_of,
    crumbs_of,
    document,
    escape,
    gallery,
    headings,
    plain_number,
    product_head,
    rouble,
)
from povod.sandbox.shops.layouts.base import Layout
from povod.sandbox.shops.model import Product, Shop


def _render(shop: Shop, product: Product, path: str) -> str:
    category = escape(categories_of(shop)[product.category].name)
    title = headings(product).replace("<h1>", '<h1 itemprop="name">', 1)
    body = (
        f"{_crumbs(shop, product)}"
        f'<div itemscope itemtype="https://schema.org/Product">{title}'
        f"{gallery(product, itemprop='image')}"
        f'<meta itemprop="sku" content="{product.sku}">'
        f'<meta itemprop="gtin13" content="{product.gtin}">'
        f'<meta itemprop="category" content="{category}">'
        f'<p>Бренд: <span itemprop="brand" itemscope itemtype="https://schema.org/Brand">'
        f'<span itemprop="name">{escape(product.brand)}</span></span></p>'
        f"{_offer(product)}"
        f'<div itemprop="description">{escape(product.description)}</div>'
        f"{attributes_table(product)}{_size_picker()}</div>"
    )
    return document(shop, product_head(shop, product, path), body)


def _offer(product: Product) -> str:
    old = f'<s class="price-old">{rouble(product.price_old)} руб.</s>' if product.price_old else ""
    return (
        '<div itemprop="offers" itemscope itemtype="https://schema.org/Offer">'
        f'<meta itemprop="priceCurrency" content="RUB">{old}'
        f'<span class="price" itemprop="price" content="{plain_number(product.price)}">'
        f"{rouble(product.price)} руб.</span>"
        f'<link itemprop="availability" href="{SCHEMA_AVAILABILITY[product.availability]}">'
        f"{_stock(product)}</div>"
    )


def _stock(product: Product) -> str:
    if product.stock:
        return f'<p class="stock">Осталось {product.stock} шт.</p>'
    return f'<p class="stock">{AVAILABILITY_TEXT[product.availability]}</p>'


def _size_picker() -> str:
    """Options without a price or a number of their own: no variants (S94)."""
    return (
        '<select name="colour"><option value="0379">Под цвет стен</option>'
        '<option value="0380">Как на фото</option></select>'
    )


def _crumbs(shop: Shop, product: Product) -> str:
    items = "".join(
        '<li itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem">'
        f'<a itemprop="item" href="{path}"><span itemprop="name">{escape(name)}</span></a>'
        f'<meta itemprop="position" content="{place}"></li>'
        for place, (name, path) in enumerate(crumbs_of(shop, product), 1)
    )
    return f'<ol itemscope itemtype="https://schema.org/BreadcrumbList">{items}</ol>'


MICRODATA = Layout(
    "microdata", "/product/{slug}", _render, frozenset({"gtin", "stock", "price_old"})
)
