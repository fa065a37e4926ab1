"""CS-Cart, InSales, OpenCart, CM3, Shopify, Magento, Joomla: what each adapter reads."""

import base64
import html
import json
from decimal import Decimal
from typing import Any

import pytest

from povod.crawl.extract.product_model import Product
from povod.crawl.extract.site_page import SitePage, extract_site_page, with_answer
from povod.crawl.site_profile import SiteProfile

URL = "https://shop.ru/products/chaynik"


def page(cms: str, body: str, *, head: str = "", body_class: str = "", url: str = URL) -> SitePage:
    text = (
        f"<html><head><meta charset=utf-8>{head}</head><body class='{body_class}'><h1>Чайник</h1>"
        f"{body}</body></html>"
    )
    return extract_site_page(text.encode(), "text/html", url, SiteProfile(cms=cms))


def product_of(found: SitePage) -> Product:
    assert found.product is not None
    return found.product


CSCART = (
    '<div class="ty-product-block">{}<span id="sec_discounted_price_5" class="ty-price-num">1 250'
    '</span> <span class="ty-price-num">₽</span><span class="ty-sku-item">'
    '<span class="ty-control-group__item">C-1</span></span></div>'
)


@pytest.mark.parametrize(
    ("line", "availability", "stock"),
    [
        ('<span class="ty-qty-in-stock">45&nbsp;шт.</span>', "in_stock", 45),
        ('<span class="ty-qty-in-stock">В наличии</span>', "in_stock", None),
        ('<span class="ty-qty-out-of-stock">Нет в наличии</span>', "out_of_stock", None),
        ('<span class="ty-qty-out-of-stock">Предзаказ</span>', "preorder", None),
        ('<span class="ty-qty-out-of-stock">—</span>', "out_of_stock", None),
        ("", None, None),
    ],
)
def test_cscart_price_and_stock(line: str, availability: str | None, stock: int | None) -> None:
    product = product_of(page("cscart", CSCART.format(line)))
    assert (product.price, product.currency, product.sku) == (Decimal(1250), "RUB", "C-1")
    assert (product.availability, product.stock) == (availability, stock)


def test_cscart_options_that_change_the_price_are_variants() -> None:
    options = (
        '<div class="ty-product-options"><label>Размер:</label><select name="o[1]">'
        '<option value="">—</option><option value="41">S</option>'
        '<option value="42">M (+100 ₽)</option><option value="43">L (-50.5 руб.)</option></select>'
        '<select name="o[2]"><option value="51">белый</option></select></div>'
    )
    product = product_of(page("cscart", CSCART.format(options)))
    assert [(v.id, v.value, v.price) for v in product.variants] == [
        ("41", "S", Decimal(1250)),
        ("42", "M", Decimal(1350)),
        ("43", "L", Decimal("1199.50")),
    ]
    assert product.variants[0].type == "Размер"


def test_options_without_prices_are_attributes() -> None:
    options = (
        '<div class="ty-product-options"><select name="pack"><option value="41">Коробка</option>'
        "</select></div>"
    )
    product = product_of(page("cscart", CSCART.format(options)))
    assert product.variants == ()
    assert product.attrs["pack"] == "Коробка"


def test_cscart_without_a_product_block() -> None:
    assert page("cscart", "<p>О нас</p>").product is None


INSALES = {
    "id": 7, "title": "Чайник", "available": True, "currency_code": "RUR",
    "option_names": [{"id": 1, "title": "Цвет"}],
    "images": [{"original_url": "https://cdn.example/1.jpg"}, {"url": "/2.jpg"}],
    "variants": [
        {"id": 71, "sku": "I-1", "price": "1250.0", "quantity": 3, "available": True,
         "option_values": [{"option_name_id": 1, "title": "белый"}]},
        {"id": 72, "price": 1300, "quantity": 0, "title": "синий"},
    ],
}  # fmt: skip


def test_insales_product_on_the_page() -> None:
    attribute = html.escape(json.dumps(INSALES))
    found = page("insales", f'<form data-product-json="{attribute}"></form>')
    product = product_of(found)
    assert found.wants == []
    assert [v.attributes for v in product.variants] == [{"Цвет": "белый"}, {"Вариант": "синий"}]
    assert [v.in_stock for v in product.variants] == [True, False]
    assert (product.price, product.stock, product.currency) == (Decimal(1250), 3, "RUB")
    assert product.images == ("https://cdn.example/1.jpg",)


CONFIG = json.dumps({"template": "product", "product": {"id": 7}})


