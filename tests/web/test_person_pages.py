"""Admins let a person be forgotten: from the card of a client, and of a company."""

import io
import zipfile
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from console_rows import Rows, fill
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.book.clients.model import Author
from povod.kit.ids import new_id
from povod.store.tables import (
    audit_log,
    clients,
    contacts,
    events,
    greetings,
    opt_out_registry,
    outreach_messages,
)

SignedIn = Callable[[str], TestClient]
ADDRESS = "ilya@ladogin.ru"


def english(signed_in: SignedIn) -> TestClient:
    admin = signed_in("admin")
    admin.headers["accept-language"] = "en"
    return admin


def make_client(house: House, **given: str) -> str:
    names = {"first_name": "Илья", "last_name": "Ладогин", "email": ADDRESS}
    with house.db.tx() as conn:
        return house.book.create(conn, {**names, **given}, Author("anna"))


@pytest.fixture
def ladogin(locked_house: House) -> str:
    return make_client(locked_house)


@pytest.fixture
def found(locked_house: House) -> tuple[Rows, str, str]:
    """A filled house; a company with letters, and its e-mail contact."""
    rows = fill(locked_house)
    company = rows.companies[0]
    query = sa.select(contacts.c.id).where(
        contacts.c.company_id == company, contacts.c.contact_type == "email"
    )
    with locked_house.db.read() as conn:
        return rows, company, str(conn.execute(query).scalar_one())


@pytest.mark.parametrize("role", ["viewer", "operator", "approver"])
def test_only_admins(signed_in: SignedIn, locked_house: House, ladogin: str, role: str) -> None:
    client = signed_in(role)
    assert client.get(f"/persons/client/{ladogin}").status_code == 403
    for deed in ("forget", "export"):
        assert client.post(f"/persons/client/{ladogin}/{deed}").status_code == 403
    assert "/persons/" not in client.get(f"/clients/{ladogin}").text
    with locked_house.db.read() as conn:
        assert conn.execute(sa.select(clients.c.erased_at)).scalar_one() is None


def test_the_page_says_what_will_happen(signed_in: SignedIn, ladogin: str) -> None:
    admin = english(signed_in)
    assert f'href="/persons/client/{ladogin}"' in admin.get(f"/clients/{ladogin}").text
    page = admin.get(f"/persons/client/{ladogin}")
    assert page.status_code == 200
    assert ADDRESS in page.text
    assert "cannot be undone" in page.text
    assert "Grounds and consents" in page.text


def test_looking_changes_nothing(signed_in: SignedIn, locked_house: House, ladogin: str) -> None:
    english(signed_in).get(f"/persons/client/{ladogin}")
    with locked_house.db.read() as conn:
        assert conn.execute(sa.select(opt_out_registry)).first() is None


def test_several_clients_of_one_address_are_named(
    signed_in: SignedIn, locked_house: House, ladogin: str
) -> None:
    make_client(locked_house, first_name="Ольга", last_name="Ладогина")
    page = english(signed_in).get(f"/persons/client/{ladogin}")
    assert "Several clients share this address" in page.text


def test_a_client_is_forgotten(signed_in: SignedIn, locked_house: House, ladogin: str) -> None:
    admin = english(signed_in)
    answer = admin.post(f"/persons/client/{ladogin}/forget")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/clients/{ladogin}")
    card = admin.get(f"/clients/{ladogin}")
    assert card.status_code == 200
    assert "The data was erased" in card.text
    assert "Restore" not in card.text
    assert "Ладогин" not in card.text
    assert "Ладогин" not in admin.get("/clients").text
    assert admin.get(f"/api/clients/{ladogin}").status_code == 200
    with locked_house.db.read() as conn:
        done = conn.execute(sa.select(audit_log).where(audit_log.c.action == "person.forget")).one()
    assert done.actor == "admin"


def test_the_pages_of_an_erased_greeting_work(
    signed_in: SignedIn, locked_house: House, ladogin: str
) -> None:
    today = locked_house.clock.now().date()
    event, greeting = new_id(), new_id()
    days = {"occasion_date": today, "deliver_on": today, "occasion_year": today.year}
    kind = {"event_type": "birthday", "event_key": "birthday", "title": "День рождения"}
    with locked_house.db.tx() as conn:
        conn.execute(events.insert().values(id=event, client_id=ladogin, **days, **kind))
        texts = {"subject": "Илья!", "body": "Дорогой Ладогин!", "status": "needs_approval"}
        mine = {"id": greeting, "event_id": event, "client_id": ladogin, "deliver_on": today}
        conn.execute(greetings.insert().values(**mine, **texts))
    admin = english(signed_in)
    admin.post(f"/persons/client/{ladogin}/forget")
    for path in (f"/greetings/{greeting}", f"/events/{event}", "/greetings", "/events"):
        page = admin.get(path)
        assert page.status_code == 200, path
        assert "Ладогин" not in page.text
    assert admin.get(f"/api/greetings/{greeting}").json()["status"] == "cancelled"


def test_a_client_without_an_address(signed_in: SignedIn, locked_house: House) -> None:
    nobody = make_client(locked_house, email="")
    admin = english(signed_in)
    assert "no address" in admin.get(f"/persons/client/{nobody}").text
    assert admin.post(f"/persons/client/{nobody}/forget").status_code == 303
    assert "The data was erased" in admin.get(f"/clients/{nobody}").text


def test_a_contact_is_forgotten(
    signed_in: SignedIn, locked_house: House, found: tuple[Rows, str, str]
) -> None:
    rows, company, contact = found
    admin = english(signed_in)
    assert f'href="/persons/contact/{contact}"' in admin.get(f"/companies/{company}").text
    assert "Messages" in admin.get(f"/persons/contact/{contact}").text
    answer = admin.post(f"/persons/contact/{contact}/forget")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/companies/{company}")
    card = admin.get(f"/companies/{company}")
    assert card.status_code == 200
    assert f"/persons/contact/{contact}" not in card.text
    assert admin.get(f"/persons/contact/{contact}").status_code == 404
    letter = admin.get(f"/letters/{rows.story}")
    assert letter.status_code == 200
    assert "This text was erased" in letter.text
    assert "Erased at the wish of the recipient" in letter.text
    with locked_house.db.read() as conn:
        row = conn.execute(
            sa.select(outreach_messages).where(outreach_messages.c.id == rows.story)
        ).one()
    assert (row.body, row.to_value) == ("", "")


def test_a_zip_for_the_person(signed_in: SignedIn, locked_house: House, ladogin: str) -> None:
    answer = english(signed_in).post(f"/persons/client/{ladogin}/export")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        assert "Ладогин" in package.read("clients.json").decode()
    with locked_house.db.read() as conn:
        done = conn.execute(sa.select(audit_log).where(audit_log.c.action == "person.export"))
        assert done.one().actor == "admin"


@pytest.mark.parametrize("kind", ["client", "contact", "nobody"])
def test_who_is_not_there(signed_in: SignedIn, kind: str) -> None:
    assert english(signed_in).get(f"/persons/{kind}/{new_id()}").status_code in (404, 422)
