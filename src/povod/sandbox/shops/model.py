"""What a shop is made of: plain data that `goods` fills and the layouts show."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum


class Availability(StrEnum):
    """Whether a product can be bought, in the words of S92."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"
    PREORDER = "preorder"


@dataclass(frozen=True, slots=True)
class Variant:
    """One purchasable form of a product; `attributes` are (name, value) in source order."""

    id: str
    sku: str
    attributes: tuple[tuple[str, str], ...]
    price: Decimal
    stock: int

    @property
    def value(self) -> str:
        """The values alone, as shops write them."""
        return "/".join(value for _, value in self.attributes)


@dataclass(frozen=True, slots=True)
class Product:
    """One product; with variants its price is the lowest of theirs and its stock their sum."""

    index: int
    slug: str
    name: str
    sku: str
    brand: str
    gtin: str
    category: int
    price: Decimal
    price_old: Decimal | None
    availability: Availability
    stock: int
    images: tuple[str, ...]
    description: str
    meta_description: str
    attrs: tuple[tuple[str, str], ...]
    rating: Decimal | None
    reviews: int
    variants: tuple[Variant, ...] = ()

    def with_variants(self, variants: Iterable[Variant]) -> "Product":
        """The product with other variants, and what follows from them (S94)."""
        kept = tuple(variants)
        stock = sum(variant.stock for variant in kept)
        return replace(
            self,
            variants=kept,
            price=min(variant.price for variant in kept),
            price_old=None,
            stock=stock,
            availability=Availability.IN_STOCK if stock else Availability.OUT_OF_STOCK,
        )


@dataclass(frozen=True, slots=True)
class Category:
    """A shelf: products of one kind, and what they are made of."""

    slug: str
    name: str
    kinds: tuple[str, ...]
    prices: tuple[int, int]
    attrs: tuple[tuple[str, tuple[str, ...]], ...]
    axis: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """What a shop trades in."""

    key: str
    label: str
    categories: tuple[Category, ...]


@dataclass(slots=True)
class Shop:
    """One virtual host. `layout` and `theme` are names; `products` is how many it began with.

    `robots` is one of `maps.ROBOTS`, `gzip` sends pages compressed to clients that accept it,
    `etag` sends validators and answers 304.
    """

    host: str
    layout: str
    products: int
    theme: str = "tools"
    seed: int = 7
    charset: str = "utf-8"
    header_charset: str | None = "utf-8"
    robots: str = "normal"
    crawl_delay: float = 120
    gzip: bool = False
    etag: bool = True
    settings: frozenset[str] = field(
        default=frozenset({"robots", "crawl_delay", "gzip", "etag"}), repr=False
    )

    @property
    def home(self) -> str:
        """Address of the home page."""
        return f"https://{self.host}/"

    def hosts(self) -> tuple[str, str]:
        """Both names that the shop answers to."""
        return self.host, f"www.{self.host}"
