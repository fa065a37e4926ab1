from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from povod.sandbox.shops.goods import LARGE, make_product, slug_at, slug_of
from povod.sandbox.shops.model import Availability, Shop
from povod.sandbox.shops.themes import THEMES

SHOP = Shop("tiny-shop.ru", "plain", 1000)


def test_the_same_number_gives_the_same_product_and_another_seed_another():
    assert make_product(SHOP, 7, varied=True) == make_product(SHOP, 7, varied=True)
    other = Shop("tiny-shop.ru", "plain", 1000, seed=8)
    assert make_product(SHOP, 7, varied=True) != make_product(other, 7, varied=True)


@given(st.integers(0, 10**6), st.sampled_from(sorted(THEMES)), st.booleans())
def test_every_product_is_consistent(index, theme, varied):
    shop = Shop("tiny-shop.ru", "plain", 10, theme)
    product = make_product(shop, index, varied=varied)
    assert product.price > 0
    assert product.slug == slug_at(shop, index)
    assert product.slug.endswith(f"-{index}")
    assert product.slug.replace("-", "").isalnum()
    assert product.slug.isascii()
    assert ean.is_valid(product.gtin)
    assert (product.availability is Availability.IN_STOCK) == (product.stock > 0)
    if product.variants:
        assert varied
        assert product.price == min(variant.price for variant in product.variants)
        assert product.stock == sum(variant.stock for variant in product.variants)
        assert len({variant.id for variant in product.variants}) == len(product.variants)
        assert len({variant.value for variant in product.variants}) == len(product.variants)


def test_without_variants_there_are_none():
    assert not any(make_product(SHOP, n, varied=False).variants for n in range(50))
    assert any(make_product(SHOP, n, varied=True).variants for n in range(50))


def test_one_product_in_four_hundred_has_ninety_five_variants():
    shop = Shop("tiny-shop.ru", "plain", 1000, "build")
    sizes = [len(make_product(shop, n, varied=True).variants) for n in range(405, 406)]
    assert sizes in ([LARGE], [0])
    with_axis = Shop("tiny-shop.ru", "plain", 10, "tea")
    assert any(
        len(make_product(with_axis, 5 + 400 * n, varied=True).variants) == LARGE for n in range(3)
    )


def test_prices_have_two_places_at_most():
    prices = [make_product(SHOP, n, varied=False).price for n in range(300)]
    assert all(price == price.quantize(Decimal("0.01")) for price in prices)
    assert any(price != price.quantize(Decimal(1)) for price in prices)


@pytest.mark.parametrize(
    ("text", "slug"),
    [("Дрель ударная Вектра", "drel-udarnaya-vektra"), ("Щётка «Ёж» 2x4", "schetka-ezh-2x4")],
)
def test_slugs_are_latin(text, slug):
    assert slug_of(text) == slug
