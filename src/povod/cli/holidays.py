"""`povod greet holidays`: the rules of the calendar."""

import csv
from pathlib import Path
from typing import Annotated

import typer

from povod.cli.context import Json, open_house
from povod.cli.output import as_json, say, table
from povod.kit.errors import InputError

app = typer.Typer(help="Rules of the calendar.", no_args_is_help=True)


@app.command("list")
def list_rules(
    kind: Annotated[str, typer.Option(help="professional, public, religious…")] = "",
    query: Annotated[str, typer.Option(help="Part of the title or code.")] = "",
    json: Json = False,
) -> None:
    """Rules with their next day."""
    with open_house() as house:
        rows = house.greetings.holidays(kind=kind, query=query)
    if json:
        as_json(rows)
        return
    shown = [
        (
            row["code"],
            "on" if row["is_business_relevant"] else "off",
            row["next_date"],
            row["title"],
        )
        for row in rows
    ]
    table("", ("code", "", "next", "title"), shown)


@app.command()
def upcoming(
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days ahead.")] = 30,
) -> None:
    """Rules whose day is near."""
    with open_house() as house:
        rows = house.greetings.upcoming_holidays(days)
    shown = [(row["next_date"], row["next_deliver_on"], row["title"]) for row in rows]
    table("", ("day", "deliver on", "title"), shown)


@app.command()
def check() -> None:
    """What looks wrong in next year's calendar; exit 1 if there is something."""
    with open_house() as house:
        found = house.greetings.check_holidays()
    table("", ("code", "", "problem"), [(f["code"], f["severity"], f["problem"]) for f in found])
    if any(one["severity"] == "error" for one in found):
        raise typer.Exit(1)


@app.command()
def test(
    rule: Annotated[str, typer.Argument(help="fixed 03-08, nth 8 7 2, yday 256, easter 0…")],
) -> None:
    """The next days of a rule."""
    with open_house() as house:
        for day in house.greetings.test_rule(rule):
            say(f"{day:%Y-%m-%d %a}")


@app.command("import")
def import_rules(file: Annotated[Path, typer.Argument(help="CSV: id, title, rule…")]) -> None:
    """Add rules of your own from a file."""
    from povod.cli.greet import person

    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            rows = list(csv.DictReader(source))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read: {error}") from None
    with open_house() as house:
        result = house.greetings.import_holidays(rows, person("admin"))
    say(", ".join(f"{name}: {value}" for name, value in result.items()))


@app.command()
def switch(
    code: Annotated[str, typer.Argument(help="Code of the rule.")],
    on: Annotated[bool, typer.Option("--on/--off", help="Whether it is greeted.")] = True,
    confirm: Annotated[bool, typer.Option("--confirm", help="For unconfirmed dates.")] = False,
) -> None:
    """Turn a rule on or off."""
    from povod.cli.greet import person

    with open_house() as house:
        house.greetings.change_holiday(
            code, person("admin"), confirm=confirm, is_business_relevant=on
        )
    say(f"{code}: {'on' if on else 'off'}")
