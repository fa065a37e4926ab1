"""Clients on pages: made, changed, imported, exported, hidden; their consents."""

import io
import re

import pytest
import sqlalchemy as sa
from congratulated import EMAIL, Congratulated
from console_rows import fill
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.book.clients.write import get_client
from povod.store.tables import audit_log, clients, consents

TABLE = "имя;фамилия;почта;сегмент\nИван;Петров;i@p.ru;Вип\nОльга;Ким;o@k.ru;vip2\n"


def client_row(house: House, client_id: str) -> dict[str, object]:
    with house.db.read() as conn:
        return get_client(conn, client_id)


def test_a_new_client_and_a_change(house: House, web: TestClient) -> None:
    form = {"first_name": "пётр", "last_name": "КРЫЛОВ", "email": "petr@firma.ru", "tone": "warm"}
    made = web.post("/clients/new", data={**form, "basis": "consent", "no_birthday": "true"})
    assert made.status_code == 303
    client_id = re.findall(r"/clients/([0-9a-f-]{36})", made.headers["location"])[0]
    row = client_row(house, client_id)
    assert (row["first_name"], row["last_name"]) == ("Пётр", "Крылов")
    assert row["preferences"] == {"tone": "warm", "birthday": False}
    page = web.get(f"/clients/{client_id}/edit").text
    assert 'value="petr@firma.ru"' in page
    change = {**form, "first_name": "Пётр", "last_name": "Крылов", "position": "Директор"}
    saved = web.post(f"/clients/{client_id}/edit", data={**change, "version": row["version"]})
    assert saved.headers["location"].endswith("?done=saved")
    after = client_row(house, client_id)
    assert after["position"] == "Директор"
    assert after["preferences"] == {"tone": "warm"}
    locked = {name for name, said in after["field_sources"].items() if said["locked"]}  # type: ignore[attr-defined]
    assert "phone" not in locked


def test_a_form_with_faults_comes_back_with_what_was_typed(web: TestClient) -> None:
    answer = web.post("/clients/new", data={"first_name": "Пётр", "email": "нет"})
    assert answer.status_code == 422
    assert 'value="Пётр"' in answer.text
    assert 'id="fault-email"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_two_people_change_at_once(full: Congratulated, web: TestClient) -> None:
    version = client_row(full.house, full.client)["version"]
    form = {"first_name": "Иван", "last_name": "Ветров", "version": version}
    assert web.post(f"/clients/{full.client}/edit", data=form).status_code == 303
    again = web.post(f"/clients/{full.client}/edit", data={**form, "position": "Снабженец"})
    assert again.status_code == 409
    assert 'value="Снабженец"' in again.text, "what was typed is not lost"


def test_deleted_and_restored(full: Congratulated, web: TestClient) -> None:
    path = f"/clients/{full.client}"
    assert web.post(f"{path}/delete").headers["location"].endswith("?done=deleted")
    assert f"{path}/restore" in web.get(path).text
    assert full.draft()["status"] == "cancelled"
    assert web.post(f"{path}/restore").status_code == 303
    assert client_row(full.house, full.client)["deleted_at"] is None


def test_consents_are_added_and_withdrawn(full: Congratulated, web: TestClient) -> None:
    path = f"/clients/{full.client}"
    data = {"basis": "consent", "purpose": "religious_greeting", "evidence": "письмо"}
    assert web.post(f"{path}/consents", data=data).status_code == 303
    with full.house.db.read() as conn:
        mine = sa.select(consents.c.id).where(consents.c.client_id == full.client)
        given = list(conn.execute(mine.where(consents.c.purpose == "religious_greeting")).scalars())
    assert given
    withdrawn = web.post(f"{path}/consents/{given[0]}/withdraw", data={"reason": "передумал"})
    assert withdrawn.headers["location"].endswith("?done=withdrawn")
    with full.house.db.read() as conn:
        query = sa.select(consents.c.withdrawn_reason).where(consents.c.id == given[0])
        assert conn.execute(query).scalar() == "передумал"
    other = web.post(f"/clients/{full.vip}/consents/{given[-1]}/withdraw")
    assert other.status_code == 404, "a consent of somebody else"
    assert web.post(f"{path}/consents", data={"basis": "magic"}).status_code == 422


def test_an_import_is_looked_at_before_it_is_taken_in(house: House, web: TestClient) -> None:
    file = {"file": ("клиенты.csv", io.BytesIO(TABLE.encode()))}
    look = web.post("/clients/import", files=file, data={"basis": "consent"})
    assert look.status_code == 200
    assert house.greetings.dashboard()["clients"] == 0
    apply = re.findall(r"/clients/import/[0-9a-f-]{36}", look.text)[0]
    done = web.post(apply)
    assert done.status_code == 200
    assert "vip2" in done.text
    with house.db.read() as conn:
        rows = conn.execute(sa.select(clients.c.last_name, clients.c.segment)).all()
    assert [tuple(row) for row in rows] == [("Петров", "vip")]


@pytest.mark.parametrize("raw", [b"", b"a;b\n1;2\n", b"\x00\x01\x02"])
def test_a_file_that_is_no_table_is_explained(web: TestClient, raw: bytes) -> None:
    answer = web.post("/clients/import", files={"file": ("x.csv", io.BytesIO(raw))})
    assert answer.status_code in (415, 422)
    assert 'role="alert"' in answer.text


def test_exports_leave_a_line_in_the_audit(full: Congratulated, web: TestClient) -> None:
    table = web.get("/clients/export?format=csv")
    assert EMAIL in table.text
    assert "attachment" in table.headers["content-disposition"]
    book = web.get("/clients/export?format=xlsx")
    assert book.content[:2] == b"PK"
    assert web.get("/clients/export?format=exe").status_code == 422
    with full.house.db.read() as conn:
        done = sa.select(audit_log.c.data).where(audit_log.c.action == "client.export")
        kinds = [data["format"] for data in conn.execute(done).scalars()]
    assert kinds == ["csv", "xlsx"]


def test_looking_at_a_whole_address_is_remembered(full: Congratulated, web: TestClient) -> None:
    web.get(f"/clients/{full.client}")
    with full.house.db.read() as conn:
        seen = sa.select(audit_log.c.subject).where(audit_log.c.action == "client.view")
        assert list(conn.execute(seen).scalars()) == [full.client]


def test_a_found_company_becomes_a_client(house: House, web: TestClient) -> None:
    rows = fill(house, 8)
    company = rows.companies[0]
    assert f"/companies/{company}/client" in web.get(f"/companies/{company}").text
    made = web.post(f"/companies/{company}/client")
    assert made.headers["location"].endswith("?done=created")
    again = web.post(f"/companies/{company}/client")
    first = made.headers["location"].partition("?")[0]
    assert again.headers["location"] == f"{first}?done=exists"
    assert web.get(first).status_code == 200
    assert web.post(f"/companies/{rows.duplicate}/client").status_code == 409


def test_the_register_is_asked_only_with_an_inn(full: Congratulated, web: TestClient) -> None:
    assert web.post(f"/clients/{full.vip}/enrich").status_code == 422
    asked = web.post(f"/clients/{full.client}/enrich")
    assert asked.status_code == 303


def test_a_preview_has_a_card(full: Congratulated, web: TestClient) -> None:
    path = f"/clients/{full.client}/preview/card?code=birthday&tone=warm"
    picture = web.get(path)
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content[:2] == b"\xff\xd8"
    assert web.get(f"/clients/{full.client}/preview?code=nothing").status_code == 404
