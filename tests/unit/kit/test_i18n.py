"""Choosing a language and finding its words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.kit.i18n import LANGUAGES, choose_language, translator

PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Letters"
msgstr "Письма"

msgid "Empty"
msgstr ""
"""


@pytest.mark.parametrize(
    ("wanted", "accept", "language"),
    [
        ("en", "ru", "en"),
        ("fr", "en-US", "en"),
        ("", "fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", "en"),
        ("", "ru;q=0.2, en;q=0.3", "en"),
        ("", "en;q=0", "ru"),
        ("", "EN", "en"),
        ("", "fr", "ru"),
        ("", "en;q=high", "ru"),
    ],
)
def test_choice_then_browser_then_default(wanted: str, accept: str, language: str) -> None:
    assert choose_language(wanted, accept) == language


@given(st.text(max_size=80))
def test_no_header_breaks_the_choice(accept: str) -> None:
    assert choose_language("", accept) in LANGUAGES


def test_unknown_and_empty_texts_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "ru.po").write_text(PO, encoding="utf-8")
    say = translator(tmp_path, "ru")
    assert [say("Letters"), say("Empty"), say("Nowhere")] == ["Письма", "Empty", "Nowhere"]