@pytest.mark.parametrize(
    "head",
    [
        f"<meta name='page-config' content='{CONFIG}'>",
        f"<meta name='page-config' content='{base64.b64encode(CONFIG.encode()).decode()}'>",
        f"<meta name='page-config' content='' data-config='{CONFIG}'>",
        "<meta name='product-id' content='7'>",
        "<script></script><!-- --><meta name='page-config' content='???'>"
        "<meta name='product-id' content='7'>",
    ],
)
def test_insales_wants_its_product(head: str) -> None:
    found = page("insales", "", head=head)
    assert found.wants == ["https://shop.ru/products_by_id/7.json"]
    body = json.dumps({"products": [{"id": 1}, INSALES]}).encode()
    assert len(product_of(with_answer(found, found.wants[0], body)).variants) == 2


def test_insales_product_of_a_form() -> None:
    assert page("insales", '<form data-product-id="9"></form>').wants[0].endswith("/9.json")
    assert page("insales", "<p>О нас</p>").product is None


def test_insales_lone_variant_is_the_product() -> None:
    only = {"id": 7, "available": False, "variants": [
        {"id": 71, "sku": "I-1", "price": 99, "old_price": "120", "quantity": 0, "title": "Чайник",
         "barcode": "4006381333931"}]}  # fmt: skip
    found = page("insales", "", head="<meta name='product-id' content='7'>")
    product = product_of(with_answer(found, found.wants[0], json.dumps({"product": only}).encode()))
    assert (product.price, product.price_old, product.variants) == (Decimal(99), Decimal(120), ())
    assert (product.availability, product.stock) == ("out_of_stock", 0)
    assert (product.sku, product.gtin) == ("I-1", "4006381333931")


OPENCART = (
    '<div id="product"><input type="hidden" name="product_id" value="5">'
    '<ul class="list-unstyled"><li><h2 class="price">1 000 ₽</h2></li></ul>{}'
    '<button id="button-cart">В корзину</button></div>'
)


def test_opencart_options() -> None:
    choice = (
        '<div class="form-group"><label class="control-label">Объём</label>'
        '<div id="input-option1"><div class="radio"><label><input type="radio" name="option[1]" '
        'value="17"> 1 л</label></div><div class="radio"><label><input type="radio" name="o" '
        'value="18"> 2 л (+250 ₽)</label></div></div></div>'
    )
    product = product_of(page("opencart", OPENCART.format(choice)))
    assert [(v.id, v.value, v.price) for v in product.variants] == [
        ("17", "1 л", Decimal(1000)),
        ("18", "2 л", Decimal(1250)),
    ]


def test_opencart_select_on_top_of_json_ld() -> None:
    choice = (
        '<label>Цвет</label><select name="option[2]"><option value="">…</option>'
        '<option value="1">белый</option><option value="2">синий (=900 ₽)</option></select>'
    )
    data = {"@type": "Product", "name": "Чайник", "offers": {"price": 800, "priceCurrency": "RUB"}}
    head = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    product = product_of(page("opencart", OPENCART.format(choice), head=head))
    assert [v.price for v in product.variants] == [Decimal(800), Decimal(900)]


def test_opencart_page_without_options() -> None:
    assert product_of(page("opencart", OPENCART.format(""))).variants == ()
    assert page("opencart", "<p>О нас</p>").product is None


CM3 = "<script>shop2.init({{'mode': '{mode}', 'productRefs': {refs}, 'hash': {{a: 1}}}});</script>"
REFS = "{'44': {'color': {'белый': ['101', '102'], 'синий': ['103']}, 'size': {'S': ['101']}}}"


def test_cm3_kinds_and_their_offers() -> None:
    found = page("cm3", CM3.format(mode="product", refs=REFS), url="https://shop.ru/magazin/p/1")
    assert found.wants == ["https://shop.ru/magazin/product/get-offers/?product_id=44"]
    kinds = {v.id: dict(v.attributes) for v in product_of(found).variants}
    assert kinds == {
        "101": {"color": "белый", "size": "S"}, "102": {"color": "белый"}, "103": {"color": "синий"}
    }  # fmt: skip
    answer = {"offers": [
        {"kind_id": 101, "price": "100", "amount": 2, "article": "K-1",
         "params": {"Цвет": "белый"}},
        {"kind_id": 102, "price": 90, "in_stock": 0}]}  # fmt: skip
    product = product_of(with_answer(found, found.wants[0], json.dumps(answer).encode()))
    first, second = product.variants
    assert (first.sku, first.price, first.stock, first.in_stock) == ("K-1", Decimal(100), 2, True)
    assert (second.price, second.in_stock) == (Decimal(90), False)
    failed = with_answer(found, found.wants[0], b'{"offers": []}')
    assert len(product_of(failed).variants) == 3


