"""Breaking texts into lines: even, tied, never wider than their room (G108)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.writing.cards.lines import NBSP, shorter, split_words, tied, wrap


def measure(text: str) -> float:
    return 10.0 * len(text)


def lines(text: str, width: float, most: int = 6, **more: bool) -> list[str] | None:
    return wrap(text, measure, lambda count: [width] * count, most, **more)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Мира и добра", f"Мира и{NBSP}добра"),
        ("с Днём на реке", f"с{NBSP}Днём на{NBSP}реке"),
        ("и в дом", f"и{NBSP}в{NBSP}дом"),
        ("Анна — директор", f"Анна{NBSP}— директор"),
        ("слово", "слово"),
    ],
)
def test_short_words_and_dashes_are_tied(text: str, wanted: str) -> None:
    assert tied(text) == wanted


def test_one_line_when_it_fits() -> None:
    assert lines("С днём рождения", 150) == [f"С{NBSP}днём рождения"]


def test_lines_are_even_rather_than_greedy() -> None:
    assert lines("один два три четыре", 160) == ["один два", "три четыре"]


def test_no_single_word_on_the_last_line() -> None:
    assert lines("слово слово слово слово", 170) == ["слово слово", "слово слово"]


def test_a_lonely_word_where_nothing_else_is_possible() -> None:
    assert lines("первое второе", 70) == ["первое", "второе"]


def test_too_many_lines_or_too_wide_a_word() -> None:
    assert lines("раз два три", 30, most=2) is None
    assert lines("переосвидетельствование", 100) is None


def test_titles_may_break_after_their_own_hyphens() -> None:
    text = "работников жилищно-коммунального хозяйства"
    assert lines(text, 190, 3, hyphens=True) == [
        "работников жилищно-", "коммунального", "хозяйства",
    ]  # fmt: skip
    assert lines("по-русски", 60, hyphens=True) is None or "по-" not in lines("по-русски", 90)


def test_upper_lines_may_have_less_room() -> None:
    found = wrap("ааа ббб ввв ггг ддд", measure, lambda count: [50, 110, 110][-count:], 3)
    assert found is not None
    assert measure(found[0]) <= (50 if len(found) == 3 else 110)


def test_words_that_no_line_holds_are_cut_to_pieces() -> None:
    assert split_words("абвгдежз и", measure, 30) == "абв где жз и"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Первое. Второе! Третье", "Первое. Второе!"),
        ("Первое. Второе.", "Первое."),
        ("«Да!» Потом ещё", "«Да!»"),
        ("Одно длинное предложение, здесь", "Одно длинное предложение…"),
        ("Одно длинное предложение…", "Одно длинное…"),
        ("Непроизносимое", "Непроизносим…"),
        ("да", ""),
    ],
)
def test_cutting_ends_at_a_sentence_or_a_word(text: str, wanted: str) -> None:
    assert shorter(text) == wanted


WORDS = st.lists(st.text("абвгд-", min_size=1, max_size=12), min_size=1, max_size=25)


@given(WORDS, st.integers(130, 600), st.booleans())
def test_nothing_is_lost_and_nothing_sticks_out(
    words: list[str], width: int, hyphens: bool
) -> None:
    text = " ".join(words)
    found = lines(text, width, 9, hyphens=hyphens)
    if found is None:
        return
    assert all(measure(line) <= width for line in found)
    glued = "".join("".join(found).split()).replace(NBSP, "")
    assert glued == "".join(text.split())


@given(st.text(max_size=200))
def test_cutting_always_ends(text: str) -> None:
    rounds = 0
    while text:
        text = shorter(text)
        rounds += 1
        assert rounds < 400
