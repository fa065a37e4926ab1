"""Amounts of money as shops write them: the table of S90, Russian habits, and what is no price."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.crawl.extract.currency import currency_of_host, iso_of
from povod.crawl.extract.price import (
    MAX_PRICE,
    accepted,
    iso_of_text,
    parse_price,
    structured_amount,
)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1250,00 руб", "1250.00", "RUB"),
        ("1,299.00", "1299.00", None),
        ("1 250,50 ₽/шт", "1250.50", "RUB"),
        ("12.990 ₽", "12990.00", "RUB"),
        ("1.250,50 €", "1250.50", "EUR"),
        ("1 500 000 ₽", "1500000.00", "RUB"),
        ("-10% 900 руб", "900.00", "RUB"),
    ],
)
def test_the_table_of_the_specification(text: str, amount: str, currency: str | None) -> None:
    price = parse_price(text)
    assert price is not None
    assert accepted(price.amount) == Decimal(amount)
    assert price.currency == currency


@pytest.mark.parametrize(
    "text",
    [
        "цена по запросу",
        "Цену уточняйте у менеджера",
        "Цена договорная",
        "Price on request: call 5",
        "скоро в продаже",
        "50%",
        "-15 %",
        "",
        "Печная труба",
    ],
)
def test_what_is_no_price(text: str) -> None:
    assert parse_price(text) is None


def test_no_text_has_no_price() -> None:
    assert parse_price(None) is None
    assert parse_price("1" * 10_000) is None


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1\u00a0990\u00a0₽", "1990"),
        ("1\u202f990 руб.", "1990"),
        ("1\u2009990,50 р.", "1990.50"),
        ("1'990.50", "1990.50"),
        ("12 500 Р", "12500"),
        ("990р", "990"),
        ("990 рублей", "990"),
        ("от 990 рублей за штуку", "990"),
        ("руб.1500", "1500"),
        ("Цена: 2 490 руб./м²", "2490"),
        ("1 250 руб. 50 коп.", "1250.50"),
        ("Артикул 5500, цена 900 руб", "900"),
        ("2 1500 руб", "1500"),
        ("Скидка 15 % 1 200 ₽", "1200"),
        ("1500 тг", "1500"),
        ("25 000 сум", "25000"),
        ("1 499,00 грн", "1499"),
    ],
)
def test_russian_habits(text: str, amount: str) -> None:
    price = parse_price(text)
    assert price is not None
    assert price.amount == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "low", "high", "currency"),
    [
        ("1 000 – 2 500 ₽", "1000", "2500", "RUB"),
        ("от 100 до 200 руб", "100", "200", "RUB"),
        ("$19.99 - $29.99", "19.99", "29.99", "USD"),
        ("900 ₽ — 1 100 ₽", "900", "1100", "RUB"),
    ],
)
def test_a_range_has_two_ends(text: str, low: str, high: str, currency: str) -> None:
    price = parse_price(text)
    assert price is not None
    assert (price.amount, price.high) == (Decimal(low), Decimal(high))
    assert price.currency == currency


@pytest.mark.parametrize("text", ["2 500 – 1 000 ₽", "10-15 дней", "арт. 15-20 за 100 ₽"])
def test_not_every_dash_is_a_range(text: str) -> None:
    price = parse_price(text)
    assert price is not None
    assert price.high is None


@pytest.mark.parametrize(
    ("text", "is_from"), [("от 1 500 руб.", True), ("1 500 руб. от склада", False)]
)
def test_a_lowest_price_is_marked(text: str, is_from: bool) -> None:
    price = parse_price(text)
    assert price is not None
    assert price.is_from is is_from


def test_a_text_beside_it_names_the_currency() -> None:
    price = parse_price("1 990", "цена, ₽")
    assert price is not None
    assert price.currency == "RUB"


def test_coins_of_a_thousandth() -> None:
    price = parse_price("12.750 KWD")
    assert price is not None
    assert price.amount == Decimal("12.750")


@pytest.mark.parametrize(
    ("sign", "code"),
    [
        ("₽", "RUB"), ("руб.", "RUB"), ("РУБ", "RUB"), ("р.", "RUB"), ("rur", "RUB"),
        ("₸", "KZT"), ("тг", "KZT"), ("Br", "BYN"), ("грн.", "UAH"), ("€", "EUR"), ("$", "USD"),
        ("usd", "USD"), ("CHF", "CHF"), ("XYZ", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_signs_have_codes(sign: str | None, code: str | None) -> None:
    assert iso_of(sign) == code


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("shop.ru", "RUB"), ("shop.su", "RUB"), ("xn--80aaf.xn--p1ai", "RUB"),
        ("магазин.рф", "RUB"), ("shop.com", None), ("ru.shop.com", None), ("", None),
    ],
)  # fmt: skip
def test_russian_zones_count_in_roubles(host: str, code: str | None) -> None:
    assert currency_of_host(host) == code


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (1250, "1250"), (2879.2, "2879.2"), ("1250.5", "1250.5"), ("12.990", "12.990"),
        ("1 250,50", "1250.50"), ("1 250 руб.", "1250"), ("-5", "-5"), (" 99 ", "99"),
    ],
)  # fmt: skip
def test_structured_numbers_are_taken_as_they_are(value: object, amount: str) -> None:
    assert structured_amount(value) == Decimal(amount)


@pytest.mark.parametrize("value", [None, True, [], {}, "нет", float("nan"), float("inf"), "-"])
def test_what_is_no_structured_number(value: object) -> None:
    assert structured_amount(value) is None


@pytest.mark.parametrize(
    ("amount", "price"),
    [
        ("1250.005", "1250.01"), ("1250.004", "1250.00"), ("0.01", "0.01"), ("0", None),
        ("0.001", None), ("-1", None), ("1000000000", "1000000000.00"), ("1000000000.01", None),
    ],
)  # fmt: skip
def test_amounts_are_rounded_and_judged(amount: str, price: str | None) -> None:
    assert accepted(Decimal(amount)) == (Decimal(price) if price else None)


def test_nothing_is_judged_as_nothing() -> None:
    assert accepted(None) is None


def test_a_currency_in_a_text() -> None:
    assert iso_of_text("цена в рублях: 5 руб") == "RUB"
    assert iso_of_text("просто слова") is None


def _russian(amount: Decimal, separator: str, sign: str) -> str:
    grouped = f"{amount:,.2f}".replace(",", separator).replace(".", ",")
    return f"{grouped} {sign}"


@settings(deadline=None)
@given(
    kopecks=st.integers(min_value=1, max_value=10**11),
    separator=st.sampled_from([" ", "\u00a0", "\u202f", "\u2009"]),
    sign=st.sampled_from(["₽", "руб.", "руб", "р.", "₸", "грн"]),
)
def test_what_a_shop_prints_is_read_back(kopecks: int, separator: str, sign: str) -> None:
    amount = Decimal(kopecks) / 100
    price = parse_price(_russian(amount, separator, sign))
    assert price is not None
    assert price.amount == amount
    assert price.currency == iso_of(sign)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    price = parse_price(text)
    assert price is None or price.amount.is_finite()


@settings(deadline=None)
@given(st.text(alphabet="0123456789 .,-–%₽руб/от до\u00a0", max_size=60))
def test_any_jumble_of_digits_and_signs_is_survived(text: str) -> None:
    price = parse_price(text)
    judged = accepted(price.amount) if price is not None else None
    assert judged is None or 0 < judged <= MAX_PRICE


@settings(deadline=None)
@given(st.one_of(st.floats(), st.integers(), st.text(max_size=30), st.booleans(), st.none()))
def test_any_structured_value_is_survived(value: object) -> None:
    amount = structured_amount(value)
    assert amount is None or amount.is_finite()
