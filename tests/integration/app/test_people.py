"""The people of the house on both databases: rules, sessions, tokens, and what the audit keeps."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from povod.app.people import AdminToken, People, passwords
from povod.kit.clock import FixedClock
from povod.kit.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PovodError
from povod.kit.ids import new_id
from povod.store import audit
from povod.store.db import Database
from povod.store.tables import api_tokens, audit_log, users

OWN = "a choice of one's own"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost of a hash is argon2's affair."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))


@pytest.fixture
def people(db: Database, clock: FixedClock) -> People:
    return People(db, clock)


@pytest.fixture
def anna(people: People) -> str:
    return people.add("anna", "cli", name="Анна", role="approver").id


@pytest.fixture
def boss(people: People) -> str:
    return people.add("boss", "cli", role="admin").id


def deeds(db: Database) -> list[tuple[str, str, str]]:
    with db.read() as conn:
        assert audit.first_broken(conn) is None
        rows = conn.execute(audit_log.select().order_by(audit_log.c.id)).all()
        return [(row.actor, row.action, row.subject) for row in rows]


def everything_audited(db: Database) -> str:
    with db.read() as conn:
        return str(conn.execute(audit_log.select()).all())


def refused(kind: type[PovodError], code: str):
    """The error of that kind whose code is `code`."""
    return pytest.raises(kind, check=lambda error: error.code == code)


def test_somebody_is_added_and_gets_in_once(people: People, db: Database, clock) -> None:
    given = people.add("Анна", "boss", name=" Анна  П ", role="operator")
    row = people.get(given.id)
    assert (row["login"], row["name"], row["role"]) == ("Анна", "Анна П", "operator")
    assert (row["must_change_password"], row["last_login_at"]) == (True, None)
    assert given.password not in row["password_hash"]
    assert given.password not in repr(given)
    found = people.sign_in("АННА", given.password)
    assert found is not None
    assert people.get(given.id)["last_login_at"] == clock.now()
    assert deeds(db) == [("boss", "user.add", "Анна"), ("Анна", "login", "Анна")]
    assert given.password not in everything_audited(db)


@pytest.mark.parametrize(
    ("login", "password"), [("anna", "wrong"), ("nobody", "wrong"), ("an\0na", "x"), ("", "")]
)
def test_nobody_else_gets_in(people: People, anna: str, login: str, password: str) -> None:
    assert people.sign_in(login, password) is None
    assert people.get(anna)["last_login_at"] is None


def test_a_row_without_a_password_lets_nobody_in(people: People, db: Database) -> None:
    with db.tx() as conn:
        conn.execute(users.insert().values(login="olga", login_key="olga", role="viewer"))
    assert people.sign_in("olga", "") is None


@pytest.mark.parametrize("login", ["anna", "ANNA", " Anna "])
def test_a_login_is_given_once_whatever_its_case(people: People, anna: str, login: str) -> None:
    with refused(ConflictError, "login_taken"):
        people.add(login, "cli")


@pytest.mark.parametrize(
    "login", ["", " ", "a b", "approver:anna", "x" * 65, "-x", "cli", "CLI", "local", "a\nb", "<a>"]
)
def test_some_names_are_no_logins(people: People, db: Database, login: str) -> None:
    with refused(InputError, "login_invalid"):
        people.add(login, "boss")
    assert (people.listed(), deeds(db)) == ([], [])


def test_there_are_four_roles(people: People, anna: str) -> None:
    with refused(InputError, "role_unknown"):
        people.add("olga", "cli", role="god")
    with refused(InputError, "role_unknown"):
        people.change_role(anna, "", "cli")


def test_a_role_is_changed(people: People, db: Database, anna: str) -> None:
    people.change_role(anna, "viewer", "boss")
    people.change_role(anna, "viewer", "boss")
    assert people.get(anna)["role"] == "viewer"
    assert deeds(db)[1:] == [("boss", "user.role", "anna")]
    assert "'from': 'approver'" in everything_audited(db)


def test_who_is_switched_off_is_out_until_switched_on(people: People, db: Database) -> None:
    given = people.add("anna", "cli")
    people.switch(given.id, "boss", on=False)
    people.switch(given.id, "boss", on=False)
    assert people.sign_in("anna", given.password) is None
    assert people.get(given.id)["session_epoch"] == 1
    people.switch(given.id, "boss", on=True)
    assert people.sign_in("anna", given.password) is not None
    assert people.get(given.id)["session_epoch"] == 2, "old sessions stay dead"
    assert [action for _, action, _ in deeds(db)] == ["user.add", "user.off", "user.on", "login"]


def test_those_switched_off_are_listed_last(people: People, anna: str, boss: str) -> None:
    people.switch(anna, "cli", on=False)
    assert [row["login"] for row in people.listed()] == ["boss", "anna"]


def test_an_admin_is_always_left(people: People, anna: str, boss: str) -> None:
    with refused(ConflictError, "last_admin"):
        people.switch(boss, "cli", on=False)
    with refused(ConflictError, "last_admin"):
        people.change_role(boss, "operator", "cli")
    people.change_role(boss, "admin", "cli")
    people.change_role(anna, "admin", "cli")
    people.switch(boss, "cli", on=False)
    with refused(ConflictError, "last_admin"):
        people.change_role(anna, "viewer", "cli")


def test_two_admins_cannot_switch_each_other_off(people: People, db: Database) -> None:
    """Both ask at the same moment: the one who comes second is refused."""
    ids = {name: people.add(name, "cli", role="admin").id for name in ("anna", "boss")}
    start, refusals = threading.Barrier(2), []

    def push(victim: str, by: str) -> None:
        start.wait()
        try:
            people.switch(ids[victim], by, on=False)
        except ConflictError as error:
            refusals.append(error.code)

    threads = [
        threading.Thread(target=push, args=pair) for pair in (("anna", "boss"), ("boss", "anna"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refusals == ["last_admin"]
    assert [row["active"] for row in people.listed()] == [True, False]


def test_nobody_does_it_to_themselves(people: People, anna: str, boss: str) -> None:
    people.change_role(anna, "admin", "cli")
    with refused(ForbiddenError, "oneself"):
        people.switch(boss, "BOSS", on=False)
    with refused(ForbiddenError, "oneself"):
        people.change_role(boss, "viewer", "boss")
    with refused(ForbiddenError, "oneself"):
        people.reset_password(boss, "boss")


def test_a_lost_password_is_reset(people: People, db: Database) -> None:
    first = people.add("anna", "cli")
    people.change_password(first.id, first.password, OWN)
    again = people.reset_password(first.id, "boss")
    assert again.password != first.password
    row = people.get(first.id)
    assert (row["must_change_password"], row["session_epoch"]) == (True, 2)
    assert people.sign_in("anna", OWN) is None
    assert people.sign_in("anna", again.password) is not None
    assert ("boss", "user.password_reset", "anna") in deeds(db)
    assert again.password not in everything_audited(db)


def test_a_person_chooses_a_password(people: People, db: Database) -> None:
    given = people.add("anna", "cli")
    assert people.change_password(given.id, given.password, OWN) == 1
    row = people.get(given.id)
    assert (row["must_change_password"], row["session_epoch"]) == (False, 1)
    assert people.sign_in("anna", given.password) is None
    assert people.sign_in("anna", OWN) is not None
    assert ("anna", "user.password", "anna") in deeds(db)
    assert OWN not in everything_audited(db)


@pytest.mark.parametrize(
    ("fresh", "code"),
    [
        ("", "password_short"),
        ("nine chars", ""),
        ("nine char", "password_short"),
        ("Anna.Petrova", "password_is_login"),
        (OWN, "password_same"),
    ],
)
def test_a_password_has_rules(people: People, fresh: str, code: str) -> None:
    given = people.add("anna.petrova", "cli")
    people.change_password(given.id, given.password, OWN)
    if not code:
        people.change_password(given.id, OWN, fresh)
        return
    with refused(InputError, code):
        people.change_password(given.id, OWN, fresh)
    assert people.sign_in("anna.petrova", OWN) is not None


def test_the_present_password_is_asked_for(people: People, db: Database, anna: str) -> None:
    with refused(InputError, "password_wrong"):
        people.change_password(anna, "a guess at it", OWN)
    assert people.get(anna)["session_epoch"] == 0
    assert deeds(db) == [("cli", "user.add", "anna")]


def test_a_reset_that_comes_in_between_wins(people: People, monkeypatch) -> None:
    given = people.add("anna", "cli")
    slow = passwords.hashed

    def reset_meanwhile(password: str) -> str:
        monkeypatch.setattr(passwords, "hashed", slow)
        people.reset_password(given.id, "boss")
        return slow(password)

    monkeypatch.setattr(passwords, "hashed", reset_meanwhile)
    with refused(ConflictError, "password_changed"):
        people.change_password(given.id, given.password, OWN)
    assert people.get(given.id)["must_change_password"]


def test_who_is_not_there_is_not_found(people: People) -> None:
    for deed in (
        lambda: people.get(new_id()),
        lambda: people.find("anna"),
        lambda: people.switch(new_id(), "cli", on=False),
        lambda: people.reset_password(new_id(), "cli"),
        lambda: people.tokens.make(new_id(), "cli", name="x"),
        lambda: people.tokens.revoke(new_id(), new_id(), "cli"),
    ):
        with pytest.raises(NotFoundError):
            deed()


def test_a_token_stands_for_its_person(people: People, db: Database, anna: str, clock) -> None:
    made = people.tokens.make(anna, "anna", name=" nightly  script ", role="viewer", days=3)
    assert (made.name, made.role) == ("nightly script", "viewer")
    assert made.expires_at == clock.now() + timedelta(days=3)
    assert made.token not in repr(made)
    found = people.tokens.bearer(made.token)
    assert found is not None
    assert (found.id, found.login, found.role) == (anna, "anna", "viewer")
    assert people.tokens.bearer(made.token + "x") is None
    with db.read() as conn:
        assert made.token not in str(conn.execute(api_tokens.select()).all())
    assert deeds(db)[-1] == ("anna", "token.make", "anna")
    assert made.token not in everything_audited(db)


def test_a_token_ends_on_its_day(people: People, anna: str, clock: FixedClock) -> None:
    made = people.tokens.make(anna, "anna", name="script", days=1)
    lasting = people.tokens.make(anna, "anna", name="for good")
    clock.advance(timedelta(days=1))
    assert people.tokens.bearer(made.token) is None
    assert people.tokens.bearer(lasting.token) is not None
    found = {row["name"]: row["ended"] for row in people.tokens.listed(anna)}
    assert found == {"script": True, "for good": False}
    assert all("token_hash" not in row for row in people.tokens.listed(anna))


def test_a_token_ends_when_it_is_revoked(
    people: People, db: Database, anna: str, boss: str
) -> None:
    made = people.tokens.make(anna, "anna", name="script")
    with pytest.raises(NotFoundError):
        people.tokens.revoke(boss, made.id, "boss")
    people.tokens.revoke(anna, made.id, "anna")
    assert people.tokens.bearer(made.token) is None
    assert people.tokens.listed(anna) == []
    with pytest.raises(NotFoundError):
        people.tokens.revoke(anna, made.id, "anna")
    assert [deed for deed in deeds(db) if deed[1] == "token.revoke"] == [
        ("anna", "token.revoke", "anna")
    ]


def test_a_token_may_never_do_more_than_its_person(people: People, anna: str, boss: str) -> None:
    with refused(ForbiddenError, "token_role"):
        people.tokens.make(anna, "anna", name="script", role="admin")
    made = people.tokens.make(anna, "anna", name="script")
    assert made.role == "approver"
    people.change_role(anna, "viewer", "boss")
    assert people.tokens.bearer(made.token).role == "viewer"
    people.change_role(anna, "admin", "boss")
    assert people.tokens.bearer(made.token).role == "approver"


def test_tokens_of_who_is_switched_off_are_dead(people: People, anna: str) -> None:
    made = people.tokens.make(anna, "anna", name="script")
    people.switch(anna, "boss", on=False)
    assert people.tokens.bearer(made.token) is None
    with refused(ConflictError, "person_off"):
        people.tokens.make(anna, "cli", name="script")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"name": ""}, "token_name"),
        ({"name": "\0 "}, "token_name"),
        ({"name": "x" * 101}, "token_name"),
        ({"name": "x", "role": "god"}, "role_unknown"),
        ({"name": "x", "days": 0}, "token_days"),
        ({"name": "x", "days": 3651}, "token_days"),
    ],
)
def test_some_tokens_are_not_made(people: People, anna: str, wish, code: str) -> None:
    with refused(InputError, code):
        people.tokens.make(anna, "anna", **wish)
    assert people.tokens.listed(anna) == []


def test_the_last_use_of_a_token_is_kept_by_the_hour(
    people: People, anna: str, clock: FixedClock
) -> None:
    made = people.tokens.make(anna, "anna", name="script")
    seen = []
    for _ in range(3):
        people.tokens.bearer(made.token)
        seen.append(people.tokens.listed(anna)[0]["last_used_at"])
        clock.advance(timedelta(minutes=40))
    assert seen[0] == seen[1]
    assert seen[2] - seen[0] == timedelta(minutes=80)


def test_the_admin_token_is_renewed(db: Database) -> None:
    running = AdminToken(db, None)
    first = running.ensure()
    assert running.fits(first)
    second = AdminToken(db, None).renew("cli")
    assert running.fits(second), "a console that runs knows it at once"
    assert not running.fits(first)
    assert deeds(db) == [("cli", "admin_token.renew", "admin_token")]
    assert second not in everything_audited(db)


def test_a_given_admin_token_is_not_renewed(db: Database) -> None:
    from pydantic import SecretStr

    with pytest.raises(ConflictError, match="ADMIN_TOKEN"):
        AdminToken(db, SecretStr("given")).renew("cli")


def test_a_deed_that_fails_leaves_nothing(people: People, db: Database, monkeypatch) -> None:
    def lost(*_: object) -> None:
        raise sa.exc.OperationalError("x", None, Exception())

    monkeypatch.setattr(audit, "append", lost)
    with pytest.raises(sa.exc.OperationalError):
        people.add("anna", "cli")
    assert people.listed() == []
