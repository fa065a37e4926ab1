"""Microdata as items within items."""

from povod.crawl.extract.microdata import items_of, open_graph_of
from povod.crawl.extract.text import parse_html


def test_items_keep_their_own_properties() -> None:
    items = items_of(
        parse_html(
            '<div itemscope itemtype="https://schema.org/Product https://schema.org/Car">'
            '<h1 itemprop="name">Чайник <b>белый</b></h1>'
            '<div itemprop="offers" itemscope itemtype="http://schema.org/Offer">'
            '<span itemprop="price" content="1250">1 250 ₽</span></div>'
            '<span itemprop="color">белый</span></div>'
        )
    )
    product, offer = items
    assert product.types == {"Product", "Car"}
    assert product.text("name") == "Чайник белый"
    assert product.text("color") == "белый"
    assert product.text("price") is None
    assert product.items("offers") == [offer]
    assert offer.text("price") == "1250"
    assert (offer.under, offer.parent) == ("offers", product)


def test_values_follow_the_kind_of_element() -> None:
    (item,) = items_of(
        parse_html(
            '<div itemscope><img itemprop="image" src="/1.jpg"><link itemprop="availability" '
            'href="https://schema.org/InStock"><meta itemprop="sku" content=" A-1 ">'
            '<time itemprop="when" datetime="2026-01-01">вчера</time>'
            '<a itemprop="url" href="/p/1">Чайник</a><a itemprop="brand" href="/b/">Чайная</a>'
            '<span itemprop="text model">две\n  строки</span><meta itemprop="empty"></div>'
        )
    )
    assert item.text("image") == "/1.jpg"
    assert item.text("availability") == "https://schema.org/InStock"
    assert item.text("sku") == "A-1"
    assert item.text("when") == "2026-01-01"
    assert item.text("url") == "/p/1"
    assert item.text("brand") == "Чайная"
    assert item.text("text") == item.text("model") == "две строки"
    assert item.text("empty") is None
    assert item.text("missing", "sku") == "A-1"


def test_an_item_as_a_value_gives_its_name() -> None:
    item = items_of(
        parse_html(
            '<div itemscope><div itemprop="brand" itemscope><span itemprop="name">Чайная</span>'
            "</div></div>"
        )
    )[0]
    assert item.texts("brand") == ["Чайная"]


def test_properties_outside_of_items_are_passed_over() -> None:
    assert items_of(parse_html('<p itemprop="price">5</p>')) == []


def test_open_graph_is_a_part_of_the_metas() -> None:
    metas = {"og:title": "Чайник", "product:price:amount": "5", "description": "…"}
    assert open_graph_of(metas) == {"og:title": "Чайник", "product:price:amount": "5"}
