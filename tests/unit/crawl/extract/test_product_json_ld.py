"""A product from JSON-LD and plain JSON: which one, its offers, odd values."""

import json
from decimal import Decimal
from typing import Any

import pytest
from goods_pages import URL, found, goods, offer, page, script

from povod.crawl.extract.product import extract_product


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


def test_a_heading_with_more_words_still_decides() -> None:
    body = "<h1>Чайник белый фарфоровый, 1 литр</h1>"
    others = [goods(name=f"Кружка {n}") for n in range(3)]
    product = found(*others, goods(name="Чайник белый фарфоровый 1 литр, новый"), body=body)
    assert product.name == "Чайник белый фарфоровый 1 литр, новый"


def test_two_names_that_are_alike_decide_nothing() -> None:
    html = page(head=script(goods(name="Чайник белый 1"), goods(name="Чайник белый 2")))
    assert extract_product(html, URL) is None


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
