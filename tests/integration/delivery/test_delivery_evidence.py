"""Links of the evidence chain hold by their hashes, and each change is noticed (D100)."""

from typing import Any

import pytest
import sqlalchemy as sa
from delivery_house import House

from povod.app.story import Story, tell
from povod.store.tables import deliveries, files, inbound_mail
from povod.store.tables import outreach_messages as messages


def story(house: House, message_id: str) -> Story:
    with house.db.read() as conn:
        return tell(conn, message_id)


def proofs(house: House, message_id: str) -> dict[str, bool | None]:
    return {step.kind: step.holds for step in story(house, message_id).steps}


@pytest.fixture
def sent(file_house: House) -> str:
    """A letter that left and was answered."""
    message_id = file_house.scheduled("info@firma.ru")
    file_house.delivery.send_due()
    reply = f"In-Reply-To: {file_house.message(message_id)['message_id']}\r\nSubject: Re\r\n\r\nДа"
    file_house.delivery.take_mail(reply.encode())
    return message_id


def test_every_link_with_a_hash_holds(file_house: House, sent: str) -> None:
    told = story(file_house, sent)
    assert proofs(file_house, sent) == {
        "ground": None,
        "plan": None,
        "text": True,
        "approval": True,
        "attempt": True,
        "reply": True,
    }
    assert (told.proved, told.broken) == (4, 0)
    ground = next(step for step in told.steps if step.kind == "ground")
    assert (ground.text, ground.notes["by"]) == ("public_corporate_address", "system")


@pytest.mark.parametrize(
    ("table", "values", "broken"),
    [
        (messages, {"body": "другое"}, {"text"}),
        (messages, {"to_value_key": "anna@firma.ru"}, {"text"}),
        (messages, {"approved_hash": "0" * 64}, {"approval"}),
        (deliveries, {"wire_sha256": "0" * 64}, {"attempt"}),
        (inbound_mail, {"raw_sha256": "0" * 64}, {"reply"}),
        (files, {"body": b"another", "content_encoding": ""}, {"attempt", "reply"}),
        (files, {"body": b"\x1f\x8b not packed", "content_encoding": "gzip"}, {"attempt", "reply"}),
    ],
)  # fmt: skip
def test_what_was_changed_is_named(
    file_house: House, sent: str, table: sa.Table, values: dict[str, Any], broken: set[str]
) -> None:
    with file_house.db.tx() as conn:
        conn.execute(table.update().values(**values))
    found = proofs(file_house, sent)
    assert {kind for kind, holds in found.items() if holds is False} == broken
    assert story(file_house, sent).as_dict()["broken"] == len(broken)


def test_an_erased_text_is_not_called_changed(file_house: House, sent: str) -> None:
    with file_house.db.tx() as conn:
        gone = {"body": "", "to_value": "", "erased_at": file_house.clock.now()}
        conn.execute(messages.update().values(**gone))
    assert proofs(file_house, sent)["text"] is None
