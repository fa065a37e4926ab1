"""Answers that are nearly JSON: what is mended, and what must not be (G75, G183)."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.writing.llm.json_repair import MAX_BYTES, BadJsonError, repair

GOOD = {"tone": "warm", "subject": "С праздником", "body": "Один.\n\nДва.", "wish": "Удачи"}
TEXT = json.dumps(GOOD, ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (TEXT, ()),
        (f"  \n{TEXT}\n", ()),
        (f"\ufeff{TEXT}", ("bom",)),
        (f"```json\n{TEXT}\n```", ("fence",)),
        (f"```\n{TEXT}\n```", ("fence",)),
        (f"Вот ваш текст: {TEXT}", ("prose",)),
        (f"{TEXT}\n\nНадеюсь, подойдёт!", ("prose",)),
        (f"Конечно!\n```json\n{TEXT}\n```\nГотово.", ("fence", "prose")),
        (f"Ответ {{в JSON}}: {TEXT}", ("prose",)),
        (TEXT.replace("\\n", "\n"), ("newlines",)),
        (TEXT.replace("\\n\\n", "\r\n\t"), ("newlines",)),
        (TEXT[:-1] + ",\n}", ("commas",)),
        (TEXT.replace('"', "“"), ("quotes",)),
        (f"[{TEXT}]", ("array",)),
        (f"```json\n[{TEXT[:-1]},}}]\n```", ("fence", "commas", "array")),
    ],
)
def test_steps(text: str, steps: tuple[str, ...]) -> None:
    repaired = repair(text)
    assert repaired.steps == steps
    assert {**repaired.data, "body": ""} == {**GOOD, "body": ""}
    assert repaired.data["body"].split() == ["Один.", "Два."]


def test_typographic_delimiters_of_each_kind() -> None:
    for opener, closer in (("“", "”"), ("„", "“"), ("«", "»"), ("”", "”")):
        text = "{" + f"{opener}tone{closer}: {opener}warm{closer}" + "}"
        assert repair(text).data == {"tone": "warm"}


def test_quotes_inside_a_text_stay() -> None:
    text = '{"body": "Компания «Ромашка», “Лютик” и \\"Мак\\"", "wish": "да, }"}'
    repaired = repair(text)
    assert repaired.steps == ()
    assert repaired.data["body"] == 'Компания «Ромашка», “Лютик” и "Мак"'
    assert repaired.data["wish"] == "да, }"


def test_pairs_within_typographic_delimiters() -> None:
    text = '{«body»: «Компания «Ромашка», год "без" забот», «wish»: «Да»}'
    assert repair(text).data == {"body": 'Компания «Ромашка», год "без" забот', "wish": "Да"}


def test_commas_and_brackets_of_texts_are_left_alone() -> None:
    text = '{"a": "x,}", "b": [1, 2,], "c": "```"}'
    assert repair(text).data == {"a": "x,}", "b": [1, 2], "c": "```"}


@pytest.mark.parametrize(
    "text",
    [
        TEXT[:-1],
        TEXT[:40],
        f"[{TEXT}",
        f"```json\n{TEXT[:30]}\n```",
        f'{{"outer": {TEXT}',
    ],
)
def test_cut_off_is_never_completed(text: str) -> None:
    with pytest.raises(BadJsonError, match="cut off"):
        repair(text)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "Поздравляю с праздником!", "null", '"text"', '{"a": 1 "b": 2}', '{"a": "x" y"}'],
)
def test_what_is_no_object(text: str) -> None:
    with pytest.raises(BadJsonError):
        repair(text)


def test_two_objects_in_a_list_are_not_one() -> None:
    with pytest.raises(BadJsonError, match="list"):
        repair(f"[{TEXT}, {TEXT}]")


def test_the_first_of_two_objects_is_taken() -> None:
    assert repair(f'{TEXT}\n{{"another": 1}}').steps == ("prose",)


def test_a_huge_answer_is_refused_unread() -> None:
    with pytest.raises(BadJsonError, match="bytes"):
        repair("{" + "ы" * (MAX_BYTES // 2) + "}")


def test_deep_nesting_is_no_crash() -> None:
    with pytest.raises(BadJsonError):
        repair('{"a":' * 3000 + "1" + "}" * 3000)


PLAIN = st.text(max_size=60)


@given(st.dictionaries(PLAIN, PLAIN, min_size=1, max_size=5))
def test_good_json_is_read_as_it_is(data: dict[str, Any]) -> None:
    repaired = repair(json.dumps(data, ensure_ascii=False))
    assert repaired.data == data
    assert repaired.steps == ()


@given(st.dictionaries(PLAIN, PLAIN, min_size=1, max_size=4), st.text(max_size=40))
def test_prose_around_changes_nothing(data: dict[str, Any], prose: str) -> None:
    around = prose.replace("{", "").replace("[", "").replace("`", "")
    text = f"{around}\n{json.dumps(data, ensure_ascii=False)}\n{around}"
    assert repair(text).data == data


@given(st.text(max_size=300))
def test_any_text_is_an_object_or_an_error(text: str) -> None:
    with contextlib.suppress(BadJsonError):
        assert isinstance(repair(text).data, dict)


@given(st.integers(1, len(TEXT) - 1))
def test_no_beginning_of_an_answer_is_an_answer(length: int) -> None:
    with pytest.raises(BadJsonError):
        repair(TEXT[:length])
