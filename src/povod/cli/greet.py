"""`povod greet`: occasions, texts, approval, runs."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from povod.cli import book, holidays
from povod.cli.context import Json, open_house
from povod.cli.output import as_json, complain, facts, say, table
from povod.kit.errors import InputError

if TYPE_CHECKING:
    from povod.delivery.states import Actor

app = typer.Typer(help="Greetings: occasions, texts, approval, runs.", no_args_is_help=True)
demo_app = typer.Typer(help="Clients to try it with.", no_args_is_help=True)
app.add_typer(holidays.app, name="holidays")
app.add_typer(demo_app, name="demo")
app.command("import")(book.import_file)

Id = Annotated[str, typer.Argument(help="Id of the greeting.")]
COUNTS = (
    *("scanned_events", "generated_greetings", "sent_deliveries", "skipped_existing", "errors"),
    *("needs_approval", "superseded", "capped", "skipped"),
)


def person(role: str = "approver") -> "Actor":
    """Whoever sits at the terminal."""
    from povod.delivery.states import Actor

    return Actor(role, "cli")


@app.command()
def detect(
    days: Annotated[int, typer.Option(help="Days ahead; -1 = LOOKAHEAD_DAYS.")] = -1,
    json: Json = False,
) -> None:
    """Who would be greeted, on what, when and why, and who not; nothing is written."""
    with open_house() as house:
        found = house.greetings.detect_dry(None if days < 0 else days)
    if json:
        as_json(found)
        return
    rows = [
        (row["deliver_on"], row["client"], row["title"], row["match_reason"], row["reason"] or "+")
        for row in found
    ]
    table("", ("deliver on", "client", "occasion", "match", "why not"), rows)


@app.command()
def run(
    deliver: Annotated[
        bool, typer.Option("--deliver/--no-deliver", help="Send what is due now.")
    ] = True,
    json: Json = False,
) -> None:
    """One run: find occasions, write, ask or hand over; exit 1 when events failed."""
    with open_house() as house:
        result = house.greetings.run_once("cli", deliver=deliver)
    if json:
        as_json(result)
    else:
        facts({"run": result["run_id"], "status": result["status"]})
        facts({name: result[name] for name in COUNTS if name in result})
    if result["errors"]:
        raise typer.Exit(1)


@app.command("list")
def list_greetings(
    tab: Annotated[str, typer.Option(help="to_send, waiting, sent, error, skipped.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
    json: Json = False,
) -> None:
    """Drafts and sent greetings."""
    with open_house() as house:
        page = house.greetings.greetings(tab=tab, limit=limit)
    if json:
        as_json(page.rows)
        return
    names = ("id", "deliver_on", "status", "client_name", "subject")
    shown = ("id", "deliver_on", "status", "client", "subject")
    table("", shown, [[row[name] for name in names] for row in page.rows])


@app.command()
def show(greeting: Id, json: Json = False) -> None:
    """One greeting: the whole text, why it waits, what was found in it."""
    with open_house() as house:
        row = house.greetings.greeting(greeting)
    if json:
        as_json(row)
        return
    facts({name: row[name] for name in ("status", "deliver_on", "tone", "text_source")})
    found = [violation["code"] for violation in row["violations"] or ()]
    why = {"approval_reasons": row["approval_reasons"] or (), "violations": found}
    facts({name: ", ".join(codes) for name, codes in why.items() if codes})
    say()
    say(row["subject"])
    say()
    say(row["text"])


@app.command()
def approve(
    greetings: Annotated[list[str] | None, typer.Argument(help="Ids of greetings.")] = None,
    all_clean: Annotated[
        bool, typer.Option("--all-clean", help="All that wait without warnings and are not VIP.")
    ] = False,
) -> None:
    """Approve texts; they go to the outbox."""
    if not greetings and not all_clean:
        raise InputError("name greetings, or use --all-clean")
    with open_house() as house:
        if all_clean:
            waiting = house.greetings.tabs().get("waiting", 0)
            filters = {"tab": "waiting"}
            actor = person()
            result = house.greetings.bulk("approve", actor, filters=filters, expected_count=waiting)
        else:
            result = house.greetings.bulk("approve", person(), ids=greetings or [])
    say(f"approved: {len(result['done'])}")
    for name, reason in result["left_out"].items():
        complain(f"  {name}: {reason}")


@app.command()
def reject(greeting: Id, comment: Annotated[str, typer.Option(help="Why.")]) -> None:
    """Refuse a text and say why."""
    with open_house() as house:
        house.greetings.reject(greeting, person(), comment)
    say(f"rejected: {greeting}")


@app.command()
def preview(
    client: Annotated[str, typer.Argument(help="Id of the client.")],
    rule: Annotated[str, typer.Option(help="Code of a holiday; empty = birthday.")] = "",
    tone: Annotated[str, typer.Option(help="official or warm.")] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write the card to (JPEG).")
    ] = None,
) -> None:
    """The text a client would get; nothing is stored."""
    with open_house() as house:
        found = house.greetings.preview(client, code=rule, tone=tone)
    say(found["subject"])
    say()
    say(found["text"])
    for violation in found["violations"]:
        complain(f"  {violation}")
    if output is not None and found["card"]:
        output.write_bytes(found["card"])
        say(f"card: {output}")


@app.command()
def card(
    greeting: Id,
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to write the picture.")],
) -> None:
    """The card of a greeting."""
    with open_house() as house:
        raw = house.greetings.card(greeting)
    if raw is None:
        raise InputError(f"greeting {greeting} has no card")
    output.write_bytes(raw)
    say(f"{output}: {len(raw)} bytes")


@app.command()
def manual(
    title: Annotated[str, typer.Argument(help="The occasion, as it is called.")],
    on: Annotated[str, typer.Option(help="Its day: 2026-12-01.")],
    client: Annotated[list[str] | None, typer.Option(help="Id of a client; may repeat.")] = None,
    segment: Annotated[str, typer.Option(help="Or a whole segment.")] = "",
    instrumental: Annotated[str, typer.Option(help="The title after «с».")] = "",
    tone: Annotated[str, typer.Option(help="official or warm.")] = "",
) -> None:
    """Order a greeting on an occasion of your own."""
    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise InputError(f"--on: {on!r} is no day; write 2026-12-01") from None
    wish: dict[str, Any] = {"client_ids": tuple(client or ()), "segment": segment}
    wish |= {"title": title, "title_instrumental": instrumental, "event_date": day}
    if tone:
        wish["tone"] = tone
    with open_house() as house:
        result = house.greetings.manual(person("operator"), **wish)
    say(f"events: {len(result.made)}, known already: {len(result.duplicates)}")
    for name, reason in result.skipped.items():
        complain(f"  {name}: {reason}")


@app.command()
def export(file: Annotated[Path, typer.Argument(help=".csv or .xlsx")]) -> None:
    """Greetings as a table: who, on what, when, in which state."""
    from povod.kit.tabular import write_csv, write_xlsx

    columns = {"deliver_on": "deliver_on", "client": "client_name", "title": "event_title"}
    columns |= {name: name for name in ("status", "tone", "text_source", "subject")}
    with open_house() as house:
        rows, cursor = [], ""
        while True:
            page = house.greetings.greetings(limit=500, cursor=cursor)
            rows += [[str(row[name] or "") for name in columns.values()] for row in page.rows]
            cursor = page.next_cursor
            if not cursor:
                break
    write = write_xlsx if file.suffix.lower() == ".xlsx" else write_csv
    say(f"{file}: {write(file, list(columns), rows)} greetings")


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="Id of a run; `last` for the newest.")] = "last",
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write it as a table to this file.")
    ] = None,
    json: Json = False,
) -> None:
    """What a run did and why it left people out: reasons, texts, cards, errors, durations."""
    from povod.greetings.report_table import report_lines, write_report

    with open_house() as house:
        if run == "last" and (runs := house.greetings.runs(1)):
            run = runs[0]["id"]
        found = house.greetings.run(run)
    if csv is not None:
        say(f"{csv}: {write_report(csv, found)} lines")
    elif json:
        as_json(found)
    else:
        table("", ("part", "name", "value"), list(report_lines(found)))


@demo_app.command()
def seed() -> None:
    """Add demo clients; pressing again changes nothing."""
    with open_house() as house:
        facts(house.greetings.seed_demo(person("admin")))


@demo_app.command()
def clear() -> None:
    """Remove demo clients and their files only."""
    with open_house() as house:
        facts(house.greetings.clear_demo(person("admin")))


@app.command()
def reset(
    everyone: Annotated[bool, typer.Option("--all", help="Not only demo clients.")] = False,
    word: Annotated[str, typer.Option(help="The word that confirms it.")] = "",
) -> None:
    """Remove unsent drafts and planned events; what was sent stays."""
    with open_house() as house:
        facts(house.greetings.reset(person("admin"), everyone=everyone, word=word))
