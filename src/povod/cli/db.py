"""`povod db`: the schema of the database, and whether its audit log holds."""

import typer

from povod.cli import audit
from povod.cli.context import reachable_database
from povod.cli.output import complain, say

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
        broken = audit.broken_row(database) if current and not found else None
    database.close()
    for difference in found:
        complain(f"differs: {difference}")
    if found or not current:
        complain("the schema is not this version's: run `povod db upgrade`")
        raise typer.Exit(1)
    say("schema is up to date")
    audit.tell(broken)
    if broken is not None:
        raise typer.Exit(1)
