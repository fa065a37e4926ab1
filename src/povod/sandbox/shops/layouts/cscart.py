"""CS-Cart: price, stock and options in the `ty-` markup only."""

from povod.sandbox.shops.chrome import (
    AVAILABILITY_TEXT,
    attributes_table,
    crumbs_of,
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
    '<script src="/js/tygh/core.js"></script><script>(function(_, $) { _.tr({}); }(Tygh, '
    "Tygh.$));</script>"
)


def _render(shop: Shop, product: Product, path: str) -> str:
    title = headings(product).replace("<h1>", '<h1 class="ty-product-block-title">', 1)
    number = product.index
    body = (
        f'<div class="ty-breadcrumbs clearfix">{_crumbs(shop, product)}</div>'
        f'<div class="ty-product-block">{gallery(product)}{title}'
        f'<form action="/index.php?dispatch=checkout.add..{number}" name="product_form_{number}">'
        f"{_price(product)}{_stock(product)}{_options(product)}</form>"
        f'<div class="ty-control-group ty-sku-item"><label>Код:</label>'
        f'<span class="ty-control-group__item" id="product_code_{number}">{product.sku}</span>'
        "</div>"
        f'<div class="ty-features-list">Бренд: <em>{escape(product.brand)}</em></div>'
        f'<div class="ty-wysiwyg-content">{escape(product.description)}</div>'
        f"{attributes_table(product)}</div>"
    )
    return document(shop, _SCRIPTS + product_head(shop, product, path), body)


def _price(product: Product) -> str:
    number = product.index
    amount = rouble(product.price)
    shown = (
        f'<span class="ty-price" id="line_discounted_price_{number}"><span '
        f'id="sec_discounted_price_{number}" class="ty-price-num">{amount}</span>&nbsp;'
        '<span class="ty-price-num">₽</span></span>'
    )
    if product.price_old is None:
        return shown
    old = rouble(product.price_old)
    return f'<span class="ty-list-price ty-nowrap"><s>{old}&nbsp;₽</s></span>{shown}'


def _stock(product: Product) -> str:
    if product.stock:
        return (
            '<div class="ty-control-group product-list-field"><label>Доступность:</label>'
            '<span class="ty-qty-in-stock ty-control-group__item" '
            f'id="in_stock_info_{product.index}">{product.stock}&nbsp;шт.</span></div>'
        )
    return (
        '<div class="ty-control-group"><span class="ty-qty-out-of-stock ty-control-group__item">'
        f"{AVAILABILITY_TEXT[product.availability]}</span></div>"
    )


def _options(product: Product) -> str:
    """Options without a price of their own: attributes, not variants (S94)."""
    return (
        f'<div class="ty-product-options"><select name="product_data[{product.index}]'
        '[product_options][17]"><option value="41">Стандартная упаковка</option>'
        '<option value="42">Подарочная упаковка</option></select></div>'
    )


def _crumbs(shop: Shop, product: Product) -> str:
    links = "".join(
        f'<a href="{path}" class="ty-breadcrumbs__a"><bdi>{escape(name)}</bdi></a>'
        '<span class="ty-breadcrumbs__slash">/</span>'
        for name, path in crumbs_of(shop, product)
    )
    return f'{links}<span class="ty-breadcrumbs__current">{escape(product.name)}</span>'


CSCART = Layout("cscart", "/{category}/{slug}.html", _render, frozenset({"stock", "price_old"}))
