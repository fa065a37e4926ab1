"""A letter is read strictly: what lacks a part is no letter (L95)."""

from typing import Any

import pytest

from povod.writing.llm import ModelBadAnswerError
from povod.writing.llm.letters import letter_from

CLAIM = {"sentence": "Ставим окна.", "fact_id": "f-1", "quote": "Ставим окна"}
LETTER = {"subject": " Тема ", "body": "Текст\n", "claims": [CLAIM]}


def test_a_letter_with_its_claims() -> None:
    letter = letter_from(LETTER)
    assert (letter.subject, letter.body) == ("Тема", "Текст")
    assert letter.claims[0].quote == "Ставим окна"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([LETTER], "not a JSON object"),
        ({"subject": "Тема", "body": "Текст"}, "lacks"),
        (LETTER | {"claims": {}}, "lacks"),
        (LETTER | {"body": " "}, "empty"),
        (LETTER | {"claims": ["да"]}, "not an object"),
        (LETTER | {"claims": [CLAIM | {"quote": 5}]}, "claim"),
    ],
)
def test_what_is_no_letter_says_why(data: Any, reason: str) -> None:
    with pytest.raises(ModelBadAnswerError, match=reason):
        letter_from(data)
