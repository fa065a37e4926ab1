"""`povod book forget`, and the export of one person: what is kept about somebody (D101)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from povod.cli.context import Json, open_house
from povod.cli.output import as_json, complain, facts, say
from povod.kit.errors import InputError

if TYPE_CHECKING:
    from povod.app.house import House
    from povod.app.person import Forgotten, Outline

BY = "cli"
CUT = "a worker has a message in its hands; run this command again in some minutes"


def forget(
    address: Annotated[str, typer.Argument(help="E-mail address or telephone number.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Erase all that is kept about a person, for good; they are never written to again.

    Ids, states, dates and hashes stay as proofs. Repeating finishes what was interrupted; exit 1
    while a worker has a message in its hands.
    """
    with open_house() as house:
        if not yes:
            _ask(house.personal.outline(address))
        done = house.personal.forget(address, BY)
    if json:
        as_json(done)
    else:
        _tell(done)
    if done.under_way:
        complain(CUT)
        raise typer.Exit(1)


def _ask(found: "Outline") -> None:
    facts(found.rows)
    if found.clients > 1:
        say(f"{found.clients} clients share this address: all of them are erased")
    what = f"{found.total} rows are erased, {found.unsent} unsent messages cancelled"
    typer.confirm(f"{what}. This cannot be undone. Go on?", abort=True)


def _tell(done: "Forgotten") -> None:
    facts(done.rows)
    files = done.stored_files + done.outbox_files
    if done.rows or files:
        say(f"erased; {done.cancelled} messages cancelled, {files} files removed")
    else:
        say("nothing is kept any more; this address is not written to")


def export_person(house: "House", address: str, out: Path | None, *, json: bool) -> None:
    """Write the ZIP for a person."""
    path = out or Path("person.zip")
    try:
        rows = house.personal.export(address, path, BY)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    if json:
        as_json({"file": str(path), "rows": rows})
        return
    facts(rows)
    say(f"{path}: {sum(rows.values())} rows")
