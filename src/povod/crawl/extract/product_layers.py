"""Layers of a product that need few words: Open Graph, selectors; and how layers become one."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from selectolax.lexbor import SelectolaxError

from povod.crawl.extract.availability import (
    Availability,
    accepted_stock,
    availability_of_schema,
    availability_of_text,
    stock_of_text,
)
from povod.crawl.extract.currency import currency_of_host, iso_of
from povod.crawl.extract.document import Document, text_of
from povod.crawl.extract.microdata import open_graph_of
from povod.crawl.extract.price import accepted, iso_of_text, parse_price, structured_amount
from povod.crawl.extract.price_nodes import node_price
from povod.crawl.extract.product_model import (
    FIELDS,
    MAX_VARIANTS,
    Layer,
    Product,
    Variant,
)
from povod.crawl.extract.values import brand_of_text, code_of, gtin_of, plain_text, text_digest

OG_PRODUCT_TYPES = frozenset({"product", "og:product", "product.item", "product.group"})
STRUCTURED = ("json-ld", "microdata", "opengraph")


def open_graph_layer(document: Document) -> Layer:
    """`og:` and `product:` properties."""
    og = open_graph_of(document.metas)
    layer = Layer("opengraph")
    listed = structured_amount(og.get("product:original_price:amount"))
    sale = structured_amount(og.get("product:sale_price:amount"))
    amount = structured_amount(og.get("product:price:amount") or og.get("og:price:amount"))
    layer.put("price", accepted(sale) or accepted(amount))
    layer.put("price_old", accepted(listed) or (accepted(amount) if sale is not None else None))
    layer.put("currency", iso_of(og.get("product:price:currency") or og.get("og:price:currency")))
    layer.put("availability", availability_of_schema(_og(og, "availability")))
    layer.put("brand", code_of(_og(og, "brand")))
    layer.put("sku", code_of(og.get("product:retailer_item_id")))
    layer.put("gtin", gtin_of(_og(og, "ean") or _og(og, "gtin")))
    layer.put("category", plain_text(og.get("product:category")))
    _put_card(layer, document.metas)
    if is_og_product(og):
        layer.put("name", plain_text(og.get("og:title")))
        layer.put("description_hash", text_digest(og.get("og:description")))
    return layer


def _put_card(layer: Layer, metas: Mapping[str, str]) -> None:
    """The two labelled texts of a sharing card: `twitter:label1` = «Цена»."""
    for number in (1, 2):
        label = metas.get(f"twitter:label{number}", "").strip().casefold()
        text = metas.get(f"twitter:data{number}", "")
        if label in ("цена", "price"):
            price = parse_price(text)
            layer.put("price", accepted(price.amount) if price is not None else None)
            layer.put("currency", price.currency if price is not None else None)
        elif label in ("наличие", "availability"):
            layer.put("availability", availability_of_text(text))
        elif label in ("бренд", "производитель", "brand"):
            layer.put("brand", code_of(text))


def share_image_layer(document: Document) -> Layer:
    """The picture for sharing: one of several, so that any gallery on the page goes before it."""
    layer = Layer("opengraph")
    image = document.link(document.metas.get("og:image"))
    layer.put("images", (image,) if image else ())
    return layer


def is_og_product(metas: Mapping[str, str]) -> bool:
    """Whether Open Graph calls the page a product, by its type or by a price."""
    kind = metas.get("og:type", "").lower()
    return kind in OG_PRODUCT_TYPES or "product:price:amount" in metas


def _og(og: Mapping[str, str], name: str) -> str | None:
    return og.get(f"product:{name}") or og.get(f"og:{name}")


def selector_layer(document: Document, selectors: Mapping[str, str], source: str) -> Layer:
    """Fields that CSS selectors point to; a selector that is none gives a warning."""
    layer = Layer(source)
    for name, query in selectors.items():
        if name not in FIELDS:
            continue
        try:
            node = document.tree.css_first(query)
        except SelectolaxError:
            layer.warnings.append(f"bad_selector:{name}")
            continue
        if node is None:
            continue
        if name in ("price", "price_old"):
            price = node_price(node)
            layer.put(name, accepted(price.amount) if price else None)
            layer.put("currency", price.currency if price else None)
            continue
        attributes = node.attributes
        text = attributes.get("content") or text_of(node) or attributes.get("src") or ""
        layer.put(name, _field_of_text(name, text, document))
    return layer


def _field_of_text(name: str, text: str, document: Document) -> Any:
    if name == "availability":
        return availability_of_schema(text) or availability_of_text(text)
    if name == "stock":
        stock = accepted_stock(text)
        return stock if stock is not None else stock_of_text(text)
    if name == "currency":
        return iso_of(text) or iso_of_text(text)
    if name == "images":
        address = document.link(text)
        return (address,) if address else ()
    if name == "gtin":
        return gtin_of(text)
    if name == "description_hash":
        return text_digest(text)
    if name == "brand":
        return brand_of_text(text)
    return code_of(text) if name in ("name", "sku", "category") else None


def joined(layers: list[Layer], host: str, currency: str | None = None) -> Product:
    """One product of all layers: per field the first that has it wins (S86).

    `currency` is the profile's, taken like the host's where the page names none.
    """
    fields: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for layer in layers:
        for name, value in layer.fields.items():
            if name not in fields:
                fields[name], sources[name] = value, layer.source
    warnings = list(dict.fromkeys(warning for layer in layers for warning in layer.warnings))
    if _has_price_conflict(layers):
        warnings.append("price_conflict")
    _read_variants(layers, fields, sources, warnings)
    _reconsider_availability(layers, fields, sources)
    _tidy_prices(layers, fields, sources)
    _put_currency(fields, sources, host, currency)
    return Product(**fields, sources=sources, warnings=tuple(warnings))


def overlaid(product: Product, layer: Layer) -> Product:
    """The product with a layer of the highest rank put over it, as an adapter's answer is."""
    parts = {source: Layer(source) for source in product.sources.values()}
    for name, source in product.sources.items():
        if name == "variants":
            parts[source].variants = list(product.variants)
        else:
            parts[source].put(name, getattr(product, name))
    result = joined([layer, *parts.values()], host="")
    warnings = dict.fromkeys((*product.warnings, *result.warnings))
    return replace(result, warnings=tuple(warnings))


