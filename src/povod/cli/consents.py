"""`povod deliver consent`: the grounds on which an address may be written to."""

from typing import Annotated

import typer

from povod.cli.context import Json, open_house
from povod.cli.output import as_json, say, table

app = typer.Typer(help="Grounds on which an address may be written to.", no_args_is_help=True)
SHOWN = (
    *("id", "channel", "purpose", "basis", "evidence_url", "evidence_text", "source"),
    *("obtained_at", "withdrawn_at", "withdrawn_reason"),
)


@app.command("list")
def list_grounds(
    address: Annotated[str, typer.Argument(help="E-mail address.")], json: Json = False
) -> None:
    """The grounds of an address, the newest first; withdrawn ones stay as a proof."""
    with open_house() as house, house.db.read() as conn:
        found = house.delivery.grounds_of(conn, address)
    rows = [{name: row[name] for name in SHOWN} for row in found]
    if json:
        as_json(rows)
    else:
        columns = ("id", "purpose", "basis", "source", "obtained_at", "withdrawn_at")
        table("", columns, [[row[name] for name in columns] for row in rows])


@app.command()
def withdraw(
    address: Annotated[str, typer.Argument(help="E-mail address.")],
    reason: Annotated[str, typer.Option(help="Why; required.")],
    json: Json = False,
) -> None:
    """The person takes all grounds back; what waits for them and may not leave is cancelled."""
    from povod.delivery.states import Actor

    with open_house() as house, house.db.tx() as conn:
        grounds = house.delivery.grounds_of(conn, address)
        standing = [row["id"] for row in grounds if row["withdrawn_at"] is None]
        moved = house.delivery.withdraw(conn, standing, Actor("operator", "cli"), reason)
    messages = [
        {"id": message["id"], "subject": message["subject"], "status": message["status"]}
        for message in moved
    ]
    if json:
        as_json({"withdrawn": len(standing), "messages": messages})
        return
    say(f"withdrawn {len(standing)}")
    if messages:
        columns = ("id", "subject", "status")
        table("", columns, [[message[name] for name in columns] for message in messages])
