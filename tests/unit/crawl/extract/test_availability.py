"""Stock in the words of shops and of schema.org: negations first, numbers only with their unit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.crawl.extract.availability import (
    MAX_STOCK,
    accepted_stock,
    availability_of_schema,
    availability_of_text,
    stock_of_text,
)


@pytest.mark.parametrize(
    ("text", "availability", "stock"),
    [
        ("Нет в наличии", "out_of_stock", None),
        ("unavailable", "out_of_stock", None),
        ("Артикул 5500, нет в наличии", "out_of_stock", None),
        ("Под заказ, 14 дней", "preorder", None),
        ("В наличии", "in_stock", None),
    ],
)
def test_the_row_of_the_specification(text: str, availability: str, stock: int | None) -> None:
    assert availability_of_text(text) == availability
    assert stock_of_text(text) == stock


@pytest.mark.parametrize(
    "text",
    [
        "нет на складе", "НЕТ В НАЛИЧИИ", "Товар отсутствует", "Распродано", "Товар закончился",
        "Закончилась", "Снят с производства", "снята с продажи", "Наличие: нет", "Нет товара",
        "Временно недоступен", "Сообщить о поступлении", "Продано", "не в наличии", "Sold out",
        "Out of stock", "out-of-stock", "Currently not available", "No longer available",
        "Discontinued", "Ausverkauft", "Agotado", "Товара нет", "Продажи прекращены",
    ],
)  # fmt: skip
def test_negations_come_first(text: str) -> None:
    assert availability_of_text(text) == "out_of_stock"
    assert stock_of_text(text) is None


@pytest.mark.parametrize(
    "text", ["Под заказ", "на заказ", "Предзаказ", "Ожидается 5 мая", "Pre-order", "Backorder"]
)
def test_what_can_be_ordered_ahead(text: str) -> None:
    assert availability_of_text(text) == "preorder"


@pytest.mark.parametrize(
    "text", ["Есть в наличии", "Наличие: есть", "На складе", "В продаже", "In stock", "Available"]
)
def test_what_is_there(text: str) -> None:
    assert availability_of_text(text) == "in_stock"


@pytest.mark.parametrize(
    "text", ["", None, "Чайник", "Доставка 3 дня", "Купить", "x" * 1000, "Продано 25 шт"]
)
def test_other_words_say_nothing(text: str | None) -> None:
    assert availability_of_text(text) is None


@pytest.mark.parametrize(
    ("text", "stock"),
    [
        ("осталось 3 шт", 3), ("Осталось: 3 шт.", 3), ("В наличии 12 штук", 12),
        ("На складе: 1 250 шт", 1250), ("12 в наличии", 12), ("Остаток 7 уп", 7),
        ("Only 4 left", 4), ("5 in stock", 5), ("Доступно: 8 шт", 8),
    ],
)  # fmt: skip
def test_pieces_with_their_unit(text: str, stock: int) -> None:
    assert stock_of_text(text) == stock


@pytest.mark.parametrize(
    "text",
    [
        "В наличии", "В наличии с 2019 года", "На складе, доставка 3 дня", "Артикул 5500",
        "Минимум 10 шт на складе", "В упаковке 12 шт, в наличии", "12 шт", "заказ от 5 шт",
        "Остаток 99999999 шт", "", None,
    ],
)  # fmt: skip
def test_deadlines_articles_and_packings_are_no_stock(text: str | None) -> None:
    assert stock_of_text(text) is None


@pytest.mark.parametrize(
    ("value", "availability"),
    [
        ("https://schema.org/InStock", "in_stock"), ("http://schema.org/InStoreOnly", "in_stock"),
        ("OnlineOnly", "in_stock"), ("schema:LimitedAvailability", "in_stock"),
        ("http://schema.org/OutOfStock", "out_of_stock"), ("SoldOut", "out_of_stock"),
        ("Discontinued", "out_of_stock"), ("https://schema.org/PreOrder", "preorder"),
        ("PreSale", "preorder"), ("BackOrder", "preorder"), ("MadeToOrder", "preorder"),
        ("in stock", "in_stock"), ("out of stock", "out_of_stock"), ("instock", "in_stock"),
        ("https://schema.org/InStock/", "in_stock"), ("oos", "out_of_stock"),
        ("Что-то", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_words_of_schema_org(value: str | None, availability: str | None) -> None:
    assert availability_of_schema(value) == availability


@pytest.mark.parametrize(
    ("value", "stock"),
    [
        (5, 5), (0, 0), ("12", 12), (" 7 ", 7), (3.0, 3), (2.5, None), (-1, None), (True, None),
        (None, None), ("", None), ("много", None), (MAX_STOCK, MAX_STOCK), (MAX_STOCK + 1, None),
        ("1" * 20, None), ([], None),
    ],
)  # fmt: skip
def test_stock_is_a_whole_number_within_reason(value: object, stock: int | None) -> None:
    assert accepted_stock(value) == stock


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_survived(text: str) -> None:
    assert availability_of_text(text) in ("in_stock", "out_of_stock", "preorder", None)
    stock = stock_of_text(text)
    assert stock is None or 0 <= stock <= MAX_STOCK


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=MAX_STOCK))
def test_every_quantity_is_read(pieces: int) -> None:
    assert stock_of_text(f"осталось {pieces} шт") == pieces
