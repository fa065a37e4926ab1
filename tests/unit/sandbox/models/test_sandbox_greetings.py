"""The good model keeps to the contract of greetings (G57, G71-G74), and is spoilt on demand."""

import itertools
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.sandbox.models import behaviours
from povod.sandbox.models.greetings import facts_of, write

FACTS = {
    "occasion": "День бухгалтера",
    "occasion_with": "с Днём бухгалтера",
    "kind": "professional",
    "tone": "official",
    "language": "ru",
    "addressee": "one",
    "gender": "f",
    "industry": "бухгалтерские услуги",
    "min_chars": 450,
    "max_chars": 1200,
    "wish_max": 180,
}
ANY = st.fixed_dictionaries(
    {
        "occasion": st.sampled_from(["День бухгалтера", "Новый год", "8 Марта"]),
        "occasion_with": st.sampled_from(["с Днём бухгалтера", "с наступающим Новым годом", ""]),
        "tone": st.sampled_from(["official", "warm"]),
        "language": st.sampled_from(["ru", "en"]),
        "addressee": st.sampled_from(["one", "group"]),
        "industry": st.sampled_from(["", "розничная торговля"]),
        "min_chars": st.just(450),
        "max_chars": st.just(1200),
        "wish_max": st.integers(60, 180),
    }
)


@given(ANY, st.integers(0, 50))
def test_every_answer_fits_the_contract(facts, seed):
    answer = write(facts, seed)
    assert list(answer) == ["tone", "subject", "body", "wish"]
    assert answer["tone"] == facts["tone"]
    assert 6 <= len(answer["subject"]) <= 80
    assert 450 <= len(answer["body"]) <= 1200
    assert 3 <= len(answer["body"].split("\n\n")) <= 5
    assert 40 <= len(answer["wish"]) <= facts["wish_max"]
    whole = " ".join(answer.values()).replace(facts["occasion"], "")
    assert whole.count("{{NAME}}") <= (1 if facts["addressee"] == "one" else 0)
    assert "{" not in whole.replace("{{NAME}}", "")
    assert not re.search(r"\d", whole)
    assert whole.count("!") <= 3
    paragraphs = answer["body"].split("\n\n")
    assert len(set(paragraphs)) == len(paragraphs)


def test_a_group_is_not_written_to_as_one_person():
    text = write(FACTS | {"addressee": "group", "tone": "warm"}, 1)["body"]
    assert not re.search(r"(?<=[а-яё,] )В(ы|ас|ам|аш)", text)
    assert re.search(r"В(ы|ас|ам|аш)", write(FACTS | {"tone": "warm"}, 1)["body"])


def test_answers_differ_by_facts_and_seed_and_repeat_otherwise():
    assert write(FACTS, 1) == write(FACTS, 1)
    bodies = {write(FACTS, seed)["body"] for seed in range(30)}
    assert len(bodies) == 30
    assert write(FACTS | {"gender": "m"}, 1) != write(FACTS, 1)


def shingles(text):
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[n : n + 5]) for n in range(len(words) - 4)}


def test_texts_of_a_run_are_not_alike():
    sets = [shingles(write(FACTS, seed)["body"]) for seed in range(20)]
    likeness = [len(a & b) / len(a | b) for a, b in itertools.combinations(sets, 2)]
    assert max(likeness) < 0.85
    assert sum(likeness) / len(likeness) < 0.4


def test_openings_of_the_last_texts_are_avoided():
    last = [write(FACTS, seed)["body"] for seed in range(3)]
    facts = FACTS | {"avoid": [text[:60] for text in last]}
    for seed in range(10):
        assert write(facts, seed)["body"][:20] not in {text[:20] for text in last}


def test_the_occasion_stands_in_the_text_as_given():
    answer = write(FACTS, 3)
    assert "с Днём бухгалтера" in answer["body"]
    assert answer["subject"] == "Поздравляем с Днём бухгалтера"
    long = FACTS | {"occasion_with": "с " + "очень длинным названием праздника " * 4}
    assert len(write(long, 1)["subject"]) <= 80


