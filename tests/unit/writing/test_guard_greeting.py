"""What a greeting may not do: each rule by itself, its severity, its place and its repair."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.writing.greetings.catalogue import builtin
from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.render import render_greeting
from povod.writing.greetings.text import GreetingText
from povod.writing.guardrails import (
    blocking,
    check,
    check_greeting,
    is_promotional,
    repair,
    repair_greeting,
)
from povod.writing.guardrails.base import reasons, severity_of

FACTS = GreetingFacts(
    first_name="Наталья",
    middle_name="Олеговна",
    last_name="Серия",
    gender="f",
    company_name="ООО «Ромашка»",
    occasion="День бухгалтера",
    occasion_instrumental="Днём бухгалтера",
    occasion_kind="professional",
    client_id="17",
    sender_name="Ольга Ветрова",
    sender_company="ООО «Северный мост»",
)
GOOD = render_greeting(builtin()["professional.warm.ru"][1], FACTS)
TEXT = GreetingText(GOOD.subject, GOOD.body, GOOD.wish)
MODEL = replace(FACTS, source="llm", placeholders=("NAME", "COMPANY"))


def codes(text: str | GreetingText, facts: GreetingFacts = FACTS) -> list[str]:
    return [violation.code for violation in check(text, facts)]


def body_codes(body: str, facts: GreetingFacts = FACTS) -> list[str]:
    return codes(TEXT._replace(body=body), facts)


def test_a_good_text_has_no_violation() -> None:
    assert check(TEXT, FACTS) == []
    assert check(TEXT, MODEL) == []
    assert check_greeting(*TEXT, FACTS) == []


@pytest.mark.parametrize(
    ("part", "text", "code"),
    [
        ("subject", "Ура", "length"),
        ("subject", "Поздравляем " * 8, "length"),
        ("body", "Поздравляем Вас.\n\nЖелаем добра.\n\nБудьте здоровы.", "length"),
        ("body", GOOD.body + "\n\nДобра Вам и мира." * 50, "length"),
        ("body", " ".join(GOOD.body.split()), "structure"),
        ("wish", "Счастья!", "length"),
        ("wish", "Пусть сбываются мечты и всё задуманное. " * 6, "length"),
    ],
)
def test_limits_of_the_parts(part: str, text: str, code: str) -> None:
    found = [one for one in check(TEXT._replace(**{part: text}), FACTS) if one.part == part]
    assert code in {one.code for one in found}
    assert {one.severity for one in found if one.code == code} == {"block"}


def test_people_may_write_shorter_and_longer() -> None:
    human = replace(FACTS, source="human")
    assert body_codes("Поздравляем Вас и желаем добра.", human) == []
    assert body_codes("", human) == ["length"]
    assert codes(TEXT._replace(wish=f"{'Пусть сбудется всё хорошее, ' * 6}и лучшее!"), human) == []
    assert codes(TEXT._replace(wish="Пусть будет мир" + " и добро" * 30), human) == ["length"]


@pytest.mark.parametrize(
    ("extra", "detail"),
    [
        ("Уважаемая Наталья Олеговна!", "Обращение"),
        ("Наталья, здравствуйте!", "Обращение"),
        ("С уважением,\nкоманда", "Подпись"),
        ("С наилучшими пожеланиями, Ольга Ветрова", "Подпись"),
        ("Искренне Ваш", "Подпись"),
    ],
)
def test_salutation_and_signature_stand_once(extra: str, detail: str) -> None:
    found = check(TEXT._replace(body=f"{extra}\n\n{GOOD.body}"), FACTS)
    assert any(one.code == "structure" and detail in one.reason for one in found)


def test_respect_inside_a_sentence_is_no_signature() -> None:
    body = f"С уважением к Вашему труду желаем добра.\n\n{GOOD.body}"
    assert "structure" not in body_codes(body)


def test_text_glued_of_two_thanks_is_refused() -> None:
    glued = f"{GOOD.body} Спасибо за доверие. Желаем мира. Благодарим за терпение."
    assert "structure" in body_codes(glued)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{NAME}}, желаем добра. Пусть {{NAME}}, сбудется всё.", "placeholder"),
        ("Желаем счастья, {{NAME}} и удачи.", "placeholder"),
        ("Пусть растёт {{COMPANY}}.", "placeholder"),
        ("Пусть растёт компания {{FIRM}}.", "placeholder"),
        ("Пусть растёт компания {{COMPANY.", "placeholder"),
    ],
)
def test_placeholders_of_a_model_stand_where_they_may(text: str, code: str) -> None:
    found = check(text, MODEL)
    assert code in {one.code for one in found}


@pytest.mark.parametrize(
    "text",
    [
        "{{NAME}}, желаем добра!",
        "Желаем добра, {{NAME}}!",
        "Пусть растёт компания {{COMPANY}}.",
        "Желаем компании «{{COMPANY}}» роста.",
    ],
)
def test_placeholders_in_their_places_pass(text: str) -> None:
    assert check(text, MODEL) == []
    assert codes(text) == ["placeholder"]


def test_placeholders_are_counted_over_all_parts() -> None:
    text = GreetingText("{{NAME}}, с праздником!", f"{{{{NAME}}}}, {GOOD.body}", GOOD.wish)
    assert codes(text, MODEL) == ["placeholder"]


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"last_name": "Серия"}, "Поздравляем семью Серия с праздником."),
        ({"company_name": "ООО Shopping Center"}, "Пусть ООО Shopping Center растёт."),
        ({"company_name": "Pin-Up Studio"}, "Пусть компания Pin-Up Studio растёт и радует."),
        ({"company_name": "ИП Кредитов"}, "Желаем ИП Кредитов добра."),
        ({"first_name": "Роза"}, "Желаем Вам, Роза, солнечных дней."),
        ({"occasion_kind": "womens_day"}, "Поздравляем Вас с праздником 8 Марта!"),
        ({"occasion_kind": "new_year", "year": 2027}, "Пусть 2027 год принесёт радость."),
        ({"company_name": "{{7*7}}"}, "Пусть компания {{7*7}} растёт."),
        ({"occasion": "День фирмы 2 мая"}, "Наш повод: День фирмы 2 мая."),
        ({"company_name": 'ООО "Ромашка"'}, "Пусть ООО «Ромашка» растёт."),
        ({"company_name": "ООО «Север»"}, "Пусть «Север» растёт."),
        ({"company_name": "Acme LLC"}, "Пусть компания «Acme» растёт и радует всех нас."),
        ({"known": ("скидка",)}, "Как говорится, скидка не помеха."),
        ({"occasion_kind": "religious"}, "Светлого Рождества и Божьей милости Вам."),
    ],
)
def test_what_the_facts_say_may_be_said(facts: dict, text: str) -> None:
    assert codes(text, replace(FACTS, **facts)) == []


def test_each_find_of_a_bad_answer_has_its_own_code() -> None:
    text = (
        "Карта 4111 1111 1111 1111, телефон +7 916 123-45-67, СНИЛС 112-233-445 95, кредит 5 млн, "
        "привет от Екатерины, подробности на https://example.ru/x."
    )
    found = [one.code for one in check(text, MODEL)]
    assert found == [
        "pii_card",
        "pii_phone",
        "pii_snils",
        "topic",
        "money",
        "foreign_name",
        "url",
    ]


def test_places_are_those_of_the_text() -> None:
    text = "Желаем Вам удачи завтра."
    (found,) = check(text, FACTS)
    assert text[found.start : found.end] == found.found == "завтра"


@pytest.mark.parametrize(
    ("text", "human", "model"),
    [
        ("Ждёт Вас скидка.", "warn", "block"),
        ("Гарантируем мир.", "warn", "block"),
        ("Мира Вам 🎉", "warn", "block"),
        ("ПОЗДРАВЛЯЕМ Вас.", "warn", "warn"),
        ("Желаем вам мира.", "fix", "fix"),
        ("Мира\u200b Вам.", "fix", "fix"),
        ("Напишите на a@example.ru.", "block", "block"),
    ],
)
def test_severity_depends_on_who_wrote(text: str, human: str, model: str) -> None:
    for source, severity in (("human", human), ("llm", model)):
        (found,) = check(text, replace(FACTS, source=source))
        assert found.severity == severity
        assert bool(blocking([found])) == (severity == "block")


def test_reasons_come_in_the_language_of_the_reader() -> None:
    (russian,) = check("Желаем Вам удачи завтра.", FACTS)
    (english,) = check("Желаем Вам удачи завтра.", replace(FACTS, ui_language="en"))
    assert "завтра" in russian.reason
    assert english.reason.startswith("“завтра” may be untrue")
    assert all({"ru", "en"} == set(texts) for texts in reasons().values())
    assert severity_of("age", "human") == "block"


@pytest.mark.parametrize(
    ("gender", "text", "bad"),
    [
        ("f", "Примите слова, уважаемая Наталья.", False),
        ("m", "Примите слова, уважаемая Наталья.", True),
        (None, "Примите слова, уважаемый Саша.", True),
        ("m", "Вы добились успеха.", False),
        ("f", "Вы добилась успеха.", True),
        ("f", "Вы и Ваши дела вызывают уважение.", False),
        ("f", "Мы рады видеть Вас.", False),
        ("m", "Вы был надёжной опорой.", True),
        (None, "Желаем быть счастливой.", True),
        (None, "Желаем оставаться таким же бодрым.", True),
        (None, "Желаем Вам быть опорой и душой команды.", False),
    ],
)
def test_forms_fit_the_gender(gender: str | None, text: str, bad: bool) -> None:
    facts = replace(FACTS, gender=gender, known=("Саша",))
    assert ("gender_form" in codes(text, facts)) == bad


def test_groups_are_addressed_in_lower_case() -> None:
    group = replace(FACTS, addressee="group", first_name="", last_name="")
    text = "Поздравляем Вас. Вы умеете дружить, и мы за это Вас ценим."
    assert codes(text, group) == ["you_form", "you_form"]
    assert "поздравляем вас. Вы умеете" in repair(text, group).replace("\u00a0", " ").lower() or (
        repair(text, group).replace("\u00a0", " ").startswith("Поздравляем вас. Вы умеете")
    )
    assert check(repair(text, group), group) == []


@pytest.mark.parametrize(
    "text",
    [
        "Поздравляем Вас с Днём бухгалтера!",
        "Поздравляем Вас с наступающим Днём бухгалтера!",
        "Со светлой радостью поздравляем Вас.",
        "Год за годом мы с Вами.",
        "Этот день мы проведём с радостью.",
    ],
)
def test_right_forms_of_the_occasion(text: str) -> None:
    assert codes(text) == []


def test_title_in_the_nominative_is_wrong_after_with() -> None:
    odd = replace(FACTS, occasion="Большой сбор", occasion_instrumental="Большим сбором")
    assert codes("Поздравляем Вас с Большой сбор!", odd) == ["title_form"]
    assert codes("Поздравляем Вас с Большим сбором!", odd) == []


def test_repetition_of_earlier_texts() -> None:
    assert codes(TEXT, replace(FACTS, recent_texts=(GOOD.body,))) == ["repetition"]
    assert codes(TEXT, replace(FACTS, run_texts=(GOOD.body,))) == ["repetition"]
    half = "\n\n".join(GOOD.body.split("\n\n")[:1])
    assert codes(TEXT, replace(FACTS, recent_texts=(half,))) == []


def test_repair_is_silent_and_idempotent() -> None:
    text = 'Желаем\u200b вам "добра"  - и мира...'
    fixed = repair(text, FACTS)
    assert fixed.replace("\u00a0", " ") == "Желаем Вам «добра» — и мира…"
    assert repair(fixed, FACTS) == fixed
    assert check(fixed, FACTS) == []


def test_repair_of_all_parts_keeps_them_whole() -> None:
    text = GreetingText("С праздником\nвас", GOOD.body.replace("Вас", "вас"), GOOD.wish)
    fixed = repair_greeting(text, FACTS)
    assert fixed.subject.replace("\u00a0", " ") == "С праздником Вас"
    assert fixed.body == GOOD.body
    assert check(fixed, FACTS) == []


@given(st.text(max_size=200))
def test_repair_and_check_never_fail(text: str) -> None:
    fixed = repair(text, FACTS)
    assert repair(fixed, FACTS) == fixed
    found = check(fixed, FACTS)
    assert all(one.reason for one in found)
    assert all(0 <= one.start <= one.end <= len(fixed) for one in found)
    assert not {"control", "typography"} & {one.code for one in found}


@pytest.mark.parametrize(
    ("text", "advertising"),
    [
        ("Дарим скидку всем друзьям.", True),
        ("Enjoy our special offer.", True),
        ("Подробности: https://example.ru", True),
        ("Наш сайт primer.ru всегда открыт.", True),
        (GOOD.text, False),
    ],
)
def test_what_makes_a_greeting_advertising(text: str, advertising: bool) -> None:
    assert is_promotional(text) == advertising


def test_facts_may_come_as_mapping_or_object() -> None:
    class Row:
        kind = "greeting"
        first_name = "Пётр"

    assert [one.code for one in check("Желаем, Пётр, добра завтра.", Row())] == ["relative_day"]
    found = check("Привет, Иван, завтра.", {"kind": "greeting", "known": ["Иван"]})
    assert [one.code for one in found] == ["relative_day"]


def test_ordinary_words_that_are_names_too() -> None:
    assert codes("Любовь, забота и тепло пусть живут в доме. Надежда, вера и мир!") == []
    assert codes("Елена, желаем добра!") == ["foreign_name"]


def test_echo_of_the_prompt_is_found() -> None:
    facts = replace(MODEL, echo_keys=("segment=vip", ""))
    assert "meta" in codes("Желаем добра segment=vip друзьям.", facts)


def test_letters_meet_the_common_rules() -> None:
    facts = ["Наша компания работает. ИНН 7707083893"]
    assert [one.code for one in check("ИНН 7707083893", facts)] == []
    assert "pii_card" in {one.code for one in check("Карта 4111 1111 1111 1111", facts)}
    assert "meta" in {one.code for one in check("Как языковая модель, пишу.", facts)}
    assert check("Ваша нейросеть помогает.", ["Наша нейросеть считает, помогает"]) == []
    assert "control" in {one.code for one in check("Мы\u200bработаем", facts)}
    assert check(GreetingText("Добрый день", "Мы рады", "знакомству"), []) == []
    assert check("Мы рады.", {"quote": "Мы рады"}) == check("Мы рады.", "Мы рады") == []
