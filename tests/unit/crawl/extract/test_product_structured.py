"""Products in JSON-LD, microdata and Open Graph: fields, ranks, and which product is the page's."""

import json
from decimal import Decimal
from typing import Any

import pytest

from povod.crawl.extract.product import extract_product
from povod.crawl.extract.product_model import Product

URL = "https://shop.example/p/chaynik"


def page(body: str = "<h1>Чайник белый</h1>", *, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>Чайник</title>{head}'
        f"</head><body>{body}</body></html>"
    )


def script(*objects: Any) -> str:
    return "".join(
        f'<script type="application/ld+json">{json.dumps(item, ensure_ascii=False)}</script>'
        for item in objects
    )


def offer(**more: Any) -> dict[str, Any]:
    return {"@type": "Offer", "price": "1250.00", "priceCurrency": "RUB"} | more


def goods(**more: Any) -> dict[str, Any]:
    return {"@type": "Product", "name": "Чайник белый", "offers": offer()} | more


def found(*objects: Any, body: str = "<h1>Чайник белый</h1>", url: str = URL) -> Product:
    product = extract_product(page(body, head=script(*objects)), url)
    assert product is not None
    return product


def test_all_fields_of_json_ld() -> None:
    product = found(
        goods(
            sku="A-55",
            brand={"@type": "Brand", "name": "Чайная &amp; Ко"},
            gtin13="4006381333931",
            category="Посуда &gt; Чайники",
            image=["/1.jpg", {"url": "https://cdn.example/2.jpg"}, "/1.jpg"],
            description="<p>Белый  чайник</p>",
            color="белый",
            additionalProperty=[{"name": "Объём", "value": "1,5 л"}, {"name": "Пусто"}],
            aggregateRating={"ratingValue": "4,7", "reviewCount": "12"},
            offers=offer(availability="https://schema.org/InStock", inventoryLevel={"value": "7"}),
        )
    )
    assert product.name == "Чайник белый"
    assert (product.price, product.currency) == (Decimal("1250.00"), "RUB")
    assert (product.availability, product.stock) == ("in_stock", 7)
    assert (product.sku, product.brand, product.gtin) == ("A-55", "Чайная & Ко", "4006381333931")
    assert product.category == "Посуда > Чайники"
    assert product.images == ("https://shop.example/1.jpg", "https://cdn.example/2.jpg")
    assert product.attrs == {"color": "белый", "Объём": "1,5 л"}
    assert (product.rating, product.reviews) == (Decimal("4.7"), 12)
    assert product.description_hash is not None
    assert len(product.description_hash) == 64
    assert set(product.sources.values()) == {"json-ld"}
    assert product.warnings == ()


def test_what_is_not_said_is_nothing() -> None:
    product = found({"@type": "Product", "name": "Чайник белый"})
    assert product.price is product.price_max is product.price_old is product.currency is None
    assert product.availability is product.stock is product.sku is product.brand is None
    assert product.gtin is product.category is product.rating is product.reviews is None
    assert (product.images, product.variants, product.attrs) == ((), (), {})


@pytest.mark.parametrize("word", ["", "null", "N/A", "-", "undefined", "нет", None, "false"])
def test_words_for_nothing_are_nothing(word: str | None) -> None:
    product = found(goods(sku=word, brand=word))
    assert product.sku is None
    assert product.brand is None


@pytest.mark.parametrize(
    ("value", "price", "warnings"),
    [
        (1250, "1250.00", ()),
        (2879.2, "2879.20", ()),
        ("1250", "1250.00", ()),
        ("1 250,50", "1250.50", ()),
        ("1 250 руб.", "1250.00", ()),
        ("0", None, ("price_refused",)),
        (-5, None, ("price_refused",)),
        ("99999999999", None, ("price_refused",)),
        ("", None, ()),
        (None, None, ()),
        ("по запросу", None, ()),
    ],
)
def test_prices_are_judged(value: Any, price: str | None, warnings: tuple[str, ...]) -> None:
    product = found(goods(offers=offer(price=value)))
    assert product.price == (Decimal(price) if price else None)
    assert product.warnings == warnings


