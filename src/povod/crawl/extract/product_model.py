"""What one page says of one product: fields of S87, each with the source that gave it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from povod.crawl.extract.availability import Availability

MAX_VARIANTS = 500
"""Variants taken from one page; more give a warning (S94)."""

FIELDS = (
    "name", "price", "price_max", "price_old", "currency", "availability", "stock", "sku", "brand",
    "gtin", "category", "breadcrumbs", "images", "attrs", "description_hash", "rating", "reviews",
)  # fmt: skip
"""Fields that layers compete for; variants are taken whole from one layer."""

Crumb = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Variant:
    """One kind of the product that can be ordered by itself (S94)."""

    id: str | None = None
    sku: str | None = None
    url: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    price: Decimal | None = None
    stock: int | None = None
    in_stock: bool | None = None

    @property
    def type(self) -> str | None:
        """Names of the attributes, joined by `/` in the order of the source."""
        return "/".join(self.attributes) or None

    @property
    def value(self) -> str | None:
        """Values of the attributes, joined by `/` in the same order."""
        return "/".join(self.attributes.values()) or None

    @property
    def variant_key(self) -> str:
        """What tells it from its siblings in every crawl: id, else sku, else its attributes."""
        if self.id or self.sku:
            return self.id or self.sku or ""
        canonical = sorted(
            (" ".join(name.casefold().split()), " ".join(value.casefold().split()))
            for name, value in self.attributes.items()
        )
        return hashlib.sha256(orjson.dumps(canonical)).hexdigest()[:32]

    def data(self) -> dict[str, Any]:
        """The variant as JSON can hold it."""
        return {
            "id": self.id,
            "sku": self.sku,
            "url": self.url,
            "type": self.type,
            "value": self.value,
            "price": _money(self.price),
            "stock": self.stock,
            "in_stock": self.in_stock,
            "attributes": dict(self.attributes),
            "variant_key": self.variant_key,
        }


@dataclass(frozen=True, slots=True)
class Product:
    """One product; what is not known is None or empty, never 0 or a guess (S87)."""

    name: str | None = None
    price: Decimal | None = None
    price_max: Decimal | None = None
    price_old: Decimal | None = None
    price_from: bool = False
    currency: str | None = None
    availability: Availability | None = None
    stock: int | None = None
    sku: str | None = None
    brand: str | None = None
    gtin: str | None = None
    category: str | None = None
    breadcrumbs: tuple[Crumb, ...] = ()
    images: tuple[str, ...] = ()
    attrs: Mapping[str, str] = field(default_factory=dict)
    description_hash: str | None = None
    rating: Decimal | None = None
    reviews: int | None = None
    variants: tuple[Variant, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """The product as `pages.data_full` and `snapshots.last_data` hold it: plain JSON."""
        return {
            "name": self.name,
            "price": _money(self.price),
            "price_max": _money(self.price_max),
            "price_old": _money(self.price_old),
            "price_from": self.price_from,
            "currency": self.currency,
            "availability": self.availability,
            "stock": self.stock,
            "sku": self.sku,
            "brand": self.brand,
            "gtin": self.gtin,
            "category": self.category,
            "breadcrumbs": [{"name": name, "url": url} for name, url in self.breadcrumbs],
            "images": list(self.images),
            "attrs": dict(self.attrs),
            "description_hash": self.description_hash,
            "rating": _money(self.rating),
            "reviews": self.reviews,
            "variants": [variant.data() for variant in self.variants],
            "sources": dict(self.sources),
        }


@dataclass(slots=True)
class Layer:
    """What one source says of the product; `fields` has names of `FIELDS` and `price_from`."""

    source: str
    fields: dict[str, Any] = field(default_factory=dict)
    variants: list[Variant] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def put(self, name: str, value: object) -> None:
        """Set a field unless it is set already or the value says nothing."""
        if value not in (None, "", (), {}, []) and name not in self.fields:
            self.fields[name] = value


def _money(value: Decimal | None) -> str | None:
    return f"{value:f}" if value is not None else None
