"""Whoever was forgotten is never written to again, whatever is under way or comes later (D156)."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from person_house import (
    ADDRESS,
    AUTHOR,
    PHONE,
    SURNAME,
    Known,
    PersonHouse,
    traces,
)

from povod.delivery.channels.file.transport import FileSession
from povod.delivery.drafts import Draft
from povod.delivery.suppression import lock
from povod.store.tables import (
    clients,
    consents,
    contacts,
    import_jobs,
    opt_out_registry,
    outreach_messages,
)


def test_the_refusal_keeps_its_hash_only(house: PersonHouse, known: Known) -> None:
    house.personal.forget(ADDRESS, "root")
    rows = house.rows(opt_out_registry)
    assert {row["contact_value"] for row in rows} == {None}
    assert {(row["scope"], row["channel"], row["reason"]) for row in rows} == {
        ("all", "*", "erased")
    }
    assert all(row["expires_at"] is None and row["erased_at"] for row in rows)


def test_an_address_found_again_is_not_written_to(house: PersonHouse, known: Known) -> None:
    house.personal.forget(ADDRESS, "root")
    now = house.clock.now()
    contact = house.insert(
        contacts, company_id=known.company, contact_type="email", value=ADDRESS,
        value_key=ADDRESS, first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    found: dict[str, Any] = {"company_id": known.company, "contact_id": contact}
    letter = house.schedule(house.put(ADDRESS, "letter:9", **found))
    house.delivery.send_due()
    assert house.status(letter) == "skipped"
    row = house.rows(outreach_messages, outreach_messages.c.id == letter)[0]
    assert row["skip_reason"] == "opt_out"


def test_an_import_refuses_the_person(house: PersonHouse, known: Known) -> None:
    house.personal.forget(ADDRESS, "root")
    table = f"email;last_name\n{ADDRESS};{SURNAME}\nnew@firma.ru;Новиков\n"
    preview = house.book.preview_import(table.encode(), "again.csv", AUTHOR)
    assert (preview.result.new, preview.result.refused) == (1, 1)
    result = house.book.apply_import(preview.import_id)
    assert (result.new, result.refused) == (1, 1)
    assert any("erased" in problem for problem in result.problems)
    assert [row["last_name"] for row in house.rows(clients) if row["last_name"]] == [
        "Ветрова",
        "Новиков",
    ]
    assert not any(SURNAME in str(row) for row in house.rows(import_jobs))


@pytest.mark.parametrize("spelled", ["8 (916) 123-45-67", "79161234567", "+7 916 123-45-67 доб. 5"])
def test_an_import_refuses_a_telephone_in_any_spelling(
    house: PersonHouse, known: Known, spelled: str
) -> None:
    house.personal.forget(PHONE, "root")
    table = f"phone;last_name\n{spelled};{SURNAME}\n+79161234568;Новиков\n"
    preview = house.book.preview_import(table.encode(), "again.csv", AUTHOR)
    assert (preview.result.new, preview.result.refused) == (1, 1)


def test_a_message_that_comes_meanwhile_is_erased_too(
    house: PersonHouse, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"subject": "x", "body": SURNAME, "client_id": known.client}
    late = Draft(kind="greeting", to_value=ADDRESS, dedupe_key="late", **texts)

    def handed_over(conn: sa.Connection, _client: str, _reason: str) -> int:
        house.delivery.put(conn, late)
        return 0

    monkeypatch.setattr(house.greetings, "client_changed", handed_over)
    house.personal.forget(ADDRESS, "root")
    assert traces(house) == []
    [message] = house.rows(outreach_messages, outreach_messages.c.dedupe_key == "late")
    assert (message["status"], message["body"]) == ("cancelled", "")


def test_a_withdrawn_ground_is_not_derived_again(house: PersonHouse, known: Known) -> None:
    house.personal.forget(ADDRESS, "root")
    mine = house.rows(consents, consents.c.client_id == known.client)
    assert mine
    assert all(row["withdrawn_at"] for row in mine)


def test_a_letter_in_a_workers_hands_is_stopped_before_it_leaves(
    house: PersonHouse, known: Known
) -> None:
    prepared = FileSession.prepare
    done: list[Any] = []

    async def prepare(self: FileSession, parcel: Any) -> Any:
        done.append(house.personal.forget(ADDRESS, "root"))
        return await prepared(self, parcel)

    house.clock.advance(timedelta(days=2, hours=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FileSession, "prepare", prepare)
        house.delivery.send_due()
    assert [one.under_way for one in done] == [1]
    assert house.status(known.waiting) in ("skipped", "cancelled")
    assert traces(house) == []


def test_what_was_handed_over_meanwhile_is_finished_by_repeating(
    house: PersonHouse, known: Known
) -> None:
    """A server has the letter already: what its worker writes down then is erased the next time."""
    transferred = FileSession.transfer
    done: list[Any] = []

    async def transfer(self: FileSession, parcel: Any) -> Any:
        done.append(house.personal.forget(ADDRESS, "root"))
        return await transferred(self, parcel)

    house.clock.advance(timedelta(days=2, hours=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FileSession, "transfer", transfer)
        house.delivery.send_due()
    assert [one.under_way for one in done] == [1]
    assert house.status(known.waiting) == "sent"
    again = house.personal.forget(ADDRESS, "root")
    assert (again.outbox_files, again.under_way) == (3, 0)
    assert traces(house) == []


def test_a_handoff_under_way_is_waited_for_and_does_not_lock_us_out(
    house: PersonHouse, known: Known
) -> None:
    """It locks the message, then the recipient; an erasure the other way round would be a knot."""
    row = {"status": "sending"}
    mine = outreach_messages.c.id == known.waiting
    with house.db.tx() as conn:
        conn.execute(outreach_messages.update().where(mine).values(**row))
    hashed = house.delivery.office.suppression.contact_hash(ADDRESS)
    with ThreadPoolExecutor(1) as pool, house.db.tx() as conn:
        conn.execute(sa.select(outreach_messages.c.id).where(mine).with_for_update())
        waiting = pool.submit(house.personal.forget, ADDRESS, "root")
        time.sleep(0.3)
        assert not waiting.done()
        lock(conn, [hashed])
        late = {"last_error": f"{ADDRESS}: later"}
        conn.execute(outreach_messages.update().where(mine).values(status="sent", **late))
        conn.commit()
        assert waiting.result(20).rows["outreach_messages"] == 2
    assert traces(house) == []
