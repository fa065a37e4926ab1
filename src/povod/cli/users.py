"""`povod users`: who may use the console and its API."""

from typing import Annotated, Any
from uuid import UUID

import typer

from povod.cli.context import Json, open_house
from povod.cli.output import as_json, facts, say, table

app = typer.Typer(help="Who may use the console and its API.", no_args_is_help=True)
Login = Annotated[str, typer.Argument(help="Login of the person.")]
Role = Annotated[str, typer.Option(help="viewer, operator, approver or admin.")]
BY = "cli"


@app.command("list")
def list_all(json: Json = False) -> None:
    """Everybody, with role, state and last sign-in."""
    columns = ("login", "name", "role", "active", "must_change_password", "last_login_at")
    with open_house() as house:
        rows = [{name: row[name] for name in columns} for row in house.people.listed()]
    if json:
        as_json({"items": rows})
        return
    shown = [(*list(row.values())[:3], _state(row), row["last_login_at"]) for row in rows]
    table("", ("login", "name", "role", "state", "last sign-in"), shown)


def _state(row: dict[str, Any]) -> str:
    if not row["active"]:
        return "off"
    return "one-time password" if row["must_change_password"] else "on"


@app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="Full name.")] = "",
    role: Role = "viewer",
    json: Json = False,
) -> None:
    """Add somebody; prints a password for the first sign-in."""
    with open_house() as house:
        given = house.people.add(login, BY, name=name, role=role)
    _show_once(json, login=given.login, password=given.password)


@app.command()
def role(login: Login, role: Annotated[str, typer.Argument(help="The new role.")]) -> None:
    """Let somebody do more or less."""
    with open_house() as house:
        house.people.change_role(house.people.find(login)["id"], role, BY)
    say(f"{login} is {role} now")


@app.command()
def off(login: Login) -> None:
    """Keep somebody out; sessions and tokens end at once."""
    with open_house() as house:
        house.people.switch(house.people.find(login)["id"], BY, on=False)
    say(f"{login} is switched off")


@app.command()
def on(login: Login) -> None:
    """Let somebody in again."""
    with open_house() as house:
        house.people.switch(house.people.find(login)["id"], BY, on=True)
    say(f"{login} is switched on")


@app.command()
def password(login: Login, json: Json = False) -> None:
    """Print a password for one sign-in, in place of the one that was lost; sessions end."""
    with open_house() as house:
        given = house.people.reset_password(house.people.find(login)["id"], BY)
    _show_once(json, login=given.login, password=given.password)


@app.command()
def token(
    login: Login,
    name: Annotated[str, typer.Option(help="What the token is for.")],
    role: Annotated[str, typer.Option(help="The person's own role or a lesser one.")] = "",
    days: Annotated[int | None, typer.Option(help="It ends after so many days.")] = None,
    json: Json = False,
) -> None:
    """Print a token with which a program uses the API as this person."""
    with open_house() as house:
        owner = house.people.find(login)["id"]
        made = house.people.tokens.make(owner, BY, name=name, role=role, days=days)
    _show_once(json, id=made.id, role=made.role, expires_at=made.expires_at, token=made.token)


@app.command()
def tokens(login: Login, json: Json = False) -> None:
    """The tokens of a person that were not revoked."""
    columns = ("id", "name", "role", "expires_at", "last_used_at")
    with open_house() as house:
        found = house.people.tokens.listed(house.people.find(login)["id"])
    rows = [{name: row[name] for name in columns} for row in found]
    if json:
        as_json({"items": rows})
        return
    table("", ("id", "name", "role", "until", "last used"), [list(row.values()) for row in rows])


@app.command()
def revoke(
    login: Login, token: Annotated[UUID, typer.Argument(help="Id of the token (`tokens`).")]
) -> None:
    """End a token at once."""
    with open_house() as house:
        house.people.tokens.revoke(house.people.find(login)["id"], str(token), BY)
    say("the token is revoked")


@app.command("admin-token")
def admin_token(json: Json = False) -> None:
    """Print a new X-Admin-Token; the old one ends at once."""
    from povod.app.people import AdminToken

    with open_house() as house:
        made = AdminToken(house.db, house.settings.admin_token).renew(BY)
    _show_once(json, token=made)


def _show_once(json: bool, **found: Any) -> None:
    if json:
        as_json(found)
        return
    facts(found)
    say("shown once: it is kept hashed and cannot be looked up again")