def test_a_range_of_an_aggregate_offer() -> None:
    product = found(
        goods(
            sku="1",
            offers={
                "@type": "AggregateOffer",
                "lowPrice": "900",
                "highPrice": "1500",
                "priceCurrency": "RUB",
                "availability": "InStock",
            },
        )
    )
    assert (product.price, product.price_max) == (Decimal("900.00"), Decimal("1500.00"))
    assert product.availability == "in_stock"


def test_crossed_out_price_of_a_specification() -> None:
    product = found(
        goods(
            offers=offer(
                priceSpecification=[
                    {"priceType": "https://schema.org/ListPrice", "price": "1500"},
                    {"priceType": "https://schema.org/SalePrice", "price": "1250"},
                ]
            )
        )
    )
    assert (product.price, product.price_old) == (Decimal("1250.00"), Decimal("1500.00"))


def test_a_price_only_in_the_specification() -> None:
    specification = {"price": 990, "priceCurrency": "KZT"}
    product = found(goods(offers={"@type": "Offer", "priceSpecification": specification}))
    assert (product.price, product.currency) == (Decimal("990.00"), "KZT")


def test_an_old_price_below_the_new_one_is_none() -> None:
    specification = [{"priceType": "ListPrice", "price": "900"}]
    assert found(goods(offers=offer(priceSpecification=specification))).price_old is None


def test_trailing_comma_and_comment_in_the_script() -> None:
    broken = (
        '<script type="application/ld+json">{"@type": "Product", "name": "Чайник белый",'
        ' <!-- цена --> "offers": {"price": "1250", "priceCurrency": "RUB",},}</script>'
    )
    product = extract_product(page(head=broken), URL)
    assert product is not None
    assert product.price == Decimal("1250.00")


def test_the_only_offer_gives_code_and_stock() -> None:
    product = found(goods(offers=[offer(sku="B-1", gtin13="4006381333931")]))
    assert (product.sku, product.gtin) == ("B-1", "4006381333931")
    assert product.variants == ()


def test_a_wrong_check_digit_is_no_gtin() -> None:
    assert found(goods(gtin13="4006381333930")).gtin is None
    assert found(goods(gtin="0000000000000")).gtin is None


@pytest.mark.parametrize(
    ("states", "availability"),
    [
        (["OutOfStock", "InStock"], "in_stock"),
        (["OutOfStock", "PreOrder"], "preorder"),
        (["OutOfStock", "SoldOut"], "out_of_stock"),
        ([None, None], None),
    ],
)
def test_of_several_offers_the_best_counts(states: list[str | None], availability: str) -> None:
    offers = [offer(availability=state, price=str(900 + n)) for n, state in enumerate(states)]
    product = found(goods(offers=offers))
    assert product.availability == availability
    assert (product.price, product.price_max) == (Decimal(900), Decimal(901))


def test_products_of_one_name_are_one() -> None:
    product = found(goods(offers=None, sku="A-1"), goods())
    assert (product.sku, product.price) == ("A-1", Decimal("1250.00"))


def test_of_several_products_the_address_decides() -> None:
    other = goods(name="Кружка", url="/p/kruzhka", offers=offer(price="300"))
    product = found(other, goods(url=URL + "?utm_source=x"))
    assert product.name == "Чайник белый"


def test_of_several_products_the_heading_decides() -> None:
    product = found(goods(name="Кружка"), goods(name="ЧАЙНИК, белый"), goods(name="Ложка"))
    assert product.name == "ЧАЙНИК, белый"


def test_a_list_of_products_is_no_product() -> None:
    html = page("<h1>Посуда</h1>", head=script(goods(name="Кружка"), goods(name="Ложка")))
    assert extract_product(html, "https://shop.example/posuda") is None


def test_an_item_list_beside_the_product_is_passed_over() -> None:
    items = {
        "@type": "ItemList",
        "itemListElement": [
            {"@type": "ListItem", "item": goods(name=f"Кружка {n}")} for n in range(3)
        ],
    }
    assert found(items, goods()).name == "Чайник белый"
    html = page("<h1>Кружки</h1>", head=script(items))
    assert extract_product(html, "https://shop.example/k") is None


