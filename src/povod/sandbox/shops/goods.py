"""One product of a shop, made from the shop's seed and the product's number alone."""

import re
from decimal import Decimal
from functools import cache
from itertools import product as combinations
from random import Random

from povod.sandbox.shops.model import Availability, Category, Product, Shop, Variant
from povod.sandbox.shops.themes import THEMES

BRANDS = (
    "Вектра", "Северин", "Калибрина", "Домовой", "Ладьяр", "Тепломир", "Orbitron", "Nordvik",
    "Кремника", "Альтаир-М", "Заречье", "Molveno", "Ясень", "Гранит Плюс", "Lumaro", "Полюшко",
)  # fmt: skip
LARGE = 95
"""Variants of the one product in four hundred that has more than a table can show (S148)."""
_LARGE_EVERY, _LARGE_AT = 400, 5
_VARIED_EVERY = 3
_LETTERS = (
    "а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=j к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=h "
    "ц=c ч=ch ш=sh щ=sch ъ= ы=y ь= э=e ю=yu я=ya"
)
_LATIN = {pair[0]: pair[2:] for pair in _LETTERS.split()}
_NO_SLUG = re.compile(r"[^a-z0-9]+")
_PRAISE = (
    "Подходит для ежедневной работы и не требует особого ухода.",
    "Собран аккуратно, служит долго, детали легко найти.",
    "Удобно хранить и перевозить, вес распределён ровно.",
    "Проверен в мастерской: держит форму и не боится влаги.",
    "Хорош и для дома, и для небольшого производства.",
    "В комплекте есть инструкция на русском языке и гарантийный талон.",
)


def make_product(shop: Shop, index: int, *, varied: bool) -> Product:
    """Product number `index` as the shop began with it; `varied` allows variants."""
    rng, category = _chance(shop, index), category_of(shop, index)
    brand, kind = _make(rng, category)
    model = f"{rng.choice('АВКМНСТ')}{rng.choice('АВКМНСТ')}-{rng.randrange(100, 990)}"
    name = f"{kind} {brand} {model}"
    price = _price(rng, category)
    stock = 0 if rng.random() < 0.15 else rng.randrange(1, 60)
    attrs = tuple((label, rng.choice(values)) for label, values in category.attrs)
    product = Product(
        index=index,
        slug=f"{slug_of(f'{kind} {brand}')}-{index}",
        name=name,
        sku=f"{shop.host[:2].upper()}{100000 + index}",
        brand=brand,
        gtin=_gtin(460_000_000_000 + rng.randrange(10**9)),
        category=index % len(THEMES[shop.theme].categories),
        price=price,
        price_old=_old(price) if rng.random() < 0.3 else None,
        availability=_availability(rng, stock),
        stock=stock,
        images=tuple(f"/upload/img/{index}-{n}.jpg" for n in range(1, rng.randrange(2, 5))),
        description=f"{name}. {' '.join(rng.sample(_PRAISE, 3))}",
        meta_description=f"{name}: характеристики, отзывы, цена и наличие. Доставка по России.",
        attrs=attrs,
        rating=Decimal(rng.randrange(35, 51)) / 10 if rng.random() < 0.6 else None,
        reviews=rng.randrange(1, 200),
    )
    if not varied or not category.axis:
        return product
    large = index % _LARGE_EVERY == _LARGE_AT
    if not large and index % _VARIED_EVERY:
        return product
    return product.with_variants(_variants(rng, product, category, LARGE if large else 0))


def category_of(shop: Shop, index: int) -> Category:
    """The shelf of product number `index`: the shelves take turns."""
    categories = THEMES[shop.theme].categories
    return categories[index % len(categories)]


def slug_at(shop: Shop, index: int) -> str:
    """The slug of a product without making the rest of it; maps ask for thousands."""
    brand, kind = _make(_chance(shop, index), category_of(shop, index))
    return f"{slug_of(f'{kind} {brand}')}-{index}"


def _chance(shop: Shop, index: int) -> Random:
    return Random(f"povod shop {shop.seed} {shop.host} {index}")


def _make(rng: Random, category: Category) -> tuple[str, str]:
    """Brand and kind: the first two draws, so that a slug needs no more than these."""
    return rng.choice(BRANDS), rng.choice(category.kinds)


@cache
def slug_of(text: str) -> str:
    """Latin letters, digits and hyphens."""
    plain = "".join(_LATIN.get(letter, letter) for letter in text.lower())
    return _NO_SLUG.sub("-", plain).strip("-")


def _variants(rng: Random, product: Product, category: Category, most: int) -> list[Variant]:
    """One variant for each value of the axis; `most` > 0 adds numbered batches up to `most`."""
    axis = [[(label, value) for value in values] for label, values in category.axis]
    if most:
        batch = [("Партия", f"{number:03}") for number in range(1, most + 1)]
        axis = [axis[0], batch]
    choices = [tuple(choice) for choice in combinations(*axis)][: most or None]
    base = product.price
    return [
        Variant(
            id=str(900_000 + product.index * 100 + number),
            sku=f"{product.sku}-{number + 1}",
            attributes=choice,
            price=base + Decimal(10 * number),
            stock=0 if rng.random() < 0.2 else rng.randrange(1, 20),
        )
        for number, choice in enumerate(choices)
    ]


def _price(rng: Random, category: Category) -> Decimal:
    """Whole roubles for most, kopecks for some."""
    whole = Decimal(rng.randrange(*category.prices))
    return whole + Decimal("0.50") if rng.random() < 0.2 else whole


def _old(price: Decimal) -> Decimal:
    return (price * Decimal("1.2")).quantize(Decimal(1))


def _availability(rng: Random, stock: int) -> Availability:
    if stock:
        return Availability.IN_STOCK
    return Availability.PREORDER if rng.random() < 0.3 else Availability.OUT_OF_STOCK


def _gtin(digits: int) -> str:
    """The number with its EAN-13 check digit."""
    text = f"{digits:012}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(text))
    return f"{text}{-weighted % 10}"
