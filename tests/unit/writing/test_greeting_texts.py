"""From facts to a finished greeting: occasion, choice, filling, short form (G30, G55-G63)."""

import csv
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.writing.greetings.catalogue import (
    GreetingTemplate,
    builtin,
    family_of,
    template_kind,
)
from povod.writing.greetings.choice import choose_tone, choose_variant, eligible, permutation
from povod.writing.greetings.compose import compose_greeting
from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.occasion import occasion_with
from povod.writing.greetings.render import (
    assemble,
    fill_placeholders,
    parse_greeting_template,
    render_greeting,
    short_form,
    signature,
)
from povod.writing.greetings.text import GreetingText
from povod.writing.templates import TemplateError

FACTS = GreetingFacts(
    first_name="Наталья",
    middle_name="Олеговна",
    gender="f",
    company_name="ООО «Ромашка»",
    occasion="День бухгалтера",
    occasion_instrumental="Днём бухгалтера",
    occasion_kind="professional",
    client_id="17",
    sender_name="Ольга Ветрова",
    sender_position="директор",
    sender_company="ООО «Северный мост»",
)
FAMILY = builtin()["professional.warm.ru"]


def template(body: str, **extra) -> GreetingTemplate:
    base = {"family": "x.warm.ru", "variant": "a", "version": 1, "subject": "С праздником!"}
    return GreetingTemplate(**{**base, "body": body, "wish": "Пусть всё будет хорошо!", **extra})


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("instrumental", "options", "want"),
    [
        ("Днём бухгалтера", {}, "с Днём бухгалтера"),
        ("Светлой Пасхой", {}, "со Светлой Пасхой"),
        ("Всемирным днём туризма", {}, "со Всемирным днём туризма"),
        ("наступающим Новым годом", {"early": True, "kind": "social"}, "с наступающим Новым годом"),
        (
            "Международным женским днём",
            {"early": True},
            "с наступающим Международным женским днём",
        ),
        ("Всемирным днём театра", {"early": True}, "с наступающим Всемирным днём театра"),
        ("Светлой Пасхой", {"early": True, "kind": "religious"}, "со Светлой Пасхой"),
        ("днём рождения", {"early": True, "kind": "birthday"}, "с днём рождения"),
        ("юбилеем", {"early": True, "kind": "manual"}, "с юбилеем"),
        ("Сабантуем", {}, "с Сабантуем"),
        ("знаменательной датой", {}, "со знаменательной датой"),
        ("шестым днём", {}, "с шестым днём"),
        ("щедрым днём", {}, "с щедрым днём"),
        ("днём\u00a0 знаний", {}, "с днём знаний"),
        ("", {"early": True}, ""),
        ("Labour Day", {"language": "en"}, "on Labour Day"),
        ("Labour Day", {"language": "en", "early": True}, "on the upcoming Labour Day"),
    ],
)
def test_occasion_with_its_preposition(instrumental: str, options: dict, want: str) -> None:
    assert occasion_with(instrumental, **options) == want


def test_exactly_six_days_of_the_calendar_take_the_long_preposition(request) -> None:
    files = list((request.config.rootpath / "src").rglob("holidays_ru.csv"))
    if not files:
        pytest.skip("the calendar is not there yet")
    text = files[0].read_text("utf-8")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(text.splitlines(), delimiter=delimiter)
    phrases = [occasion_with(row["title_instrumental"]) for row in rows]
    assert len(phrases) == 182
    assert sum(phrase.startswith("со ") for phrase in phrases) == 6


@pytest.mark.parametrize(
    ("given", "tone"),
    [
        ({"operator": "warm", "preference": "official", "segment": "vip"}, "warm"),
        ({"preference": "warm", "segment": "vip"}, "warm"),
        ({"segment": "vip", "event_type": "birthday", "rule_tone": "warm"}, "official"),
        ({"segment": "new"}, "official"),
        ({"event_type": "manual", "rule_tone": "official"}, "warm"),
        ({"event_type": "birthday", "rule_tone": "official"}, "warm"),
        ({"rule_tone": "official"}, "official"),
        ({"segment": "loyal", "rule_tone": "other"}, "warm"),
        ({}, "warm"),
    ],
)
def test_tone(given: dict, tone: str) -> None:
    assert choose_tone(**given) == tone


