"""Magento 2: `spConfig` of a configurable product in `x-magento-init` (S96)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

from povod.crawl.cms.base import Reading, SiteAdapter, Trace, site_adapter
from povod.crawl.cms.common import JsonObject, objects_in, parsed_json, price_of
from povod.crawl.extract.availability import accepted_stock
from povod.crawl.extract.document import Document
from povod.crawl.extract.product_model import MAX_VARIANTS, Layer, Variant
from povod.crawl.extract.values import code_of, plain_text
from povod.crawl.site_profile import SiteProfile

_SELECTORS = {
    "price": '.product-info-main [data-price-type="finalPrice"][data-price-amount]',
    "price_old": '.product-info-main [data-price-type="oldPrice"][data-price-amount]',
    "sku": ".product-info-main .sku .value",
    "availability": ".product-info-main .stock",
}


@site_adapter
class Magento(SiteAdapter):
    """Shops on Magento 2 and Adobe Commerce."""

    name = "magento"
    hints = (b"agento", b"/static/version")
    traces: ClassVar[tuple[Trace, ...]] = (
        Trace(b"text/x-magento-init", 0.8),
        Trace(b"Magento_", 0.5),
        Trace(b"/static/version", 0.4),
        Trace(b"mage/cookies", 0.5),
        Trace(b"x-magento-", 0.8, "headers"),
    )

    def read(self, document: Document, profile: SiteProfile) -> Reading:
        """The configurable product, or the selectors of a simple one."""
        body = document.tree.body
        classes = (body.attributes.get("class") or "").split() if body is not None else []
        config = next(_sp_configs(document), None)
        layer = _layer(config) if config is not None else None
        is_product = layer is not None or "catalog-product-view" in classes
        return Reading(layer, is_product=is_product, selectors=_SELECTORS)


def _sp_configs(document: Document) -> Iterator[JsonObject]:
    for node in document.tree.css('script[type="text/x-magento-init"]'):
        text = node.text()
        if "spConfig" not in text:
            continue
        for component in objects_in(parsed_json(text) or {}):
            for options in objects_in(component):
                config = options.get("spConfig")
                if isinstance(config, dict):
                    yield config


def _layer(config: JsonObject) -> Layer:
    layer = Layer("cms:magento")
    attributes = _attributes(config)
    prices = config.get("optionPrices")
    skus = config.get("sku") or config.get("skus")
    stocks = config.get("quantities") or config.get("stock")
    salable = config.get("salable_products")
    for identity in list(attributes)[: MAX_VARIANTS + 1]:
        stock = accepted_stock(_at(stocks, identity))
        layer.variants.append(
            Variant(
                id=identity,
                sku=code_of(_at(skus, identity)),
                attributes=attributes[identity],
                price=_price(_at(prices, identity)),
                stock=stock,
                in_stock=_in_stock(salable, identity, stock),
            )
        )
    return layer


def _at(table: Any, key: str) -> Any:
    return table.get(key) if isinstance(table, dict) else None


def _in_stock(salable: Any, identity: str, stock: int | None) -> bool | None:
    if isinstance(salable, list):
        return identity in map(str, salable)
    return None if stock is None else stock > 0


def _price(row: Any) -> Decimal | None:
    final = row.get("finalPrice") if isinstance(row, dict) else None
    return price_of(final.get("amount")) if isinstance(final, dict) else None


def _attributes(config: JsonObject) -> dict[str, dict[str, str]]:
    """Attributes of each simple product: each option names the products that have it."""
    found: dict[str, dict[str, str]] = {}
    table = config.get("attributes")
    for attribute in objects_in(table if isinstance(table, dict | list) else []):
        name = plain_text(attribute.get("label")) or plain_text(attribute.get("code")) or "option"
        for option in objects_in(attribute.get("options") or [], 10_000):
            label = plain_text(option.get("label"))
            for product in option.get("products") or []:
                if label:
                    found.setdefault(str(product), {})[name] = label
    return found
