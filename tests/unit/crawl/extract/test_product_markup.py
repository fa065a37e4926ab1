"""Products that only the markup shows: price nodes, stock lines, articles, tables (S88, S89)."""

from decimal import Decimal

import pytest

from povod.crawl.extract.document import Document
from povod.crawl.extract.product import extract_product, read_product
from povod.crawl.extract.product_model import Product
from povod.crawl.site_profile import SiteProfile

URL = "https://shop.ru/p/chaynik"
BUY = '<button class="btn">В корзину</button>'


def page(body: str, title: str = "Чайник") -> str:
    return (
        f"<html><head><title>{title}</title></head><body><h1>Чайник белый</h1>{body}</body></html>"
    )


def found(body: str) -> Product:
    product = extract_product(page(body), URL)
    assert product is not None
    return product


@pytest.mark.parametrize(
    ("block", "price", "old"),
    [
        ('<span class="price">1 250 ₽</span>', "1250", None),
        ('<div class="product-price">1 250,50 руб.</div>', "1250.50", None),
        ('<div class="price"><del>1 500 ₽</del> <ins>1 250 ₽</ins></div>', "1250", "1500"),
        ('<b class="price-old">1 500 ₽</b><b class="price">1 250 ₽</b>', "1250", "1500"),
        ('<span class="price">1 250 ₽</span><s class="price">1 500 ₽</s>', "1250", "1500"),
        ('<span class="price">1 250<sup>50</sup> ₽</span>', "1250.50", None),
        ('<p class="price"><b>1 250</b> <i class="currency">₽</i></p>', "1250", None),
        ('<b class="price__value">1 250</b>', "1250", None),
        ('<div class="price">Цена: <b>от 990 ₽</b></div>', "990", None),
        ('<b class="cena">990</b>', "990", None),
        ('<span class="price">-10%</span><span class="price">900 руб</span>', "900", None),
        ('<div class="price-discount">-250 ₽</div><div class="price">1 250 ₽</div>', "1250", None),
        ('<div class="bonus price">+50 ₽</div><div class="price">1 250 ₽</div>', "1250", None),
        ('<div class="delivery-price">300 ₽</div><div class="price">1 250 ₽</div>', "1250", None),
        ('<div class="price">1 000 – 2 500 ₽</div>', "1000", None),
        ('<div class="t-store__prod-popup__price js-price">1 250 ₽</div>', "1250", None),
        ('<b class="product-preview__price">1 250 ₽</b>', "1250", None),
        ('<b class="regular-price">1 250 ₽</b>', "1250", None),
        ('<i class="regular-price">1 500 ₽</i><i class="price">1 250 ₽</i>', "1250", "1500"),
        ('<p class="price"><span class="bold">1 250</span> ₽</p>', "1250", None),
        ('<p class="bold"><span class="price gold">1 250 ₽</span></p>', "1250", None),
        ('<p class="price"><i class="oldprice">1 500 ₽</i> 1 250 ₽</p>', "1250", "1500"),
    ],
)  # fmt: skip
def test_price_nodes(block: str, price: str, old: str | None) -> None:
    product = found(block + BUY)
    assert product.price == Decimal(price)
    assert product.price_old == (Decimal(old) if old else None)
    assert (product.currency, product.sources["price"]) == ("RUB", "generic")


def test_a_range_and_a_lowest_price_are_kept() -> None:
    ranged = found(f'<div class="price">1 000 – 2 500 ₽</div>{BUY}')
    assert ranged.price_max == Decimal(2500)
    lowest = found(f'<div class="price">от 990 ₽</div>{BUY}')
    assert lowest.price_from is True


@pytest.mark.parametrize(
    "block",
    [
        "<p>charset=utf-8, тел. 8 (800) 555-35-35</p>",
        '<p class="price">8 (800) 555-35-35</p>',
        '<p class="price">Цена по запросу</p>',
        '<p class="price">Скидка 50%</p>',
        '<p class="sku">5500</p><p>Размер 45</p><p>2026 год</p>',
        '<p class="price">0 ₽</p>',
        '<p class="price">Прайс-лист от 15.01.2026</p>',
        "<p>Чайник за 1250 рублей</p>",
    ],
)
def test_other_numbers_are_no_prices(block: str) -> None:
    document = Document(page(block + BUY), URL)
    reading = read_product(document, SiteProfile(product_patterns=("/p/*",)))
    assert reading.product is None or reading.product.price is None


def test_a_page_of_charset_and_phone_has_no_price_even_as_a_product() -> None:
    html = page(
        '<div itemscope itemtype="https://schema.org/Product"><b itemprop="name">Чайник</b></div>'
        "<p>charset=utf-8</p><p>8 (800) 555-35-35</p>"
    )
    product = extract_product(html, URL)
    assert product is not None
    assert product.price is None


