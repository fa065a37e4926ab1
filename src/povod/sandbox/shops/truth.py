"""What a good reader finds on the pages of a shop, and what has changed since it began."""

from typing import Any

from povod.sandbox.shops.changes import NEW, Changes
from povod.sandbox.shops.chrome import categories_of, crumbs_of, planted_issues, seo_of
from povod.sandbox.shops.layouts import LAYOUTS, Layout
from povod.sandbox.shops.layouts.plain import SCHEMA_NAME
from povod.sandbox.shops.model import Availability, Product, Shop, Variant

WORDS_FOR_NONE = frozenset({"microdata", "woocommerce", "cscart"})
"""Layouts that say "нет в наличии" where others write 0."""
_COMPARED = ("name", "price", "price_old", "availability", "stock", "sku", "brand", "category")


def url_of(shop: Shop, index: int) -> str:
    """Canonical address of a product's page."""
    return shop.home.rstrip("/") + LAYOUTS[shop.layout].path_at(shop, index)


def product_truth(shop: Shop, product: Product) -> dict[str, Any]:
    """The fields that the shop's layout shows; prices are text with two places."""
    layout = LAYOUTS[shop.layout]
    every = {
        "name": product.name,
        "price": f"{product.price:.2f}",
        "price_old": f"{product.price_old:.2f}" if product.price_old else None,
        "currency": "RUB",
        "availability": _availability(layout, product),
        "stock": _stock(layout, product),
        "sku": product.sku,
        "brand": product.brand,
        "gtin": product.gtin,
        "category": categories_of(shop)[product.category].name,
        "breadcrumbs": _trail(shop, product, layout),
        "images": [shop.home.rstrip("/") + image for image in product.images],
        "rating": str(product.rating) if product.rating else None,
        "reviews": product.reviews if product.rating else None,
        "variants": [_variant_truth(layout, variant) for variant in product.variants],
    }
    return {name: value for name, value in every.items() if _shown(layout, product, name)}


def page_truth(changes: Changes, index: int) -> dict[str, Any]:
    """One page: its address, whether it is there, what it shows."""
    product, shop = changes.product(index), changes.shop
    base = changes.base(index)
    page: dict[str, Any] = {
        "index": index,
        "url": url_of(shop, index),
        "removed": product is None,
        "listed": changes.is_listed(index),
    }
    if product is not None:
        path = LAYOUTS[shop.layout].path_at(shop, base.index)
        page["product"] = product_truth(shop, product)
        page["seo"] = _seo(shop, product, path)
        page["planted_issues"] = planted_issues(product)
    return page


def shop_truth(changes: Changes) -> dict[str, Any]:
    """The difference to the beginning: exactly what a diff of two complete crawls must say.

    `modified[].fields` and `.variants` list every visible difference, also those that follow from
    another one (lowest price, sum of stocks); `seo` the changed SEO fields.
    """
    new, removed, modified = [], [], []
    for index in changes.touched():
        product, base = changes.product(index), changes.base(index)
        url = url_of(changes.shop, index)
        opened = any(change.kind == NEW for change in changes.of(index))
        if product is None:
            removed += [] if opened else [url]
        elif opened:
            new.append(url)
        else:
            entry = _difference(changes.shop, base, product)
            modified += [{"url": url, **entry}] if any(entry.values()) else []
    return {"host": changes.shop.host, "new": new, "removed": removed, "modified": modified}


def _difference(shop: Shop, base: Product, product: Product) -> dict[str, Any]:
    before, after = product_truth(shop, base), product_truth(shop, product)
    path = LAYOUTS[shop.layout].path_at(shop, base.index)
    seo_before, seo_after = _seo(shop, base, path), _seo(shop, product, path)
    return {
        "fields": _changed({name: before.get(name) for name in _COMPARED}, after),
        "variants": [
            {"id": old["id"], "field": name, **values}
            for old, new in zip(before.get("variants", []), after.get("variants", []), strict=True)
            for name, values in _changed(old, new).items()
        ],
        "seo": _changed(seo_before, seo_after),
    }


def _seo(shop: Shop, product: Product, path: str) -> dict[str, Any]:
    """The SEO fields of a page; data has none."""
    is_page = LAYOUTS[shop.layout].media_type == "text/html"
    return seo_of(shop, product, path) if is_page else {}


def _trail(shop: Shop, product: Product, layout: Layout) -> list[list[str | None]]:
    """The breadcrumbs as shown: most engines end them with the product itself, unlinked."""
    home = shop.home.rstrip("/")
    trail: list[list[str | None]] = [[name, home + path] for name, path in crumbs_of(shop, product)]
    if layout.name == "opencart":
        trail.append([product.name, home + layout.path(shop, product)])
    elif layout.name not in {"microdata", "api"}:
        trail.append([product.name, None])
    return trail


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: {"before": value, "after": after.get(name)}
        for name, value in before.items()
        if value != after.get(name)
    }


def _stock(layout: Layout, product: Product) -> int | None:
    """The quantity if the page tells it; plain JSON-LD tells it for variants only."""
    if "stock" in layout.fields:
        return _told(layout, product)
    return _told(layout, product) if product.variants else None


def _told(layout: Layout, product: Product) -> int | None:
    """The sum of the variants if all of them are told, or the product's own quantity."""
    if not product.variants:
        return _quantity(layout, product.stock)
    told = [_quantity(layout, variant.stock) for variant in product.variants]
    return None if None in told else product.stock


def _quantity(layout: Layout, stock: int) -> int | None:
    """Words without a number ("нет в наличии") are no quantity; data with a 0 is one."""
    if "variant_stock" in layout.hides:
        return None
    return stock if stock or layout.name not in WORDS_FOR_NONE else None


def _availability(layout: Layout, product: Product) -> str:
    """Some engines know only whether a product can be bought."""
    hidden = "preorder" in layout.hides and product.availability is Availability.PREORDER
    return Availability.OUT_OF_STOCK.value if hidden else product.availability.value


def _shown(layout: Layout, product: Product, name: str) -> bool:
    if name == "sku" and product.variants and "group_sku" in layout.hides:
        return False
    if name == "availability" and not product.variants and name in layout.hides:
        return False
    if name == "stock":
        hidden = "variant_stock" in layout.hides
        return "stock" in layout.fields or (bool(product.variants) and not hidden)
    return name in layout.fields


def _variant_truth(layout: Layout, variant: Variant) -> dict[str, Any]:
    return {
        "id": variant.id,
        "sku": variant.sku,
        "type": "/".join(_label(layout, label) for label, _ in variant.attributes),
        "value": variant.value,
        "price": f"{variant.price:.2f}",
        "stock": _quantity(layout, variant.stock),
        "in_stock": variant.stock > 0,
    }


def _label(layout: Layout, label: str) -> str:
    """The name of an attribute as the page has it: schema.org has words of its own."""
    return SCHEMA_NAME.get(label, label) if layout.name in {"plain", "spa"} else label
