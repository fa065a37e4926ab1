"""Who gets in, who may do what, and what a forged request meets."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from console_client import HERE, PASSWORD, client_of
from console_rows import Rows, fill
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.book.merges import MergeOrder, merge
from povod.kit.clock import FixedClock
from povod.store.tables import api_tokens, companies, outreach_messages, users

Enter = Callable[[str], TestClient]


def status_of(house: House, letter: str) -> str:
    column = outreach_messages.c
    with house.db.read() as conn:
        query = sa.select(column.status).where(column.id == letter)
        return str(conn.execute(query).scalar_one())


def test_strangers_are_sent_to_the_sign_in_and_back(locked_house: House) -> None:
    client = client_of(locked_house, origin=HERE)
    refused = client.get("/companies?q=окна&page=2")
    assert refused.status_code == 303
    login = refused.headers["location"]
    assert login.startswith("/login?next=/companies%3Fq%3D")
    form = client.get(login)
    assert 'name="next" value="/companies?q=' in form.text
    data = {"login": "Viewer", "password": PASSWORD, "next": "/companies?page=2"}
    entered = client.post("/login", data=data)
    assert (entered.status_code, entered.headers["location"]) == (303, "/companies?page=2")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.get("/companies").status_code == 200
    assert client.post("/logout").headers["location"] == "/login"
    assert client.get("/companies").status_code == 303


def test_programs_are_told_401_instead(locked_house: House) -> None:
    client = client_of(locked_house)
    for path in ("/api/companies", "/live/overview", "/api/stream", "/api/openapi.json"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["title"] == "Not signed in"
    assert client.get("/api/health").status_code == 200
    assert client.get("/static/povod.css").status_code == 200


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", ""]
)
def test_sign_in_leads_to_no_other_host(locked_house: House, target: str) -> None:
    client = client_of(locked_house, origin=HERE)
    data = {"login": "viewer", "password": PASSWORD, "next": target}
    assert client.post("/login", data=data).headers["location"] == "/"
    assert client.post("/preferences", data={"back": target}).headers["location"] == "/"


def test_wrong_passwords_are_refused_and_then_not_even_checked(
    locked_house: House, clock: FixedClock
) -> None:
    client = client_of(locked_house, origin=HERE)
    for name in ("viewer", "nobody") * 5:
        refused = client.post("/login", data={"login": name, "password": "wrong"})
        assert refused.status_code == 401
        assert "set-cookie" not in refused.headers
    right = {"login": "viewer", "password": PASSWORD}
    limited = client.post("/login", data=right)
    assert limited.status_code == 429
    assert 0 < int(limited.headers["retry-after"]) <= 301
    clock.advance(timedelta(minutes=6))
    assert client.post("/login", data=right).status_code == 303


def test_sessions_end_with_the_user_and_cannot_be_made_up(
    locked_house: House, signed_in: Enter
) -> None:
    client = signed_in("admin")
    assert client.get("/").status_code == 200
    with locked_house.db.tx() as conn:
        conn.execute(users.update().values(session_epoch=1))
    assert client.get("/").status_code == 303
    forged = client_of(locked_house)
    forged.cookies.set("povod_session", "eyJpZCI6ICJ4In0.aaaa.bbbb")
    assert forged.get("/").status_code == 303


def test_tokens_open_the_api_until_they_end(locked_house: House, clock: FixedClock) -> None:
    with locked_house.db.tx() as conn:
        owner = conn.execute(sa.select(users.c.id).where(users.c.role == "viewer")).scalar_one()
        digest = hashlib.sha256(b"secret").hexdigest()
        ends = clock.now() + timedelta(days=1)
        token = {"user_id": owner, "token_hash": digest, "role": "viewer", "expires_at": ends}
        conn.execute(api_tokens.insert().values(**token))
    client = client_of(locked_house, authorization="Bearer secret")
    assert client.get("/api/leads/funnel").status_code == 200
    assert (
        client_of(locked_house, authorization="Bearer other").get("/api/letters").status_code == 401
    )
    clock.advance(timedelta(days=2))
    assert client.get("/api/leads/funnel").status_code == 401


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "admin"])
def test_only_approvers_decide(locked_house: House, signed_in: Enter, role: str) -> None:
    rows = fill(locked_house, 8)
    client = signed_in(role)
    may = role in ("approver", "admin")
    assert (f"{rows.waiting}/approve" in client.get(f"/letters/{rows.waiting}").text) is may
    answer = client.post(f"/letters/{rows.waiting}/approve")
    assert answer.status_code == (303 if may else 403)
    assert status_of(locked_house, rows.waiting) == ("approved" if may else "needs_approval")


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_the_menu_offers_only_what_opens(signed_in: Enter, role: str) -> None:
    client = signed_in(role)
    menu = client.get("/").text.split('class="menu"')[1].split("</nav>")[0]
    targets = re.findall(r'href="([^"]+)"', menu)
    assert ("/proxies" in targets) is (role == "operator")
    assert {target: client.get(target).status_code for target in targets} == dict.fromkeys(
        targets, 200
    )


def test_decisions_follow_the_status_table(any_house: House) -> None:
    rows = fill(any_house, 8)
    client = client_of(any_house, origin=HERE)
    letter = f"/letters/{rows.waiting}"
    without_reason = client.post(f"{letter}/reject")
    assert without_reason.status_code == 422
    assert client.post(f"{letter}/reject", data={"note": "мимо"}).status_code == 303
    assert status_of(any_house, rows.waiting) == "rejected"
    again = client.post(f"{letter}/approve")
    assert again.status_code == 409
    assert "Сейчас это невозможно" in again.text or "Wrong state" in again.text
    assert client.post(f"{letter}/cancel").headers["location"] == letter
    assert status_of(any_house, rows.waiting) == "cancelled"
    assert client.post(f"{letter}/burn").status_code == 422
    assert client.post("/letters/none/approve").status_code == 404


@pytest.mark.parametrize(
    ("order", "state"), [("sent", "sent"), ("resend", "scheduled"), ("abandon", "failed")]
)
def test_a_letter_in_doubt_gets_a_persons_order(any_house: House, order: str, state: str) -> None:
    rows = fill(any_house, 8)
    client = client_of(any_house, origin=HERE)
    letter = f"/letters/{rows.doubtful}"
    assert f"{letter}/{order}" in client.get(letter).text
    assert client.post(f"{letter}/{order}").status_code == 422
    assert client.post(f"{letter}/{order}", data={"note": "звонили"}).status_code == 303
    assert status_of(any_house, rows.doubtful) == state


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site", "origin": HERE}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": HERE}, True),
        ({"origin": "http://127.0.0.1:9999"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({}, True),  # no browser: it has no cookie of ours either
    ],
)
def test_posts_from_other_sites_are_refused(
    client: TestClient, rows: Rows, house: House, headers: dict[str, str], passes: bool
) -> None:
    answer = client.post(f"/letters/{rows.waiting}/approve", headers=headers)
    assert answer.status_code == (303 if passes else 403)
    assert status_of(house, rows.waiting) == ("approved" if passes else "needs_approval")


def test_a_session_without_a_browsers_headers_cannot_post(signed_in: Enter) -> None:
    client = signed_in("admin")
    client.headers.pop("origin")
    assert client.post("/logout").status_code == 403


def test_an_open_console_answers_to_loopback_names_only(house: House) -> None:
    client = client_of(house)
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000"):
        assert client.get("/", headers={"host": host}).status_code == 200
    rebound = client.get("/", headers={"host": "evil.example"})
    assert rebound.status_code == 403
    assert client.get("/api/companies", headers={"host": "evil.example"}).status_code == 403


def test_a_merge_is_undone_on_the_card_by_an_approver(
    locked_house: House, signed_in: Enter
) -> None:
    rows = fill(locked_house, 8)
    kept, joined = rows.companies[2], rows.companies[3]
    with locked_house.db.tx() as conn:
        done = merge(conn, locked_house.clock, MergeOrder(kept, joined, "manual"))
    card, undo = f"/companies/{kept}", f"/companies/{kept}/merges/{done}/undo"
    operator, approver = signed_in("operator"), signed_in("approver")
    assert undo not in operator.get(card).text
    assert operator.post(undo).status_code == 403
    assert undo in approver.get(card).text
    answer = approver.post(undo)
    assert (answer.status_code, answer.headers["location"]) == (303, card)
    assert undo not in approver.get(card).text
    with locked_house.db.read() as conn:
        query = sa.select(companies.c.duplicate_of).where(companies.c.id.in_([kept, joined]))
        assert list(conn.execute(query).scalars()) == [None, None]
    assert approver.post(undo).status_code == 409


def test_an_operator_stops_all_sending_and_an_admin_lets_it_go_on(
    locked_house: House, signed_in: Enter
) -> None:
    viewer, operator, admin = signed_in("viewer"), signed_in("operator"), signed_in("admin")
    assert "/sending/pause" not in viewer.get("/").text
    assert viewer.post("/sending/pause", data={"reason": "x"}).status_code == 403
    assert "/sending/pause" in operator.get("/").text
    assert operator.post("/sending/pause").status_code == 422
    why = {"reason": "<b>цена</b> неверна"}
    assert operator.post("/sending/pause", data=why).status_code == 303
    page = viewer.get("/").text
    assert "&lt;b&gt;цена&lt;/b&gt; неверна" in page
    assert "/sending/resume" not in operator.get("/").text
    assert operator.post("/sending/resume").status_code == 403
    assert "/sending/resume" in admin.get("/").text
    assert admin.post("/sending/resume").status_code == 303
    assert "неверна" not in viewer.get("/").text
