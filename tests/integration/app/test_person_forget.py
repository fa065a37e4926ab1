"""A person asks to be forgotten: all of theirs goes, all else stays (D101)."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import xlsxwriter
from person_house import (
    ADDRESS,
    COLLEAGUE,
    PHONE,
    SURNAME,
    Known,
    PersonHouse,
    state,
    traces,
)

from povod.app.person.holdings import HOLDINGS
from povod.app.story import tell
from povod.delivery import personal as mail
from povod.kit.errors import InputError, NotFoundError
from povod.store import audit
from povod.store.tables import (
    agent_runs,
    audit_log,
    clients,
    companies,
    company_facts,
    company_pages,
    contacts,
    deliveries,
    events,
    files,
    greetings,
    import_jobs,
    opt_out_registry,
    outreach_messages,
)


def test_the_house_knows_the_person_everywhere(house: PersonHouse, known: Known) -> None:
    """Else the tests below would prove little."""
    unseen = {"feedback", "audit_log"}
    places = {table for table, _ in traces(house)} | unseen
    by_files = {"deliveries", "serp_operations"}
    missing = {one.table.name for one in HOLDINGS} - places - by_files
    assert missing == {"dedup_pairs", "opt_out_registry"}
    assert house.status(known.sent) == "replied"
    assert house.status(known.waiting) == "scheduled"
    assert any(ADDRESS in p.read_text() for p in house.settings.outbox_dir.glob("*.txt"))


def test_nothing_of_the_person_is_left(house: PersonHouse, known: Known) -> None:
    done = house.personal.forget(ADDRESS, "root")
    assert traces(house) == []
    left = [p.read_bytes() for p in house.settings.outbox_dir.iterdir()]
    assert not any(ADDRESS.encode() in raw or SURNAME.encode() in raw for raw in left)
    assert done.outbox_files == 3
    assert done.under_way == 0


def test_ids_states_dates_and_hashes_stay(house: PersonHouse, known: Known) -> None:
    before = house.rows(outreach_messages, outreach_messages.c.id == known.sent)[0]
    attempt = house.rows(deliveries, deliveries.c.outreach_message_id == known.sent)[0]
    house.personal.forget(ADDRESS, "root")
    after = house.rows(outreach_messages, outreach_messages.c.id == known.sent)[0]
    kept = ("status", "sent_at", "content_hash", "message_id", "recipient_hash", "dedupe_key")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["erased_at"] is not None
    proof = house.rows(deliveries, deliveries.c.outreach_message_id == known.sent)[0]
    assert (proof["wire_sha256"], proof["state"]) == (attempt["wire_sha256"], "accepted")
    row = house.rows(clients, clients.c.id == known.client)[0]
    assert (row["segment"], row["first_name"], row["birth_day"]) == ("standard", "", None)
    assert row["erased_at"] == row["deleted_at"] == house.clock.now()


def test_what_is_unsent_is_cancelled(house: PersonHouse, known: Known) -> None:
    done = house.personal.forget(ADDRESS, "root")
    assert done.cancelled == 1
    assert house.status(known.waiting) == "cancelled"
    greeting = house.rows(greetings, greetings.c.id == known.greeting)[0]
    assert (greeting["status"], greeting["skip_reason"]) == ("cancelled", "erased")
    event = house.rows(events, events.c.client_id == known.client)[0]
    assert (event["status"], event["reason"]) == ("cancelled", "erased")
    house.clock.advance(timedelta(days=3))
    assert house.delivery.send_due().counts == {}


def test_rows_of_others_are_untouched(house: PersonHouse, known: Known) -> None:
    before = state(house)
    house.personal.forget(ADDRESS, "root")
    after = state(house)
    for table, column, value in (
        ("clients", "id", known.colleague_client),
        ("outreach_messages", "id", known.colleague),
        ("deliveries", "outreach_message_id", known.colleague),
        ("consents", "client_id", known.colleague_client),
        ("company_facts", "value", "9"),
        ("company_blocks", "block", "d:firma.ru"),
    ):
        mine = [row for row in before[table] if row[column] == value]
        assert mine
        assert mine == [row for row in after[table] if row[column] == value]
    [firm] = [row for row in after["companies"] if row["id"] == known.company]
    assert firm["attributes"] == {"register": {"director": "", "status": "ACTIVE"}}
    [upload] = house.rows(import_jobs)
    assert upload["problems"] == ["row 3: bad"]
    assert [row["row"] for row in upload["options"]["refused_rows"]] == [3]
    assert [one["cause"] for one in house.rows(agent_runs)[0]["report"]["errors"]] == ["other"]
    assert COLLEAGUE in str(house.rows(contacts))


def test_the_next_address_of_the_firm_becomes_the_first(house: PersonHouse, known: Known) -> None:
    house.personal.forget(ADDRESS, "root")
    rows = {row["value"]: row for row in house.rows(contacts)}
    assert rows[COLLEAGUE]["is_primary"] is True
    assert rows[""]["status"] == "gone"


def test_the_proofs_of_others_hold(house: PersonHouse, known: Known) -> None:
    house.personal.forget(ADDRESS, "root")
    with house.db.read() as conn:
        told = tell(conn, known.colleague)
    assert told.broken == 0
    assert {step.kind: step.holds for step in told.steps}["attempt"] is True


def test_why_still_works_and_says_that_it_was_erased(house: PersonHouse, known: Known) -> None:
    house.personal.forget(ADDRESS, "root")
    with house.db.read() as conn:
        told = tell(conn, known.sent)
    assert told.broken == 0
    assert told.steps[0].kind == "erased"
    assert told.steps[0].at == house.clock.now()
    assert told.as_dict()["message"]["erased_at"] == house.clock.now().isoformat()


def test_the_audit_stays_whole_and_says_what_was_done(house: PersonHouse, known: Known) -> None:
    house.personal.forget(ADDRESS, "root")
    with house.db.read() as conn:
        assert audit.first_broken(conn) is None
    [row] = house.rows(audit_log, audit_log.c.action == "person.forget")
    assert row["actor"] == "root"
    assert row["subject"] == house.delivery.office.suppression.contact_hash(ADDRESS)
    assert row["data"]["rows"]["clients"] == 1


def test_an_emptied_row_without_its_seal_breaks_the_audit(house: PersonHouse, known: Known) -> None:
    [made] = house.rows(
        audit_log, audit_log.c.action == "client.create", audit_log.c.subject == known.client
    )
    with house.db.tx() as conn:
        audit.erase(conn, [made])
        assert audit.first_broken(conn) == made["id"]


def test_repeating_changes_nothing(house: PersonHouse, known: Known) -> None:
    house.personal.forget(ADDRESS, "root")
    before = state(house)
    house.clock.advance(timedelta(hours=1))
    again = house.personal.forget(ADDRESS, "root")
    assert (again.rows, again.cancelled, again.outbox_files) == ({}, 0, 0)
    assert state(house) == before


def test_killed_before_the_files_were_removed(
    house: PersonHouse, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(mail, "remove_letters", _killed)
        with pytest.raises(KeyboardInterrupt):
            house.personal.forget(ADDRESS, "root")
    assert traces(house) == []
    assert len(list(house.settings.outbox_dir.glob("*.eml"))) == 2
    again = house.personal.forget(ADDRESS, "root")
    assert (again.rows, again.outbox_files) == ({}, 3)
    assert len(list(house.settings.outbox_dir.glob("*.eml"))) == 1


def _killed(*_: object) -> int:
    raise KeyboardInterrupt


def test_killed_within_the_transaction_nothing_is_done(
    house: PersonHouse, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(house)
    with monkeypatch.context() as patch:
        patch.setattr("povod.app.person.service.remove_files", _killed)
        with pytest.raises(KeyboardInterrupt):
            house.personal.forget(ADDRESS, "root")
    assert state(house) == before


def test_asked_for_by_telephone(house: PersonHouse, known: Known) -> None:
    house.personal.forget("8 (916) 123-45-67", "root")
    assert house.rows(clients, clients.c.id == known.client)[0]["erased_at"] is not None
    assert traces(house) == []
    again = house.personal.forget(PHONE, "root")
    assert again.rows == {}


def test_another_spelling_of_the_mailbox_is_the_same_person(house: PersonHouse) -> None:
    client = house.client("Ладогин", "i.v.ladogin+promo@googlemail.com")
    house.personal.forget("ivladogin@gmail.com", "root")
    assert house.rows(clients, clients.c.id == client)[0]["email"] == ""
    assert house.rows(clients, clients.c.last_name == "Ладогин") == []


def test_a_longer_address_is_somebody_else(house: PersonHouse, known: Known) -> None:
    other = house.client("Ветров", f"x{ADDRESS}")
    house.personal.forget(ADDRESS, "root")
    assert house.rows(clients, clients.c.id == other)[0]["email"] == f"x{ADDRESS}"


def test_a_card_that_others_have_too_stays(house: PersonHouse, known: Known) -> None:
    card = house.rows(greetings, greetings.c.id == known.greeting)[0]["card_file_id"]
    day = house.clock.now().date()
    event = house.insert(
        events, client_id=known.colleague_client, event_type="birthday", event_key="birthday",
        occasion_date=day, occasion_year=day.year, deliver_on=day,
    )  # fmt: skip
    house.insert(
        greetings, event_id=event, client_id=known.colleague_client, deliver_on=day,
        card_file_id=card,
    )  # fmt: skip
    house.personal.forget(ADDRESS, "root")
    assert [row["id"] for row in house.rows(files, files.c.id == card)] == [card]


def test_asked_for_by_telephone_a_name_of_the_firm_stays(house: PersonHouse) -> None:
    """info@ belongs to all of the firm; an address with a name in it to its person."""
    now = house.clock.now()
    seen = {"first_seen_at": now, "last_seen_at": now}
    firm = house.insert(companies, name="Фирма", **seen)
    for address in ("info@firma.ru", "i.ladogin@firma.ru"):
        found = {"contact_type": "email", "value": address, "value_key": address, **seen}
        house.insert(contacts, company_id=firm, **found)
        house.client("Ладогин", address, phone=PHONE, birth_date=None)
    house.personal.forget(PHONE, "root")
    assert {row["value"] for row in house.rows(contacts)} == {"info@firma.ru", ""}
    assert {row["email"] for row in house.rows(clients)} == {""}


def test_an_extension_goes_and_the_line_of_the_firm_stays(house: PersonHouse) -> None:
    now = house.clock.now()
    seen = {"first_seen_at": now, "last_seen_at": now}
    firm = house.insert(companies, name="Фирма", **seen)
    line, mine = "+78432123456", "+78432123456;ext=12"
    for number in (line, mine):
        found = {"contact_type": "phone", "value": number, "value_key": number, **seen}
        house.insert(contacts, company_id=firm, **found)
    client = house.client("Ладогин", "", phone="+7 843 212-34-56 доб. 12")
    house.personal.forget(mine, "root")
    assert {row["value"] for row in house.rows(contacts)} == {line, ""}
    assert house.rows(clients, clients.c.id == client)[0]["phone"] == ""
    hashes = {row["value_hash"] for row in house.rows(opt_out_registry)}
    assert house.delivery.office.keys.value_hash("phone", line) not in hashes


def test_a_telephone_that_others_share_is_not_refused(house: PersonHouse, known: Known) -> None:
    house.client("Сидоров", "sidorov@firma.ru", phone=PHONE)
    house.personal.forget(ADDRESS, "root")
    hashes = {row["value_hash"] for row in house.rows(opt_out_registry)}
    keys = house.delivery.office.keys
    assert keys.value_hash("phone", PHONE) not in hashes
    assert keys.value_hash("email", ADDRESS) in hashes


def test_the_names_of_holidays_stay_and_the_reason_says_why(
    house: PersonHouse, known: Known
) -> None:
    day = house.clock.now().date()
    days = {"occasion_date": day, "occasion_year": day.year, "deliver_on": day}
    mine = {"client_id": known.client, "event_key": "x", **days}
    made = {
        house.insert(events, **{**mine, "event_key": kind}, event_type=kind, **given): given
        for kind, given in (
            ("holiday", {"title": "8 Марта", "status": "closed"}),
            ("manual", {"title": "Юбилей", "metadata": {"note": "дома"}, "status": "closed"}),
            ("site_change", {"title": "firma.ru: 2", "metadata": {"domain": "firma.ru"}}),
        )
    }
    house.personal.forget(ADDRESS, "root")
    after = [house.rows(events, events.c.id == name)[0] for name in made]
    assert [row["title"] for row in after] == ["8 Марта", "–", "firma.ru: 2"]
    assert [row["metadata"] for row in after] == [{}, {}, {"domain": "firma.ru"}]
    assert [row["reason"] for row in after] == ["", "", "erased"]


def test_a_workbook_that_was_uploaded(house: PersonHouse) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["email", "last_name"])
    for number in range(20_000):
        sheet.write_row(number + 1, 0, [f"{number}.{'x' * 60}@firma.ru", "Новиков"])
    sheet.write_row(20_001, 0, [ADDRESS, SURNAME])
    book.close()
    kept = house.store(out.getvalue(), "application/octet-stream")
    upload = house.insert(import_jobs, kind="clients", file_name="all.xlsx", file_id=kept)
    other = house.store(b"email\nother@x.ru\n", "text/csv")
    house.insert(import_jobs, kind="clients", file_name="other.csv", file_id=other)
    house.personal.forget(ADDRESS, "root")
    [row] = house.rows(import_jobs, import_jobs.c.id == upload)
    assert row["file_id"] is None
    assert [row["id"] for row in house.rows(files)] == [other]


SPELLED = ("8 (916) 123-45-67", "+7\xa0916\xa0123‑45‑67", "9161234567", "7 916 123 45 67")


@pytest.mark.parametrize("spelled", SPELLED)
@pytest.mark.parametrize("code", ["utf-8", "utf-16"])
def test_a_telephone_that_a_text_or_an_upload_spells(
    house: PersonHouse, known: Known, spelled: str, code: str
) -> None:
    with house.db.tx() as conn:
        conn.execute(companies.update().values(homepage_excerpt=f"Звоните: {spelled}, Пётр"))
    kept = house.store(f"name;phone\nПётр;{spelled}\n".encode(code), "text/csv")
    upload = house.insert(import_jobs, kind="clients", file_name="all.csv", file_id=kept)
    house.personal.forget(PHONE, "root")
    assert house.rows(companies)[0]["homepage_excerpt"] == ""
    assert house.rows(import_jobs, import_jobs.c.id == upload)[0]["file_id"] is None


@pytest.mark.parametrize("text", ["8 (916) 123-45-678", "40817916123456789", "916;12\n3;45;67"])
def test_other_digits_are_somebody_else(house: PersonHouse, known: Known, text: str) -> None:
    with house.db.tx() as conn:
        conn.execute(companies.update().values(homepage_excerpt=text))
    house.personal.forget(PHONE, "root")
    assert house.rows(companies)[0]["homepage_excerpt"] == text


def test_nothing_is_known_of_a_stranger(house: PersonHouse, tmp_path: Path) -> None:
    assert house.personal.outline("nobody@nowhere.ru").total == 0
    assert house.personal.export("nobody@nowhere.ru", tmp_path / "n.zip", "root") == {}
    house.personal.forget("nobody@nowhere.ru", "root")
    assert len(house.rows(opt_out_registry)) == 1


@pytest.mark.parametrize("text", ["", "Краснопольский", "12"])
def test_what_is_no_address_is_refused(house: PersonHouse, text: str) -> None:
    with pytest.raises(InputError, match="neither an e-mail address nor"):
        house.personal.forget(text, "root")


def test_a_client_without_any_address(house: PersonHouse) -> None:
    client = house.client("Безадресный", "")
    assert house.personal.address_of(client_id=client) == ""
    house.personal.forget("", "root", client_id=client)
    row = house.rows(clients, clients.c.id == client)[0]
    assert (row["last_name"], row["erased_at"]) == ("", house.clock.now())


def test_the_address_of_a_contact(house: PersonHouse, known: Known) -> None:
    assert house.personal.address_of(contact_id=known.contact) == ADDRESS
    with pytest.raises(NotFoundError, match="there is no contact"):
        house.personal.address_of(contact_id=known.client)


def test_pages_keep_their_hash(house: PersonHouse, known: Known) -> None:
    house.personal.forget(ADDRESS, "root")
    [page] = house.rows(company_pages, company_pages.c.id == known.page)
    assert (page["content_sha256"], page["raw_file_id"], page["title"]) == ("ab" * 32, None, "")
    assert [row["quote"] for row in house.rows(company_facts)] == ["с 2009 года"]
    assert house.rows(files, sa.func.length(files.c.id) == 0) == []
