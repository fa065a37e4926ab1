"""`povod book`: the address book of companies and clients."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from povod.cli.context import Json, open_house
from povod.cli.output import as_json, complain, facts, say, table
from povod.cli.person import export_person, forget
from povod.kit.errors import InputError

if TYPE_CHECKING:
    from povod.book.importing.result import ImportResult, Preview

app = typer.Typer(help="The address book: clients and companies.", no_args_is_help=True)
review_app = typer.Typer(help="Pairs of companies that may be one.", no_args_is_help=True)
app.add_typer(review_app, name="review")
SHOWN_PROBLEMS = 20


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX of clients.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    basis: Annotated[
        str, typer.Option(help="On what ground they may be written to: consent, existing_client.")
    ] = "none",
    evidence: Annotated[str, typer.Option(help="What proves it, e.g. the contract.")] = "",
    json: Json = False,
) -> None:
    """Read a table of clients; a bad cell costs its field, a bad row itself."""
    from povod.book.clients.model import Author, Ground
    from povod.book.clients.words import parse_basis

    ground = Ground(parse_basis(basis), evidence)
    raw = _read(file)
    with open_house() as house:
        preview = house.book.preview_import(raw, file.name, Author("cli", "csv"), ground)
        result = preview.result if dry_run else house.book.apply_import(preview.import_id)
    if json:
        as_json({**result.counts(), "problems": result.problems, "refused": result.refused_rows})
    else:
        _show(preview, result)
    if result.refused and not (result.new or result.changed or result.same):
        raise typer.Exit(1)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be opened: {error.strerror}") from None


def _show(preview: "Preview", result: "ImportResult") -> None:
    for problem in result.problems[:SHOWN_PROBLEMS]:
        complain(f"  {problem}")
    if len(result.problems) > SHOWN_PROBLEMS:
        complain(f"  … and {len(result.problems) - SHOWN_PROBLEMS} more")
    if preview.header.unmapped:
        complain(f"  columns left out: {', '.join(preview.header.unmapped)}")
    facts(result.counts())


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(help="Where to write all clients: .csv or .xlsx.")
    ] = None,
    masked: Annotated[bool, typer.Option("--masked", help="Without addresses.")] = False,
    person: Annotated[
        str, typer.Option(help="Only what is kept about this address, as a ZIP for the person.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Where to write the ZIP.")] = None,
    json: Json = False,
) -> None:
    """Write all clients to a table that can be imported again, or all that is kept of a person."""
    if bool(person) == (file is not None):
        raise InputError("name a file for all clients, or --person ADDRESS")
    with open_house() as house:
        if person:
            export_person(house, person, out, json=json)
            return
        assert file is not None
        count = house.book.export(file, masked=masked)
    if json:
        as_json({"file": str(file), "clients": count})
    else:
        say(f"{file}: {count} clients")


app.command()(forget)


@app.command()
def enrich(
    inn: Annotated[str, typer.Option(help="One company.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many questions.")] = 100,
    reference: Annotated[
        bool, typer.Option("--reference", help="Read ENRICHMENT_CSV_FILE first.")
    ] = False,
    json: Json = False,
) -> None:
    """Ask the register about companies by INN: one, or clients without a fresh answer."""
    found: dict[str, Any]
    with open_house() as house:
        if reference:
            _load_reference(house)
        if inn:
            answer = house.book.enrich(inn)
            found = answer.party.as_json() if answer.party else {"inn": inn, "found": False}
        else:
            found = vars(house.book.enrich_due(limit))
    if json:
        as_json(found)
    else:
        facts(found)


def _load_reference(house: Any) -> None:
    from povod.book.enrich.build import load_own_reference

    count, problems = load_own_reference(house.settings, house.db, house.clock)
    for problem in problems[:SHOWN_PROBLEMS]:
        complain(f"  {problem}")
    say(f"{count} companies of the reference file")


@app.command()
def dedup() -> None:
    """Compare companies that changed with the others; pairs in doubt wait for a person."""
    from povod.book.dedup_run import Deduplicator

    with open_house() as house:
        rare = house.settings.dedup_name_rarity
        result = Deduplicator(house.db, house.clock, rare).run()
    facts({"compared": result.dirty, "merged": result.merged, "for review": result.review})


@app.command()
def merges(
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50, json: Json = False
) -> None:
    """Companies that were joined and stand so, the latest first."""
    from povod.book.listing import standing_merges

    columns = ("id", "kept", "joined", "reason", "score", "actor", "merged_at")
    with open_house() as house, house.db.read() as conn:
        rows = [
            {name: getattr(row, name) for name in columns} for row in standing_merges(conn, limit)
        ]
    if json:
        as_json(rows)
    else:
        table("", columns, [list(row.values()) for row in rows])


@app.command("merge")
def merge_companies(
    one: Annotated[str, typer.Argument(help="Id of a company.")],
    other: Annotated[str, typer.Argument(help="Id of the other.")],
) -> None:
    """Join two companies that are one; `unmerge` takes it back."""
    from povod.book.merges import MergeOrder, merge

    with open_house() as house, house.db.tx() as conn:
        done = merge(conn, house.clock, MergeOrder(one, other, "manual", actor="cli"))
    say(f"merge {done}" if done else "they are one company already")


@app.command()
def unmerge(merge: Annotated[str, typer.Argument(help="Id of the merge.")]) -> None:
    """Give a joined company back all it had; the pair is not joined again by itself."""
    from povod.book.merges import unmerge

    with open_house() as house, house.db.tx() as conn:
        unmerge(conn, house.clock, merge, "cli")
    say(f"merge {merge}: undone")


@review_app.command("list")
def list_pairs(json: Json = False) -> None:
    """Pairs of companies that may be one, the most alike first."""
    from povod.book.review import waiting_pairs

    with open_house() as house, house.db.read() as conn:
        pairs = waiting_pairs(conn)
    if json:
        as_json(pairs)
        return
    rows = [
        (pair["id"], pair["score"], pair["a_name"], pair["b_name"], ", ".join(pair["why"]))
        for pair in pairs
    ]
    table("", ("pair", "score", "one", "other", "why"), rows)


@review_app.command()
def merge(pair: Annotated[str, typer.Argument(help="Id of the pair.")]) -> None:
    """The two are one company; can be undone."""
    _decide(pair, "merge")


@review_app.command()
def reject(pair: Annotated[str, typer.Argument(help="Id of the pair.")]) -> None:
    """The two are different companies."""
    _decide(pair, "reject")


def _decide(pair: str, verdict: str) -> None:
    from povod.book.review import decide

    with open_house() as house, house.db.tx() as conn:
        decide(conn, house.clock, pair, verdict, "cli")
    say(f"pair {pair}: {verdict}")
