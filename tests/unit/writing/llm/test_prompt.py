"""What a prompt holds: rules of a version, facts without people, reasons in brief (G71-G74)."""

import json
from dataclasses import fields

import jsonschema
import pytest

from povod.kit.clock import FixedClock
from povod.writing.llm.contract import GREETING_SCHEMA, Draft, Forms, read_draft
from povod.writing.llm.prompt import PromptFacts, greeting_request, request_hash, rules

FACTS = PromptFacts(
    occasion="День торговли", occasion_with="с Днём торговли", kind="professional", tone="warm"
)
GOOD = {"tone": "warm", "subject": "Тема", "body": "Текст", "wish": "Пожелание"}


class Found:
    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason


def test_there_is_no_place_for_a_person() -> None:
    names = {field.name for field in fields(PromptFacts)}
    assert names == {
        "occasion", "occasion_with", "kind", "tone", "language", "addressee", "gender", "industry",
        "profession", "segment_hint", "min_chars", "max_chars", "wish_max", "avoid",
    }  # fmt: skip


def test_facts_are_one_json_object_without_empty_fields() -> None:
    request = greeting_request(FACTS)
    facts = json.loads(request.user)["facts"]
    assert facts["max_chars"] == 1200
    assert not {"industry", "profession", "segment_hint", "avoid"} & set(facts)
    assert request.schema == GREETING_SCHEMA


def test_the_same_facts_are_the_same_prompt() -> None:
    assert request_hash(greeting_request(FACTS)) == request_hash(greeting_request(FACTS))
    other = greeting_request(FACTS, [Found("length", "too short")])
    assert request_hash(other) != request_hash(greeting_request(FACTS))


def test_problems_are_quoted_briefly() -> None:
    many = [Found(f"code{n}", "причина " * 100) for n in range(20)]
    problems = json.loads(greeting_request(FACTS, many).user)["problems"]
    assert len(problems) == 8
    assert all(len(problem["reason"]) <= 200 for problem in problems)


def test_words_of_tables_lose_digits_and_signs() -> None:
    facts = PromptFacts(
        occasion="", occasion_with="", kind="x", tone="warm", industry='опт 12"}]_{торговля}'
    )
    assert facts.as_json()["industry"] == 'опт " торговля'


@pytest.mark.parametrize("language", ["ru", "en"])
def test_rules_of_each_language(language: str) -> None:
    found = rules(language)
    assert found.version == f"greeting-{language}-1"
    for word in ("{{NAME}}", "{{COMPANY}}", "tone, subject, body, wish", "facts.max_chars"):
        assert word in found.text


def test_an_unknown_language_gets_english_rules() -> None:
    assert rules("de").version == "greeting-en-1"


def test_the_schema_is_strict() -> None:
    jsonschema.Draft202012Validator.check_schema(GREETING_SCHEMA)
    jsonschema.validate(GOOD, GREETING_SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(GOOD | {"extra": 1}, GREETING_SCHEMA)


def test_a_good_object_is_a_draft() -> None:
    assert read_draft(GOOD | {"body": " Текст \n"}) == (Draft(**GOOD), "")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"tone": "warm"}, "missing keys: body, subject, wish"),
        (GOOD | {"signature": "Я"}, "keys beyond"),
        (GOOD | {"body": 5}, "not a text: body"),
        (GOOD | {"wish": None}, "not a text: wish"),
        (GOOD | {"tone": "Тёплый"}, "tone must be"),
        (GOOD | {"subject": "  "}, "empty: subject"),
    ],
)
def test_what_is_no_draft_says_why(data: dict[str, object], reason: str) -> None:
    draft, said = read_draft(data)
    assert draft is None
    assert reason in said


class Named:
    provider = "openai"

    def __init__(self, base_url: str, name: str) -> None:
        self.base_url = base_url
        self.name = name


def test_forms_are_known_per_server_and_model(clock: FixedClock) -> None:
    forms = Forms(clock)
    one, other = Named("http://a/v1", "m"), Named("http://b/v1", "m")
    forms.learn(one, "none")  # type: ignore[arg-type]
    assert forms.of(one) == "none"  # type: ignore[arg-type]
    assert forms.of(other) == "json_schema"  # type: ignore[arg-type]