@pytest.mark.parametrize(
    ("event", "options", "kind"),
    [
        ("birthday", {}, "birthday"),
        ("manual", {}, "manual"),
        ("anniversary", {}, "anniversary"),
        ("anniversary", {"group": True}, "group"),
        ("holiday", {"rule_kind": "professional"}, "professional"),
        ("holiday", {"rule_kind": "military"}, "professional"),
        ("holiday", {"rule_kind": "public", "rule_code": "new_year"}, "new_year"),
        ("holiday", {"rule_kind": "social", "rule_code": "new_year_eve"}, "new_year"),
        ("holiday", {"rule_kind": "public", "rule_code": "orthodox_christmas"}, "religious"),
        ("holiday", {"rule_kind": "public", "rule_code": "victory_day"}, "public"),
        ("holiday", {"rule_kind": "social", "rule_code": "family_day"}, "social"),
    ],
)
def test_kind_of_text_for_an_event(event: str, options: dict, kind: str) -> None:
    assert template_kind(event, **options) == kind
    assert family_of(kind, "warm", "ru") in builtin()


def test_choice_depends_on_its_arguments_alone() -> None:
    first = choose_variant("17", "f", FAMILY)
    assert choose_variant("17", "f", reversed(FAMILY)) == first
    firsts = Counter(choose_variant(str(number), "f", FAMILY).variant for number in range(600))
    assert set(firsts) == {one.variant for one in FAMILY}
    assert max(firsts.values()) < 2 * min(firsts.values())


def test_choice_goes_round_before_it_repeats() -> None:
    used: list[str] = []
    for _ in FAMILY:
        used.insert(0, choose_variant("17", "f", FAMILY, used[:5]).key)
    assert len(set(used)) == len(FAMILY)
    assert choose_variant("17", "f", FAMILY, used[:5]).key == used[-1]


def test_choice_never_repeats_last_year() -> None:
    order = permutation("17", "f", FAMILY)
    assert choose_variant("17", "f", FAMILY, (), order[0].key) == order[1]
    everything = [one.key for one in order]
    assert choose_variant("17", "f", FAMILY, everything, order[-1].key) == order[-2]
    assert choose_variant("17", "f", FAMILY[:1], (), FAMILY[0].key) == FAMILY[0]
    with pytest.raises(LookupError, match="needed fields are empty"):
        choose_variant("17", "f", [])


def test_variants_with_gaps_are_not_eligible() -> None:
    manual = builtin()["manual.warm.ru"]
    named = replace(FACTS, occasion="открытие офиса", occasion_instrumental="")
    assert [one.variant for one in eligible(manual, named)] == list("abcdef")
    assert len(eligible(manual, FACTS)) == 8
    assert eligible(manual, GreetingFacts()) == []
    paused = replace(manual[0], status="paused")
    assert eligible([paused], FACTS) == []
    dative = template("{{name_dat}}", needs=("name_dat",))
    assert eligible([dative], FACTS) == [dative]
    assert eligible([dative], replace(FACTS, first_name="Nikita", middle_name="")) == []


def test_a_text_has_salutation_body_and_signature() -> None:
    done = render_greeting(FAMILY[1], FACTS)
    parts = plain(done.text).split("\n\n")
    assert parts[0] == done.salutation == "Наталья, здравствуйте!"
    assert parts[-1] == "С уважением,\nОльга Ветрова\nдиректор\nООО «Северный мост»"
    assert "поздравляем с Днём бухгалтера" in plain(done.body)
    assert signature(GreetingFacts()) == ""
    assert signature(GreetingFacts(language="en", sender_company="Acme")) == "Best wishes,\nAcme"


def test_an_override_of_the_salutation_stays_verbatim() -> None:
    done = render_greeting(FAMILY[1], replace(FACTS, salutation='Дорогая "Ната" - привет!'))
    assert done.text.startswith('Дорогая "Ната" - привет!\n\n')


def test_group_is_addressed_as_colleagues() -> None:
    facts = replace(FACTS, addressee="group", first_name="", middle_name="", occasion_kind="group")
    assert render_greeting(builtin()["group.warm.ru"][0], facts).salutation == "Уважаемые коллеги!"
    assert replace(facts, company_name="", language="en").salutation_line == "Dear colleagues,"
    assert replace(facts, early=True).occasion_phrase() == "с наступающим Днём бухгалтера"
    easter = replace(facts, early=True, occasion_code="easter", occasion_instrumental="Пасхой")
    assert easter.occasion_phrase() == "с Пасхой"


def test_long_titles_leave_a_short_subject() -> None:
    long = "Днём работников бытового обслуживания населения и жилищно-коммунального хозяйства"
    facts = replace(FACTS, occasion_instrumental=long)
    variant = builtin()["professional.official.ru"][0]
    assert plain(render_greeting(variant, facts).subject) == "Примите наши поздравления"
    short = replace(facts, short_instrumental="Днём работников ЖКХ")
    done = render_greeting(variant, short)
    assert plain(done.subject) == "Поздравляем Вас с Днём работников ЖКХ"
    assert long in plain(done.body)


