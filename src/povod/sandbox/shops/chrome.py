"""What the pages of all engines share: head, SEO tags, menu, crumbs, lists, the footer."""

import html
from decimal import Decimal
from functools import cache
from typing import Any

import orjson

from povod.sandbox.shops.model import Availability, Category, Product, Shop
from povod.sandbox.shops.themes import THEMES

PER_PAGE = 20
NO_DESCRIPTION, TWO_H1, NO_INDEX, NO_CANONICAL = (23, 3), (29, 4), (31, 7), (37, 8)
"""(every, at): which product pages have a planted SEO fault."""

SCHEMA_AVAILABILITY = {
    Availability.IN_STOCK: "https://schema.org/InStock",
    Availability.OUT_OF_STOCK: "https://schema.org/OutOfStock",
    Availability.PREORDER: "https://schema.org/PreOrder",
}
AVAILABILITY_TEXT = {
    Availability.IN_STOCK: "В наличии",
    Availability.OUT_OF_STOCK: "Нет в наличии",
    Availability.PREORDER: "Под заказ",
}
escape = html.escape


def categories_of(shop: Shop) -> tuple[Category, ...]:
    """The shelves of a shop, in the order of their numbers."""
    return THEMES[shop.theme].categories


def category_path(category: Category) -> str:
    """Address of a shelf's first page."""
    return f"/catalog/{category.slug}/"


def crumbs_of(shop: Shop, product: Product) -> list[tuple[str, str]]:
    """(name, path) from the home page to the product's shelf."""
    category = categories_of(shop)[product.category]
    return [("Главная", "/"), ("Каталог", "/catalog/"), (category.name, category_path(category))]


def planted_issues(product: Product) -> list[str]:
    """SEO faults of a product's page, by the codes of S99."""
    codes = {
        "description_missing": NO_DESCRIPTION,
        "h1_multiple": TWO_H1,
        "noindex": NO_INDEX,
        "canonical_missing": NO_CANONICAL,
    }
    return [code for code, (every, at) in codes.items() if product.index % every == at]


def seo_of(shop: Shop, product: Product, path: str) -> dict[str, Any]:
    """The SEO fields that a page shows; None for one it leaves out."""
    issues = planted_issues(product)
    return {
        "title": f"{product.name} — купить в магазине «{THEMES[shop.theme].label}»",
        "meta_description": (None if "description_missing" in issues else product.meta_description),
        "h1": product.name,
        "canonical": None if "canonical_missing" in issues else shop.home.rstrip("/") + path,
        "robots": "noindex, follow" if "noindex" in issues else None,
        "og_title": product.name,
        "og_image": shop.home.rstrip("/") + product.images[0],
        "meta_keywords": f"{product.brand}, {categories_of(shop)[product.category].name}",
    }


def product_head(shop: Shop, product: Product, path: str) -> str:
    """Title, meta, canonical and Open Graph of a product's page."""
    seo = seo_of(shop, product, path)
    named = {"description": seo["meta_description"], "robots": seo["robots"],
             "keywords": seo["meta_keywords"]}  # fmt: skip
    tags = [f"<title>{escape(seo['title'])}</title>"]
    tags += [f'<meta name="{name}" content="{escape(text)}">' for name, text in named.items()
             if text]  # fmt: skip
    if seo["canonical"]:
        tags.append(f'<link rel="canonical" href="{escape(seo["canonical"])}">')
    shared = {"og:type": "product", "og:title": seo["og_title"], "og:image": seo["og_image"],
              "og:url": shop.home.rstrip("/") + path}  # fmt: skip
    tags += [f'<meta property="{name}" content="{escape(text)}">' for name, text in shared.items()]
    return "".join(tags)


def document(shop: Shop, head: str, body: str, *, attributes: str = "") -> str:
    """A whole page: head, menu, `body` in main, footer."""
    return (
        f'<!doctype html><html lang="ru"><head><meta charset="{shop.charset}">'
        f'<meta name="viewport" content="width=device-width">{head}</head><body{attributes}>'
        f"<header>{_menu(shop.theme)}</header><main>{body}</main>{_footer(shop)}</body></html>"
    )


def crumbs(shop: Shop, product: Product) -> str:
    """Breadcrumbs as plain links; the last one is the product itself."""
    links = (f'<a href="{path}">{escape(name)}</a>' for name, path in crumbs_of(shop, product))
    return (
        f'<nav class="breadcrumbs">{" / ".join(links)} / <span>{escape(product.name)}</span></nav>'
    )


def headings(product: Product) -> str:
    """The h1, twice on the pages that have one too many."""
    again = "<h1>Рекомендуем</h1>" if "h1_multiple" in planted_issues(product) else ""
    return f"<h1>{escape(product.name)}</h1>{again}"


def gallery(product: Product, *, itemprop: str = "") -> str:
    """The product's pictures."""
    mark = f' itemprop="{itemprop}"' if itemprop else ""
    return "".join(
        f'<img src="{path}" alt="{escape(product.name)}, вид {number}"{mark}>'
        for number, path in enumerate(product.images, 1)
    )


def attributes_table(product: Product) -> str:
    """The product's properties."""
    rows = (
        f"<tr><td>{escape(label)}</td><td>{escape(value)}</td></tr>"
        for label, value in product.attrs
    )
    return f'<table class="props">{"".join(rows)}</table>'


def rouble(price: Decimal) -> str:
    """A price as Russian shops write it: 12 990,50."""
    text = f"{price:,.2f}".replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")
    return text.removesuffix(",00")


def plain_number(price: Decimal) -> str:
    """A price with a dot and no spaces, for attributes and JSON."""
    return f"{price:.2f}"


def script_json(value: Any) -> str:
    """JSON that may stand inside a script element."""
    return orjson.dumps(value).decode().replace("</", "<\\/")


def product_card(product: Product, path: str) -> str:
    """One product in a list."""
    return (
        f'<div class="card"><a href="{escape(path)}">{escape(product.name)}</a> '
        f'<span class="card-price">{rouble(product.price)} ₽</span></div>'
    )


@cache
def _menu(theme: str) -> str:
    links = (
        f'<a href="{category_path(category)}">{escape(category.name)}</a>'
        for category in THEMES[theme].categories
    )
    label = escape(THEMES[theme].label)
    return f'<a href="/" class="logo">{label}</a><nav>{" ".join(links)}</nav>'


def _footer(shop: Shop) -> str:
    return (
        "<footer><p>Доставка по Москве и области, самовывоз, оплата картой.</p>"
        f'<p>Телефон <a href="tel:+74950000123">+7 495 000-01-23</a>, info@{shop.host}</p></footer>'
    )
