"""A product in schema.org's words, whether they stand in JSON-LD or in microdata."""

from decimal import Decimal
from typing import Any

from povod.crawl.extract.availability import Availability
from povod.crawl.extract.document import Document
from povod.crawl.extract.offers import Offer, in_stock_of, offers_of
from povod.crawl.extract.product_model import MAX_VARIANTS, Layer, Variant
from povod.crawl.extract.structured import JsonObject
from povod.crawl.extract.values import (
    as_list,
    code_of,
    count_of,
    decimal_of,
    gtin_of,
    plain_text,
    text_digest,
)

_GTIN_KEYS = ("gtin", "gtin13", "gtin14", "gtin12", "gtin8", "ean", "isbn")
_FEATURES = ("color", "size", "material", "pattern", "weight", "model", "mpn")
_VARIED = ("color", "size", "material", "pattern", "suggestedAge", "suggestedGender")
_MAX_ATTRS = 200
_MAX_IMAGES = 100


def layer_of(product: JsonObject, source: str, document: Document) -> Layer:
    """All that the object says of its product."""
    layer = Layer(source)
    offers = offers_of(product)
    layer.put("name", plain_text(product.get("name")))
    layer.put("sku", code_of(product.get("sku")) or _product_id(product))
    layer.put("brand", code_of(product.get("brand")) or code_of(product.get("manufacturer")))
    layer.put("gtin", _gtin(product))
    layer.put("category", _category(product.get("category")))
    layer.put("images", _images(product.get("image"), document))
    layer.put("attrs", _attrs(product))
    layer.put("description_hash", text_digest(plain_text(product.get("description"))))
    _put_rating(layer, product.get("aggregateRating"))
    _put_offers(layer, offers)
    layer.variants = _variants(product, offers, document)
    if layer.variants and "currency" not in layer.fields:
        layer.put("currency", _members_currency(product))
    layer.warnings.extend(dict.fromkeys(w for offer in offers for w in offer.warnings))
    return layer


def _put_offers(layer: Layer, offers: list[Offer]) -> None:
    if not offers:
        return
    total = next((offer for offer in offers if offer.is_total and offer.price is not None), None)
    prices = [offer.price for offer in offers if offer.price is not None]
    price = total.price if total is not None else min(prices, default=None)
    highest = max(prices + [o.price_max for o in offers if o.price_max is not None], default=None)
    layer.put("price", price)
    layer.put("price_max", highest if price is not None and highest and highest > price else None)
    layer.put("price_old", next((o.price_old for o in offers if o.price_old), None))
    layer.put("currency", next((o.currency for o in offers if o.currency), None))
    layer.put("availability", best_availability([o.availability for o in offers]))
    if len(offers) == 1:
        layer.put("stock", offers[0].stock)
        layer.put("sku", offers[0].sku)


def best_availability(values: list[Availability | None]) -> Availability | None:
    """In stock if anything is, else to be ordered if anything is, else what is known."""
    known = [value for value in values if value is not None]
    order: tuple[Availability, ...] = ("in_stock", "preorder", "out_of_stock")
    return next((value for value in order if value in known), None)


def _variants(product: JsonObject, offers: list[Offer], document: Document) -> list[Variant]:
    members = [item for item in as_list(product.get("hasVariant")) if isinstance(item, dict)]
    if members:
        return [_member(item, document) for item in members[: MAX_VARIANTS + 1]]
    singles = [offer for offer in offers if not offer.is_total]
    codes = [offer.sku for offer in singles]
    if len(singles) < 2 or None in codes or len(set(codes)) != len(codes):
        return []
    return [_offered(offer, document) for offer in singles[: MAX_VARIANTS + 1]]


def _member(item: JsonObject, document: Document) -> Variant:
    """One `hasVariant`: a product of its own with the attributes in which it varies."""
    offers = offers_of(item)
    prices = [offer.price for offer in offers if offer.price is not None]
    attributes = {
        name: text for name in _VARIED if (text := plain_text(item.get(name)))
    } | _properties(item)
    url = plain_text(item.get("url")) or next((o.url for o in offers if o.url), None)
    name = plain_text(item.get("name"))
    return Variant(
        id=_product_id(item),
        sku=code_of(item.get("sku")) or next((o.sku for o in offers if o.sku), None),
        url=document.link(url),
        attributes=attributes or ({"name": name} if name else {}),
        price=min(prices, default=None),
        stock=next((offer.stock for offer in offers if offer.stock is not None), None),
        in_stock=in_stock_of(best_availability([offer.availability for offer in offers])),
    )


def _members_currency(product: JsonObject) -> str | None:
    members = [item for item in as_list(product.get("hasVariant")) if isinstance(item, dict)]
    offers = (offer for item in members for offer in offers_of(item))
    return next((offer.currency for offer in offers if offer.currency), None)


def _offered(offer: Offer, document: Document) -> Variant:
    return Variant(
        sku=offer.sku,
        url=document.link(offer.url),
        attributes={"name": offer.name} if offer.name else {},
        price=offer.price,
        stock=offer.stock,
        in_stock=in_stock_of(offer.availability),
    )


def _product_id(product: JsonObject) -> str | None:
    text = code_of(product.get("productID"))
    return text.rpartition(":")[2].strip() or None if text else None


def _gtin(product: JsonObject) -> str | None:
    """From the product itself, else from its only offer."""
    offers = [item for item in as_list(product.get("offers")) if isinstance(item, dict)]
    for holder in (product, *(offers if len(offers) == 1 else ())):
        for key in _GTIN_KEYS:
            if gtin := gtin_of(holder.get(key)):
                return gtin
    return None


def _category(value: Any) -> str | None:
    texts = [text for item in as_list(value, 20) if (text := plain_text(item))]
    text = texts[-1] if texts else None
    return None if text is None or text.startswith(("http://", "https://")) else text[:500]


def _images(images: Any, document: Document) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for item in as_list(images, _MAX_IMAGES):
        is_object = isinstance(item, dict)
        value = item.get("url") or item.get("contentUrl") or item.get("@id") if is_object else item
        for text in as_list(value, _MAX_IMAGES):
            if isinstance(text, str) and (address := document.link(text)):
                found[address] = None
    return tuple(found)


def _attrs(product: JsonObject) -> dict[str, str]:
    attrs = {name: text for name in _FEATURES if (text := code_of(product.get(name)))}
    return attrs | _properties(product)


def _properties(product: JsonObject) -> dict[str, str]:
    """`additionalProperty` as names and values."""
    found: dict[str, str] = {}
    for item in as_list(product.get("additionalProperty"), _MAX_ATTRS):
        if isinstance(item, dict):
            name, value = plain_text(item.get("name")), plain_text(item.get("value"))
            if name and value:
                found.setdefault(name[:200], value[:2000])
    return found


def _put_rating(layer: Layer, value: Any) -> None:
    rating = next((item for item in as_list(value) if isinstance(item, dict)), None)
    if rating is None:
        return
    score: Decimal | None = decimal_of(rating.get("ratingValue"))
    count = count_of(rating.get("reviewCount"))
    layer.put("reviews", count if count is not None else count_of(rating.get("ratingCount")))
    layer.put("rating", score)
