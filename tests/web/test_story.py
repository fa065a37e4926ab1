"""The evidence chain of a message, link by link, on both databases."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from console_rows import STORY_SUBJECT, fill

from povod.app.house import House
from povod.app.story import Step, tell
from povod.delivery.drafts import Draft
from povod.kit.errors import NotFoundError
from povod.kit.ids import new_id
from povod.store.tables import deliveries, inbound_mail, outreach_messages


def steps_of(house: House, letter: str) -> list[Step]:
    return list(house.story(letter).steps)


def test_the_chain_goes_from_the_niche_to_the_answer(any_house: House) -> None:
    rows = fill(any_house, 4)
    steps = steps_of(any_house, rows.story)
    assert [step.kind for step in steps] == [
        "niche", "query", "operation", "hit", "page", "contact", "fact", "text", "approval", "plan",
        "attempt", "attempt", "reply",
    ]  # fmt: skip
    by_kind = {step.kind: step for step in steps}
    assert by_kind["niche"].text == "стоматология, Казань"
    assert by_kind["niche"].notes == {"source": "csv", "table": "77ae2a94eb9c04ee", "row": "7"}
    assert by_kind["hit"].detail == "position 8, address https://www.dent-0.ru/uslugi"
    assert by_kind["page"].notes["sha256"] == "b2941a5724e39705"
    assert by_kind["fact"].quote == "работаем с 2009 года"
    assert by_kind["text"].notes["offer"] == "demo 1"
    assert by_kind["approval"].text == "approver:olga"
    assert by_kind["attempt"].quote == "250 2.0.0 OK queued as 000010"
    assert by_kind["reply"].quote.startswith("Нам актуально")
    assert "region" in by_kind["query"].notes


def test_times_and_json(any_house: House) -> None:
    rows = fill(any_house, 4)
    story = any_house.story(rows.story).as_dict()
    assert story["message"]["subject"] == STORY_SUBJECT
    assert story["message"]["sent_at"].endswith("+00:00")
    assert all(step["at"].endswith("+00:00") for step in story["steps"])


def test_every_spelling_of_a_name_finds_the_message(any_house: House) -> None:
    rows = fill(any_house, 4)
    spellings = (rows.story, rows.story.replace("-", ""), rows.story.upper(), f" {rows.story} ")
    for name in (*spellings, "<story@povod.test>", "story@povod.test"):
        assert any_house.story(name).message["id"] == rows.story


@pytest.mark.parametrize("name", ["", "none", "<nobody@povod.test>", "a" * 500, "\x00"])
def test_unknown_names(any_house: House, name: str) -> None:
    with pytest.raises(NotFoundError, match="povod deliver outbox"):
        any_house.story(name)
    with any_house.db.read() as conn, pytest.raises(NotFoundError):
        tell(conn, new_id())


def test_a_letter_without_origin_has_a_short_chain(any_house: House) -> None:
    """Written by hand, or its rows are gone: what is not there is left out."""
    rows = fill(any_house, 4)
    draft = Draft(
        kind="letter",
        to_value="info@dent-0.ru",
        subject="От руки",
        body="Добрый день!",
        dedupe_key="by-hand",
        company_id=rows.companies[0],
        evidence={"niche_id": new_id(), "fact_ids": [new_id()], "page_id": None},
    )
    with any_house.db.tx() as conn:
        letter = str(any_house.delivery.put(conn, draft)["id"])
    assert [(step.kind, step.text) for step in steps_of(any_house, letter)] == [
        ("text", "template")
    ]


def test_gates_that_stopped_an_attempt_are_named(any_house: House) -> None:
    rows = fill(any_house, 4)
    gates = [
        {"name": "approved", "result": "pass"},
        {"name": "daily_cap", "result": "hold", "reason": "cap_reached"},
    ]
    with any_house.db.tx() as conn:
        conn.execute(deliveries.update().values(gates_a=gates))
    attempt = next(step for step in steps_of(any_house, rows.story) if step.kind == "attempt")
    assert attempt.notes["stopped_by"] == "daily_cap: cap_reached"


@pytest.mark.parametrize(
    ("kind", "link"),
    [("bounce", "bounce"), ("delay", "bounce"), ("delivered", "receipt"), ("complaint", "refusal"),
     ("unsubscribe", "unsubscribe"), ("auto", "auto"), ("unmatched", "mail")],
)  # fmt: skip
def test_incoming_mail_has_its_kind(house: House, kind: str, link: str) -> None:
    rows = fill(house, 4)
    with house.db.tx() as conn:
        conn.execute(inbound_mail.update().values(kind=kind))
    assert steps_of(house, rows.story)[-1].kind == link


def test_answers_stand_in_the_order_they_came(any_house: House) -> None:
    rows = fill(any_house, 4)
    with any_house.db.tx() as conn:
        earlier = any_house.clock.now() - timedelta(hours=1)
        mail = {"kind": "auto", "subject": "Я в отпуске", "received_at": earlier}
        letter = {"outreach_message_id": rows.story, "raw_sha256": "bb" * 32}
        conn.execute(inbound_mail.insert().values(**mail, **letter))
        assert conn.execute(sa.select(sa.func.count()).select_from(outreach_messages)).scalar()
    assert [step.kind for step in steps_of(any_house, rows.story)][-2:] == ["auto", "reply"]
