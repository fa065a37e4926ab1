"""`povod sites`: watched sites, from a list of addresses to files and diffs (S130).

Exit status: 0 done, 1 the job failed or is partial, 2 wrong use, 3 refused, 4 not found.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from povod.cli import sites_admin, sites_schedule
from povod.cli.context import Json, open_house
from povod.cli.output import as_json, complain, facts, say, table
from povod.cli.sites_common import confirm_rights, refusals, source_of, wanted_options
from povod.cli.sites_watch import follow, outcome_of, show_job

if TYPE_CHECKING:
    from povod.app.house import House

app = typer.Typer(help="Watched sites: collect, compare, export.", no_args_is_help=True)
app.add_typer(sites_admin.profile_app, name="profile")
app.add_typer(sites_admin.proxies_app, name="proxies")
app.add_typer(sites_schedule.app, name="schedule")

Sitemap = Annotated[str, typer.Option(help="Address of a map, or a file.")]
Urls = Annotated[Path | None, typer.Option(help="File of addresses, one a line.")]
Site = Annotated[str, typer.Option(help="Domain; its maps are looked for.")]
Options = Annotated[list[str] | None, typer.Option("--option", "-O", help="key=value, repeatable.")]
MaxUrls = Annotated[int, typer.Option(min=1, max=200_000, help="At most this many addresses.")]
JobId = Annotated[str, typer.Argument(help="Id of the job.")]
BY = "cli"


@contextmanager
def _house() -> "Iterator[House]":
    """The house, with refusals as exit statuses."""
    with open_house() as house, refusals():
        yield house


@app.command()
def preview(
    sitemap: Sitemap = "",
    urls: Urls = None,
    site: Site = "",
    option: Options = None,
    json: Json = False,
) -> None:
    """What a list holds, before a job is made of it."""
    with _house() as house:
        source, more = source_of(sitemap, urls, site)
        found = house.sites.preview(source, {**wanted_options(option or ()), **more}, BY)
    if json:
        as_json(found)
        return
    names = ("domain", "kind", "total", "accepted")
    facts({name: found[name] for name in names} | found["rejected"] | found["estimate"])
    for item in found["sample"][:10]:
        say(f"  {item['url']}")
    for warning in found["warnings"]:
        complain(f"  {warning}")


@app.command()
def run(
    sitemap: Sitemap = "",
    urls: Urls = None,
    site: Site = "",
    every: Annotated[bool, typer.Option("--all", help="Every site that has a profile.")] = False,
    max_urls: MaxUrls = 10_000,
    option: Options = None,
    wait: Annotated[bool, typer.Option("--wait", help="Work until the job has ended.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="I may collect these pages.")] = False,
    json: Json = False,
) -> None:
    """Start a job; with --wait this process works on it too."""
    with _house() as house:
        sources = _all_sites(house) if every else [source_of(sitemap, urls, site)]
        confirm_rights(yes)
        options = {"max_urls": max_urls, **wanted_options(option or ())}
        ids = [_start(house, source, {**options, **more}) for source, more in sources]
        if not json:
            for job_id in ids:
                say(f"job {job_id}")
        jobs = [follow(house, job_id, quiet=json, work=True) for job_id in ids] if wait else []
        shown = jobs or [house.sites.response(job_id) for job_id in ids]
        exports = [_exports(house, job_id) for job_id in ids] if wait else []
    if json:
        as_json(shown[0] if len(shown) == 1 else shown)
    elif wait:
        for job, files in zip(shown, exports, strict=True):
            show_job(job)
            for file in files:
                say(f"  {file}")
    if wait and any(outcome_of(job) for job in shown):
        raise typer.Exit(1)


def _all_sites(house: "House") -> list[Any]:
    from povod.kit.errors import NotFoundError
    from povod.sites.profiles import list_profiles

    with house.db.read() as conn:
        profiles, _ = list_profiles(conn, 500, "")
    if not profiles:
        raise NotFoundError("no site has a profile yet")
    return [source_of("", None, profile["domain"]) for profile in profiles]


def _start(house: "House", source: Any, options: dict[str, Any]) -> str:
    from povod.sites.start import Order

    order = Order(source=source, options=options, by=BY, how="cli")
    return str(house.sites.start(order).job["id"])


def _exports(house: "House", job_id: str) -> list[str]:
    folder = house.settings.data_dir
    is_local = not house.settings.s3_endpoint
    rows = house.sites.exports.list(job_id)
    return [str(folder / row["path"]) if is_local else row["path"] for row in rows]


@app.command("list")
def list_jobs(
    domain: Annotated[str, typer.Option(help="Only this site.")] = "",
    status: Annotated[str, typer.Option(help="Only this state.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many.")] = 20,
    json: Json = False,
) -> None:
    """Jobs, newest first."""
    from povod.sites import jobs as job_rows
    from povod.sites.response import job_responses
    from povod.store.tables.sites import JOB_STATES

    if status and status not in JOB_STATES:
        raise typer.BadParameter(f"use one of {', '.join(JOB_STATES)}", param_hint="--status")
    with _house() as house, house.db.read() as conn:
        rows, _ = job_rows.list_jobs(conn, domain=domain, status=status, limit=limit)
        found = job_responses(conn, rows, house.clock.now())
    if json:
        as_json({"items": found})
        return
    columns = ("id", "domain", "status", "total_urls", "success_urls", "failed_urls", "created_at")
    table("", columns, [[job[name] for name in columns] for job in found])


@app.command()
def show(job: JobId, json: Json = False) -> None:
    """One job."""
    with _house() as house:
        found = house.sites.response(job)
    if json:
        as_json(found)
    else:
        show_job(found)


app.command("status")(show)


@app.command()
def watch(job: JobId, json: Json = False) -> None:
    """Follow a job until it ends; others do the work."""
    with _house() as house:
        found = follow(house, job, quiet=json, work=False)
    if json:
        as_json(found)
    else:
        show_job(found)
    if outcome_of(found):
        raise typer.Exit(1)


def _steer(name: str, text: str) -> Callable[..., None]:
    def command(job: JobId, json: Json = False) -> None:
        with _house() as house:
            house.sites.command(job, name, BY)
            found = house.sites.response(job)
        if json:
            as_json(found)
        else:
            say(f"{job}: {found['status']}")

    command.__doc__ = text
    return command


for _name, _text in (
    ("pause", "Let a job rest."),
    ("resume", "Go on with a job that rests, or with what an ended one left."),
    ("cancel", "End a job; what was fetched stays."),
    ("retry-failed", "Fetch what failed again."),
):
    app.command(_name)(_steer(_name, _text))


@app.command("urls")
def list_urls(
    job: JobId,
    outcome: Annotated[str, typer.Option(help="Only this outcome.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    json: Json = False,
) -> None:
    """Addresses of a job with what became of them."""
    from povod.sites.lists import urls_of

    columns = ("url", "state", "outcome", "reason", "fetcher", "tier", "attempts")
    with _house() as house, house.db.read() as conn:
        rows = urls_of(conn, job, outcome, limit)
    if json:
        as_json({"items": rows})
    else:
        table("", columns, [[row[name] for name in columns] for row in rows])


@app.command()
def export(
    job: JobId,
    kind: Annotated[str, typer.Option("--type", help="full, seo, diff, errors …")] = "full",
    form: Annotated[str, typer.Option("--format", help="csv, xlsx, json.")] = "csv",
    layout: Annotated[str, typer.Option(help="standard, compact.")] = "standard",
    dialect: Annotated[str, typer.Option(help="canonical, excel-ru.")] = "canonical",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to write.")] = None,
    json: Json = False,
) -> None:
    """Make one file and write it here."""
    import shutil

    from povod.sites.exports.write import Kind

    wanted = Kind(kind, form, layout, dialect)
    with _house() as house:
        house.sites.jobs.get_job(job)
        row = house.sites.exports.make(job, wanted, by=BY)
        target = output or Path(wanted.file_name)
        with house.sites.store.open(row["path"]) as file, target.open("wb") as out:
            shutil.copyfileobj(file, out)
    if json:
        as_json({"file": str(target), "rows": row["rows"], "sha256": row["sha256"]})
    else:
        say(f"{target}: {row['rows']} rows")


@app.command()
def diff(
    job: JobId,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    accept: Annotated[bool, typer.Option("--accept", help="A held diff is true.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Its removals are not.")] = False,
    json: Json = False,
) -> None:
    """What changed since the last good state."""
    from itertools import islice

    from povod.sites.exports.diff_rows import diff_out, stored_rows
    from povod.sites.exports.values import cell

    if accept and reject:
        raise typer.BadParameter("give --accept or --reject")
    with _house() as house:
        found = house.sites.response(job)
        if accept or reject:
            house.sites.decide_diff(job, "accept" if accept else "reject", BY)
            found = house.sites.response(job)
        rows = [diff_out(row) for row in islice(stored_rows(house.db, job), limit)]
    if json:
        as_json({"diff": found["diff"], "items": rows})
        return
    facts(found["diff"])
    columns = ("change_type", "url", "fields_changed", "price_prev", "price_curr")
    if rows:
        table("", columns, [[cell(row[name]) for name in columns] for row in rows])


@app.command()
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json: Json = False,
) -> None:
    """Forget what is kept longer than it should be."""
    with _house() as house:
        gone = house.sites.keeping.purge(dry_run=dry_run, by=BY)
    if json:
        as_json(gone)
    else:
        facts(gone)
