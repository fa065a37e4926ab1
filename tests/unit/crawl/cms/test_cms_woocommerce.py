"""WooCommerce: variations of the form, and the Store API."""

import html
import json
from decimal import Decimal
from typing import Any

import pytest

from povod.crawl.extract.site_page import SitePage, extract_site_page, with_answer

URL = "https://shop.ru/product/chaynik/"
HEAD = '<link href="/wp-content/plugins/woocommerce/assets/css/woocommerce.css">'


def page(body: str, url: str = URL) -> SitePage:
    text = (
        f"<html><head><meta charset=utf-8>{HEAD}</head>"
        f'<body class="single-product"><h1>Чайник</h1><div class="product">{body}</div></body>'
    )
    return extract_site_page(text.encode(), "text/html", url)


def form(variations: Any) -> str:
    data = html.escape(json.dumps(variations))
    return (
        f'<form class="variations_form" data-product_variations="{data}"><label for="pa_cvet">Цвет'
        '</label><select name="attribute_pa_cvet"><option value="">…</option>'
        '<option value="belyy">Белый</option></select></form>'
    )


def variation(number: int, **more: Any) -> dict[str, Any]:
    return {
        "variation_id": number, "sku": f"W-{number}", "display_price": 100 + number,
        "attributes": {"attribute_pa_cvet": "belyy", "attribute_%d0%b2%d0%b5%d1%81": "300"},
        "is_in_stock": True, "max_qty": "", "availability_html": "",
    } | more  # fmt: skip


def test_variations_in_the_form() -> None:
    found = page(form([variation(1), variation(2, is_in_stock=False, sku="")]))
    assert found.product is not None
    first, second = found.product.variants
    assert (first.id, first.sku, first.price) == ("1", "W-1", Decimal(101))
    assert first.attributes == {"Цвет": "Белый", "вес": "300"}
    assert (first.in_stock, first.stock) == (True, None)
    assert (second.sku, second.in_stock) == (None, False)
    assert found.product.availability == "in_stock"
    assert found.wants == []


@pytest.mark.parametrize(
    ("more", "stock"),
    [
        ({"availability_html": '<p class="stock">5 в наличии</p>'}, 5),
        ({"max_qty": 12}, 12),
        ({"max_qty": 1}, None),
        ({"availability_html": "<p>В наличии</p>"}, None),
    ],
)
def test_stock_of_a_variation(more: dict[str, Any], stock: int | None) -> None:
    found = page(form([variation(1, **more), variation(2)]))
    assert found.product is not None
    assert found.product.variants[0].stock == stock


def test_a_simple_product_is_read_from_the_page() -> None:
    found = page(
        '<p class="price"><del><span class="amount">1 500 ₽</span></del>'
        '<ins><span class="amount">1 250 ₽</span></ins></p><p class="stock">3 в наличии</p>'
        '<div class="product_meta"><span class="sku">W-9</span></div>'
    )
    product = found.product
    assert product is not None
    assert (product.price, product.price_old) == (Decimal(1250), Decimal(1500))
    assert (product.sku, product.stock, product.availability) == ("W-9", 3, "in_stock")


def test_a_form_without_variations_wants_the_store() -> None:
    found = page(form(False))
    assert found.wants == ["https://shop.ru/wp-json/wc/store/v1/products?slug=chaynik"]
    answer = [
        {
            "slug": "chaynik", "name": "Чайник", "sku": "W", "is_in_stock": True,
            "prices": {"price": "125050", "regular_price": "150000", "currency_code": "RUB",
                       "currency_minor_unit": 2},
            "variations": [
                {"id": 1, "attributes": [{"name": "Цвет", "value": "Белый"}]},
                {"id": 2, "attributes": [{"name": "Цвет", "value": "Синий"}, {"name": "x"}]},
            ],
        }
    ]  # fmt: skip
    after = with_answer(found, found.wants[0], json.dumps(answer).encode())
    product = after.product
    assert product is not None
    assert (product.price, product.price_old) == (Decimal("1250.50"), Decimal(1500))
    assert [variant.value for variant in product.variants] == ["Белый", "Синий"]
    assert product.variants[0].price == Decimal("1250.50")
    assert (product.currency, product.availability) == ("RUB", "in_stock")


def test_prices_of_a_range_are_not_those_of_the_variants() -> None:
    found = page(form(False))
    answer = [
        {
            "slug": "chaynik", "is_in_stock": False,
            "prices": {"price": "500", "currency_minor_unit": 0, "price_range": {"min": "500"}},
            "variations": [{"id": 1}, {"id": 2}],
        }
    ]  # fmt: skip
    product = with_answer(found, found.wants[0], json.dumps(answer).encode()).product
    assert product is not None
    assert product.price == Decimal(500)
    assert product.variants[0].price is None
    assert product.availability == "out_of_stock"


@pytest.mark.parametrize("body", [b"[]", b"{}", b'[{"slug": "a"}, {"slug": "b"}]', b"no"])
def test_another_answer_is_a_failure(body: bytes) -> None:
    found = page(form(False))
    assert with_answer(found, found.wants[0], body).warnings == ["variants_unavailable"]


def test_a_russian_slug() -> None:
    found = page(form(False), "https://shop.ru/product/чайник")
    assert found.wants[0].endswith("?slug=%D1%87%D0%B0%D0%B9%D0%BD%D0%B8%D0%BA")


def test_an_address_without_slug_wants_nothing() -> None:
    assert page(form(False), "https://shop.ru/").wants == []
