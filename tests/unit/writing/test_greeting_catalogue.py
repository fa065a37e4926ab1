"""Every shipped text for synthetic clients of each kind: no violation of any rule (G59, G61)."""

import json
from collections import Counter
from dataclasses import replace
from importlib import resources
from itertools import combinations

import pytest

from povod.writing.greetings.catalogue import KINDS, TONES, GreetingTemplate, builtin, family_of
from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.industry import industry, industry_wish, section_of
from povod.writing.greetings.render import parse_greeting_template, render_greeting, short_form
from povod.writing.guardrails import check
from povod.writing.guardrails.language import shingles, similarity

SENDER = {"sender_name": "Ольга Ветрова", "sender_company": "ООО «Северный мост»"}
LONG_TITLE = (
    "День работника сельского хозяйства и перерабатывающей промышленности всей нашей большой страны"
)
OCCASIONS = {
    "birthday": ("День рождения", "днём рождения"),
    "professional": ("День бухгалтера", "Днём бухгалтера"),
    "public": ("День Победы", "Днём Победы"),
    "new_year": ("Новый год", "Новым годом"),
    "womens_day": ("Международный женский день", "Международным женским днём"),
    "defender_day": ("День защитника Отечества", "Днём защитника Отечества"),
    "religious": ("Пасха", "Светлой Пасхой"),
    "social": ("День семьи, любви и верности", "Днём семьи, любви и верности"),
    "manual": ("открытие нового офиса", "открытием нового офиса"),
    "anniversary": ("Годовщина основания компании", "годовщиной основания компании"),
    "group": ("День строителя", "Днём строителя"),
}
PEOPLE = {
    "woman": {"first_name": "Наталья", "middle_name": "Олеговна", "last_name": "Серия"},
    "man": {"first_name": "Пётр", "middle_name": "Ильич", "okved": "41.20"},
    "no_patronymic": {"first_name": "Анна-Мария", "last_name": "Кредитова", "gender": "f"},
    "unknown": {"first_name": "Саша", "company_name": "ООО Shopping Center"},
    "latin": {"first_name": "Nikita", "last_name": "Smith", "company_name": "Pin-Up Studio"},
    "short": {"first_name": "Роза", "short_name": "Розочка", "gender": "f", "okved": "85.11"},
    "long_title": {"first_name": "Игорь", "gender": "m"},
    "early": {"first_name": "Мария", "gender": "f", "early": True, "okved": "56.10"},
}
TEMPLATES = [template for family in builtin().values() for template in family]


def facts_for(template: GreetingTemplate, who: str) -> GreetingFacts:
    kind, tone, language = template.family.split(".")
    title, instrumental = OCCASIONS[kind]
    if who == "long_title":
        title, instrumental = LONG_TITLE, LONG_TITLE.replace("День", "Днём", 1)
    if language == "en":
        title, instrumental = "opening of the new office", ""
    group = {"addressee": "group", "company_name": "ООО «Ромашка»"} if kind == "group" else {}
    person = {} if kind == "group" else PEOPLE[who]
    extra = {key: PEOPLE[who][key] for key in ("early", "okved") if key in PEOPLE[who]}
    return GreetingFacts(
        occasion_kind=kind,
        occasion=title,
        occasion_instrumental=instrumental,
        tone=tone,
        language=language,
        client_id=who,
        **{**SENDER, **person, **group, **extra},
    )


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.key)
def test_no_variant_breaks_a_rule(template: GreetingTemplate) -> None:
    for who in PEOPLE:
        facts = facts_for(template, who)
        rendered = render_greeting(template, facts)
        found = check(rendered_text(rendered), facts)
        assert found == [], (who, [(one.code, one.part, one.found) for one in found])
        assert rendered.text.startswith(rendered.salutation)
        assert rendered.text.count(rendered.salutation) == 1
        assert len(short_form(rendered, facts)) < 300


def rendered_text(rendered):
    from povod.writing.greetings.text import GreetingText

    return GreetingText(rendered.subject, rendered.body, rendered.wish)


def test_families_are_complete() -> None:
    for language, kinds in KINDS.items():
        for kind in kinds:
            for tone in TONES:
                family = builtin()[f"{kind}.{tone}.{language}"]
                assert len({one.variant for one in family}) >= 6


def test_other_kinds_of_english_use_public() -> None:
    assert family_of("womens_day", "warm", "en") == "public.warm.en"
    assert family_of("womens_day", "warm", "ru") == "womens_day.warm.ru"


def sentences(text: str) -> list[str]:
    plain = text.replace("?", ".").replace("!", ".").replace("…", ".").replace("\n", ".")
    return [part.strip().casefold() for part in plain.split(".") if len(part.strip()) > 15]


@pytest.mark.parametrize("family", sorted(builtin()))
def test_variants_of_a_family_are_different_texts(family: str) -> None:
    variants = builtin()[family]
    counted = Counter(
        sentence for one in variants for sentence in {*sentences(one.body), *sentences(one.wish)}
    )
    assert [sentence for sentence, times in counted.items() if times > 1] == []
    assert len({one.subject for one in variants}) == len(variants)
    for one, other in combinations(variants, 2):
        assert similarity(shingles(one.body, 3), shingles(other.body, 3)) < 0.35


def test_all_texts_have_their_own_sentences() -> None:
    bodies = Counter(
        sentence for one in TEMPLATES for sentence in set(sentences(one.body + "\n" + one.wish))
    )
    often = [sentence for sentence, times in bodies.items() if times > 4 and "{{" not in sentence]
    assert often == []


def test_no_text_needs_what_it_does_not_name() -> None:
    for one in TEMPLATES:
        parse_greeting_template(one.subject, one.body, one.wish, one.needs)
        whole = one.subject + one.body + one.wish
        for name in ("occasion_with", "occasion", "company"):
            used = f"{{{{{name}}}}}" in whole or f"{{{{{name}|title}}}}" in whole
            assert used == (name in one.needs), one.key


def test_texts_hold_without_a_known_trade() -> None:
    for one in TEMPLATES:
        facts = replace(facts_for(one, "man"), okved="")
        assert "{{" not in render_greeting(one, facts).body


def test_every_class_has_words_and_every_section_two_wishes() -> None:
    classes = json.loads(
        resources.files("povod.writing").joinpath("data/okved_classes.json").read_text("utf-8")
    )
    assert len(classes) == 88
    assert all(len(words) == 2 and all(words) for words in classes.values())
    letters = {section_of(code) for code in classes} - {""}
    assert letters == set("ABCDEFGHIJKLMNOPQRS")
    for code in classes:
        if section_of(code):
            for language in ("ru", "en"):
                wishes = {industry_wish(code, language, str(seed)) for seed in range(20)}
                assert len(wishes) == 2
                assert all(40 <= len(wish) <= 180 for wish in wishes)


def test_trade_of_a_code() -> None:
    assert industry("41.20") == "строительство зданий"
    assert industry("62.01", "en") == "software development"
    assert industry("4120") == industry("") == industry_wish("нет") == ""


@pytest.mark.parametrize("code", ["01.11", "25.6", "47.11", "69.20.1", "86.21", "96.02"])
def test_trade_wishes_pass_the_guard(code: str) -> None:
    for language in ("ru", "en"):
        for seed in range(6):
            wish = industry_wish(code, language, str(seed))
            assert check(wish, GreetingFacts(language=language)) == []
