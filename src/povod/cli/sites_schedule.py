"""`povod sites schedule`: crawls that begin by themselves (S129, S130)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from povod.cli.context import Json, open_house
from povod.cli.output import as_json, facts, say, table
from povod.cli.sites_common import confirm_rights, refusals, wanted_options

if TYPE_CHECKING:
    from povod.sites.schedules import SiteSchedules

app = typer.Typer(help="Crawls that begin by themselves.", no_args_is_help=True)
ScheduleId = Annotated[str, typer.Argument(help="Id of the schedule.")]
Cron = Annotated[
    str | None, typer.Option(help='Five cron fields; "0 */6 * * *" unless told otherwise.')
]
Zone = Annotated[str | None, typer.Option(help="Zone of the clock, such as Europe/Moscow.")]
Maintenance = Annotated[
    str | None, typer.Option(help="Hours at which nothing begins, such as 02:00-05:00.")
]
Sitemap = Annotated[str | None, typer.Option(help="Address of a map; else maps are looked for.")]
Options = Annotated[list[str] | None, typer.Option("--option", "-O", help="key=value, repeatable.")]
BY = "cli"


@contextmanager
def _schedules() -> "Iterator[SiteSchedules]":
    with open_house() as house, refusals():
        yield house.sites.schedules


@app.command("list")
def list_all(json: Json = False) -> None:
    """All schedules with their next times."""
    with _schedules() as plans:
        found = plans.listed()
    if json:
        as_json({"items": found})
        return
    columns = ("id", "domain", "cron", "zone", "maintenance", "enabled", "next_run_at")
    table("", columns, [[row[name] for name in columns] for row in found])


@app.command()
def show(schedule: ScheduleId, json: Json = False) -> None:
    """One schedule, and what became of its last time."""
    with _schedules() as plans:
        _show(plans.get(schedule), json)


@app.command()
def add(
    domain: Annotated[str, typer.Argument(help="Domain of the site.")],
    cron: Cron = None,
    zone: Zone = None,
    maintenance: Maintenance = None,
    sitemap: Sitemap = None,
    option: Options = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="I may collect these pages.")] = False,
    json: Json = False,
) -> None:
    """Let a site be collected by itself."""
    wish = _wish(cron, zone, maintenance, sitemap, option)
    with _schedules() as plans:
        confirm_rights(yes)
        _show(plans.create({"domain": domain, **wish}, BY), json)


@app.command("set")
def change(
    schedule: ScheduleId,
    cron: Cron = None,
    zone: Zone = None,
    maintenance: Maintenance = None,
    sitemap: Sitemap = None,
    option: Options = None,
    json: Json = False,
) -> None:
    """Change a schedule; what is not named stays, an empty text removes."""
    wish = _wish(cron, zone, maintenance, sitemap, option)
    with _schedules() as plans:
        _show(plans.change(schedule, wish, BY), json)


@app.command()
def enable(schedule: ScheduleId) -> None:
    """Switch a schedule on; it waits for its next time."""
    _switch(schedule, True)


@app.command()
def disable(schedule: ScheduleId) -> None:
    """Switch a schedule off."""
    _switch(schedule, False)


@app.command()
def remove(schedule: ScheduleId) -> None:
    """Forget a schedule; its jobs stay."""
    with _schedules() as plans:
        plans.delete(schedule, BY)
    say(f"{schedule}: removed")


@app.command()
def run(schedule: ScheduleId, json: Json = False) -> None:
    """Start its job now; its times stay as they are."""
    with _schedules() as plans:
        job = plans.run_now(schedule, BY).job
    if json:
        as_json({"job_id": job["id"]})
    else:
        say(f"job {job['id']}")


def _switch(schedule: str, enabled: bool) -> None:
    with _schedules() as plans:
        plans.change(schedule, {"enabled": enabled}, BY)
    say(f"{schedule}: {'on' if enabled else 'off'}")


def _wish(
    cron: str | None,
    zone: str | None,
    maintenance: str | None,
    sitemap: str | None,
    option: list[str] | None,
) -> dict[str, Any]:
    given = {"cron": cron, "zone": zone, "maintenance": maintenance, "sitemap_url": sitemap}
    wish: dict[str, Any] = {name: text for name, text in given.items() if text is not None}
    return wish | ({"options": wanted_options(option)} if option else {})


def _show(found: dict[str, Any], json: bool) -> None:
    if json:
        as_json(found)
        return
    last = found["last"] or {}
    shown = {name: value for name, value in found.items() if name not in ("last", "options")}
    facts(shown | {f"option {name}": value for name, value in found["options"].items()})
    if last:
        say(f"last: {last['outcome']} {last['job_id']} {last['error']}".rstrip())
