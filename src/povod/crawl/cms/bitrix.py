"""1C-Bitrix: the argument of `JCCatalogElement`, with offers, prices and quantities (S96)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from selectolax.lexbor import LexborHTMLParser, LexborNode

from povod.crawl.cms.base import Reading, SiteAdapter, Trace, site_adapter
from povod.crawl.cms.common import JsonObject, objects_in, price_of, put_single, true_of
from povod.crawl.cms.jsobject import js_after
from povod.crawl.extract.availability import accepted_stock
from povod.crawl.extract.currency import iso_of
from povod.crawl.extract.document import Document, text_of
from povod.crawl.extract.product_model import Layer, Variant
from povod.crawl.extract.values import code_of, plain_text
from povod.crawl.site_profile import SiteProfile

_MARKER = "JCCatalogElement("
_SKU_KEYS = ("ARTICLE", "ARTNUMBER", "CML2_ARTICLE", "SKU", "XML_ID")


@site_adapter
class Bitrix(SiteAdapter):
    """Shops on 1C-Bitrix."""

    name = "bitrix"
    hints = (b"bitrix", b"JCCatalog", b"BX.")
    traces: ClassVar[tuple[Trace, ...]] = (
        Trace(b"/bitrix/templates/", 0.6),
        Trace(b"/bitrix/js/", 0.6),
        Trace(b"/bitrix/cache/", 0.5),
        Trace(b"BX.message(", 0.5),
        Trace(b"BX.setCSSList(", 0.4),
        Trace(b"JCCatalogElement", 0.7),
        Trace(b"bitrix_sessid", 0.5),
        Trace(b"bitrix_sm_", 0.7, "headers"),
        Trace(b"x-powered-cms: bitrix", 0.9, "headers"),
    )

    def read(self, document: Document, profile: SiteProfile) -> Reading:
        """The page's element with its offers."""
        if b"JCCatalogElement" not in document.source:
            return Reading(selectors=_SELECTORS)
        data = js_after(document.source.decode("utf-8", "replace"), _MARKER)
        if not isinstance(data, dict):
            return Reading(selectors=_SELECTORS)
        return Reading(_layer(data, document), is_product=True, selectors=_SELECTORS)


_SELECTORS = {
    "price_old": ".product-item-detail-price-old,.bx_item_detail .old_price",
    "sku": ".product-item-detail-article,.article__value",
}


def _layer(data: JsonObject, document: Document) -> Layer:
    layer = Layer("cms:bitrix")
    product = data.get("PRODUCT")
    product = product if isinstance(product, dict) else {}
    layer.put("name", plain_text(product.get("NAME")))
    offers = objects_in(data.get("OFFERS"))
    names = _TreeNames(data, document.tree)
    if offers:
        layer.variants = [_variant(offer, names, document) for offer in offers]
        layer.put("currency", next((c for o in offers if (c := _prices(o)[2])), None))
    else:
        put_single(layer, [_variant(product, names, document)])
        price, old, currency = _prices(product)
        layer.put("price_old", old if old and price and old > price else None)
        layer.put("currency", currency)
    return layer


def _variant(offer: JsonObject, names: "_TreeNames", document: Document) -> Variant:
    identity = plain_text(offer.get("ID"))
    return Variant(
        id=identity if "TREE" in offer or "OFFER_ID" in offer or "NAME" in offer else None,
        sku=_sku(offer),
        url=document.link(plain_text(offer.get("DETAIL_PAGE_URL") or offer.get("URL"))),
        attributes=names.attributes(offer),
        price=_prices(offer)[0],
        stock=_stock(offer),
        in_stock=true_of(offer.get("CAN_BUY")),
    )


def _prices(offer: JsonObject) -> tuple[Decimal | None, Decimal | None, str | None]:
    """Price, price before the discount, currency; new templates and old ones differ."""
    rows = objects_in(offer.get("ITEM_PRICES"))
    selected = offer.get("ITEM_PRICE_SELECTED")
    at = selected if isinstance(selected, int) and 0 <= selected < len(rows) else 0
    row = rows[at] if rows else offer.get("PRICE")
    if not isinstance(row, dict):
        return price_of(row or offer.get("BASIS_PRICE")), None, None
    price = price_of(row.get("PRICE", row.get("DISCOUNT_VALUE", row.get("VALUE"))))
    old = price_of(row.get("BASE_PRICE", row.get("VALUE")))
    return price, old, iso_of(plain_text(row.get("CURRENCY")))


