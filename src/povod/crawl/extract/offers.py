"""Offers of a schema.org product: prices, availability and, where each has a code, variants."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from povod.crawl.extract.availability import Availability, accepted_stock, availability_of_schema
from povod.crawl.extract.currency import iso_of
from povod.crawl.extract.price import accepted
from povod.crawl.extract.structured import JsonObject, types_of
from povod.crawl.extract.values import amount_of, as_list, code_of, plain_text

_OLD_PRICE_TYPES = ("listprice", "strikethroughprice", "srp", "msrp", "regularprice")


@dataclass(slots=True)
class Offer:
    """One offer, its numbers judged (S90)."""

    price: Decimal | None = None
    price_max: Decimal | None = None
    price_old: Decimal | None = None
    currency: str | None = None
    availability: Availability | None = None
    stock: int | None = None
    sku: str | None = None
    url: str | None = None
    name: str | None = None
    is_total: bool = False
    warnings: list[str] = field(default_factory=list)


def offers_of(product: JsonObject) -> list[Offer]:
    """The offers of a product; an AggregateOffer comes before the offers within it."""
    found: list[Offer] = []
    for value in as_list(product.get("offers")):
        if isinstance(value, dict):
            found.append(_offer(value))
            inner = [item for item in as_list(value.get("offers")) if isinstance(item, dict)]
            found.extend(map(_offer, inner))
    if not found and ("price" in product or "availability" in product):
        found.append(_offer({**product, "@type": "Offer", "sku": None, "name": None}))
    return found


def in_stock_of(availability: Availability | None) -> bool | None:
    """Whether something can be taken at once; unknown stays unknown."""
    return None if availability is None else availability == "in_stock"


def _offer(data: JsonObject) -> Offer:
    offer = Offer(
        currency=iso_of(plain_text(data.get("priceCurrency"))),
        availability=_availability(data.get("availability")),
        stock=_stock(data),
        sku=code_of(data.get("sku")),
        url=plain_text(data.get("url")),
        name=plain_text(data.get("name")),
        is_total="AggregateOffer" in types_of(data) or "lowPrice" in data,
    )
    low, high = _judged(data.get("lowPrice"), offer), _judged(data.get("highPrice"), offer)
    offer.price = _judged(data.get("price"), offer) or low or high
    if high is not None and offer.price is not None and high > offer.price:
        offer.price_max = high
    _read_specifications(data, offer)
    return offer


def _read_specifications(data: JsonObject, offer: Offer) -> None:
    """`priceSpecification`: crossed-out prices, and the price itself where it stands only there."""
    for item in as_list(data.get("priceSpecification")):
        if not isinstance(item, dict):
            continue
        kind = (plain_text(item.get("priceType")) or "").lower()
        offer.currency = offer.currency or iso_of(plain_text(item.get("priceCurrency")))
        if kind.endswith(_OLD_PRICE_TYPES):
            offer.price_old = offer.price_old or _judged(item.get("price"), offer)
        elif offer.price is None and "referenceQuantity" not in item:
            offer.price = _judged(item.get("price"), offer) or _judged(item.get("minPrice"), offer)


def _judged(value: Any, offer: Offer) -> Decimal | None:
    amount = amount_of(value)
    price = accepted(amount)
    if amount is not None and price is None and "price_refused" not in offer.warnings:
        offer.warnings.append("price_refused")
    return price


def _availability(value: Any) -> Availability | None:
    texts = (plain_text(item) for item in as_list(value))
    return next((a for text in texts if (a := availability_of_schema(text))), None)


def _stock(data: JsonObject) -> int | None:
    level = data.get("inventoryLevel")
    if isinstance(level, list):
        level = level[0] if level else None
    if isinstance(level, dict):
        level = level.get("value")
    return accepted_stock(level)
