"""One's own account: the forced change, the password, the tokens, and who is kept away."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from console_client import HERE, PASSWORD, client_of
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.app.people import OneTime, passwords
from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.store.tables import audit_log

Enter = Callable[[str], TestClient]
FRESH = "another battery horse"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost of a hash is argon2's affair."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))


@pytest.fixture
def invited(locked_house: House) -> OneTime:
    """Somebody whom an admin just added."""
    return locked_house.people.add("anna", "admin", role="admin")


def enter(house: House, login: str, password: str) -> TestClient:
    client = client_of(house, origin=HERE)
    answer = client.post("/login", data={"login": login, "password": password})
    assert answer.status_code == 303
    return client


def change(client: TestClient, present: str, fresh: str = FRESH, again: str = ""):
    data = {"present": present, "fresh": fresh, "again": again or fresh}
    return client.post("/account/password", data=data)


def test_signing_in_is_remembered(locked_house: House, clock: FixedClock, signed_in: Enter) -> None:
    assert locked_house.people.find("viewer")["last_login_at"] is None
    signed_in("viewer").post("/logout")
    assert locked_house.people.find("viewer")["last_login_at"] == clock.now()
    with locked_house.db.read() as conn:
        rows = conn.execute(audit_log.select().order_by(audit_log.c.id)).all()
    assert [(row.actor, row.action) for row in rows] == [("viewer", "login"), ("viewer", "logout")]


@pytest.mark.parametrize(
    "path", ["/", "/companies", "/settings/users", "/api/docs", "/nowhere", "/account/tokens"]
)
def test_a_one_time_password_opens_one_page_only(
    locked_house: House, invited: OneTime, path: str
) -> None:
    client = enter(locked_house, "anna", invited.password)
    answer = client.get(path)
    if path.startswith("/api"):
        assert answer.status_code == 403
    else:
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    page = client.get("/account")
    assert page.status_code == 200
    assert page.text.count("<form") == 4, "password, sign out, language, theme"
    assert "/account/tokens" not in page.text


@pytest.mark.parametrize("path", ["/api/companies", "/live/overview", "/metrics"])
def test_programs_with_such_a_session_are_told_why(
    locked_house: House, invited: OneTime, path: str
) -> None:
    client = enter(locked_house, "anna", invited.password)
    answer = client.get(path)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "password_change_required"
    assert "/account" in answer.json()["detail"]


def test_no_order_passes_before_the_change(locked_house: House, invited: OneTime) -> None:
    client = enter(locked_house, "anna", invited.password)
    for path in ("/settings/users", "/account/tokens", f"/account/tokens/{new_id()}/revoke"):
        answer = client.post(path, data={"login": "olga", "name": "x"})
        assert answer.headers["location"] == "/account"
    assert client.post("/api/jobs", json={}).status_code == 403
    assert len(locked_house.people.listed()) == 5
    assert client.post("/preferences", data={"language": "ru"}).status_code == 303
    assert client.get("/static/povod.css").status_code == 200
    assert client.post("/logout").headers["location"] == "/login"


def test_tokens_are_not_kept_waiting(locked_house: House, invited: OneTime) -> None:
    made = locked_house.people.tokens.make(invited.id, "cli", name="script")
    client = client_of(locked_house, authorization=f"Bearer {made.token}")
    assert client.get("/api/companies").status_code == 200


def test_after_the_change_everything_opens(locked_house: House, invited: OneTime) -> None:
    client = enter(locked_house, "anna", invited.password)
    other = enter(locked_house, "anna", invited.password)
    answer = change(client, invited.password)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=password")
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert client.get("/companies").status_code == 200
    assert 'role="status"' in client.get("/account?done=password").text
    assert other.get("/").headers["location"].startswith("/login"), "other sessions end"
    enter(locked_house, "anna", FRESH)


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "admin"])
def test_everybody_changes_their_own_password(
    locked_house: House, signed_in: Enter, role: str
) -> None:
    client = signed_in(role)
    page = client.get("/account").text
    assert f"<dd>{role}</dd>" in page
    assert change(client, PASSWORD).status_code == 303
    enter(locked_house, role, FRESH)


@pytest.mark.parametrize(
    ("present", "fresh", "again", "said"),
    [
        ("a wrong guess", FRESH, FRESH, "Нынешний пароль неверен"),
        (PASSWORD, "short", "short", "слишком короткий"),
        (PASSWORD, PASSWORD, PASSWORD, "совпадает со старым"),
        (PASSWORD, FRESH, FRESH + "x", "введён по-разному"),
        ("", "", "", ""),
    ],
)
def test_a_change_that_is_refused_says_why(
    signed_in: Enter, present: str, fresh: str, again: str, said: str
) -> None:
    client = signed_in("viewer")
    client.headers["accept-language"] = "ru"
    answer = change(client, present, fresh, again)
    assert answer.status_code == 422
    assert said in answer.text
    assert "set-cookie" not in answer.headers
    for typed in filter(None, (present, fresh)):
        assert f'value="{typed}"' not in answer.text
    assert client.get("/").status_code == 200, "the session goes on"


def test_guesses_at_the_present_password_are_few(
    locked_house: House, signed_in: Enter, clock: FixedClock
) -> None:
    client, other = signed_in("viewer"), signed_in("operator")
    for _ in range(10):
        assert change(client, "wrong").status_code == 422
    limited = change(client, PASSWORD)
    assert limited.status_code == 429
    assert 0 < int(limited.headers["retry-after"]) <= 301
    assert change(other, PASSWORD).status_code == 303, "each person has tries of their own"
    clock.advance(timedelta(minutes=6))
    assert change(client, PASSWORD).status_code == 303


def test_a_page_of_another_site_changes_no_password(signed_in: Enter) -> None:
    client = signed_in("viewer")
    client.headers["origin"] = "https://evil.example"
    assert change(client, PASSWORD).status_code == 403


def test_a_token_is_made_shown_once_and_revoked(locked_house: House, signed_in: Enter) -> None:
    client = signed_in("operator")
    made = client.post("/account/tokens", data={"name": "<b>ночной", "role": "viewer", "days": "7"})
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    assert "<b>ночной" not in made.text
    token = re.search(r"<code>([\w-]{40,})</code>", made.text)[1]
    api = client_of(locked_house, authorization=f"Bearer {token}")
    assert api.get("/api/companies").status_code == 200
    assert api.post("/api/jobs", json={"sitemap_urls": ["https://a.ru/"]}).status_code == 403
    page = client.get("/account").text
    assert token not in page
    [revoke] = re.findall(r'action="(/account/tokens/[0-9a-f-]{36}/revoke)"', page)
    assert client.post(revoke).headers["location"] == "/account?done=revoked"
    assert api.get("/api/companies").status_code == 401
    assert client.post(revoke).status_code == 404
    with locked_house.db.read() as conn:
        kept = str(conn.execute(sa.select(audit_log)).all())
    assert "token.revoke" in kept
    assert token not in kept


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"name": ""}, 422),
        ({}, 422),
        ({"name": "x", "role": "admin"}, 403),
        ({"name": "x", "role": "god"}, 422),
        ({"name": "x", "days": "soon"}, 422),
        ({"name": "x", "days": "-1"}, 422),
        ({"name": "x", "days": "9" * 30}, 422),
        ({"name": "x", "days": "²"}, 422),
        ({"name": "x", "days": " "}, 200),
    ],
)
def test_a_token_has_a_name_a_role_and_an_end(
    locked_house: House, signed_in: Enter, data: dict[str, str], status: int
) -> None:
    client = signed_in("operator")
    answer = client.post("/account/tokens", data=data)
    assert answer.status_code == status
    owner = locked_house.people.find("operator")["id"]
    assert len(locked_house.people.tokens.listed(owner)) == (status == 200)


def test_nobody_revokes_the_token_of_another(locked_house: House, signed_in: Enter) -> None:
    owner = locked_house.people.find("admin")["id"]
    made = locked_house.people.tokens.make(owner, "admin", name="script")
    assert signed_in("viewer").post(f"/account/tokens/{made.id}/revoke").status_code == 404
    assert signed_in("viewer").post("/account/tokens/none/revoke").status_code == 404
    assert locked_house.people.tokens.bearer(made.token)


def test_a_token_manages_no_accounts(locked_house: House) -> None:
    """Else a token that leaked could make others that outlive it."""
    owner = locked_house.people.find("admin")["id"]
    made = locked_house.people.tokens.make(owner, "admin", name="script")
    client = client_of(locked_house, authorization=f"Bearer {made.token}")
    for path in ("/account", "/settings/users"):
        assert client.get(path).status_code == 403
    for path in ("/account/tokens", "/account/password", "/settings/users"):
        data = {"name": "x", "login": "x", "present": PASSWORD, "fresh": FRESH, "again": FRESH}
        assert client.post(path, data=data).status_code == 403
    assert len(locked_house.people.tokens.listed(owner)) == 1


def test_an_open_console_has_no_accounts(house: House) -> None:
    client = client_of(house, origin=HERE)
    page = client.get("/account")
    assert page.status_code == 200
    assert "WEB_AUTH=off" in page.text
    assert change(client, PASSWORD).status_code == 403
    assert client.post("/account/tokens", data={"name": "x"}).status_code == 403


def test_strangers_come_back_to_their_account_after_the_sign_in(locked_house: House) -> None:
    answer = client_of(locked_house).get("/account")
    assert answer.headers["location"] == "/login?next=/account"