def _stock(offer: JsonObject) -> int | None:
    """The quantity, when the shop keeps count; zero without counting means nothing."""
    for name in ("MAX_QUANTITY", "CATALOG_QUANTITY", "QUANTITY"):
        stock = accepted_stock(_whole(offer.get(name)))
        if stock is not None and (stock > 0 or true_of(offer.get("CHECK_QUANTITY"))):
            return stock
    return None


def _whole(value: Any) -> Any:
    text = value.strip() if isinstance(value, str) else value
    return text.removesuffix(".00").removesuffix(".0") if isinstance(text, str) else text


def _sku(offer: JsonObject) -> str | None:
    found = next((code for key in _SKU_KEYS if (code := code_of(offer.get(key)))), None)
    properties = offer.get("PROPERTIES")
    if found is None and isinstance(properties, dict):
        return _sku(
            {k: v.get("VALUE") if isinstance(v, dict) else v for k, v in properties.items()}
        )
    return found


class _TreeNames:
    """Names of the properties in which offers differ, and of their values."""

    def __init__(self, data: JsonObject, tree: LexborHTMLParser) -> None:
        self._props = {str(prop.get("ID")): prop for prop in objects_in(data.get("TREE_PROPS"))}
        self._nodes: dict[str, LexborNode] = {}
        for node in tree.css("[data-treevalue]"):
            self._nodes.setdefault(node.attributes.get("data-treevalue") or "", node)
        self._names: dict[str, str] = {}

    def attributes(self, offer: JsonObject) -> Mapping[str, str]:
        """`{'PROP_46': '12'}` in the words of the page, else the properties that are shown."""
        tree = offer.get("TREE")
        pairs = tree.items() if isinstance(tree, dict) else ()
        found = {}
        for key, value in pairs:
            identity, text = key.removeprefix("PROP_"), str(value)
            if text not in ("0", "", "None"):
                found[self._name(identity)] = self._value(identity, text)
        return found or _displayed(offer.get("DISPLAY_PROPERTIES"))

    def _name(self, identity: str) -> str:
        if identity not in self._names:
            prop = self._props.get(identity, {})
            name = plain_text(prop.get("NAME")) or self._shown_name(identity)
            self._names[identity] = name or plain_text(prop.get("CODE")) or f"PROP_{identity}"
        return self._names[identity]

    def _shown_name(self, identity: str) -> str | None:
        """The title of the block in which the values of the property stand."""
        starts = f"{identity}_"
        node = next((node for key, node in self._nodes.items() if key.startswith(starts)), None)
        for _ in range(5):
            node = node.parent if node is not None else None
            title = node.css_first('[class*="title"],[class*="name"],dt,label') if node else None
            if title is not None and "data-treevalue" not in title.attributes:
                return text_of(title).rstrip(" :") or None
        return None

    def _value(self, identity: str, value: str) -> str:
        values = self._props.get(identity, {}).get("VALUES")
        for item in objects_in(values):
            if str(item.get("ID")) == value and (name := plain_text(item.get("NAME"))):
                return name
        node = self._nodes.get(f"{identity}_{value}")
        if node is None:
            return value
        return (
            (node.attributes.get("title") or "").rpartition(":")[2].strip()
            or text_of(node)
            or value
        )


def _displayed(value: Any) -> dict[str, str]:
    """`DISPLAY_PROPERTIES`: a piece of HTML with `dt` and `dd`, or objects with NAME and VALUE."""
    if isinstance(value, str) and "<dt" in value:
        tree = LexborHTMLParser(value)
        names, values = tree.css("dt"), tree.css("dd")
        return {text_of(n): text_of(v) for n, v in zip(names, values, strict=False) if text_of(n)}
    return {
        name: text
        for item in (objects_in(value) if isinstance(value, list | dict) else [])
        if (name := plain_text(item.get("NAME"))) and (text := plain_text(item.get("VALUE")))
    }
