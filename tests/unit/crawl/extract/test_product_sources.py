"""A product from microdata and OpenGraph, and what counts when sources disagree."""

from decimal import Decimal

import pytest
from goods_pages import URL, found, goods, page, script

from povod.crawl.extract.product import extract_product

MICRODATA = (
    '<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">Чайник белый</h1>'
    '<span itemprop="brand">Чайная</span><meta itemprop="sku" content="A-1">'
    '<div itemprop="offers" itemscope itemtype="https://schema.org/Offer">{offer}</div>{more}</div>'
)


def test_microdata_row_of_the_specification() -> None:
    offer_html = (
        '<meta itemprop="price" content="1250"><meta itemprop="priceCurrency" content="RUB">'
        '<link itemprop="availability" href="https://schema.org/InStock">'
    )
    choice = (
        '<label for="c">Цвет</label><select id="c" name="color"><option value="">Выберите</option>'
        '<option value="0379">0379</option></select>'
    )
    product = extract_product(page(MICRODATA.format(offer=offer_html, more=choice)), URL)
    assert product is not None
    assert (product.price, product.availability) == (Decimal("1250.00"), "in_stock")
    assert product.stock is None
    assert product.variants == ()
    assert product.attrs["Цвет"] == "0379"
    assert product.sources["price"] == "microdata"


@pytest.mark.parametrize(
    ("offer_html", "price"),
    [
        ('<span itemprop="price">12.990 ₽</span>', "12990.00"),
        ('<span itemprop="price">1 250,50</span> ₽', "1250.50"),
        ('<span itemprop="price" content="12.50">12,50 ₽</span>', "12.50"),
        ('<span itemprop="lowPrice" content="900"></span>', "900.00"),
    ],
)
def test_seen_prices_are_read_as_people_read_them(offer_html: str, price: str) -> None:
    product = extract_product(page(MICRODATA.format(offer=offer_html, more="")), URL)
    assert product is not None
    assert product.price == Decimal(price)


def test_microdata_price_without_an_offer() -> None:
    html = page(
        '<div itemscope itemtype="http://schema.org/Product"><h1 itemprop="name">Чайник</h1>'
        '<b itemprop="price">990</b><meta itemprop="priceCurrency" content="RUR"></div>'
    )
    product = extract_product(html, URL)
    assert product is not None
    assert (product.price, product.currency) == (Decimal("990.00"), "RUB")


def test_microdata_of_related_blocks_is_passed_over() -> None:
    related = (
        '<div class="related-products"><div itemscope itemtype="https://schema.org/Product">'
        '<b itemprop="name">Кружка</b><i itemprop="offers" itemscope><meta itemprop="price" '
        'content="1"></i></div></div>'
    )
    own = MICRODATA.format(offer='<meta itemprop="price" content="1250">', more="")
    product = extract_product(page(related + own + related), URL)
    assert product is not None
    assert (product.name, product.price) == ("Чайник белый", Decimal("1250.00"))


def test_microdata_list_is_no_product() -> None:
    card = (
        '<div itemscope itemtype="https://schema.org/Product"><b itemprop="name">Кружка {n}</b>'
        '<i itemprop="offers" itemscope><meta itemprop="price" content="1"></i></div>'
    )
    html = page("<h1>Кружки</h1>" + "".join(card.format(n=n) for n in range(5)))
    assert extract_product(html, URL) is None


def test_open_graph_product() -> None:
    metas = {
        "og:type": "product", "og:title": "Чайник белый", "og:image": "/1.jpg",
        "product:price:amount": "1250.5", "product:price:currency": "RUB",
        "product:availability": "out of stock", "product:brand": "Чайная",
        "product:retailer_item_id": "A-1",
    }  # fmt: skip
    head = "".join(f'<meta property="{k}" content="{v}">' for k, v in metas.items())
    product = extract_product(page(head=head), URL)
    assert product is not None
    assert (product.name, product.price) == ("Чайник белый", Decimal("1250.50"))
    assert (product.availability, product.brand, product.sku) == ("out_of_stock", "Чайная", "A-1")
    assert product.images == ("https://shop.example/1.jpg",)
    assert product.sources["price"] == "opengraph"