def test_facts_are_found_with_or_without_a_wrapper():
    assert facts_of(f"правила {{{{NAME}}}}\n{json.dumps({'facts': FACTS})}") == FACTS
    assert facts_of(f"правила\n{json.dumps(FACTS)}") == FACTS
    assert facts_of('{"brand": "Алми", "facts": [{"id": "f1"}]}') is None


def spoilt(name):
    return behaviours.greeting(name, FACTS, 1)


def test_good_and_unknown_names_are_good():
    assert json.loads(spoilt("good").text) == write(FACTS, 1)
    assert behaviours.behaviour_of("gpt-4.1-mini") == "good"
    assert not behaviours.is_known("gpt-4.1-mini")


@pytest.mark.parametrize("name", ["fenced", "prose", "newlines", "trailing", "truncated"])
def test_json_that_needs_repair(name):
    said = spoilt(name)
    with pytest.raises(ValueError):
        json.loads(said.text)
    assert said.finish == ("length" if name == "truncated" else "stop")
    if name in {"fenced", "prose"}:
        inner = said.text[said.text.index("{") : said.text.rindex("}") + 1]
        assert json.loads(inner) == write(FACTS, 1)


def test_planted_inventions():
    body = json.loads(spoilt("hallucinate").text)["body"]
    assert re.search(r"\d+ проектов", body)
    assert "https://" in body
    assert "Вельяминов" in body
    assert 3 <= len(body.split("\n\n")) <= 5


def test_planted_faults_of_form():
    good = write(FACTS, 1)
    assert json.loads(spoilt("wrong-tone").text)["tone"] == "warm"
    assert "с День бухгалтера" in json.loads(spoilt("wrong-case").text)["body"]
    assert len(json.loads(spoilt("short").text)["body"]) < 450
    assert json.loads(spoilt("echo").text) == FACTS
    assert spoilt("empty").text == ""
    assert spoilt("blacklist").finish == "blacklist"
    assert json.loads(spoilt("slow-0.1").text) == good


def test_seeds_count_repeated_questions():
    memory = behaviours.Memory()
    first = behaviours.seeds({}, "вопрос", memory)
    assert behaviours.seeds({}, "вопрос", memory) != first
    assert behaviours.seeds({"seed": 5}, "вопрос", memory) == (5,)
    assert behaviours.seeds({"temperature": 0}, "вопрос", memory) == (None,)


@pytest.mark.parametrize(
    ("name", "form", "status"),
    [
        ("http-422-schema", {"type": "json_schema"}, 422),
        ("http-422-schema", {"type": "json_object"}, 422),
        ("http-422-schema", None, 0),
        ("http-400-schema", {"type": "json_schema"}, 400),
        ("http-400-schema", {"type": "json_object"}, 0),
        ("http-402", None, 402),
        ("http-500", None, 500),
        ("good", None, 0),
    ],
)
def test_refusals_on_the_wire(name, form, status):
    trouble = behaviours.misfortune(name, "p", form, behaviours.Memory())
    assert (trouble.status if trouble else 0) == status
    if form and status in {400, 422}:
        assert "response_format" in trouble.message


def test_a_busy_model_answers_the_second_time():
    memory = behaviours.Memory()
    assert behaviours.misfortune("http-429", "p", None, memory).status == 429
    assert behaviours.misfortune("http-429", "p", None, memory) is None
    assert behaviours.misfortune("http-429", "q", None, memory).status == 429
    for _ in range(3):
        assert behaviours.misfortune("http-429-always", "p", None, memory).status == 429


def test_slow_names_carry_their_seconds():
    assert behaviours.misfortune("slow-0.25", "p", None, behaviours.Memory()).seconds == 0.25
    assert behaviours.misfortune("slow", "p", None, behaviours.Memory()).seconds > 1
    assert behaviours.misfortune("drop", "p", None, behaviours.Memory()).drop