def test_cm3_product_of_one_kind_and_other_pages() -> None:
    one = page("cm3", CM3.format(mode="product", refs="{}") + '<b class="price">5 ₽</b>')
    assert product_of(one).price == Decimal(5)
    assert one.wants == []
    assert page("cm3", CM3.format(mode="main", refs="[]")).product is None
    assert page("cm3", "<p>О нас</p>").product is None


SHOPIFY: dict[str, Any] = {
    "title": "Чайник", "vendor": "Чайная", "type": "Посуда", "available": True, "price": 125050,
    "compare_at_price": 150000, "options": [{"name": "Цвет"}, "Размер"],
    "variants": [
        {"id": 1, "sku": "F-1", "options": ["белый", "S"], "price": 125050, "available": True,
         "inventory_management": "shopify", "inventory_quantity": 4},
        {"id": 2, "option1": "синий", "option2": "M", "price": 130000, "available": False,
         "inventory_management": None, "inventory_quantity": 0},
    ],
}  # fmt: skip


def test_shopify_product_of_a_script() -> None:
    script = f'<script type="application/json" data-product-json>{json.dumps(SHOPIFY)}</script>'
    found = page("shopify", script)
    product = product_of(found)
    assert found.wants == []
    first, second = product.variants
    assert first.attributes == {"Цвет": "белый", "Размер": "S"}
    assert (first.price, first.stock) == (Decimal("1250.50"), 4)
    assert (second.stock, second.in_stock) == (None, False)
    assert (product.brand, product.category) == ("Чайная", "Посуда")
    assert product.price_old == Decimal(1500)


def test_shopify_product_of_its_address() -> None:
    found = page("shopify", "", url="https://shop.ru/collections/all/products/chaynik?variant=1")
    assert found.wants == ["https://shop.ru/products/chaynik.js"]
    only = {**SHOPIFY, "variants": [
        {"id": 1, "title": "Default Title", "option1": "Default Title", "price": 5000,
         "available": True, "barcode": "4006381333931"}]}  # fmt: skip
    product = product_of(with_answer(found, found.wants[0], json.dumps(only).encode()))
    assert (product.variants, product.gtin) == ((), "4006381333931")
    assert product.availability == "in_stock"
    assert with_answer(found, found.wants[0], b"[]").warnings == ["variants_unavailable"]


def test_shopify_page_that_is_no_product() -> None:
    assert page("shopify", "", url="https://shop.ru/pages/about").product is None
    assert page("shopify", "", url="https://shop.ru/products/").wants == []


MAGENTO = {
    "#product_addtocart_form": {"configurable": {"spConfig": {
        "attributes": {
            "93": {"id": "93", "code": "color", "label": "Цвет", "options": [
                {"id": "1", "label": "белый", "products": ["11", "12"]},
                {"id": "2", "label": "синий", "products": [13]}, {"id": "3"}]},
            "94": {"code": "size", "options": [{"id": "5", "label": "S", "products": ["11"]}]},
        },
        "optionPrices": {"11": {"finalPrice": {"amount": 1250.5}}, "12": {"finalPrice": None},
                         "13": {"finalPrice": {"amount": 900}}},
        "sku": {"11": "M-11"}, "quantities": {"11": 4, "12": 0},
    }}},
}  # fmt: skip


def test_magento_configurable_product() -> None:
    script = f'<script type="text/x-magento-init">{json.dumps(MAGENTO)}</script>'
    product = product_of(
        page("magento", f"<script type='text/x-magento-init'>{{}}</script>{script}")
    )
    first, second, third = product.variants
    assert (first.id, first.sku, first.price) == ("11", "M-11", Decimal("1250.50"))
    assert first.attributes == {"Цвет": "белый", "size": "S"}
    assert (first.stock, first.in_stock) == (4, True)
    assert (second.price, second.in_stock) == (None, False)
    assert (third.price, third.in_stock) == (Decimal(900), None)


def test_magento_salable_products() -> None:
    config = json.loads(json.dumps(MAGENTO))
    config["#product_addtocart_form"]["configurable"]["spConfig"]["salable_products"] = [13]
    script = f'<script type="text/x-magento-init">{json.dumps(config)}</script>'
    states = [v.in_stock for v in product_of(page("magento", script)).variants]
    assert states == [False, False, True]