def test_open_graph_sale() -> None:
    head = (
        '<meta property="og:type" content="product"><meta property="og:title" content="Чайник">'
        '<meta property="product:price:amount" content="1500">'
        '<meta property="product:sale_price:amount" content="1250">'
    )
    product = extract_product(page(head=head), URL)
    assert product is not None
    assert (product.price, product.price_old) == (Decimal(1250), Decimal(1500))


def test_higher_ranks_win_field_by_field() -> None:
    microdata = MICRODATA.format(offer='<meta itemprop="price" content="1250">', more="")
    head = script(goods(name="Имя из JSON-LD", brand=None))
    head += '<meta property="og:type" content="product"><meta property="og:image" content="/o.jpg">'
    product = extract_product(page(microdata, head=head), URL)
    assert product is not None
    assert (product.name, product.sources["name"]) == ("Имя из JSON-LD", "json-ld")
    assert (product.brand, product.sources["brand"]) == ("Чайная", "microdata")
    assert (product.images, product.sources["images"]) == (
        ("https://shop.example/o.jpg",),
        "opengraph",
    )
    assert product.warnings == ()


def test_sources_that_disagree_on_the_price_are_told() -> None:
    microdata = MICRODATA.format(offer='<meta itemprop="price" content="1400">', more="")
    product = extract_product(page(microdata, head=script(goods())), URL)
    assert product is not None
    assert product.price == Decimal(1250)
    assert product.warnings == ("price_conflict",)


def test_a_price_within_the_other_range_is_no_conflict() -> None:
    microdata = MICRODATA.format(offer='<meta itemprop="price" content="1000">', more="")
    ranged = {"@type": "AggregateOffer", "lowPrice": 900, "highPrice": 1500}
    product = extract_product(page(microdata, head=script(goods(offers=ranged))), URL)
    assert product is not None
    assert product.warnings == ()


@pytest.mark.parametrize(
    ("url", "currency"),
    [("https://shop.ru/p", "RUB"), ("https://магазин.рф/p", "RUB"), ("https://shop.com/p", None)],
)
def test_the_host_stands_in_for_the_currency(url: str, currency: str | None) -> None:
    product = found(goods(offers={"price": "5"}), url=url)
    assert product.currency == currency
    assert product.sources.get("currency") == ("host" if currency else None)


def test_no_price_needs_no_currency() -> None:
    assert found({"@type": "Product", "name": "Чайник"}, url="https://shop.ru/p").currency is None


def test_category_comes_from_the_trail() -> None:
    trail = {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"position": n, "name": name, "item": f"/{n}"}
            for n, name in enumerate(["Главная", "Посуда", "Чайники", "Чайник белый"])
        ],
    }
    product = found(goods(), trail)
    assert product.category == "Чайники"
    assert [name for name, _ in product.breadcrumbs][-1] == "Чайник белый"


@pytest.mark.parametrize("html", ["", "<p>", "<!doctype html>", "\x00", "{}"])
def test_rubbish_is_no_product(html: str) -> None:
    assert extract_product(html, URL) is None
    assert extract_product(html, "not an address") is None


def test_the_labels_of_a_sharing_card() -> None:
    head = script({"@type": "Product", "name": "Чайник белый"}) + (
        '<meta name="twitter:label1" content="Цена"><meta name="twitter:data1" content="1 250 ₽">'
        '<meta name="twitter:label2" content="Наличие"><meta name="twitter:data2" '
        'content="Нет в наличии">'
    )
    product = extract_product(page(head=head), "https://shop.example/p")
    assert product is not None
    assert (product.price, product.currency) == (Decimal(1250), "RUB")
    assert product.availability == "out_of_stock"


def test_the_brand_of_a_sharing_card() -> None:
    head = script(goods()) + (
        '<meta name="twitter:label1" content="Brand"><meta name="twitter:data1" content="Чайная">'
        '<meta name="twitter:label2" content="Другое"><meta name="twitter:data2" content="x">'
    )
    product = extract_product(page(head=head), URL)
    assert product is not None
    assert product.brand == "Чайная"
