import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.book.names import guess_name, name_key, name_words


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ООО «Ромашка»", "romashka"),
        ("Ромашка, общество с ограниченной ответственностью", "romashka"),
        ("Romashka LLC", "romashka"),
        ("OOO Romashka", "romashka"),
        ("О.О.О. Ромашка", "romashka"),
        ("Публичное акционерное общество «Ёлка»", "elka"),
        ("АО «Вектор», филиал в Казани", "vektor"),
        ("Вектор | стоматология в Казани", "vektor"),
        ("ИП Иванов Иван", "ivan ivanov"),
        ("Стома-Люкс плюс", "lyuks plyus stoma"),
        ("O'Key", "okey"),
        ("«ООО»", "ooo"),
        ("Филиал", "filial"),
        ("ООПТ Байкал", "baykal oopt"),
        ("", ""),
    ],
)
def test_spellings_of_a_name_meet_in_its_key(name, key):
    assert name_key(name) == key


def test_words_keep_their_order_and_the_key_does_not():
    assert name_words("ООО «Вектор Плюс»") == ["vektor", "plyus"]
    assert name_key("Плюс Вектор") == name_key("Вектор Плюс")


@given(st.text(max_size=60))
def test_the_key_does_not_depend_on_case_or_quotes(name):
    assert name_key(f"  {name}\n") == name_key(name)
    if name.upper().lower() == name.lower() and name.casefold() == name.lower():
        assert name_key(name.lower()) == name_key(name)


@given(st.text(alphabet="абвгдеёжз abc123", min_size=1, max_size=30))
def test_a_legal_form_in_front_changes_nothing(name):
    if name_key(name):
        assert name_key(f"ООО «{name}»") == name_key(name)


@pytest.mark.parametrize(
    ("title", "domain", "name"),
    [
        ("Окна Казань — Алми | цены", "almi.ru", "Алми"),
        ("Лечение зубов - ООО Улыбка - Казань", "zub.ru", "ООО Улыбка"),
        ("Стоматология «Дентал»: приём ежедневно", "dental.ru", "Стоматология «Дентал»"),
        ("Пластиковые окна недорого", "vekst.ru", "vekst.ru"),
        ("Окна Казань • главная", "xn----7sbba8aocvgb7n.xn--p1ai", "Окна Казань"),
        ("", "firma.ru", "firma.ru"),
    ],
)
def test_the_name_is_guessed_from_the_title(title, domain, name):
    assert guess_name(title, domain) == name


@given(st.text(max_size=300))
def test_a_guess_is_never_empty_and_never_long(title):
    assert 0 < len(guess_name(title, "firma.ru")) <= 200