def test_magento_simple_product() -> None:
    body = (
        '<div class="product-info-main"><span data-price-type="finalPrice" data-price-amount="990">'
        '990 ₽</span><span data-price-type="oldPrice" data-price-amount="1200">1 200 ₽</span>'
        '<div class="sku"><div class="value">M-1</div></div><p class="stock">В наличии</p></div>'
    )
    product = product_of(page("magento", body, body_class="catalog-product-view"))
    assert (product.price, product.price_old) == (Decimal(990), Decimal(1200))
    assert (product.sku, product.availability) == ("M-1", "in_stock")
    assert page("magento", "<p>О нас</p>").product is None


def test_joomla_selectors() -> None:
    body = (
        '<div class="productdetails-view"><span class="PricesalesPrice">990 руб</span>'
        '<span class="PricebasePrice">1 200 руб</span><div class="availability">Нет в наличии</div>'
        "</div>"
    )
    product = product_of(page("joomla", body))
    assert (product.price, product.price_old) == (Decimal(990), Decimal(1200))
    assert product.availability == "out_of_stock"
    assert page("joomla", "<p>О нас</p>").product is None


JSON_PROFILE = SiteProfile(
    parsing={
        "type": "json_api", "root": "$.data.product",
        "fields": {
            "name": "$.title", "price": "$.price.value", "price_old": "$.price.old",
            "sku": "$.code",
            "currency": "$.price.currency", "availability": "$.available", "stock": "$.left",
            "images": "$.photos[*].url", "attrs": "$.specs", "brand": "$.brand.name",
            "breadcrumbs": "$.path[*]", "gtin": "$.ean", "rating": "$.score", "reviews": "$.votes",
            "description_hash": "$.text", "category": "$[", "unknown": "$.x",
        },
        "variants": {
            "root": "$.offers[*]", "attributes": {"Цвет": "$.color"},
            "fields": {"id": "$.id", "sku": "$.code", "price": "$.price", "stock": "$.left",
                       "in_stock": "$.ok", "url": "$.link"},
        },
    }
)  # fmt: skip


def answer(**more: Any) -> bytes:
    product = {
        "title": "Чайник", "price": {"value": 1250.5, "old": "1500", "currency": "RUB"},
        "code": "J-1", "available": True, "left": 7, "photos": [{"url": "/1.jpg"}],
        "specs": {"Цвет": "белый", "Пусто": None}, "brand": {"name": "Чайная"},
        "path": ["Главная", "Чай"], "ean": "4006381333931", "score": 4.5, "votes": 12, "text": "О",
    }  # fmt: skip
    return json.dumps({"data": {"product": product | more}}).encode()


def read(body: bytes, profile: SiteProfile = JSON_PROFILE) -> SitePage:
    return extract_site_page(body, "application/json", "https://shop.ru/api/p/1", profile)


def test_json_instead_of_a_page() -> None:
    product = product_of(read(answer()))
    assert (product.name, product.price, product.price_old) == (
        "Чайник", Decimal("1250.50"), Decimal(1500)
    )  # fmt: skip
    assert (product.availability, product.stock, product.currency) == ("in_stock", 7, "RUB")
    assert (product.sku, product.brand, product.gtin) == ("J-1", "Чайная", "4006381333931")
    assert product.images == ("https://shop.ru/1.jpg",)
    assert product.attrs == {"Цвет": "белый"}
    assert product.breadcrumbs == (("Главная", None), ("Чай", None))
    assert (product.rating, product.reviews) == (Decimal("4.5"), 12)
    assert product.category is None
    assert product.sources["price"] == "cms:json_api"


def test_variants_in_json() -> None:
    offers = [
        {"id": 1, "code": "A", "price": 100, "left": 2, "color": "белый", "link": "/p/1?v=1"},
        {"id": 2, "price": "90", "ok": False},
    ]
    first, second = product_of(read(answer(offers=offers))).variants
    assert (first.id, first.sku, first.price, first.in_stock) == ("1", "A", Decimal(100), True)
    assert (first.attributes, first.url) == ({"Цвет": "белый"}, "https://shop.ru/p/1?v=1")
    assert (second.price, second.in_stock, second.stock) == (Decimal(90), False, None)


@pytest.mark.parametrize(
    ("value", "availability"),
    [(False, "out_of_stock"), ("InStock", "in_stock"), ("под заказ", "preorder"), (None, None)],
)
def test_availability_in_json(value: object, availability: str | None) -> None:
    assert product_of(read(answer(available=value))).availability == availability


def test_a_price_that_is_none_is_told() -> None:
    found = read(answer(price={"value": -1}))
    assert product_of(found).price is None
    assert "price_refused" in found.warnings


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": {}}'])
def test_json_of_another_shape_is_no_product(body: bytes) -> None:
    assert read(body).product is None