def test_related_products_are_not_the_page() -> None:
    related = [goods(name="Кружка", offers=offer(price="300"))]
    product = found(goods(isRelatedTo=related, isSimilarTo=related, offers=offer(price="1250")))
    assert (product.name, product.price) == ("Чайник белый", Decimal("1250.00"))


def test_a_product_within_a_graph_or_a_page() -> None:
    assert found({"@graph": [{"@type": "WebPage"}, goods()]}).price == Decimal(1250)
    assert found({"@type": "ItemPage", "mainEntity": goods()}).price == Decimal(1250)


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


def test_a_list_that_calls_itself_a_product() -> None:
    offers = {"@type": "AggregateOffer", "lowPrice": 100, "highPrice": 900, "offerCount": 36}
    cards = "".join(
        f'<div class="card"><a href="/p/{n}">Кружка</a><span class="price">{n}00 ₽</span></div>'
        for n in range(1, 9)
    )
    html = page(f"<h1>Кружки</h1>{cards}", head=script(goods(name="Кружки", offers=offers)))
    assert extract_product(html, "https://shop.example/kruzhki") is None


def test_plain_json_of_a_product() -> None:
    data = found(goods(sku="A-1", offers=offer(price=2879.2))).data()
    assert data["price"] == "2879.20"
    assert data["variants"] == []
    assert json.loads(json.dumps(data, ensure_ascii=False)) == data


@pytest.mark.parametrize("html", ["", "<p>", "<!doctype html>", "\x00", "{}"])
def test_rubbish_is_no_product(html: str) -> None:
    assert extract_product(html, URL) is None
    assert extract_product(html, "not an address") is None


def test_a_heading_with_more_words_still_decides() -> None:
    body = "<h1>Чайник белый фарфоровый, 1 литр</h1>"
    others = [goods(name=f"Кружка {n}") for n in range(3)]
    product = found(*others, goods(name="Чайник белый фарфоровый 1 литр, новый"), body=body)
    assert product.name == "Чайник белый фарфоровый 1 литр, новый"


def test_two_names_that_are_alike_decide_nothing() -> None:
    html = page(head=script(goods(name="Чайник белый 1"), goods(name="Чайник белый 2")))
    assert extract_product(html, URL) is None


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


def test_a_range_of_offers_on_a_product_page_is_a_product() -> None:
    offers = {"@type": "AggregateOffer", "lowPrice": 100, "highPrice": 900}
    product = found(goods(offers=offers, image={"contentUrl": "/1.jpg"}))
    assert (product.price, product.images) == (Decimal(100), ("https://shop.example/1.jpg",))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"@value": "Чайная"}, "Чайная"),
        ({"name": "Чайная"}, "Чайная"),
        (["", {"name": "Чайная"}], "Чайная"),
        (55, "55"),
        (55.0, "55"),
        (5.5, "5.5"),
        ({"name": ["x"]}, None),
        ([], None),
        (True, None),
    ],
)
def test_texts_in_their_shapes(value: Any, expected: str | None) -> None:
    assert found(goods(brand=value)).brand == expected


@pytest.mark.parametrize("value", ["четыре", "0", "-1", "1e9", None, "NaN", [], {}])
def test_a_rating_that_is_none(value: Any) -> None:
    assert found(goods(aggregateRating={"ratingValue": value})).rating is None


def test_a_price_as_a_list_or_value_object() -> None:
    assert found(goods(offers=offer(price=[None, "5"]))).price == Decimal(5)
    assert found(goods(offers=offer(price={"@value": "7"}))).price == Decimal(7)


def test_stock_as_a_list() -> None:
    assert found(goods(offers=offer(inventoryLevel=[{"value": 4}]))).stock == 4
    assert found(goods(offers=offer(inventoryLevel=[]))).stock is None
    assert found(goods(offers=offer(inventoryLevel="99999999999"))).stock is None
