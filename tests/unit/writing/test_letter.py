"""The keyless writer: same input, same bytes; different companies, different letters."""

from collections import Counter
from dataclasses import replace

import pytest

from povod.writing.briefs import CompanyBrief, EmailTemplate, Fact, OfferBrief
from povod.writing.guardrails import check_letter
from povod.writing.letter import default_pieces, write_letter

OFFER = OfferBrief(
    key="demo",
    version=1,
    sender_name="Анна Смирнова",
    sender_role="руководитель проектов",
    sender_company="Студия Ответ",
    value="помогаем не терять обращения, которые приходят с сайта",
    call_to_action="ответьте на это письмо, и мы договоримся о коротком разговоре",
    ideas={
        "*": (
            (
                "собирать обращения с сайта и телефона в одном списке",
                "ни одно не остаётся без ответа",
            ),
            (
                "отвечать на первый вопрос клиента готовым письмом",
                "человек сразу видит, что его услышали",
            ),
            ("напоминать клиенту о записи накануне", "меньше людей забывают о встрече"),
        ),
        "стоматология": (("записывать на приём прямо с сайта", "пациенту не нужно ждать звонка"),),
    },
)


def company(number: int, *facts: Fact) -> CompanyBrief:
    return CompanyBrief(
        company_id=f"company-{number}",
        brand=f"Фирма {number}",
        city="Казань",
        niche="окна",
        site=f"firma{number}.ru",
        facts=facts,
    )


YEARS = Fact("f1", "years", "12 лет", "Более 12 лет делаем пластиковые окна", "p1")


def skeleton(letter: EmailTemplate, brief: CompanyBrief) -> str:
    return letter.body.replace(brief.brand, "{}").replace(brief.site, "{}")


def test_same_input_gives_same_bytes() -> None:
    assert write_letter(company(1, YEARS), OFFER, "a") == write_letter(
        company(1, YEARS), OFFER, "a"
    )


def test_fact_is_cited_verbatim() -> None:
    letter = write_letter(company(1, YEARS), OFFER, "a")
    assert YEARS.quote in letter.body
    assert letter.claims[0].fact_id == "f1"


def test_without_facts_only_the_search_is_named() -> None:
    letter = write_letter(company(3), OFFER, "a")
    assert letter.claims == ()
    assert "окна" in letter.body
    assert "Казань" in letter.body


def test_ideas_of_the_niche_come_first() -> None:
    brief = replace(company(5), niche="Стоматология")
    assert "записывать на приём" in write_letter(brief, OFFER, "a").body


@pytest.mark.parametrize("kind", ["years", "service", "activity", "usp", "number", "city", "news"])
def test_every_kind_of_fact_passes_the_guard(kind: str) -> None:
    fact = Fact("f1", kind, "x", "Установили 3 500 окон в Казани и области", "p1")
    for number in range(30):
        brief = company(number, fact)
        letter = write_letter(brief, OFFER, "a")
        assert check_letter(letter, brief, OFFER, max_body=1200, pages={"p1": fact.quote}) == []


def test_a_thousand_companies_get_a_variety() -> None:
    briefs = [company(number, YEARS) for number in range(1000)]
    letters = [write_letter(brief, OFFER, "a") for brief in briefs]
    skeletons = Counter(skeleton(*pair) for pair in zip(letters, briefs, strict=True))
    assert len(skeletons) >= 300
    assert max(skeletons.values()) <= 20


def test_shipped_pieces_are_rich_enough() -> None:
    pieces = default_pieces()
    assert len(pieces["subjects"]) >= 6
    assert len(pieces["openings"]) >= 6
    assert len(pieces["invitations"]) >= 5
    assert len(pieces["closings"]) >= 3
    assert all(len(sentences) >= 4 for sentences in pieces["facts"].values())