@pytest.mark.parametrize(
    "start",
    [
        '<section class="related-products"><h2>Смотрите</h2>',
        '<aside class="x">',
        '<div class="recently-viewed">',
        '<div class="upsells">',
        "<div><h2>Похожие товары</h2>",
        "<div><h3>С этим товаром покупают</h3>",
        '<div class="product-slider">',
    ],
)
def test_prices_of_other_products_are_passed_over(start: str) -> None:
    cards = "".join(f'<div class="price">{n}00 ₽</div>' for n in range(1, 4))
    product = found(f'<div class="main"><b class="price">1 250 ₽</b>{BUY}</div>{start}{cards}')
    assert product.price == Decimal(1250)
    alone = extract_product(page(f"{BUY}{start}{cards}"), URL)
    assert alone is None


def test_a_basket_in_the_header_is_not_the_price() -> None:
    html = (
        "<html><body><header><div class='mini-cart'><b class='price'>9 999 ₽</b></div></header>"
        f"<h1>Чайник</h1><span class='price'>1 250 ₽</span>{BUY}</body></html>"
    )
    product = extract_product(html, URL)
    assert product is not None
    assert product.price == Decimal(1250)


def test_a_wrapper_with_a_sidebar_in_its_name_is_no_sidebar() -> None:
    html = (
        "<html><body><div class='layout-with-sidebar modal-ready'><h1>Чайник</h1>"
        f"<span class='price'>1 250 ₽</span>{BUY}</div></body></html>"
    )
    assert extract_product(html, URL) is not None


def test_a_list_of_cards_is_no_product() -> None:
    cards = "".join(
        f'<div class="card"><a href="/p/{n}">Кружка</a><b class="price">{n}00 ₽</b>{BUY}</div>'
        for n in range(1, 30)
    )
    reading = read_product(Document(page(cards), URL))
    assert reading.product is None
    assert reading.is_list is True


@pytest.mark.parametrize("body", ['<b class="price">1 250 ₽</b>', BUY, "<p>Текст</p>"])
def test_price_or_button_alone_make_no_product(body: str) -> None:
    assert extract_product(page(body), URL) is None


def test_a_pattern_of_the_profile_needs_only_the_price() -> None:
    document = Document(page('<b class="price">1 250 ₽</b>'), URL + "?color=1")
    for pattern in ("/p/*", "re:^/p/[a-z]+", "*color=*"):
        product = read_product(document, SiteProfile(product_patterns=(pattern,))).product
        assert product is not None
        assert product.price == Decimal(1250)
    assert read_product(document, SiteProfile(product_patterns=("/catalog/*",))).product is None


def test_selectors_of_the_profile() -> None:
    profile = SiteProfile(
        product_patterns=("/p/*",),
        selectors={
            "name": ".n", "price": ".a", "price_old": ".b", "sku": ".c", "brand": ".d",
            "availability": ".e", "stock": ".e", "images": ".f", "currency": ".g", "gtin": ".h",
            "description_hash": ".n", "unknown": ".n", "rating": ".n", "category": ":::",
        },
    )  # fmt: skip
    html = page(
        '<i class="n">Имя</i><i class="a">1 250</i><i class="b">1 500 тг</i><i class="c">A-1</i>'
        '<i class="d">Чайная</i><i class="e">Осталось 3 шт</i><img class="f" src="/1.jpg">'
        '<i class="g">тг</i><i class="h">4006381333931</i>'
    )
    product = read_product(Document(html, URL), profile).product
    assert product is not None
    assert (product.name, product.price, product.price_old) == ("Имя", Decimal(1250), Decimal(1500))
    assert (product.sku, product.brand, product.gtin) == ("A-1", "Чайная", "4006381333931")
    assert (product.availability, product.stock) == ("in_stock", 3)
    assert (product.currency, product.images) == ("KZT", ("https://shop.ru/1.jpg",))
    assert product.sources["price"] == "selectors"
    assert "bad_selector:category" in product.warnings


def test_the_currency_of_the_profile_goes_before_the_host() -> None:
    profile = SiteProfile(product_patterns=("/p/*",), currency="KZT")
    document = Document(page('<b class="price">1 250</b>'), URL)
    product = read_product(document, profile).product
    assert product is not None
    assert (product.currency, product.sources["currency"]) == ("KZT", "profile")


@pytest.mark.parametrize(
    ("line", "availability", "stock"),
    [
        ('<p class="stock">В наличии</p>', "in_stock", None),
        ('<p class="availability">Артикул 5500, нет в наличии</p>', "out_of_stock", None),
        ('<p class="nalichie">Под заказ, 14 дней</p>', "preorder", None),
        ('<p class="stock-status">unavailable</p>', "out_of_stock", None),
        ('<p id="stock">Осталось 3 шт</p>', "in_stock", 3),
        ('<p class="quantity">Количество</p><p class="sklad">На складе: 12 шт</p>', "in_stock", 12),
        ("<p>Чайник в наличии</p>", None, None),
        ('<div class="related"><p class="stock">Нет в наличии</p></div>', None, None),
    ],
)
def test_stock_lines(line: str, availability: str | None, stock: int | None) -> None:
    product = found(f'<b class="price">1 250 ₽</b>{line}{BUY}')
    assert (product.availability, product.stock) == (availability, stock)


