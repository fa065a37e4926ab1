"""`povod leads`: from a table of niches to letters."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from povod.cli.context import Json, open_house
from povod.cli.output import as_json, complain, facts, moment, say, table
from povod.kit.errors import InputError

app = typer.Typer(help="From a table of niches to letters.", no_args_is_help=True)
offers_app = typer.Typer(help="Offers: who writes and what for.", no_args_is_help=True)
app.add_typer(offers_app, name="offers")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX with columns niche, city, country…")],
    tab: Annotated[str, typer.Option(help="Sheet of an XLSX file.")] = "",
    result_file: Annotated[
        bool, typer.Option("--result/--no-result", help="Write <name>.result beside the file.")
    ] = True,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Write the result into the CSV file itself.")
    ] = False,
    json: Json = False,
) -> None:
    """Read a table of niches; each row's end stands in the result file, bad ones are listed."""
    from povod.leads.result_file import place_of_result

    place = place_of_result(file, in_place=in_place) if result_file or in_place else None
    with open_house() as house:
        result = house.leads.import_file(file, tab=tab, result=place)
    if json:
        as_json({**result.as_dict(), "result_file": str(place) if place else None})
    else:
        for problem in result.problems:
            complain(f"  {problem}")
        say(
            f"{file.name}: {result.rows} rows, {result.inserted} new queries, "
            f"{result.duplicates} already known, {len(result.problems)} rows not usable"
        )
        if place is not None:
            say(f"what became of each row: {place}")
        if not result.rows and not result.problems:
            say("the table has a header and no rows below it")
    if result.problems and not result.rows:
        raise typer.Exit(1)


@app.command()
def sync(
    batch_tag: Annotated[str, typer.Option("--batch-tag", help="Only rows with this tag.")] = "",
    dry: Annotated[bool, typer.Option("--dry-run", help="Look, and change nothing.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Do not wait for the night tariff.")] = False,
    json: Json = False,
) -> None:
    """Read the niches of the Google Sheet and write the results into their rows."""
    with open_house() as house:
        report = house.leads.sync_sheet(batch_tag, dry=dry)
        if now and not dry:
            house.leads.run_now()
        tab = house.settings.google_sheet_tab
    if json:
        as_json(report.as_dict())
    else:
        for problem in report.problems:
            complain(f"  {problem}")
        for number in report.vanished:
            complain(f"  {tab}, row {number}: not there any more; its result is kept here")
        say(
            f"{tab}: {report.rows} rows, {report.read} to read, {report.inserted} new queries, "
            f"{report.duplicates} already known, {report.cells_written} cells written"
        )
    if report.owed:
        complain(f"povod: results are kept and come with the next sync: {report.owed}")
        raise typer.Exit(1)


@app.command()
def retry(
    queries: Annotated[
        list[str] | None, typer.Argument(help="Ids of failed or expired queries.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that failed.")] = False,
) -> None:
    """Give failed queries new tries in the next free slots."""
    if bool(queries) == everything:
        raise typer.BadParameter("name queries, or give --all", param_hint="QUERIES")
    with open_house() as house:
        count = house.leads.retry(queries or ())
    say(f"{count} queries wait for their slots again")


@app.command()
def reparse(
    since: Annotated[
        datetime | None, typer.Option(help="Only replies taken in from this day on (UTC).")
    ] = None,
    operation: Annotated[str, typer.Option(help="Only the reply of this operation.")] = "",
    json: Json = False,
) -> None:
    """Parse stored replies again, without any call to the search service."""
    begin = since.replace(tzinfo=UTC) if since else None
    with open_house() as house:
        done = house.leads.reparse(since=begin, operation=operation)
    if json:
        as_json(done.as_dict())
    else:
        facts(done.as_dict())


@app.command()
def run(
    mode: Annotated[str, typer.Option(help="once: until nothing is due; loop: for ever.")] = "once",
    steps: Annotated[str, typer.Option(help="Only these steps, by comma.")] = "",
    now: Annotated[bool, typer.Option("--now", help="Do not wait for the night tariff.")] = False,
    jump: Annotated[
        bool,
        typer.Option("--jump/--no-jump", help="In the sandbox: let waiting time pass at once."),
    ] = True,
    approve: Annotated[
        bool, typer.Option("--approve", help="Approve the letters that policy asks a person about.")
    ] = False,
    json: Json = False,
) -> None:
    """Search, read, visit, write, send: everything that is due."""
    if mode not in ("once", "loop"):
        raise typer.BadParameter("use once or loop", param_hint="--mode")
    wanted = [step.strip() for step in steps.split(",") if step.strip()]
    with open_house() as house:
        from povod.app import running

        if mode == "loop":
            running.loop(house, wanted)
            return
        if now:
            house.leads.run_now()
        began = house.clock.now()
        summary = running.until_idle(
            house, steps=wanted, jump=jump, approve=approve, tell=None if json else say
        )
        report = house.leads.funnel().as_dict()
        failures = house.failures_since(began)
        waiting = next((row for row in house.status() if row["next"] is not None), None)
    if json:
        as_json({"steps": summary, "funnel": report, "failures": failures})
    else:
        _print_steps(summary)
        facts(report)
    for kind, error in failures:
        complain(f"povod: {kind} failed: {error}")
    if failures:
        raise typer.Exit(1)
    if json:
        return
    if waiting is not None:
        say(f"next: {waiting['step']} at {moment(waiting['next'])}")


def _print_steps(summary: dict[str, dict[str, int]]) -> None:
    rows = [
        (step, ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "nothing")
        for step, counts in summary.items()
    ]
    table("", ("step", "done"), rows or [("–", "nothing was due")])


@app.command()
def report(json: Json = False) -> None:
    """The funnel in absolute numbers, with cost."""
    with open_house() as house:
        numbers = house.leads.funnel().as_dict()
        cost = house.leads.cost()
    if json:
        as_json({"funnel": numbers, "cost_rub": cost})
        return
    facts({**numbers, **{f"{name} cost, RUB": amount for name, amount in cost.items()}})


@app.command()
def status(json: Json = False) -> None:
    """What each step has to do, and when next."""
    with open_house() as house:
        rows = house.status()
    if json:
        as_json(rows)
        return
    table("", ("step", "next"), [(row["step"], row["next"]) for row in rows])


@app.command()
def export(
    what: Annotated[str, typer.Argument(help="companies, contacts, sent, pages or queries")],
    out: Annotated[Path, typer.Option(help="File to write.")],
    form: Annotated[str, typer.Option("--format", help="csv, xlsx or json")] = "csv",
    bom: Annotated[
        bool, typer.Option("--bom/--no-bom", help="Mark UTF-8 for spreadsheets.")
    ] = True,
    delimiter: Annotated[str, typer.Option(help="; or ,")] = ";",
) -> None:
    """Write rows to a file; no cell can become a formula."""
    with open_house() as house:
        try:
            count = house.leads.export(what, out, form, bom=bom, delimiter=delimiter)
        except OSError as error:
            raise InputError(f"{out}: cannot be written: {error.strerror}") from None
    say(f"{out}: {count} rows")


@offers_app.command("import")
def import_offer(
    file: Annotated[Path, typer.Argument(help="JSON with sender_name, sender_company, value, …")],
    key: Annotated[str, typer.Option(help="Name of the offer.")] = "default",
) -> None:
    """Store an offer as its newest version."""
    with open_house() as house:
        version = house.leads.import_offer(key, file)
    say(f"offer {key}: version {version} is active")
