import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.writing.typography import NBSP, typeset

SIGNS = st.text(alphabet='аБв иК.,-—–"«»„“” \n5%№кг …!?()HI\t\u00a0\r', max_size=60)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ('Компания "Ромашка" - лучшая', "Компания «Ромашка» — лучшая"),
        ('ООО "Торговый дом "Весна""', "ООО «Торговый дом „Весна“»"),
        ("“Слово” и „дело“", "«Слово» и «дело»"),
        ("«ООО «Ромашка»»", "«ООО „Ромашка“»"),
        ('экран 5" и больше', 'экран 5" и больше'),
        ("Кто там ? Мы , все .", "Кто там? Мы, все."),
        ("так...", "так…"),
        ("  много   пробелов\n\n\n\nи строк  ", "много пробелов\n\nи строк"),
        ("- Да", "— Да"),
        ("кто-то из-за угла", "кто-то из-за угла"),
        ("раз\r\nдва", "раз\nдва"),
    ],
)
def test_signs(text: str, want: str) -> None:
    assert typeset(text).replace(NBSP, " ") == want


@pytest.mark.parametrize(
    ("text", "glued"),
    [
        ("мир в доме", ["в доме"]),
        ("и он не тут", ["и он не тут"]),
        ("И. И. Иванов", ["И. И. Иванов"]),
        ("вес 5 кг и 10 %", ["5 кг", "10 %"]),
        ("дом № 5", ["№ 5"]),
        ("Мы — друзья", ["Мы —"]),
    ],
)
def test_spaces_that_do_not_break(text: str, glued: list[str]) -> None:
    done = typeset(text)
    assert all(part.replace(" ", NBSP) in done for part in glued)


def test_english_is_only_tidied() -> None:
    assert typeset('  "A" - b  c ', "en") == '"A" - b c'


@given(SIGNS | st.text(max_size=80))
def test_typesetting_is_final(text: str) -> None:
    once = typeset(text)
    assert typeset(once) == once
