"""`povod`: every command of the house.

Exit status: 0 done, 1 failed, 2 wrong use (a bad option, a missing or malformed setting, a file
that cannot be read).
"""

import sys
from typing import Annotated

import typer

from povod import __version__
from povod.cli import audit, book, db, deliver, greet, leads, run, sites, users
from povod.cli.output import complain, say
from povod.kit.errors import ConfigurationError, InputError, PovodError

app = typer.Typer(
    name="povod",
    help="Povod: finds companies, learns about them, writes to them and keeps in touch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(leads.app, name="leads")
app.add_typer(sites.app, name="sites")
app.add_typer(book.app, name="book")
app.add_typer(deliver.app, name="deliver")
app.add_typer(greet.app, name="greet")
app.add_typer(users.app, name="users")
app.add_typer(audit.app, name="audit")
app.add_typer(db.app, name="db")
run.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"povod {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that stand before the command."""


def main() -> None:
    """The console script: turns what the house has to say about a failure into an exit status."""
    try:
        app()
    except (ConfigurationError, InputError) as error:
        complain(f"povod: {error}")
        sys.exit(2)
    except PovodError as error:
        complain(f"povod: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        complain("povod: stopped")
        sys.exit(130)