def _has_price_conflict(layers: list[Layer]) -> bool:
    """Whether two structured sources give prices that do not meet."""
    spans = [
        (price, layer.fields.get("price_max", price))
        for layer in layers
        if layer.source.startswith(("cms:", *STRUCTURED))
        and not layer.source.endswith("selectors")
        and isinstance(price := layer.fields.get("price"), Decimal)
    ]
    return any(
        low > high_2 or low_2 > high
        for place, (low, high) in enumerate(spans)
        for low_2, high_2 in spans[place + 1 :]
    )


def _read_variants(
    layers: list[Layer], fields: dict[str, Any], sources: dict[str, str], warnings: list[str]
) -> None:
    """Variants of the best layer that has any, and what follows from them for the product (S94)."""
    layer = next((layer for layer in layers if layer.variants), None)
    if layer is None:
        return
    variants = list({variant.variant_key: variant for variant in layer.variants[::-1]}.values())
    variants.reverse()
    if len(variants) > MAX_VARIANTS:
        variants = variants[:MAX_VARIANTS]
        warnings.append("variants_cut")
    fields["variants"], sources["variants"] = tuple(variants), layer.source
    derived = _derived(variants, fields.get("availability"))
    for name in ("price", "price_max", "stock", "availability"):
        if name in derived and (derived[name] is not None or name in ("stock", "price_max")):
            fields[name], sources[name] = derived[name], layer.source


def _derived(variants: list[Variant], availability: Availability | None) -> dict[str, Any]:
    """Lowest price, sum of stock if all are known, in stock if any is."""
    derived: dict[str, Any] = {}
    prices = [variant.price for variant in variants if variant.price is not None]
    if prices:
        derived["price"] = min(prices)
        derived["price_max"] = max(prices) if max(prices) > min(prices) else None
    stocks = [variant.stock for variant in variants]
    known = [stock for stock in stocks if stock is not None]
    derived["stock"] = sum(known) if len(known) == len(stocks) else None
    states = [variant.in_stock for variant in variants]
    if True in states:
        derived["availability"] = "in_stock"
    elif all(state is False for state in states):
        derived["availability"] = "preorder" if availability == "preorder" else "out_of_stock"
    return derived


def _reconsider_availability(
    layers: list[Layer], fields: dict[str, Any], sources: dict[str, str]
) -> None:
    """An engine only tells that nothing can be taken at once: the page may take orders ahead."""
    is_engine = sources.get("availability", "").startswith("cms:")
    if not is_engine or fields["availability"] != "out_of_stock":
        return
    ahead = next((lay for lay in layers if lay.fields.get("availability") == "preorder"), None)
    if ahead is not None:
        fields["availability"], sources["availability"] = "preorder", ahead.source


def _tidy_prices(layers: list[Layer], fields: dict[str, Any], sources: dict[str, str]) -> None:
    """Ends of a range only from the source of the price; an old price only above the new one."""
    price = fields.get("price")
    for name in ("price_max", "price_from"):
        is_foreign = sources.get(name) != sources.get("price")
        if name in fields and (fields[name] is None or is_foreign):
            del fields[name], sources[name]
    old = fields.get("price_old")
    if old is not None and (price is None or old <= price):
        better = (layer.fields.get("price_old") for layer in layers)
        fields["price_old"] = next((o for o in better if o and price and o > price), None)
        if fields["price_old"] is None:
            del fields["price_old"], sources["price_old"]
    if fields.get("stock") is None and "stock" in fields:
        del fields["stock"], sources["stock"]


def _put_currency(
    fields: dict[str, Any], sources: dict[str, str], host: str, currency: str | None
) -> None:
    if fields.get("price") is None:
        return
    if fields.get("currency") is None and currency:
        fields["currency"], sources["currency"] = currency, "profile"
    if fields.get("currency") is None and (code := currency_of_host(host)):
        fields["currency"], sources["currency"] = code, "host"
