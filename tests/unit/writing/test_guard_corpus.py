"""Own corpus of planted faults and clean texts, with the bars of G97."""

from collections import Counter
from pathlib import Path

import pytest

from povod.writing.greetings.facts import GreetingFacts
from povod.writing.guardrails import BLOCK_CODES, check

DATA = Path(__file__).parent / "data"
PII = ("pii_card", "pii_snils", "pii_inn", "pii_passport", "pii_phone", "email", "url")
CLIENT = {
    "first_name": "Наталья",
    "middle_name": "Олеговна",
    "last_name": "Серия",
    "gender": "f",
    "company_name": "ООО Shopping Center",
    "occasion": "День бухгалтера",
    "occasion_instrumental": "Днём бухгалтера",
    "occasion_kind": "professional",
    "sender_company": "ООО «Северный мост»",
    "source": "llm",
}


def rows(name: str) -> list[list[str]]:
    lines = (DATA / name).read_text("utf-8").split("\n")
    return [line.replace("\\n", "\n").split("|") for line in lines if line]


FAULTS = rows("guard_faults.txt")
CLEAN = rows("guard_clean.txt")


def codes(text: str, language: str) -> set[str]:
    names = {"first_name": "Natalia"} if language == "en" else {}
    facts = GreetingFacts(**{**CLIENT, **names, "language": language})
    return {violation.code for violation in check(text, facts)}


def test_the_corpus_is_large_and_covers_every_code_of_contents() -> None:
    assert len(FAULTS) >= 150
    assert len(CLEAN) >= 100
    planted = Counter(code for code, _, _ in FAULTS)
    judged_whole = {"length", "repetition"}
    assert set(planted) == (set(BLOCK_CODES) | {"typography", "control", "shouting"}) - judged_whole
    assert min(planted.values()) >= 2


@pytest.mark.parametrize(("language", "text"), CLEAN, ids=range(len(CLEAN)))
def test_clean_texts_pass(language: str, text: str) -> None:
    assert codes(text, language) == set()


def missed(wanted: tuple[str, ...] | None = None) -> tuple[list[list[str]], int]:
    rows = [row for row in FAULTS if wanted is None or row[0] in wanted]
    return [row for row in rows if row[0] not in codes(row[2], row[1])], len(rows)


def test_personal_data_is_found() -> None:
    lost, total = missed(PII)
    assert len(lost) <= 0.02 * total, lost


def test_all_blocking_faults_are_found() -> None:
    lost, total = missed(tuple(BLOCK_CODES))
    assert len(lost) <= 0.05 * total, lost


def test_other_faults_are_found() -> None:
    assert missed(("typography", "control", "shouting"))[0] == []