def test_values_are_never_compiled() -> None:
    done = render_greeting(template("{{first_name}}, привет"), replace(FACTS, first_name="{{7*7}}"))
    assert done.body.startswith("{{7*7}}, привет")


@given(st.text(max_size=60))
def test_any_name_appears_literally(name: str) -> None:
    facts = replace(FACTS, company_name=name)
    done = render_greeting(template("Компания {{company}}!"), facts)
    assert "".join(name.split()).replace("\u00a0", "") in "".join(done.body.split()) or not (
        name.isprintable() and name.isalnum()
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Привет,\n{{client.__class__}}", "line 2: '{{' is unclosed"),
        ("{{nobody}}", "line 1: unknown field 'nobody'"),
        ("{{first_name", "line 1: '{{' is unclosed"),
        ("first_name}}", "line 1: '}}' is unclosed"),
        ("{{first_name|shout}}", "line 1: unknown filter 'shout'"),
        ("раз\n\n{% for x in y %}", "line 3: loops, conditions"),
        ("{# note #}", "line 1: loops, conditions"),
        ("{{ 7*7 }}", "line 1: '{{' is unclosed"),
    ],
)
def test_bad_templates_are_refused_with_their_line(body: str, reason: str) -> None:
    with pytest.raises(TemplateError, match="body, ") as caught:
        parse_greeting_template("С праздником!", body, "Мира!")
    assert reason in str(caught.value)
    with pytest.raises(TemplateError):
        render_greeting(template(body), FACTS)


def test_needs_name_known_fields() -> None:
    parse_greeting_template("{{occasion|title}}", "{{name_dat}}", "Мира!", ("name_dat",))
    with pytest.raises(TemplateError, match="needs: unknown field 'age'"):
        parse_greeting_template("a", "b", "c", ("age",))


def test_short_form_for_messengers() -> None:
    done = render_greeting(FAMILY[0], FACTS)
    assert plain(short_form(done, FACTS)) == (
        f"Наталья, здравствуйте! {plain(done.wish)} ООО «Северный мост»"
    )


def test_placeholders_of_a_model_are_filled_once() -> None:
    odd = replace(FACTS, company_name="{{NAME}}", first_name="{{Company}}", middle_name="")
    text = GreetingText("{{NAME}}!", "Компания {{COMPANY}}", "{{OTHER}}")
    assert fill_placeholders(text, odd) == ("{{Company}}!", "Компания {{NAME}}", "{{OTHER}}")
    done = assemble("С\nпраздником", "Мир - вам", "Мира  всем", FACTS)
    assert (plain(done.subject), plain(done.body)) == ("С праздником", "Мир — вам")


def test_facts_come_from_mappings_and_objects() -> None:
    facts = GreetingFacts.of({"first_name": "Ия", "known": ["a"], "strange": 1, "gender": None})
    assert (facts.first_name, facts.known, facts.gender) == ("Ия", ("a",), None)
    assert GreetingFacts.of(facts) is facts
    assert replace(facts, okved="62.01").industry == "разработка программного обеспечения"


def test_composing_takes_the_next_variant_when_one_repeats() -> None:
    first = compose_greeting(FAMILY, FACTS)
    assert first.violations == ()
    assert (first.eligible, first.propensity) == (6, 1 / 6)
    again = compose_greeting(FAMILY, replace(FACTS, recent_texts=(first.rendered.body,)))
    assert again.template.key != first.template.key
    assert again.violations == ()


def test_composing_gives_the_least_bad_text_when_none_is_good() -> None:
    bad = [
        template("Скидка завтра.", variant="a"),
        template("Скидка.", variant="b"),
    ]
    made = compose_greeting(bad, FACTS)
    assert made.template.variant == "b"
    assert {one.code for one in made.violations} == {"length", "structure", "promo"}
    last = compose_greeting(bad, FACTS, last_year="x.warm.ru/b")
    assert last.template.variant == "a"
    with pytest.raises(LookupError):
        compose_greeting([], FACTS)


@pytest.mark.parametrize(("code", "told"), [("labour_day", False), ("", True)])
def test_news_of_ones_own_are_not_told_on_days_of_the_calendar(code: str, told: bool) -> None:
    """«Узнали о вашем событии» suits a firm's jubilee, not the first of May."""
    facts = replace(FACTS, addressee="group", first_name="", occasion_code=code)
    found = eligible(builtin()["group.official.ru"], facts)
    assert any("own_occasion" in one.needs for one in found) is told
    assert len(found) >= 6
