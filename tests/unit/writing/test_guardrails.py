"""What a text may not state: each rule with a text that breaks it and one that keeps it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.writing.briefs import Claim, CompanyBrief, EmailTemplate, Fact, OfferBrief
from povod.writing.guardrails import check, check_letter

FACTS = [
    "Более 12 лет делаем окна в Казани. Установили 3 500 окон, гарантия 5 лет",
    {"quote": "ООО «Ромашка», director@romashka.ru, https://romashka.ru/ceny"},
    Fact("f", "news", "открытие", "15 мая открылся салон, 98 % заявок в срок"),
]


def codes(text: str) -> set[str]:
    return {violation.code for violation in check(text, FACTS)}


@pytest.mark.parametrize(
    "text",
    [
        "Вы 12 лет делаете окна.",
        "В городе Казань вас знают, установлено 3500 окон.",
        "Пишем компании «Ромашка».",
        "Вы указываете гарантию 5 лет.",
        "Салон открылся 15 мая.",
        "Смотрели страницу romashka.ru/ceny.",
        "Срок держат 98% заявок.",
        "Добрый день! Мы рады знакомству.",
    ],
)
def test_what_the_facts_hold_may_be_said(text: str) -> None:
    assert check(text, FACTS) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Вы 15 лет на рынке.", "number"),
        ("Экономим 30 % времени.", "number"),
        ("У вас пятнадцать филиалов.", "quantity"),
        ("К вам ходят тысячи клиентов.", "quantity"),
        ("Подробнее на https://evil.example.ru/x", "link"),
        ("Смотрите наш сайт evil.ru", "link"),
        ("Пишите на boss@evil.ru", "email"),
        ("Ждём вас 3 июня.", "date"),
        ("Здравствуйте, уважаемый Иван Петрович!", "name"),
        ("Мы внедрили это в «Лукойл».", "name"),
        ("Вы лучшая фирма города.", "superlative"),
        ("Вы №1 среди всех.", "superlative"),
        ("Мы удвоим поток.", "promise"),
        ("Добрый день, {{name}}!", "unfilled"),
        ("Ваши oкна хороши.", "mixed_script"),
        ("СРОЧНО ОТВЕТЬТЕ НА НАШЕ ПИСЬМО СЕГОДНЯ", "capitals"),
    ],
)
def test_what_no_fact_holds_is_found(text: str, code: str) -> None:
    assert code in codes(text)


@given(st.text(max_size=300), st.lists(st.text(max_size=60), max_size=4))
def test_check_never_fails(text: str, facts: list[str]) -> None:
    assert all(violation.reason for violation in check(text, facts))


COMPANY = CompanyBrief(
    "c",
    "Ромашка",
    "Казань",
    "окна",
    "romashka.ru",
    (Fact("f1", "years", "12", "Более 12 лет делаем окна", "p1"),),
)
OFFER = OfferBrief("demo", 1, "Анна", "менеджер", "Студия", "делаем сайты", "ответьте на письмо")
BODY = (
    "Добрый день!\n\nМеня зовут Анна, Студия.\n"
    "На вашем сайте указано: «Более 12 лет делаем окна».\n"
    "\n"
    "Хочу предложить одно: отвечать на вопросы с сайта в тот же день. Так человек видит, что его "
    "услышали, и не уходит к соседям. Мы делаем сайты и знаем, как это устроить просто.\n\n"
    "Если тема вам близка, ответьте на письмо.\n\nС уважением,\nАнна\nменеджер, Студия"
)
LETTER = EmailTemplate(
    "Идея для Ромашки",
    BODY,
    (
        Claim(
            "На вашем сайте указано: «Более 12 лет делаем окна».", "f1", "Более 12 лет делаем окна"
        ),
    ),
)
PAGES = {"p1": "Окна. Более 12 лет\nделаем окна в Казани"}


def letter_codes(letter: EmailTemplate) -> set[str]:
    found = check_letter(letter, COMPANY, OFFER, max_body=1200, pages=PAGES)
    return {violation.code for violation in found}


def test_good_letter_passes() -> None:
    assert letter_codes(LETTER) == set()


@pytest.mark.parametrize(
    ("letter", "code"),
    [
        (replace(LETTER, subject="Идея\nBcc: x@y.ru"), "subject"),
        (replace(LETTER, subject="и" * 500), "subject"),
        (replace(LETTER, body="Добрый день!"), "length"),
        (replace(LETTER, body=BODY * 5), "length"),
        (replace(LETTER, body="Hello dear colleague, we are writing to you. " * 10), "language"),
        (replace(LETTER, body=BODY + " Это уникальная возможность."), "banned"),
        (replace(LETTER, body=BODY + " Наша CRM поможет."), "banned"),
        (replace(LETTER, claims=(Claim(BODY[:20], "f1", "Более 20 лет"),)), "quote"),
        (replace(LETTER, claims=(Claim(BODY[:20], "f9", "Более 12 лет"),)), "quote"),
        (replace(LETTER, claims=(Claim("Этого нет", "f1", "Более 12 лет"),)), "claim"),
    ],
)
def test_bad_letter_is_refused(letter: EmailTemplate, code: str) -> None:
    assert code in letter_codes(letter)


def test_model_must_not_repeat_itself() -> None:
    found = check_letter(LETTER, COMPANY, OFFER, max_body=1200, pages=PAGES, recent=[BODY])
    assert [violation.code for violation in found] == ["similar"]
