"""Names in any case and numbers of people are found in free words (G71, G72)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.writing.llm.redact import Personal, clean_title, holds_pii, opening_of, redact

NATALIA = Personal(
    name="Наталья",
    company="ООО «Северный Мост»",
    words=("Наталья", "Олеговна", "Иванова"),
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Юбилей Натальи Олеговны Ивановой", "Юбилей {{NAME}}"),
        ("Наталье — 10 лет в деле", "{{NAME}} — 10 лет в деле"),
        ("Поздравить НАТАЛЬЮ с проектом", "Поздравить {{NAME}} с проектом"),
        ("Открытие офиса «Северного Моста»", "Открытие офиса {{COMPANY}}"),
        ("Северный-Мост: новый склад", "{{COMPANY}}: новый склад"),
        ("Новый мост через реку", "Новый мост через реку"),
        ("День строителя", "День строителя"),
    ],
)
def test_people_and_firms_become_placeholders(text: str, wanted: str) -> None:
    assert redact(text, NATALIA) == wanted


def test_yo_and_ye_are_one_letter() -> None:
    assert redact("Алене и Семену", Personal(words=("Алёна", "Семён"))) == "{{NAME}} и {{NAME}}"


def test_legal_forms_and_initials_are_no_names() -> None:
    person = Personal(company="ООО", words=("И", "О."))
    assert redact("ООО и ИП О. поздравляют", person) == "ООО и ИП О. поздравляют"


def test_nobody_known_nothing_changed() -> None:
    assert redact("Юбилей фирмы", Personal()) == "Юбилей фирмы"


def test_title_loses_controls_braces_and_length() -> None:
    title = clean_title("Открытие\n{{NAME}}\x00 зала\u202e [x] <b>" + "я" * 200, Personal())
    assert "{" not in title.text
    assert "\n" not in title.text
    assert title.text.startswith("Открытие NAME зала x b")
    assert len(title.text) == 120
    assert not title.pii


@pytest.mark.parametrize(
    "text",
    [
        "тел. 8 (916) 123-45-67",
        "+79161234567",
        "пишите на a.b@mail.ru",
        "карта 4276-3800-1234-5678",
        "паспорт 4508 № 123456",
        "ИНН 7707083893",
        "112-233-445 95",
        "http://firma.ru",
        "www.firma.ru/1",
    ],
)
def test_numbers_of_people(text: str) -> None:
    assert holds_pii(text)
    assert clean_title(text, Personal()).pii
    assert not holds_pii(opening_of(text, Personal()))


@pytest.mark.parametrize(
    "text",
    [
        "10 лет вместе",
        "Сделка 12.05.2026 закрыта",
        "2016–2026: десять лет",
        "Заказ 12345",
        "8 Марта",
    ],
)
def test_ordinary_numbers(text: str) -> None:
    assert not holds_pii(text)


def test_opening_is_the_first_sentence_without_the_person() -> None:
    body = "Наталья Олеговна, примите поздравления! Пусть всё сложится.\n\nУдачи."
    assert opening_of(body, NATALIA) == "{{NAME}}, примите поздравления!"
    assert len(opening_of("слово " * 100, NATALIA)) <= 100


def test_filling_is_one_pass() -> None:
    person = Personal(name="{{COMPANY}}", company="X")
    assert person.fill("{{NAME}} и {{COMPANY}}") == "{{COMPANY}} и X"


LETTERS = st.text(st.sampled_from("абвгдежзиклмнопрстуя"), min_size=4, max_size=12)


@given(LETTERS, st.sampled_from(["", "а", "у", "ом", "ой", "е"]))
def test_a_name_with_an_ending_never_stays(name: str, ending: str) -> None:
    person = Personal(words=(name.capitalize(),))
    assert name not in redact(f"Праздник {name.capitalize()}{ending} скоро", person).casefold()
