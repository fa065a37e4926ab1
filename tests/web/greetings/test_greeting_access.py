"""Who may do what with clients and greetings; what a forged request meets (G136, G190)."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from congratulated import Congratulated, congratulate
from console_client import HERE, PASSWORD, PASSWORD_HASH, client_of
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.kit.errors import NotFoundError
from povod.store.db import Database
from povod.store.tables import audit_log, clients, events, greetings, users
from povod.web.people import must_see, owner_filter
from povod.web.session import Person

Enter = Callable[[str], TestClient]
ROLES = ("viewer", "operator", "approver", "admin")
ID = "0198f6f2-5d1c-7e6a-9b0a-6d616e75616c"
# What may be posted, by the lowest role that may do it; ids name nothing.
POSTS = {
    "operator": (
        "/greetings/run",
        "/clients/new",
        f"/clients/{ID}/edit",
        f"/clients/{ID}/delete",
        f"/clients/{ID}/restore",
        f"/clients/{ID}/enrich",
        f"/clients/{ID}/consents",
        f"/clients/{ID}/consents/{ID}/withdraw",
        "/clients/import",
        f"/clients/import/{ID}",
        f"/companies/{ID}/client",
        "/events/new",
        f"/events/{ID}/skip",
        f"/events/{ID}/greet-anyway",
        f"/greetings/{ID}/edit",
        f"/greetings/{ID}/regenerate",
        f"/greetings/{ID}/skip",
        f"/greetings/{ID}/cancel",
        f"/greetings/{ID}/retry",
        f"/greetings/{ID}/feedback",
        "/api/agent/run-once",
        "/api/clients",
        "/api/clients/import",
        "/api/clients/export",
        "/api/clients/from-company",
        "/api/clients/seed-demo",
        f"/api/clients/{ID}/restore",
        f"/api/clients/{ID}/enrich",
        "/api/events/manual",
        "/api/events/manual/preview",
        f"/api/events/{ID}/greet-anyway",
        f"/api/events/{ID}/skip",
        f"/api/greetings/{ID}/regenerate",
        f"/api/greetings/{ID}/skip",
        f"/api/greetings/{ID}/cancel",
        f"/api/greetings/{ID}/retry",
        f"/api/greetings/{ID}/feedback",
        "/api/holidays/check",
    ),
    "approver": (
        f"/greetings/{ID}/approve",
        f"/greetings/{ID}/reject",
        "/greetings/bulk",
        f"/api/greetings/{ID}/approve",
        f"/api/greetings/{ID}/reject",
        "/api/greetings/bulk",
    ),
    "admin": (
        "/greetings/demo/clear",
        "/settings/holidays/new",
        "/settings/holidays/none/switch",
        "/settings/holidays/none/delete",
        "/api/holidays",
        "/api/clients/clear-demo",
    ),
}
FORMS = ("/clients/new", "/clients/import", "/clients/export", "/events/new")


@pytest.mark.parametrize("role", ROLES)
def test_each_role_and_each_order(locked_house: House, signed_in: Enter, role: str) -> None:
    client = signed_in(role)
    for needed, paths in POSTS.items():
        allowed = ROLES.index(role) >= ROLES.index(needed)
        for path in paths:
            status = client.post(path).status_code
            assert (status == 403) is not allowed, (path, status)
            assert status < 500, path
    for path in FORMS:
        assert (client.get(path).status_code == 403) is (role == "viewer"), path


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reads(locked_house: House, signed_in: Enter, role: str) -> None:
    full = congratulate(locked_house)
    client = signed_in(role)
    may = role in ("approver", "admin")
    page = client.get(f"/greetings/{full.greeting}").text
    assert (f"/greetings/{full.greeting}/approve" in page) is may
    assert (f"/greetings/{full.greeting}/edit" in page) is (role != "viewer")
    assert ("/greetings/bulk" in client.get("/greetings?tab=waiting").text) is may
    holidays = client.get("/settings/holidays?q=accountant").text
    assert ("/accountant_day/switch" in holidays) is (role == "admin")


def test_refusals_are_kept(locked_house: House, signed_in: Enter) -> None:
    signed_in("viewer").post("/greetings/run")
    with locked_house.db.read() as conn:
        denied = sa.select(audit_log.c.subject).where(audit_log.c.action == "access_denied")
        assert list(conn.execute(denied).scalars()) == ["/greetings/run"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_forged_posts_do_nothing(
    full: Congratulated, house: House, web: TestClient, origin: str
) -> None:
    counted = [sa.select(sa.func.count()).select_from(t) for t in (clients, events, greetings)]
    with house.db.read() as conn:
        before = [conn.execute(query).scalar() for query in counted]
    forged = {"origin": origin}
    for path in (*POSTS["operator"], *POSTS["approver"], *POSTS["admin"]):
        assert web.post(path, headers=forged).status_code == 403, path
    draft = full.draft()
    data = {"version": draft["version"]}
    approve = f"/greetings/{full.greeting}/approve"
    assert web.post(approve, data=data, headers=forged).status_code == 403
    assert full.draft()["status"] == draft["status"]
    with house.db.read() as conn:
        assert [conn.execute(query).scalar() for query in counted] == before


def test_strangers_get_nothing(locked_house: House) -> None:
    stranger = client_of(locked_house)
    for path in ("/clients", "/greetings", f"/greetings/{ID}/card", "/runs", "/calendar"):
        assert stranger.get(path).status_code == 303, path
    for path in ("/api/clients", "/api/greetings", f"/api/greetings/{ID}/card", "/api/deliveries"):
        assert stranger.get(path).status_code == 401, path
    for path in (*POSTS["operator"], *POSTS["approver"], *POSTS["admin"]):
        assert stranger.post(path).status_code in (303, 401), path
    assert locked_house.greetings.runs() == []


def test_managers_who_see_only_their_own(build: Callable[..., House], sqlite_db: Database) -> None:
    house = build(sqlite_db, web_auth="on", own_clients_only=True)
    full = congratulate(house)
    manager = Person("0198f6f2-0000-7000-8000-000000000001", "manager", "operator")
    assert owner_filter(house, manager) == manager.id
    assert owner_filter(house, Person("x", "boss", "approver")) == ""
    with pytest.raises(NotFoundError):
        must_see(house, manager, {"id": full.client, "owner_user_id": None})
    must_see(house, manager, {"id": full.client, "owner_user_id": manager.id})


def test_a_manager_finds_no_greeting_of_others(
    build: Callable[..., House], sqlite_db: Database
) -> None:
    house = build(sqlite_db, web_auth="on", own_clients_only=True)
    full = congratulate(house)
    with house.db.tx() as conn:
        person = {"login": "manager", "login_key": "manager", "role": "operator"}
        made = conn.execute(users.insert().values(**person, password_hash=PASSWORD_HASH))
        owner = made.inserted_primary_key[0]
        mine = clients.c.id == full.client
        conn.execute(clients.update().where(mine).values(owner_user_id=owner))
    client = client_of(house, origin=HERE)
    client.post("/login", data={"login": "manager", "password": PASSWORD})
    for path in ("/greetings/{}", "/api/greetings/{}", "/greetings/{}/card"):
        assert client.get(path.format(full.greeting)).status_code == 200, path
        assert client.get(path.format(full.vip_greeting)).status_code == 404, path
    for path in ("/events/{}", "/api/events/{}"):
        assert client.get(path.format(full.event)).status_code == 200, path
        assert client.get(path.format(full.skipped_event)).status_code == 404, path
    assert client.post(f"/greetings/{full.vip_greeting}/skip").status_code == 404
    seen = {row["client_id"] for row in client.get("/api/events").json()["items"]}
    assert seen == {full.client}
    assert client.get("/api/events/not-an-id").status_code in (404, 422)
