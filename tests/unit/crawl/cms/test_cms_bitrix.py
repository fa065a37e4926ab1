"""1C-Bitrix: offers in the argument of JCCatalogElement."""

from decimal import Decimal

import pytest

from povod.crawl.extract.product import extract_product
from povod.crawl.extract.product_model import Product

URL = "https://shop.ru/catalog/chay/chaynik/"
HEAD = (
    '<link href="/bitrix/templates/eshop/s.css" rel="stylesheet">'
    '<script src="/bitrix/js/main/core/core.js"></script>'
)


def found(argument: str, body: str = "") -> Product:
    html = (
        f"<html><head><meta charset=utf-8>{HEAD}</head><body><h1>Чайник</h1>{body}"
        f"<script>var obbx_117 = new JCCatalogElement({argument});</script></body></html>"
    )
    product = extract_product(html, URL)
    assert product is not None
    return product


OFFERS = """{
  'CONFIG': {'USE_CATALOG': true, 'SHOW_QUANTITY': !0}, 'PRODUCT_TYPE': '3',
  'PRODUCT': {'ID': '117', 'NAME': 'Чайник \\'Ёлка\\''},
  'OFFERS': [
    {'ID': '201', 'ARTICLE': 'CH-1', 'TREE': {'PROP_46': '12', 'PROP_47': '30'},
     'ITEM_PRICES': [{'PRICE': 1250.5, 'BASE_PRICE': 1500, 'CURRENCY': 'RUB'}],
     'CAN_BUY': true, 'CHECK_QUANTITY': true, 'MAX_QUANTITY': '7'},
    {'ID': '202', 'TREE': {'PROP_46': '13', 'PROP_47': '0'},
     'ITEM_PRICES': [{'PRICE': 1100, 'CURRENCY': 'RUB'}],
     'CAN_BUY': false, 'CHECK_QUANTITY': true, 'MAX_QUANTITY': '0'},
  ],
  'TREE_PROPS': [{'ID': '46', 'NAME': 'Цвет', 'VALUES': {'12': {'ID': '12', 'NAME': 'белый'}}},
                 {'ID': '47', 'CODE': 'SIZE'}],
}"""
BLOCKS = (
    '<div data-entity="sku-line-block"><div class="product-item-detail-info-container-title">Размер'
    ' :</div><ul><li data-treevalue="47_30" title="Размер: большой"></li></ul></div>'
    '<ul><li data-treevalue="46_13">синий</li></ul>'
)


def test_offers_with_the_names_of_their_properties() -> None:
    product = found(OFFERS, BLOCKS)
    first, second = product.variants
    assert (first.id, first.sku, first.price, first.stock) == ("201", "CH-1", Decimal("1250.50"), 7)
    assert first.attributes == {"Цвет": "белый", "Размер": "большой"}
    assert (first.type, first.value) == ("Цвет/Размер", "белый/большой")
    assert second.attributes == {"Цвет": "синий"}
    assert (second.in_stock, second.stock) == (False, 0)
    assert product.name == "Чайник 'Ёлка'"
    assert (product.price, product.price_max) == (Decimal("1100.00"), Decimal("1250.50"))
    assert (product.currency, product.availability, product.stock) == ("RUB", "in_stock", 7)
    assert product.sources["price"] == product.sources["variants"] == "cms:bitrix"


def test_properties_without_names_keep_their_codes() -> None:
    first = found(OFFERS).variants[0]
    assert first.attributes == {"Цвет": "белый", "SIZE": "30"}


def test_old_templates_have_other_names() -> None:
    product = found(
        "{'PRODUCT': {'ID': 1, 'NAME': 'Чайник'}, 'OFFERS': [{'ID': 5, 'NAME': 'А',"
        "'PRICE': {'VALUE': '1500', 'DISCOUNT_VALUE': '1 250', 'CURRENCY': 'RUB'},"
        "'CATALOG_QUANTITY': '3.00', 'URL': '/catalog/chay/chaynik/?offer=5',"
        "'DISPLAY_PROPERTIES': '<dl><dt>Цвет</dt><dd>белый</dd></dl>'},"
        "{'ID': 6, 'NAME': 'Б', 'PRICE': '900', 'DISPLAY_PROPERTIES': [{'NAME': 'Цвет',"
        "'VALUE': 'синий'}, {'NAME': 'Пусто'}]}]}"
    )
    first, second = product.variants
    assert (first.price, first.stock, first.in_stock) == (Decimal(1250), 3, None)
    assert first.url == "https://shop.ru/catalog/chay/chaynik/?offer=5"
    assert (first.attributes, second.attributes) == ({"Цвет": "белый"}, {"Цвет": "синий"})
    assert second.price == Decimal(900)


SIMPLE = (
    "{{'PRODUCT': {{'ID': '1', 'NAME': 'Чайник', 'ITEM_PRICES': [{{'PRICE': 99,"
    "'BASE_PRICE': {old}, 'CURRENCY': 'RUB'}}], 'CAN_BUY': {buy},"
    "'CHECK_QUANTITY': {count}, 'MAX_QUANTITY': '{most}',"
    "'PROPERTIES': {{'CML2_ARTICLE': {{'VALUE': 'S-9'}}}}}}}}"
)


@pytest.mark.parametrize(
    ("buy", "count", "most", "availability", "stock"),
    [
        ("true", "true", "5", "in_stock", 5),
        ("true", "false", "0", "in_stock", None),
        ("false", "true", "0", "out_of_stock", 0),
        ("'Y'", "'N'", "", "in_stock", None),
        ("null", "true", "3", None, 3),
    ],
)
def test_a_product_without_offers(
    buy: str, count: str, most: str, availability: str | None, stock: int | None
) -> None:
    product = found(SIMPLE.format(old=120, buy=buy, count=count, most=most))
    assert (product.price, product.price_old) == (Decimal(99), Decimal(120))
    assert (product.availability, product.stock) == (availability, stock)
    assert (product.sku, product.variants) == ("S-9", ())


def test_what_cannot_be_bought_at_once_may_be_ordered_ahead() -> None:
    argument = SIMPLE.format(old=99, buy="false", count="true", most="0")
    product = found(argument, '<div class="stock">Под заказ</div>')
    assert (product.availability, product.price_old) == ("preorder", None)


@pytest.mark.parametrize("argument", ["", "{'a'", "ids", "[1]"])
def test_an_argument_that_is_none_leaves_the_page(argument: str) -> None:
    body = '<b class="price">1 250 ₽</b><button>В корзину</button>'
    product = found(argument, body)
    assert product.price == Decimal(1250)
    assert product.sources["price"] == "generic"


def test_ninety_five_offers() -> None:
    offers = ",".join(
        f"{{'ID':'{n}','NAME':'{'я' * 500}','TREE':{{'PROP_1':'{n + 1}'}},'PRICE':'{n + 10}'}}"
        for n in range(95)
    )
    product = found(f"{{'PRODUCT':{{'ID':'1'}},'OFFERS':[{offers}]}}")
    assert len(product.variants) == 95
    assert product.price == Decimal(10)
