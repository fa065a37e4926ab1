"""Changes planted in a shop after it began: what a second crawl must find (S148).

A change is applied to the product each time its page is made; taking it away brings the old page
back. `new` opens the numbers after the last product of the shop, in order.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from random import Random
from typing import Any

from povod.kit.errors import InputError
from povod.sandbox.shops.goods import make_product
from povod.sandbox.shops.layouts import LAYOUTS
from povod.sandbox.shops.model import Availability, Product, Shop

PRICE, STOCK, AVAILABILITY, TITLE = "price", "stock", "availability", "title"
REMOVED, NEW, VARIANT_PRICE, SEO = "removed", "new", "variant_price", "seo"
KINDS = (PRICE, STOCK, AVAILABILITY, TITLE, REMOVED, NEW, VARIANT_PRICE, SEO)
_OF_VARIANTS = frozenset({VARIANT_PRICE})
_TRIES = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One planted change; `value` is new, `listed` says that maps still name a removed page."""

    id: int
    kind: str
    index: int
    value: str = ""
    variant: str = ""
    listed: bool = True
    at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """For the control's answer."""
        return asdict(self) | {"at": self.at.isoformat() if self.at else None}


class Changes:
    """The planted changes of one shop."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._layout = LAYOUTS[shop.layout]
        self._by_id: dict[int, Change] = {}
        self._by_index: dict[int, list[Change]] = {}
        self._next_id = 1
        self.opened = 0

    def __iter__(self) -> Iterator[Change]:
        return iter(self._by_id.values())

    @property
    def total(self) -> int:
        """How many product numbers there are, removed and new ones included."""
        return self.shop.products + self.opened

    def touched(self) -> list[int]:
        """Numbers of the products with a change, ascending."""
        return sorted(self._by_index)

    def of(self, index: int) -> list[Change]:
        """The changes of one product, the oldest first."""
        return self._by_index.get(index, [])

    def base(self, index: int) -> Product:
        """The product as the shop began with it."""
        return make_product(self.shop, index, varied=self._layout.varied)

    def product(self, index: int) -> Product | None:
        """The product as it is now; `None` when there is no such page."""
        if not 0 <= index < self.total or self.is_removed(index):
            return None
        product = self.base(index)
        for change in self.of(index):
            product = _applied(product, change)
        return product

    def is_removed(self, index: int) -> bool:
        """Whether the page answers 404 since a change."""
        return any(change.kind == REMOVED for change in self.of(index))

    def is_listed(self, index: int) -> bool:
        """Whether maps and shelves name the page."""
        return all(change.listed for change in self.of(index) if change.kind == REMOVED)

    def plant(self, spec: dict[str, Any], now: datetime) -> list[Change]:
        """Plant what `spec` says: `{"changes": [...]}` or `{"count", "seed", "kinds"}`."""
        given = spec.get("changes")
        if given is None:
            return [self._add(item, now) for item in self._drawn(spec)]
        if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
            raise InputError("changes: expected a list of objects with kind and index")
        return [self._add(item, now) for item in given]

    def remove(self, change_id: int | None = None) -> None:
        """Take one change away, or all; new pages go with the change that opened them."""
        gone = list(self) if change_id is None else [self._known(change_id)]
        for change in gone:
            del self._by_id[change.id]
            self._by_index[change.index].remove(change)
            if not self._by_index[change.index]:
                del self._by_index[change.index]
        new = [change.index for change in self if change.kind == NEW]
        self.opened = max(new) - self.shop.products + 1 if new else 0

    def _known(self, change_id: int) -> Change:
        if change_id not in self._by_id:
            raise InputError(f"change {change_id}: not planted in {self.shop.host}")
        return self._by_id[change_id]

    def _drawn(self, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """`count` changes spread over products that have none yet, kinds in turn."""
        count, seed = spec.get("count"), spec.get("seed", self.shop.seed)
        if not isinstance(count, int) or not 0 < count <= self.shop.products:
            raise InputError(f"count: expected 1..{self.shop.products}, got {count!r}")
        kinds = spec.get("kinds") or [kind for kind in KINDS if self._fits(kind)]
        rng = Random(f"changes {self.shop.host} {seed} {self._next_id}")
        chosen: set[int] = set()
        for number in range(count):
            kind = str(kinds[number % len(kinds)])
            index = self.total if kind == NEW else self._free(rng, kind, chosen)
            chosen.add(index)
            yield {"kind": kind, "index": index, "listed": spec.get("listed", True)}

    def _fits(self, kind: str) -> bool:
        if kind == VARIANT_PRICE:
            return self._layout.varied
        return kind != STOCK or "stock" in self._layout.fields

    def _free(self, rng: Random, kind: str, chosen: set[int]) -> int:
        """A product without a change that can take one of this kind."""
        for _ in range(_TRIES):
            index = rng.randrange(self.shop.products)
            if index in self._by_index or index in chosen:
                continue
            varied = bool(self.base(index).variants)
            if kind in {REMOVED, TITLE, SEO} or varied == (kind in _OF_VARIANTS):
                return index
        raise InputError(f"{kind}: {self.shop.host} has no product left for such a change")

    def _add(self, spec: dict[str, Any], now: datetime) -> Change:
        kind, index = spec.get("kind"), spec.get("index")
        if kind not in KINDS:
            raise InputError(f"kind: one of {', '.join(KINDS)} expected, got {kind!r}")
        if kind == NEW:
            index = self.total
        if not isinstance(index, int) or not 0 <= index < self.total + (kind == NEW):
            raise InputError(f"index: {self.shop.host} has {self.total} products, got {index!r}")
        product = self.base(index)
        for earlier in self.of(index):
            product = _applied(product, earlier)
        variant = _variant_id(product, kind, spec.get("variant"))
        change = Change(
            self._next_id,
            kind,
            index,
            str(spec["value"]) if "value" in spec else _new_value(kind, product, variant),
            variant,
            bool(spec.get("listed", True)),
            now,
        )
        _applied(product, change)
        self._next_id += 1
        self._by_id[change.id] = change
        self._by_index.setdefault(index, []).append(change)
        self.opened += kind == NEW
        return change


def _variant_id(product: Product, kind: str, asked: Any) -> str:
    """The variant that a change means: the asked one, the last one for a price."""
    if asked is not None:
        known = [variant.id for variant in product.variants]
        if str(asked) not in known:
            raise InputError(f"variant: product {product.index} has {known}, got {asked!r}")
        return str(asked)
    if kind == VARIANT_PRICE:
        if not product.variants:
            raise InputError(f"variant_price: product {product.index} has no variants")
        return product.variants[-1].id
    return ""


def _new_value(kind: str, product: Product, variant_id: str) -> str:
    """A value that differs from the present one."""
    match kind:
        case "price" | "variant_price":
            prices = [variant.price for variant in product.variants if variant.id == variant_id]
            base = prices[0] if prices else product.price
            return str((base * Decimal("1.1")).quantize(Decimal(1)) + 7)
        case "stock":
            return str(product.stock + 11)
        case "availability":
            bought = product.availability is Availability.IN_STOCK
            return str(Availability.OUT_OF_STOCK if bought else Availability.IN_STOCK)
        case "title":
            return f"{product.name}, новая серия"
        case "seo":
            return f"{product.name}: теперь с расширенной гарантией. Цены и наличие."
        case _:
            return ""


def _applied(product: Product, change: Change) -> Product:
    """The product after one change; `InputError` for a change it cannot take."""
    match change.kind:
        case "price":
            if product.variants:
                raise InputError(f"price: product {product.index} has variants, use variant_price")
            return replace(product, price=_money(change.value))
        case "variant_price":
            price = _money(change.value)
            return _with_variant(product, change.variant, price=price)
        case "stock":
            return _with_stock(product, change)
        case "availability":
            return _with_availability(product, change.value)
        case "title":
            return replace(product, name=change.value)
        case "seo":
            return replace(product, meta_description=change.value)
        case _:
            return product


def _money(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise InputError(f"value: expected a price, got {text!r}") from None
    if not 0 < price < 10**9:
        raise InputError(f"value: expected a price above 0, got {text}")
    return price


def _with_variant(product: Product, variant_id: str, **new: Any) -> Product:
    return product.with_variants(
        replace(variant, **new) if variant.id == variant_id else variant
        for variant in product.variants
    )


def _with_stock(product: Product, change: Change) -> Product:
    if not change.value.isdigit():
        raise InputError(f"value: expected a quantity, got {change.value!r}")
    stock = int(change.value)
    if product.variants:
        chosen = change.variant or product.variants[0].id
        return _with_variant(product, chosen, stock=stock)
    state = Availability.IN_STOCK if stock else Availability.OUT_OF_STOCK
    return replace(product, stock=stock, availability=state)


def _with_availability(product: Product, value: str) -> Product:
    if value not in list(Availability):
        raise InputError(f"value: one of {', '.join(Availability)} expected, got {value!r}")
    state = Availability(value)
    stock = 5 if state is Availability.IN_STOCK else 0
    if product.variants:
        return product.with_variants(replace(v, stock=stock) for v in product.variants)
    return replace(product, stock=stock, availability=state)
