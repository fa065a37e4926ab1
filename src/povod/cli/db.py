"""`povod db`: the schema of the database, and whether its audit log holds."""

from typing import TYPE_CHECKING

import typer

from povod.cli.context import reachable_database
from povod.cli.output import complain, say

if TYPE_CHECKING:
    from povod.store.db import Database

app = typer.Typer(help="The database: its schema, its audit log.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the database to this version's schema."""
    from povod.kit.settings import load_settings
    from povod.store.db import Database
    from povod.store.migrate import upgrade as run_upgrade

    database = Database(load_settings().database_url)
    with reachable_database():
        applied = run_upgrade(database)
    database.close()
    say(f"schema upgraded to {applied[0]}" if applied else "schema is up to date")


@app.command()
def check() -> None:
    """Is the schema this version's, and was the audit log left as it was written? Exit 1 if not."""
    from povod.kit.settings import load_settings
    from povod.store.db import Database
    from povod.store.migrate import differences, is_current

    database = Database(load_settings().database_url)
    with reachable_database():
        found = differences(database)
        current = is_current(database)
        broken = _broken_audit(database) if current and not found else None
    database.close()
    for difference in found:
        complain(f"differs: {difference}")
    if found or not current:
        complain("the schema is not this version's: run `povod db upgrade`")
        raise typer.Exit(1)
    say("schema is up to date")
    if broken is not None:
        complain(
            f"the audit log was changed: row {broken} does not follow from the one before it. "
            "Compare it with a backup, and find out who else can write to the database"
        )
        raise typer.Exit(1)
    say("the audit log holds")


def _broken_audit(database: "Database") -> int | None:
    from povod.store.audit import first_broken

    with database.read() as conn:
        # A log of years need not fit into memory.
        return first_broken(conn.execution_options(yield_per=1000))
