"""Parking pages by their words, and pages that only sound like one."""

import pytest

from povod.crawl.parking import LONGEST, is_parked


@pytest.mark.parametrize(
    "text",
    [
        "Этот домен продаётся",
        "Домен firma.ru продается\nСвяжитесь с владельцем",
        "Домен припаркован у регистратора",
        "Купить домен: sale@parking.ru",
        "Срок регистрации домена firma.ru истёк",
        "Сайт заблокирован хостинг-провайдером",
        "The domain name is for sale. Buy this domain",
        "This domain is parked free",
        "Welcome to nginx!",
        "Account has been suspended",
    ],
)
def test_parked(text: str) -> None:
    assert is_parked(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Окна и двери в Казани: продаём и ставим",
        "Доменная печь и её обслуживание",
        "Продаётся дом у реки. Купить дом можно в рассрочку",
        "Регистрация доменов и хостинг для бизнеса",
        "Этот домен продаётся " + "и ещё много слов о нашей работе " * (LONGEST // 30),
    ],
)
def test_not_parked(text: str) -> None:
    assert not is_parked(text)