@pytest.mark.parametrize(
    ("text", "availability"),
    [("Предзаказ", "preorder"), ("Под заказ", "preorder"), ("Купить", None)],
)
def test_the_button_tells_when_no_line_does(text: str, availability: str | None) -> None:
    product = found(f'<b class="price">1 250 ₽</b><button>{text}</button>')
    assert product.availability == availability


@pytest.mark.parametrize(
    ("line", "sku"),
    [
        ('<p class="sku">A-55</p>', "A-55"),
        ('<p class="article">Артикул: 5500</p>', "5500"),
        ('<p class="product-code">Код товара 77-1</p>', "77-1"),
        ('<span itemprop="sku" content="Z9"></span>', "Z9"),
        ("<p>Артикул: AB/12</p>", "AB/12"),
        ("<table><tr><th>Артикул</th><td>T-1</td></tr></table>", "T-1"),
        ('<p class="sku">нет</p>', None),
        ("<p>Наш артикул известен</p>", None),
    ],
)
def test_articles(line: str, sku: str | None) -> None:
    assert found(f'<b class="price">1 250 ₽</b>{line}{BUY}').sku == sku


def test_tables_lists_and_choices_give_attributes() -> None:
    product = found(
        f'<b class="price">1 250 ₽</b>{BUY}'
        "<table><tr><td>Объём</td><td>1,5 л</td></tr><tr><td>1</td><td>2</td></tr>"
        "<tr><td>a</td><td>b</td><td>c</td></tr></table>"
        "<dl><dt>Цвет:</dt> <dd>белый</dd><dt>Один</dt></dl>"
        '<ul class="characteristics"><li><span>Вес</span><span>300 г</span></li></ul>'
        "<table><tr><th>Производитель</th><td>Чайная</td></tr>"
        "<tr><th>Штрихкод</th><td>4006381333931</td></tr></table>"
        '<select name="size"><option value="">-</option><option value="1">L</option></select>'
        '<select name="quantity"><option value="1">1</option></select>'
    )
    assert product.attrs == {
        "Объём": "1,5 л", "Цвет": "белый", "Вес": "300 г", "Производитель": "Чайная",
        "Штрихкод": "4006381333931", "size": "L",
    }  # fmt: skip
    assert (product.brand, product.gtin) == ("Чайная", "4006381333931")
    assert product.variants == ()


@pytest.mark.parametrize(
    ("button", "availability"),
    [("Sold out", "out_of_stock"), ("Сообщить о поступлении", "out_of_stock")],
)
def test_a_button_that_sells_nothing_is_still_the_button(button: str, availability: str) -> None:
    product = found(f'<b class="price">1 250 ₽</b><button>{button}</button>')
    assert product.availability == availability


def test_a_maker_in_words() -> None:
    for line in ("<p>Бренд: <b>Чайная</b></p>", "<p>Производитель: Чайная</p>"):
        assert found(f'<b class="price">1 250 ₽</b>{BUY}{line}').brand == "Чайная"
    line = '<div class="brand"><a href="/b"><img alt="Чайная"></a></div>'
    assert found(f'<b class="price">1 250 ₽</b>{BUY}{line}').brand == "Чайная"
    line = '<div class="brand">Все товары бренда</div>'
    assert found(f'<b class="price">1 250 ₽</b>{BUY}{line}').brand is None


def test_pictures_of_the_gallery() -> None:
    product = found(
        f'<b class="price">1 250 ₽</b>{BUY}<div class="gallery"><img src="/1.jpg">'
        '<img data-src="/2.jpg" src="data:image/gif;base64,R0"><img src="data:image/gif"></div>'
        '<img src="/3.jpg" alt="Чайник белый, вид 3"><img src="/logo.png" alt="Лавка">'
        '<div class="related-products"><img src="/4.jpg"></div>'
    )
    assert product.images == tuple(f"https://shop.ru/{n}.jpg" for n in (1, 2, 3))


def test_a_choice_without_a_name_is_nothing() -> None:
    choice = '<select><option value="1">L</option></select><select name="x"></select>'
    assert found(f'<b class="price">1 250 ₽</b>{BUY}{choice}').attrs == {}


@pytest.mark.parametrize(
    ("name", "is_product"),
    [("product-detail", True), ("tovar", True), ("pdp", True), ("promo", False)],
)
def test_without_a_heading_the_element_must_be_named_for_a_product(
    name: str, is_product: bool
) -> None:
    html = (
        f'<html><body><div class="{name}"><b>Чайник</b><i class="price">1 250 ₽</i>{BUY}</div>'
        '<i class="price">99 ₽</i></body></html>'
    )
    product = extract_product(html, URL)
    assert (product is not None) is is_product
    if product is not None:
        assert (product.price, product.name) == (Decimal(1250), None)


def test_a_page_of_many_headings_is_no_product() -> None:
    html = page(f'<b class="price">1 250 ₽</b>{BUY}{"<h1>Ещё</h1>" * 3}')
    assert extract_product(html, URL) is None
