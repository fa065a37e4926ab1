"""The page of users: for admins; added, changed, switched, reset; nobody locks the house."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from console_client import HERE, PASSWORD, client_of
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.app.people import passwords
from povod.kit.ids import new_id
from povod.store.tables import audit_log, users

Enter = Callable[[str], TestClient]
PAGE = "/settings/users"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost of a hash is argon2's affair."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))


def shown_password(page: str) -> str:
    return re.search(r"<code>([\w-]{16})</code>", page)[1]


def id_of(house: House, login: str) -> str:
    return str(house.people.find(login)["id"])


@pytest.mark.parametrize("role", ["viewer", "operator", "approver"])
def test_only_admins_see_and_change_users(locked_house: House, signed_in: Enter, role: str) -> None:
    client, victim = signed_in(role), id_of(locked_house, "viewer")
    assert PAGE not in client.get("/").text
    assert client.get(PAGE).status_code == 403
    for path in ("", f"/{victim}/role", f"/{victim}/off", f"/{victim}/on", f"/{victim}/password"):
        data = {"login": "olga", "role": "admin"}
        assert client.post(PAGE + path, data=data).status_code == 403
    assert len(locked_house.people.listed()) == 4
    assert locked_house.people.find("viewer")["role"] == "viewer"
    with locked_house.db.read() as conn:
        actions = conn.execute(sa.select(audit_log.c.action)).scalars().all()
    assert set(actions) == {"login", "access_denied"}


def test_everybody_is_listed(locked_house: House, signed_in: Enter) -> None:
    client = signed_in("admin")
    locked_house.people.switch(id_of(locked_house, "viewer"), "admin", on=False)
    page = client.get(PAGE).text
    assert f'href="{PAGE}" aria-current="page"' in page
    assert page.count('<th scope="row">') == 4
    assert page.count('/password"') == 3, "one's own is changed on the page of the account"
    assert page.count('/on"') == 1
    assert "password_hash" not in page
    assert "argon2" not in page


def test_a_colleague_is_added_and_comes_in(locked_house: House, signed_in: Enter) -> None:
    client = signed_in("admin")
    data = {"login": "Анна", "name": "Анна <Петрова>", "role": "operator"}
    answer = client.post(PAGE, data=data)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "<Петрова>" not in answer.text
    password = shown_password(answer.text)
    assert password not in client.get(PAGE).text
    colleague = client_of(locked_house, origin=HERE)
    entered = colleague.post("/login", data={"login": "анна", "password": password})
    assert entered.status_code == 303
    assert colleague.get("/").headers["location"] == "/account"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"login": "ADMIN"}, 409),
        ({"login": "a b"}, 422),
        ({}, 422),
        ({"login": "anna", "role": "god"}, 422),
        ({"login": "x" * 201}, 422),
        ({"login": "an\0na\ud800".encode("utf-8", "replace").decode(), "name": "\0"}, 422),
    ],
)
def test_some_are_not_added(
    locked_house: House, signed_in: Enter, data: dict[str, str], status: int
) -> None:
    answer = signed_in("admin").post(PAGE, data={"name": "kept as typed", **data})
    assert answer.status_code == status
    assert len(locked_house.people.listed()) == 4
    if len(data.get("login", "")) == 3:
        assert 'value="a b"' in answer.text
        assert 'value="kept as typed"' in answer.text


def test_a_reset_ends_the_sessions(locked_house: House, signed_in: Enter) -> None:
    client, colleague = signed_in("admin"), signed_in("operator")
    answer = client.post(f"{PAGE}/{id_of(locked_house, 'operator')}/password")
    assert answer.status_code == 200
    password = shown_password(answer.text)
    assert colleague.get("/").headers["location"].startswith("/login")
    old = colleague.post("/login", data={"login": "operator", "password": PASSWORD})
    assert old.status_code == 401
    entered = colleague.post("/login", data={"login": "operator", "password": password})
    assert entered.status_code == 303
    assert colleague.get("/companies").headers["location"] == "/account"
    assert client.get("/").status_code == 200, "the admin's own session goes on"


def test_a_role_counts_at_once(locked_house: House, signed_in: Enter) -> None:
    client, colleague = signed_in("admin"), signed_in("operator")
    operator = id_of(locked_house, "operator")
    answer = client.post(f"{PAGE}/{operator}/role", data={"role": "viewer"})
    assert answer.headers["location"] == f"{PAGE}?done=role"
    assert colleague.get("/proxies").status_code == 403
    assert client.post(f"{PAGE}/{operator}/role", data={"role": "god"}).status_code == 422
    assert client.post(f"{PAGE}/{operator}/role").status_code == 422


def test_who_is_switched_off_is_out_at_once(locked_house: House, signed_in: Enter) -> None:
    client, colleague = signed_in("admin"), signed_in("operator")
    operator = id_of(locked_house, "operator")
    assert client.post(f"{PAGE}/{operator}/off").headers["location"] == f"{PAGE}?done=off"
    assert 'role="status"' in client.get(f"{PAGE}?done=off").text
    assert colleague.get("/").status_code == 303
    entry = {"login": "operator", "password": PASSWORD}
    assert colleague.post("/login", data=entry).status_code == 401
    assert client.post(f"{PAGE}/{operator}/on").headers["location"] == f"{PAGE}?done=on"
    assert colleague.get("/").status_code == 303, "the old session stays dead"
    assert colleague.post("/login", data=entry).status_code == 303


def test_admins_cannot_lock_themselves_out(locked_house: House, signed_in: Enter) -> None:
    client, own = signed_in("admin"), id_of(locked_house, "admin")
    for path, data in (("off", {}), ("role", {"role": "viewer"}), ("password", {})):
        answer = client.post(f"{PAGE}/{own}/{path}", data=data)
        assert answer.status_code == 403
        assert 'role="alert"' in answer.text
    assert client.get(PAGE).status_code == 200


def test_an_open_console_leaves_an_admin_too(house: House) -> None:
    """Without sign-in nobody is oneself, but the last admin stays."""
    client = client_of(house, origin=HERE)
    assert client.get(PAGE).status_code == 200
    client.post(PAGE, data={"login": "boss", "role": "admin"})
    boss = id_of(house, "boss")
    assert client.post(f"{PAGE}/{boss}/off").status_code == 409
    assert client.post(f"{PAGE}/{boss}/role", data={"role": "viewer"}).status_code == 409
    assert house.people.find("boss")["active"]


def test_who_is_not_there_is_not_found(signed_in: Enter) -> None:
    client = signed_in("admin")
    for name in (new_id(), "none"):
        assert client.post(f"{PAGE}/{name}/off").status_code == 404
        assert client.post(f"{PAGE}/{name}/password").status_code == 404
    assert client.post(f"{PAGE}/{new_id()}/burn").status_code == 422


def test_a_page_of_another_site_adds_nobody(locked_house: House, signed_in: Enter) -> None:
    client = signed_in("admin")
    client.headers["origin"] = "https://evil.example"
    assert client.post(PAGE, data={"login": "evil", "role": "admin"}).status_code == 403
    assert len(locked_house.people.listed()) == 4


def test_it_is_the_same_on_both_databases(any_house: House) -> None:
    client = client_of(any_house, origin=HERE)
    assert client.post(PAGE, data={"login": "Анна", "role": "admin"}).status_code == 200
    assert client.post(PAGE, data={"login": "olga"}).status_code == 200
    anna, olga = id_of(any_house, "анна"), id_of(any_house, "olga")
    assert client.post(f"{PAGE}/{olga}/role", data={"role": "admin"}).status_code == 303
    assert client.post(f"{PAGE}/{anna}/off").status_code == 303
    assert client.post(f"{PAGE}/{olga}/off").status_code == 409
    assert client.post(f"{PAGE}/{anna}/password").status_code == 200
    assert client.get(PAGE).status_code == 200
    with any_house.db.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(users)).scalar() == 2
