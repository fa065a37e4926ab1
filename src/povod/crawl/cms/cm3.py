"""CM3 shops (Megagroup): the object of `shop2.init`, and the offers it can be asked for (S96)."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from povod.crawl.cms.base import Reading, SiteAdapter, Trace, site_adapter
from povod.crawl.cms.common import JsonObject, objects_in, parsed_json, price_of, true_of
from povod.crawl.cms.jsobject import js_after
from povod.crawl.extract.availability import accepted_stock
from povod.crawl.extract.document import Document
from povod.crawl.extract.product_model import Layer, Variant
from povod.crawl.extract.values import code_of, plain_text
from povod.crawl.site_profile import SiteProfile

_SELECTORS = {
    "sku": ".product-article,.shop2-product-article",
    "price": ".shop-product .price-current",
}


@site_adapter
class Cm3(SiteAdapter):
    """Shops with `shop2`."""

    name = "cm3"
    hints = (b"shop2", b"megagroup")
    traces: ClassVar[tuple[Trace, ...]] = (
        Trace(b"shop2.init(", 0.8),
        Trace(b"shop2-", 0.4),
        Trace(b"/g/shop2v2/", 0.6),
        Trace(b"megagroup", 0.4),
        Trace(b"/-/cm3", 0.4),
    )

    def read(self, document: Document, profile: SiteProfile) -> Reading:
        """Kinds of the product with their parameters; prices come with the offers."""
        if b"shop2.init(" not in document.source:
            return Reading(selectors=_SELECTORS)
        data = js_after(document.source.decode("utf-8", "replace"), "shop2.init(")
        if not isinstance(data, dict) or data.get("mode") != "product":
            return Reading(selectors=_SELECTORS)
        refs = data.get("productRefs")
        kinds = _kinds(refs) if isinstance(refs, dict) else {}
        layer = Layer("cms:cm3")
        if not isinstance(refs, dict) or len(kinds) < 2:
            return Reading(layer, is_product=True, selectors=_SELECTORS)
        layer.variants = [Variant(id=kind, attributes=attrs) for kind, attrs in kinds.items()]
        return Reading(
            layer,
            is_product=True,
            wants=[_offers_address(document.url, refs)],
            selectors=_SELECTORS,
        )

    def merge(self, document_url: str, wanted_url: str, body: bytes) -> Layer | None:
        """Prices and quantities of the kinds."""
        data = parsed_json(body)
        rows = data.get("offers", data.get("data")) if isinstance(data, dict) else data
        offers = objects_in(rows) if isinstance(rows, list | dict) else []
        if not offers:
            return None
        layer = Layer("cms:cm3")
        layer.variants = [_variant(row) for row in offers]
        return layer


def _kinds(refs: JsonObject) -> dict[str, dict[str, str]]:
    """`{product: {parameter: {value: [kind, …]}}}` turned round to the parameters of each kind."""
    found: dict[str, dict[str, str]] = {}
    for parameters in objects_in(refs, 1):
        for name, values in parameters.items():
            pairs: Any = values.items() if isinstance(values, dict) else ()
            for value, kinds in pairs:
                for kind in kinds if isinstance(kinds, list) else []:
                    found.setdefault(str(kind), {})[name] = str(value)
    return found


def _offers_address(url: str, refs: JsonObject) -> str:
    parts = urlsplit(url)
    folder = parts.path.strip("/").partition("/")[0] or "magazin"
    product = next(iter(refs))
    return f"{parts.scheme}://{parts.netloc}/{folder}/product/get-offers/?product_id={product}"


def _variant(row: JsonObject) -> Variant:
    stock = accepted_stock(row.get("amount", row.get("stock", row.get("quantity"))))
    known = true_of(row.get("in_stock", row.get("available")))
    parameters = row.get("params", row.get("attributes"))
    pairs: Any = parameters.items() if isinstance(parameters, dict) else ()
    return Variant(
        id=plain_text(row.get("kind_id", row.get("id"))),
        sku=code_of(row.get("article", row.get("sku"))),
        attributes={str(k): text for k, v in pairs if (text := plain_text(v))},
        price=price_of(row.get("price")),
        stock=stock,
        in_stock=known if known is not None else None if stock is None else stock > 0,
    )
