"""Why a message exists: the chain from its niche to its answer."""

from collections.abc import Mapping
from typing import Any

import pytest

from povod.app.story import Story, tell
from povod.delivery.drafts import Draft
from povod.delivery.facade import Delivery
from povod.kit.clock import FixedClock
from povod.kit.errors import NotFoundError
from povod.kit.ids import new_id
from povod.kit.settings import Settings
from povod.store.db import Database
from povod.store.tables import companies, deliveries, inbound_mail, niches, outreach_messages

MESSAGE_ID = "<letter-1@povod.example>"
NOBODY = "01a1fec5-d73e-7301-8e76-fa3736843ba9"


def put(db: Database, clock: FixedClock, settings: Settings, evidence: Mapping[str, Any]) -> str:
    delivery, company_id, now = Delivery(db, clock, settings), new_id(), clock.now()
    with db.tx() as conn:
        firm = {"id": company_id, "canonical_domain": "okna.ru"}
        conn.execute(companies.insert().values(**firm, first_seen_at=now, last_seen_at=now))
    draft = Draft(
        kind="letter",
        company_id=company_id,
        to_value="info@okna.ru",
        subject="Идея",
        body="Добрый день!",
        dedupe_key="letter:1",
        evidence=evidence,
    )
    with db.tx() as conn:
        message_id = str(delivery.put(conn, draft)["id"])
        conn.execute(outreach_messages.update().values(message_id=MESSAGE_ID))
    return message_id


@pytest.fixture
def letter(db: Database, clock: FixedClock, settings: Settings) -> str:
    """A sent letter with an answer, made for a niche of row 4."""
    niche = {"id": new_id(), "source": "csv", "fingerprint": "f", "row_no": 4}
    with db.tx() as conn:
        conn.execute(niches.insert().values(niche="окна", city="Казань", **niche))
    text = {"source": "template", "template_version": 2}
    gone = {"fact_ids": [new_id()], "page_id": new_id()}
    message_id = put(db, clock, settings, {"niche_id": niche["id"], "text": text, **gone})
    attempt = {"attempt_no": 1, "idempotency_key": "k", "state": "accepted", "reply_code": 250}
    attempt |= {"gates_a": [{"name": "hours", "result": "hold", "reason": "night"}]}
    answer = {"raw_sha256": "a" * 64, "kind": "reply", "subject": "Re: Идея", "new_text": "Да"}
    with db.tx() as conn:
        conn.execute(deliveries.insert().values(outreach_message_id=message_id, **attempt))
        answer |= {"outreach_message_id": message_id, "received_at": clock.now()}
        conn.execute(inbound_mail.insert().values(**answer))
    return message_id


def story(db: Database, name: str) -> Story:
    with db.read() as conn:
        return tell(conn, name)


def test_every_link_in_its_order(db: Database, letter: str) -> None:
    told = story(db, letter)
    assert [step.kind for step in told.steps] == ["niche", "text", "attempt", "reply"]
    niche, text, attempt, reply = told.steps
    assert niche.text == "окна, Казань"
    assert niche.notes["row"] == "4"
    assert text.notes["version"] == "2"
    assert (attempt.text, attempt.quote) == ("accepted", "250")
    assert attempt.notes["stopped_by"] == "hours: night"
    assert reply.quote == "Да"


@pytest.mark.parametrize("name", [MESSAGE_ID, MESSAGE_ID.strip("<>"), f"  {MESSAGE_ID}\n"])
def test_by_message_id(db: Database, letter: str, name: str) -> None:
    assert story(db, name).message["id"] == letter


def test_the_id_may_be_written_in_capitals(db: Database, letter: str) -> None:
    assert story(db, letter.upper()).message["id"] == letter


@pytest.mark.parametrize("name", [NOBODY, "<nobody@nowhere>", "letter 5", "", "x" * 500])
def test_unknown_messages_name_the_list(db: Database, letter: str, name: str) -> None:
    with pytest.raises(NotFoundError, match="povod deliver outbox") as caught:
        story(db, name)
    assert len(str(caught.value)) < 250


def test_as_json(db: Database, letter: str) -> None:
    data = story(db, letter).as_dict()
    assert data["message"]["message_id"] == MESSAGE_ID
    assert data["steps"][0]["notes"]["source"] == "csv"
    assert all(isinstance(step["at"], str | None) for step in data["steps"])


def test_a_letter_without_evidence_still_has_a_text(
    db: Database, clock: FixedClock, settings: Settings
) -> None:
    message_id = put(db, clock, settings, {})
    assert [step.kind for step in story(db, message_id).steps] == ["text"]
