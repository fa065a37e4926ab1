"""WooCommerce: the form's `data-product_variations`, else the Store API by slug (S96)."""

from typing import ClassVar
from urllib.parse import quote, unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from povod.crawl.cms.base import Reading, SiteAdapter, Trace, site_adapter
from povod.crawl.cms.common import JsonObject, cents_of, objects_in, parsed_json, price_of, true_of
from povod.crawl.extract.availability import accepted_stock, stock_of_text
from povod.crawl.extract.currency import iso_of
from povod.crawl.extract.document import Document, text_of
from povod.crawl.extract.product_model import Layer, Variant
from povod.crawl.extract.values import code_of, plain_text
from povod.crawl.site_profile import SiteProfile

_SELECTORS = {
    "price": ".product p.price ins .amount,.product p.price>.amount",
    "price_old": ".product p.price del .amount",
    "sku": ".product_meta .sku",
    "stock": ".product p.stock",
    "availability": ".product p.stock",
}


@site_adapter
class WooCommerce(SiteAdapter):
    """Shops on WordPress with WooCommerce."""

    name = "woocommerce"
    hints = (b"woocommerce", b"wp-content", b"variations_form")
    traces: ClassVar[tuple[Trace, ...]] = (
        Trace(b"/wp-content/", 0.4),
        Trace(b"woocommerce", 0.6),
        Trace(b"wc-block", 0.3),
        Trace(b"/plugins/woocommerce/", 0.6),
        Trace(b"variations_form", 0.6),
        Trace(b"wc_add_to_cart_params", 0.5),
        Trace(b"woocommerce_", 0.5, "headers"),
    )

    def read(self, document: Document, profile: SiteProfile) -> Reading:
        """Variations in the form; a form that loads them later wants the Store API."""
        form = document.tree.css_first("form.variations_form")
        if form is None:
            body = document.tree.body
            classes = (body.attributes.get("class") or "").split() if body is not None else []
            return Reading(is_product="single-product" in classes, selectors=_SELECTORS)
        rows = parsed_json(form.attributes.get("data-product_variations"))
        layer = Layer("cms:woocommerce")
        if isinstance(rows, list) and rows:
            layer.variants = [_variant(row, form) for row in objects_in(rows)]
            return Reading(layer, is_product=True, selectors=_SELECTORS)
        wants = [_store_address(document.url)] if _slug(document.url) else []
        return Reading(layer, is_product=True, wants=wants, selectors=_SELECTORS)

    def merge(self, document_url: str, wanted_url: str, body: bytes) -> Layer | None:
        """The product of the Store API with its variations."""
        products = objects_in(parsed_json(body) or [])
        slug = _slug(document_url)
        product = next((p for p in products if p.get("slug") in (slug, quote(slug).lower())), None)
        product = product or (products[0] if len(products) == 1 else None)
        return _store_layer(product) if product is not None else None


def _variant(row: JsonObject, form: LexborNode) -> Variant:
    shown = LexborHTMLParser(str(row.get("availability_html") or ""))
    stock = stock_of_text(text_of(shown.body)) if shown.body is not None else None
    most = accepted_stock(row.get("max_qty"))
    attributes = row.get("attributes")
    pairs = attributes.items() if isinstance(attributes, dict) else ()
    return Variant(
        id=plain_text(row.get("variation_id")),
        sku=code_of(row.get("sku")),
        attributes=dict(_words(name, str(value), form) for name, value in pairs if value),
        price=price_of(row.get("display_price")),
        stock=stock if stock is not None else most if most and most > 1 else None,
        in_stock=true_of(row.get("is_in_stock")),
    )


def _words(name: str, value: str, form: LexborNode) -> tuple[str, str]:
    """`attribute_pa_color: red` in the words of the form's label and option."""
    plain = name.removeprefix("attribute_")
    choice = next((n for n in form.css("select") if n.attributes.get("name") == name), None)
    label = next((n for n in form.css("label[for]") if n.attributes.get("for") == plain), None)
    options = choice.css("option") if choice is not None else []
    option = next((o for o in options if o.attributes.get("value") == value), None)
    shown_name = text_of(label).rstrip(" :") if label is not None else ""
    shown_value = text_of(option) if option is not None else ""
    return shown_name or unquote(plain).removeprefix("pa_"), shown_value or unquote(value)


def _slug(url: str) -> str:
    return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])


def _store_address(url: str) -> str:
    parts = urlsplit(url)
    slug = quote(_slug(url), safe="")
    return f"{parts.scheme}://{parts.netloc}/wp-json/wc/store/v1/products?slug={slug}"


def _store_layer(product: JsonObject) -> Layer:
    layer = Layer("cms:woocommerce")
    prices = product.get("prices")
    prices = prices if isinstance(prices, dict) else {}
    unit = accepted_stock(prices.get("currency_minor_unit"))
    unit = 2 if unit is None else unit
    price, regular = (
        cents_of(prices.get("price"), unit),
        cents_of(prices.get("regular_price"), unit),
    )
    layer.put("name", plain_text(product.get("name")))
    layer.put("sku", code_of(product.get("sku")))
    layer.put("price", price)
    layer.put("price_old", regular)
    layer.put("currency", iso_of(plain_text(prices.get("currency_code"))))
    in_stock = true_of(product.get("is_in_stock"))
    layer.put(
        "availability",
        {True: "in_stock", False: "out_of_stock"}.get(in_stock or False)
        if in_stock is not None
        else None,
    )
    same_price = price if not prices.get("price_range") else None
    layer.variants = [
        Variant(id=plain_text(row.get("id")), attributes=_pairs(row), price=same_price)
        for row in objects_in(product.get("variations") or [])
    ]
    return layer


def _pairs(row: JsonObject) -> dict[str, str]:
    return {
        name: value
        for item in objects_in(row.get("attributes") or [])
        if (name := plain_text(item.get("name"))) and (value := plain_text(item.get("value")))
    }
