"""Faults in words (S99)."""

import pytest

from povod.crawl.extract.issue_texts import message_of
from povod.crawl.extract.issues import SEVERITIES


@pytest.mark.parametrize("code", SEVERITIES)
def test_each_code_has_words_in_both_languages(code: str) -> None:
    russian, english = message_of(code), message_of(code, "en")
    assert english.isascii()
    assert russian != english
    assert not russian.isascii()


def test_thresholds_are_named() -> None:
    assert message_of("title_long") == "title длиннее 70 знаков"
    assert message_of("slow_page", "en") == "the page takes more than 3 s"
