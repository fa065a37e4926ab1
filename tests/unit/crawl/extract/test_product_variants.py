"""Kinds of a product that can be ordered by themselves, and what follows from them (S94)."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.crawl.extract.product import extract_product
from povod.crawl.extract.product_layers import joined, overlaid
from povod.crawl.extract.product_model import MAX_VARIANTS, Layer, Product, Variant

URL = "https://shop.example/p/chaynik"


def found(data: Any) -> Product:
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    product = extract_product(f"<html><body><h1>Чайник</h1>{script}</body></html>", URL)
    assert product is not None
    return product


def member(number: int, **more: Any) -> dict[str, Any]:
    offers = {"@type": "Offer", "price": 100 + number, "priceCurrency": "RUB"}
    return {
        "@type": "Product",
        "sku": f"S-{number}",
        "color": f"цвет {number}",
        "offers": offers,
    } | more


def group(*members: dict[str, Any]) -> dict[str, Any]:
    return {"@type": "ProductGroup", "name": "Чайник", "hasVariant": list(members)}


def test_members_of_a_group() -> None:
    blue = member(
        1, size="L", url="/p/chaynik?v=1", additionalProperty=[{"name": "Объём", "value": 2}]
    )
    product = found(group(blue, member(2)))
    first, second = product.variants
    assert first.attributes == {"color": "цвет 1", "size": "L", "Объём": "2"}
    assert (first.type, first.value) == ("color/size/Объём", "цвет 1/L/2")
    assert first.url == "https://shop.example/p/chaynik?v=1"
    assert (first.price, second.price) == (Decimal("101.00"), Decimal("102.00"))
    assert (product.price, product.price_max) == (Decimal("101.00"), Decimal("102.00"))
    assert product.sources["variants"] == "json-ld"


def test_offers_with_codes_of_their_own_are_variants() -> None:
    offers = [
        {"@type": "Offer", "sku": "A", "price": 5, "availability": "OutOfStock", "name": "малый"},
        {"@type": "Offer", "sku": "B", "price": 4, "availability": "InStock", "inventoryLevel": 3},
    ]
    product = found({"@type": "Product", "name": "Чайник", "offers": offers})
    assert [variant.variant_key for variant in product.variants] == ["A", "B"]
    assert [variant.in_stock for variant in product.variants] == [False, True]
    assert product.variants[0].attributes == {"name": "малый"}
    assert (product.price, product.availability, product.stock) == (Decimal(4), "in_stock", None)


@pytest.mark.parametrize("codes", [("A", "A"), ("A", None), (None, None)])
def test_offers_without_distinct_codes_are_a_range(codes: tuple[str | None, ...]) -> None:
    offers = [{"@type": "Offer", "sku": code, "price": 5 + n} for n, code in enumerate(codes)]
    product = found({"@type": "Product", "name": "Чайник", "offers": offers})
    assert product.variants == ()
    assert (product.price, product.price_max) == (Decimal(5), Decimal(6))


def test_ninety_five_variants() -> None:
    members = [
        member(n, additionalProperty=[{"name": "Текст", "value": "я" * 900}]) for n in range(95)
    ]
    product = found(group(*members))
    assert len(product.variants) == 95
    assert product.attrs == {}
    assert json.loads(json.dumps(product.data()))["variants"][94]["sku"] == "S-94"


def test_more_than_the_limit_are_cut_with_a_warning() -> None:
    product = found(group(*(member(n) for n in range(MAX_VARIANTS + 20))))
    assert len(product.variants) == MAX_VARIANTS
    assert "variants_cut" in product.warnings


def test_one_key_is_one_variant() -> None:
    product = found(group(member(1), member(1, color="другой"), member(2)))
    assert [variant.sku for variant in product.variants] == ["S-1", "S-2"]
    assert product.variants[0].value == "цвет 1"


def layer(*variants: Variant, **fields: Any) -> Layer:
    return Layer("cms:test", dict(fields), list(variants))


@pytest.mark.parametrize(
    ("stocks", "total"), [((3, 4), 7), ((0, 0), 0), ((3, None), None), ((None, None), None)]
)
def test_stock_is_the_sum_only_when_all_is_known(
    stocks: tuple[int | None, ...], total: int | None
) -> None:
    variants = [Variant(id=str(n), stock=stock) for n, stock in enumerate(stocks)]
    product = joined([layer(*variants, stock=99)], host="")
    assert product.stock == total


@pytest.mark.parametrize(
    ("states", "page", "availability"),
    [
        ((True, False), "out_of_stock", "in_stock"),
        ((False, False), "in_stock", "out_of_stock"),
        ((False, False), "preorder", "preorder"),
        ((None, False), "in_stock", "in_stock"),
        ((None, None), None, None),
    ],
)
def test_in_stock_if_any_variant_is(
    states: tuple[bool | None, ...], page: str | None, availability: str | None
) -> None:
    variants = [Variant(id=str(n), in_stock=state) for n, state in enumerate(states)]
    fields = {"availability": page} if page else {}
    assert joined([layer(*variants, **fields)], host="").availability == availability


def test_the_lowest_variant_is_the_price() -> None:
    variants = [
        Variant(id="1", price=Decimal(9)),
        Variant(id="2"),
        Variant(id="3", price=Decimal(5)),
    ]
    product = joined([layer(*variants, price=Decimal(7))], host="shop.ru")
    assert (product.price, product.price_max) == (Decimal(5), Decimal(9))
    assert product.currency == "RUB"


def test_variants_without_prices_leave_the_price() -> None:
    product = joined([layer(Variant(id="1"), Variant(id="2"), price=Decimal(7))], host="")
    assert (product.price, product.price_max) == (Decimal(7), None)


def test_the_key_is_id_then_code_then_attributes() -> None:
    assert Variant(id="7", sku="A").variant_key == "7"
    assert Variant(sku="A", attributes={"Цвет": "белый"}).variant_key == "A"
    assert len(Variant(attributes={"Цвет": "белый"}).variant_key) == 32


names = st.text(alphabet="абвгд ", min_size=1, max_size=8)


@settings(deadline=None)
@given(st.dictionaries(names, names, min_size=1, max_size=5))
def test_the_key_of_attributes_knows_no_order_case_or_blanks(attributes: dict[str, str]) -> None:
    again = {f" {name.upper()}  ": f"{value.upper()} " for name, value in attributes.items()}
    turned = dict(reversed(again.items()))
    plain = {" ".join(name.split()) for name in attributes}
    if len(plain) == len(attributes):
        assert Variant(attributes=attributes).variant_key == Variant(attributes=turned).variant_key


def test_an_answer_lies_over_the_product() -> None:
    before = found({"@type": "Product", "name": "Чайник", "sku": "A", "offers": {"price": "9"}})
    answer = layer(
        Variant(id="1", price=Decimal(4), stock=1, in_stock=True),
        Variant(id="2", price=Decimal(6), stock=2, in_stock=False),
        name="Чайник из ответа",
    )
    after = overlaid(before, answer)
    assert (after.name, after.sku) == ("Чайник из ответа", "A")
    assert (after.price, after.stock, after.availability) == (Decimal(4), 3, "in_stock")
    assert after.sources["sku"] == "json-ld"
    assert after.sources["price"] == "cms:test"


def test_an_answer_without_variants_keeps_those_of_the_page() -> None:
    before = found(group(member(1), member(2)))
    after = overlaid(before, layer(brand="Чайная"))
    assert after.variants == before.variants
    assert after.brand == "Чайная"


def test_one_variant_changes_and_the_other_does_not() -> None:
    before = {v.variant_key: v.data() for v in found(group(member(1), member(2))).variants}
    dearer = member(1, offers={"@type": "Offer", "price": 150, "priceCurrency": "RUB"})
    after = {v.variant_key: v.data() for v in found(group(dearer, member(2))).variants}
    assert before.keys() == after.keys()
    changed = [key for key in before if before[key] != after[key]]
    assert changed == ["S-1"]
    assert (before["S-1"]["price"], after["S-1"]["price"]) == ("101.00", "150.00")


def test_one_price_in_two_spellings_is_one_value() -> None:
    prices = {
        found({"@type": "Product", "name": "Чайник", "offers": {"price": price}}).data()["price"]
        for price in (2879.2, "2879.20", "2879.2", "2 879,20 руб")
    }
    assert prices == {"2879.20"}
