"""Scripts and other pages: the admin token, tokens of people, origins that may call."""

import hashlib
from collections.abc import Callable

import pytest
from console_client import client_of
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.app.people import AdminToken
from povod.kit.ids import new_id
from povod.store.db import Database
from povod.store.tables import api_tokens, audit_log, users

Build = Callable[..., House]
FRIEND = "http://localhost:3000"


def give_token(house: House, role: str) -> str:
    token = f"token-of-{role}"
    with house.db.tx() as conn:
        user = conn.execute(users.select().where(users.c.login == role)).one()
        digest = hashlib.sha256(token.encode()).hexdigest()
        row = {"user_id": user.id, "name": "script", "token_hash": digest, "role": role}
        conn.execute(api_tokens.insert().values(id=new_id(), **row))
    return token


def test_the_token_is_made_once_and_kept_hashed(house: House) -> None:
    first = AdminToken(house.db, None)
    token = first.ensure()
    assert token is not None
    assert first.ensure() is None
    assert AdminToken(house.db, None).ensure() is None
    assert AdminToken(house.db, None).fits(token)
    assert not AdminToken(house.db, None).fits(token + "x")
    with house.db.read() as conn:
        stored = str(conn.exec_driver_sql("SELECT value FROM settings").scalars().all())
    assert token not in stored


def test_nothing_fits_before_there_is_a_token(house: House) -> None:
    assert not AdminToken(house.db, None).fits("anything")
    assert not AdminToken(house.db, None).fits("")


def test_a_script_signs_itself_with_the_admin_token(build: Build, sqlite_db: Database) -> None:
    client = client_of(build(sqlite_db, web_auth="on", admin_token="given by the settings"))
    assert client.get("/api/companies").status_code == 401
    wrong = client.get("/api/companies", headers={"x-admin-token": "another"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "auth_required")
    right = client.get("/api/companies", headers={"x-admin-token": "given by the settings"})
    assert right.status_code == 200


@pytest.mark.parametrize("header", ["x-user-role", "x-user-id", "x-forwarded-user"])
def test_nobody_is_believed_to_be_somebody(locked_house: House, header: str) -> None:
    client = client_of(locked_house)
    assert client.get("/api/companies", headers={header: "admin"}).status_code == 401


def test_a_token_may_come_from_another_page(locked_house: House) -> None:
    token = give_token(locked_house, "viewer")
    client = client_of(locked_house)
    headers = {"authorization": f"Bearer {token}", "origin": FRIEND}
    answer = client.post("/api/nowhere", headers=headers)
    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert client.post("/api/nowhere", headers={"origin": FRIEND}).status_code == 403


def test_the_browser_is_told_which_pages_may_call(house: House) -> None:
    client = client_of(house)
    ask = {"access-control-request-method": "POST", "access-control-request-headers": "x-a"}
    allowed = client.options("/api/companies", headers={"origin": FRIEND, **ask})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == FRIEND
    assert "access-control-allow-credentials" not in allowed.headers
    strange = client.options("/api/companies", headers={"origin": "https://evil.example", **ask})
    assert "access-control-allow-origin" not in strange.headers


def test_an_open_console_takes_posts_of_its_friends_only(house: House) -> None:
    client = client_of(house)
    friendly = client.post("/api/nowhere", headers={"origin": FRIEND})
    assert friendly.status_code == 404
    strange = client.post("/api/nowhere", headers={"origin": "https://evil.example"})
    assert strange.status_code == 403


def test_every_error_says_its_word_and_its_request(client: TestClient) -> None:
    answer = client.get("/api/nowhere")
    body = answer.json()
    assert (body["code"], body["type"]) == ("not_found", "/errors/not_found")
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["errors"] == []


def test_who_lacks_the_role_is_refused_and_remembered(locked_house: House) -> None:
    from fastapi import Depends

    from povod.web import create_app
    from povod.web.roles import needs

    app = create_app(locked_house)

    @app.post("/api/test-of-roles", dependencies=[Depends(needs("approver"))])
    def deed() -> dict[str, bool]:
        return {"done": True}

    client = TestClient(app, base_url="http://127.0.0.1:8000")
    for role, status in (("viewer", 403), ("operator", 403), ("approver", 200), ("admin", 200)):
        headers = {"authorization": f"Bearer {give_token(locked_house, role)}"}
        assert client.post("/api/test-of-roles", headers=headers).status_code == status
    with locked_house.db.read() as conn:
        rows = conn.execute(audit_log.select().order_by(audit_log.c.id)).all()
    assert [(row.actor, row.action) for row in rows] == [
        ("viewer", "access_denied"),
        ("operator", "access_denied"),
    ]
