"""`povod users`, and what `povod db check` says of an audit log that was changed."""

import pytest

from povod.app.people import AdminToken
from povod.store.tables import audit_log


def first(house):
    return house.people.add("admin", "cli", role="admin")


def test_a_colleague_is_added_and_listed(povod, house):
    done = povod("users", "add", "Анна", "--name", "Анна П", "--role", "approver", "--json").json
    assert house.people.sign_in("анна", done["password"])
    [row] = povod("users", "list", "--json").json["items"]
    assert (row["login"], row["name"], row["role"]) == ("Анна", "Анна П", "approver")
    assert (row["active"], row["must_change_password"]) == (True, True)
    assert "password_hash" not in row
    out = povod("users", "list").out
    assert "Анна П" in out
    assert "one-time password" in out


def test_the_first_password_was_lost(povod, house):
    before = first(house)
    out = povod("users", "password", "ADMIN").out
    fresh = out.split("password")[1].split()[0]
    assert "shown once" in out
    assert house.people.sign_in("admin", fresh)
    assert not house.people.sign_in("admin", before.password)


def test_a_role_and_a_switch(povod, house):
    first(house)
    povod("users", "add", "anna")
    assert povod("users", "role", "anna", "operator").out == "anna is operator now\n"
    assert povod("users", "off", "anna").out == "anna is switched off\n"
    row = house.people.find("anna")
    assert (row["role"], row["active"]) == ("operator", False)
    assert "off" in povod("users", "list").out
    assert povod("users", "on", "anna").code == 0
    assert house.people.find("anna")["active"]


def test_a_token_is_made_and_revoked(povod, house):
    first(house)
    made = povod("users", "token", "admin", "--name", "ci", "--role", "viewer", "--days", "3",
                 "--json").json  # fmt: skip
    assert house.people.tokens.bearer(made["token"]).role == "viewer"
    assert made["token"] not in povod("users", "tokens", "admin").out
    [row] = povod("users", "tokens", "admin", "--json").json["items"]
    assert (row["id"], row["name"]) == (made["id"], "ci")
    assert povod("users", "revoke", "admin", made["id"]).code == 0
    assert house.people.tokens.bearer(made["token"]) is None


def test_the_admin_token_is_renewed_unless_it_is_given(povod, house):
    token = povod("users", "admin-token", "--json").json["token"]
    assert AdminToken(house.db, None).fits(token)
    done = povod("users", "admin-token", ADMIN_TOKEN="given")
    assert done.code == 1
    assert "ADMIN_TOKEN is set" in done.err
    assert "given" not in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("password", "nobody"), 1, "povod users list"),
        (("off", "admin"), 1, "last admin"),
        (("role", "admin", "viewer"), 1, "last admin"),
        (("role", "admin", "god"), 2, "take one of viewer"),
        (("add", "Admin"), 1, "already"),
        (("add", "a b"), 2, "cannot be a login"),
        (("token", "admin", "--name", "x", "--days", "0"), 2, "1 to 3650 days"),
        (("revoke", "admin", "0198f6f2-0000-7000-8000-000000000001"), 1, "no token"),
        (("revoke", "admin", "what"), 2, "UUID"),
    ],
)
def test_what_is_refused_says_why(povod, house, arguments, code, said):
    first(house)
    done = povod("users", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_check_sees_a_changed_audit_log(povod, house):
    first(house)
    assert povod("db", "check").out == "schema is up to date\nthe audit log holds\n"
    with house.db.tx() as conn:
        conn.execute(audit_log.update().values(actor="somebody else"))
    done = povod("db", "check")
    assert done.code == 1
    assert "the audit log was changed: row 1 " in done.err
