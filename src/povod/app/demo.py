"""`povod demo`: the whole product on a local world, with the planted truth beside the result."""

import csv
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from povod.app import demo_greetings, demo_sites, running
from povod.app.build import build_house
from povod.app.house import House
from povod.app.truth import Score, compare
from povod.app.worlds import world_environ
from povod.kit import log
from povod.kit.errors import PovodError
from povod.kit.settings import Settings, load_settings
from povod.sandbox.process import SandboxProcess, start_sandbox

Say = Callable[[str], None]
SEED = 7
BROKEN_ROW = ("", "Казань", "RU", "demo")  # every real table has one


class DemoFailedError(PovodError):
    """The demo's result breaks a promise of the product; the message says which."""


@dataclass(frozen=True)
class DemoResult:
    """What the demo shows at its end."""

    funnel: Mapping[str, int]
    scores: list[Score]
    sites: Mapping[str, int]
    greetings: Mapping[str, int]
    accepted_by_server: int
    sent_twice: int
    greeted_twice: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "funnel": dict(self.funnel),
            "sites": dict(self.sites),
            "greetings": dict(self.greetings),
            "truth": {score.name: score.as_dict() for score in self.scores},
            "accepted_by_server": self.accepted_by_server,
            "sent_twice": self.sent_twice,
            "greeted_twice": self.greeted_twice,
            "seconds": round(self.seconds, 1),
        }


def run_demo(
    data: Path,
    *,
    sites: int,
    fresh: bool,
    say: Say,
    show: Callable[[DemoResult], None],
    then: Callable[[House], None] | None = None,
) -> None:
    """Play the three jobs, each fed by the one before, and show the result.

    `then` goes on with the house while its world still runs.

    The data stays in `data`: a second run finds everything done and changes nothing.
    """
    started = time.monotonic()
    if fresh:
        shutil.rmtree(data, ignore_errors=True)
    with start_sandbox(data / "world", seed=SEED, sites=sites) as world:
        settings = demo_settings(world, data)
        log.configure("WARNING", settings.log_format)
        house = build_house(settings)
        try:
            house.prepare()
            play(house, world, data, say)
            shop = demo_sites.play(house, world, data, say)
            people = demo_greetings.play(house, say)
            result = measure(house, world, shop, people, time.monotonic() - started)
            show(result)
            check(result)
            if then is not None:
                then(house)
        finally:
            house.close()


def demo_settings(world: SandboxProcess, data: Path) -> Settings:
    """Settings of the demo: nothing from the surroundings, everything on loopback."""
    data = data.absolute()
    return load_settings(
        {**world_environ(world), "DATA_DIR": str(data), "OUTBOX_DIR": str(data / "outbox")},
        None,
        database_url=f"sqlite:///{data / 'povod.db'}",
        web_auth="off",
        work_concurrency=8,
    )


def play(house: House, world: SandboxProcess, data: Path, say: Say) -> None:
    """The story, told as it goes."""
    table = write_table(world.truth(), data / "niches.csv")
    imported = house.leads.import_file(table)
    say(f"1. {table.name}: {imported.rows} niches, {imported.inserted} new queries")
    for problem in imported.problems:
        say(f"   left out: {problem}")
    say("2. search at night, visit sites, write, approve, send, read the answers")
    summary = running.until_idle(house, approve=True, tell=say)
    for kind, counts in summary.items():
        say(f"   {kind}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))


def write_table(truth: Mapping[str, Any], path: Path) -> Path:
    """The table a user would bring: each niche of the world once, and one broken row."""
    rows = sorted({(site["niche"], site["city"], "RU", "demo") for site in truth["sites"]})
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(("ниша", "город", "страна", "партия"))
        writer.writerows([*rows, BROKEN_ROW])
    return path


def measure(
    house: House,
    world: SandboxProcess,
    shop: demo_sites.SitesResult,
    people: demo_greetings.GreetingsResult,
    seconds: float,
) -> DemoResult:
    """The result beside the truth, and what the mail server says of it."""
    with house.db.read() as conn:
        scores = compare(conn, world.truth())
    entries = world.get("/sandbox/smtp/ledger")["entries"]
    times = Counter(entry["message_id"] for entry in entries)
    twice = sum(count - 1 for count in times.values())
    return DemoResult(
        house.leads.funnel().as_dict(),
        [*scores, *shop.scores],
        shop.figures,
        people.figures,
        len(entries),
        twice,
        people.greeted_twice,
        seconds,
    )


def check(result: DemoResult) -> None:
    """What must hold whatever the world looks like."""
    if result.sent_twice:
        raise DemoFailedError(f"{result.sent_twice} letters reached the mail server twice")
    if result.greeted_twice:
        raise DemoFailedError(f"{result.greeted_twice} clients were greeted twice")
    if not result.funnel["accepted"]:
        raise DemoFailedError("no letter was accepted; see the steps above for the one that failed")
