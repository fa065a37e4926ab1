"""Making, changing, deleting and restoring clients on both databases (G4-G10, G20, G22)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from povod.book.clients.grounds import in_force
from povod.book.clients.listing import ClientFilter, birth_date_text, list_clients, segment_counts
from povod.book.clients.model import Author, Ground
from povod.book.clients.write import delete_client, restore_client
from povod.kit.errors import ConflictError, InputError
from povod.store.tables import audit_log, clients, consents

ANNA = Author("anna")
CRM = Author("crm", "crm")
WITH = {"first_name": "Наталья", "middle_name": "Олеговна", "last_name": "Иванова"}


def test_a_client_is_written_down_in_right_form(book):
    given = {"first_name": "мария", "middle_name": "ИЛЬИНИЧНА", "last_name": "ИВАНОВА"}
    client = book.add(**given, email=" Maria@Firma.RU ", phone="8 (916) 123-45-67", segment="Вип ")
    row = book.row(client)
    assert (row["last_name"], row["first_name"], row["middle_name"]) == (
        "Иванова",
        "Мария",
        "Ильинична",
    )
    assert (row["gender"], row["gender_source"]) == ("f", "patronymic")
    assert (row["email"], row["email_key"]) == ("Maria@firma.ru", "maria@firma.ru")
    assert (row["phone"], row["segment"]) == ("+79161234567", "vip")
    assert row["recipient_hash"].startswith("email|Maria@firma.ru")
    assert book.audit() == [("anna", "client.create")]


def test_a_given_gender_wins(book):
    client = book.add(first_name="Саша", gender="ж")
    assert (book.row(client)["gender"], book.row(client)["gender_source"]) == ("f", "given")
    assert book.row(book.add(first_name="Саша"))["gender"] is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "first_name"),
        ({"email": "a@b.ru"}, "first_name"),
        ({"first_name": "Анна", "segment": "vip2"}, "segment"),
        ({"first_name": "Анна", "email": "not an address"}, "email"),
        ({"first_name": "Анна", "email": "a@b.ru\nBcc: c@d.ru"}, "email"),
        ({"first_name": "Анна", "phone": "12"}, "phone"),
        ({"first_name": "Анна", "inn": "7707083894"}, "inn"),
        ({"first_name": "Анна", "birth_date": "31.02.1985"}, "birth_date"),
        ({"first_name": "Анна", "time_zone": "Марс/Фобос"}, "time_zone"),
        ({"first_name": "А" * 101}, "first_name"),
        ({"first_name": "Анна", "preferences": {"tonne": "warm"}}, "preferences"),
        ({"first_name": "Анна", "preferences": {"tone": "loud"}}, "preferences"),
        ({"first_name": "Анна", "preferences": {"max_per_year": True}}, "preferences"),
        ({"first_name": "Анна", "do_not_greet_reason": "лень"}, "do_not_greet_reason"),
        ({"first_name": "Анна", "password": "x"}, "password"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(book, given, field):
    with pytest.raises(InputError) as caught:
        book.add(**given)
    assert caught.value.errors[0]["field"] == field
    with book.db.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(clients)).scalar() == 0


def test_a_birth_date_with_and_without_a_year(book):
    client = book.add(first_name="Анна", birth_date="29.02.1984")
    assert birth_date_text(book.row(client)) == "1984-02-29"
    book.change(client, birth_date="--05-17")
    assert birth_date_text(book.row(client)) == "--05-17"
    book.change(client, birth_date="")
    assert birth_date_text(book.row(client)) == ""
    assert not book.row(client)["age_suspicious"]
    book.change(client, birth_date="01.01.2015")
    assert book.row(client)["age_suspicious"]


def test_each_address_has_a_ground_and_nothing_is_invented(book):
    client = book.add(**WITH, email="n@firma.ru", phone="+79161234567")
    assert book.grounds(client) == [
        ("email", "none", "email|n@firma.ru"),
        ("messenger", "none", "phone|+79161234567"),
        ("sms", "none", "phone|+79161234567"),
    ]
    own = book.add(ground=Ground("existing_client", "договор 12"), **WITH, email="m@firma.ru")
    assert book.grounds(own) == [("email", "existing_client", "email|m@firma.ru")]


def test_a_ground_follows_to_a_corrected_address(book):
    client = book.add(ground=Ground("consent", "анкета"), **WITH, email="old@firma.ru")
    book.change(client, email="new@firma.ru")
    assert ("email", "consent", "email|new@firma.ru") in book.grounds(client)


def test_a_withdrawn_ground_stays_as_a_proof_and_does_not_follow(book):
    client = book.add(ground=Ground("consent"), **WITH, email="old@firma.ru")
    with book.db.tx() as conn:
        assert len(in_force(conn, client)) == 1
        conn.execute(sa.update(consents).values(withdrawn_at=book.deps.clock.now()))
        assert in_force(conn, client) == []
    book.change(client, email="new@firma.ru")
    assert book.grounds(client) == [("email", "consent", "email|old@firma.ru")]


def test_the_second_of_two_editors_is_told(book):
    client = book.add(**WITH)
    seen = book.row(client)["version"]
    book.change(client, position="директор", version=seen)
    with pytest.raises(ConflictError) as caught:
        book.change(client, position="бухгалтер", version=seen)
    assert caught.value.code == "stale"
    assert book.row(client)["position"] == "директор"


def test_a_change_that_changes_nothing_writes_nothing(book):
    client = book.add(**WITH, position="директор")
    before = book.row(client)
    assert book.change(client, position=" директор ") == before
    assert book.audit() == [("anna", "client.create")]


def test_what_a_person_wrote_is_safe_from_the_crm(book):
    client = book.add(author=CRM, **WITH, position="менеджер", email="crm@firma.ru")
    book.change(client, email="right@firma.ru", salutation="Наташа, привет!")
    book.change(
        client, author=CRM, email="crm@firma.ru", position="директор", salutation="Уважаемая!"
    )
    row = book.row(client)
    assert (row["email"], row["position"]) == ("right@firma.ru", "директор")
    assert row["salutation"] == "Наташа, привет!"
    assert row["field_sources"]["email"]["locked"]
    assert row["field_sources"]["position"]["source"] == "crm"


def test_deleting_hides_and_restoring_brings_back(book):
    client = book.add(**WITH)
    with book.db.tx() as conn:
        delete_client(conn, book.deps, client, ANNA)
        delete_client(conn, book.deps, client, ANNA)
    with book.db.read() as conn:
        assert list_clients(conn, ClientFilter()).total == 0
        assert list_clients(conn, ClientFilter(state="deleted")).total == 1
        assert segment_counts(conn) == {}
    with book.db.tx() as conn:
        restore_client(conn, book.deps, client, ANNA)
        restore_client(conn, book.deps, client, ANNA)
    assert book.told == [(client, "deleted"), (client, "restored")]
    assert [action for _, action in book.audit()][1:] == ["client.delete", "client.restore"]


def test_after_thirty_days_a_deletion_stays(book):
    client = book.add(**WITH)
    with book.db.tx() as conn:
        delete_client(conn, book.deps, client, ANNA)
    book.clock.advance(timedelta(days=30, seconds=1))
    with book.db.tx() as conn, pytest.raises(ConflictError):
        restore_client(conn, book.deps, client, ANNA)


def test_lists_are_searched_and_filtered(book):
    vip = book.add(**WITH, segment="vip", email="n@firma.ru", ground=Ground("consent"))
    book.add(company_name="ООО «Ромашка»", inn="7707083893")
    asked = book.add(first_name="Пётр", do_not_greet=True, do_not_greet_reason="asked")
    with book.db.read() as conn:

        def ids(**wanted):
            return [row.id for row in list_clients(conn, ClientFilter(**wanted)).rows]

        assert ids(text="ИВАНОВА наталья") == [vip]
        assert len(ids(text="ромашка")) == len(ids(text="7707083893")) == 1
        assert ids(segment="vip") == [vip]
        assert ids(state="do_not_greet") == [asked]
        assert asked not in ids(state="active")
        assert vip not in ids(state="no_basis")
        assert len(ids(state="no_basis")) == 2
        assert segment_counts(conn) == {"vip": 1, "standard": 2}


def test_the_audit_holds_no_personal_data(book):
    client = book.add(**WITH, email="natalia@firma.ru", phone="+79161234567", birth_date="1.2.85")
    book.change(client, email="other@firma.ru")
    with book.db.read() as conn:
        said = str(conn.execute(sa.select(audit_log.c.data)).scalars().all())
    for secret in ("natalia@firma.ru", "other@firma.ru", "79161234567", "1.2.85"):
        assert secret not in said
