"""`povod audit`: whether the log of who did what was left as it was written (D99)."""

from typing import TYPE_CHECKING

import typer

from povod.cli.context import Json, reachable_database
from povod.cli.output import as_json, complain, say

if TYPE_CHECKING:
    from povod.store.db import Database

app = typer.Typer(help="The log of who did what.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keeps `verify` a word of its own although it is the only command."""


@app.command()
def verify(json: Json = False) -> None:
    """Follow the chain of hashes through the whole log; exit 1 at the first row that breaks it."""
    from povod.kit.settings import load_settings
    from povod.store.db import Database

    database = Database(load_settings().database_url)
    with reachable_database():
        broken = broken_row(database)
    database.close()
    if json:
        as_json({"holds": broken is None, "first_broken": broken})
    else:
        tell(broken)
    if broken is not None:
        raise typer.Exit(1)


def broken_row(database: "Database") -> int | None:
    """Id of the first row that does not hold; a log of years need not fit into memory."""
    from povod.store.audit import first_broken

    with database.read() as conn:
        return first_broken(conn.execution_options(yield_per=1000))


def tell(broken: int | None) -> None:
    """What was found, and what to do about it."""
    if broken is None:
        say("the audit log holds")
        return
    complain(
        f"the audit log was changed: row {broken} does not follow from the one before it. "
        "Compare it with a backup, and find out who else can write to the database"
    )
