"""The pipeline killed with SIGKILL at random moments and restarted, on SQLite and PostgreSQL.

Every run plays a small world from a table of niches to the answers. Its process is killed a few
times at random moments, then left to finish. Bars, for every run:

- the same companies, contacts and letters as the undisturbed run of the same world, none twice
- at the mail server no Message-ID twice
- letters planned = accepted + uncertain + rejected, and nothing left over
- `povod deliver outbox --state uncertain` lists exactly the uncertain ones
- no search paid more than twice
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from povod.app.demo import write_table
from povod.app.worlds import world_environ
from povod.kit.ids import new_id
from povod.sandbox.process import SandboxProcess, start_sandbox
from povod.store.db import Database
from povod.store.tables import companies, contacts, outreach_messages, serp_queries

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
SITES = 14
QUICK_SITES = 7
MOST_KILLS = 4
LEASES = {
    "WORK_LEASE_SECONDS": "2",
    "DELIVERY_LEASE_SECONDS": "2",
    "DELIVERY_HANDOFF_LEASE_SECONDS": "3",
    "ENRICH_TIMEOUT_SECONDS": "1",
    "LOG_LEVEL": "ERROR",
}
REJECTED = ("failed", "skipped", "cancelled")
# The first letters meet a server that keeps them and loses its reply, or keeps nothing.
MAIL_FAULTS = (
    {"stage": "accepted", "reply": "", "times": 2},
    {"stage": "dot", "reply": "", "times": 1},
)


@dataclass
class Outcome:
    """What one run left behind."""

    kills: int = 0
    seconds: float = 0
    work_seconds: float = 0
    things: dict[str, set[Any]] = field(default_factory=dict)
    planned: int = 0
    accepted: int = 0
    uncertain: int = 0
    rejected: int = 0
    sink: int = 0
    faults: list[str] = field(default_factory=list)


class World:
    """One sandbox, one database, one table of niches."""

    def __init__(self, folder: Path, world: SandboxProcess, database_url: str) -> None:
        self.world = world
        self.database_url = database_url
        self.table = write_table(world.truth(), folder / "niches.csv")
        self.environ = {
            **{k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")},
            **world_environ(world),
            **LEASES,
            "DATABASE_URL": database_url,
            "DATA_DIR": str(folder / "data"),
            "OUTBOX_DIR": str(folder / "data" / "outbox"),
        }
        self.folder = folder
        for fault in MAIL_FAULTS:
            world.post("/sandbox/smtp/faults", fault)

    def start(self) -> "subprocess.Popen[bytes]":
        """The pipeline as its own process: import, then everything that is due."""
        command = [sys.executable, __file__, "--child", str(self.table)]
        with (self.folder / "child.log").open("ab") as log:
            return subprocess.Popen(
                command, env=self.environ, cwd=self.folder, stdout=log, stderr=log
            )

    def listed_uncertain(self) -> set[str]:
        """What the command line says is uncertain."""
        command = [sys.executable, "-m", "povod", "deliver", "outbox", "--state", "uncertain"]
        command += ["--json", "--limit", "500"]
        done = subprocess.run(
            command, env=self.environ, cwd=self.folder, check=True, capture_output=True
        )
        return {item["id"] for item in json.loads(done.stdout)["items"]}


def child(table: Path) -> int:
    """What is being killed."""
    from povod.app import running
    from povod.app.build import build_house
    from povod.kit.settings import load_settings

    house = build_house(load_settings(env_file=None))
    house.prepare()
    (Path.cwd() / "working").touch()
    house.leads.import_file(table)
    running.until_idle(house, approve=True)
    house.close()
    return 0


def play(place: World, kills: int, work_seconds: float, dice: random.Random) -> Outcome:
    """One run with up to `kills` kills, each at a random moment of the work."""
    outcome = Outcome()
    began = time.monotonic()
    while outcome.kills < kills:
        process = place.start()
        _wait_for_work(place, process)
        try:
            process.wait(dice.uniform(0.05, work_seconds * 0.7))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            outcome.kills += 1
    process = place.start()
    _wait_for_work(place, process)
    worked = time.monotonic()
    if process.wait(240) != 0:
        outcome.faults.append(f"the last process ended with {process.returncode}")
    outcome.work_seconds = time.monotonic() - worked
    outcome.seconds = time.monotonic() - began
    inspect(place, outcome)
    return outcome


def _wait_for_work(place: World, process: "subprocess.Popen[bytes]") -> None:
    mark = place.folder / "working"
    while process.poll() is None and not mark.exists():
        time.sleep(0.01)
    mark.unlink(missing_ok=True)


def inspect(place: World, outcome: Outcome) -> None:
    """Read what is stored and what the world saw, and note every broken bar."""
    db = Database(place.database_url)
    with db.read() as conn:
        firms = conn.execute(sa.select(companies.c.id, companies.c.canonical_domain)).all()
        names = {row.id: row.canonical_domain for row in firms}
        found = conn.execute(
            sa.select(contacts.c.company_id, contacts.c.contact_type, contacts.c.value_key)
        ).all()
        letters = conn.execute(sa.select(outreach_messages)).all()
        queries = conn.execute(sa.select(serp_queries.c.status)).scalars().all()
    db.close()
    domains = [row.canonical_domain for row in firms]
    values = [(names[row[0]], row[1], row[2]) for row in found]
    recipients = [(names[row.company_id], row.to_value) for row in letters]
    for what, rows in (("company", domains), ("contact", values), ("letter", recipients)):
        twice = [row for row, count in Counter(rows).items() if count > 1]
        if twice:
            outcome.faults.append(f"{what} twice: {twice[:2]}")
    outcome.things["companies"] = set(domains)
    outcome.things["contacts"] = set(values)
    outcome.things["letters"] = set(recipients)
    if set(queries) - {"completed"}:
        outcome.faults.append(f"queries left: {Counter(queries)}")
    _count_letters(place, outcome, letters)
    _look_at_world(place, outcome, letters)


def _count_letters(place: World, outcome: Outcome, letters: Any) -> None:
    outcome.planned = len(letters)
    outcome.accepted = sum(row.sent_at is not None for row in letters)
    doubts = {row.id for row in letters if row.status == "uncertain"}
    outcome.uncertain = len(doubts)
    outcome.rejected = sum(
        row.sent_at is None and row.status in (*REJECTED, "bounced") for row in letters
    )
    if outcome.planned != outcome.accepted + outcome.uncertain + outcome.rejected:
        states = Counter(row.status for row in letters)
        outcome.faults.append(f"letters do not add up: {dict(states)}")
    if place.listed_uncertain() != doubts:
        outcome.faults.append("the command line lists other uncertain letters than are stored")


def _look_at_world(place: World, outcome: Outcome, letters: Any) -> None:
    entries = place.world.get("/sandbox/smtp/ledger")["entries"]
    seen = Counter(entry["message_id"] for entry in entries)
    outcome.sink = len(seen)
    twice = [name for name, count in seen.items() if count > 1]
    if twice:
        outcome.faults.append(f"Message-ID twice at the server: {twice[:2]}")
    known = {row.message_id for row in letters if row.sent_at or row.status == "uncertain"}
    if set(seen) - known:
        outcome.faults.append("the server has a letter that is neither accepted nor uncertain")
    if {row.message_id for row in letters if row.sent_at} - set(seen):
        outcome.faults.append("a letter counts as accepted that the server does not have")
    summary = place.world.get("/sandbox/yandex/ledger", kind="create")["summary"]
    if any(count > 2 for count in summary["duplicates"].values()):
        outcome.faults.append("a search was paid more than twice")


def compare(outcome: Outcome, reference: Outcome) -> None:
    """A disturbed run must find what the undisturbed one found."""
    for what, things in reference.things.items():
        if outcome.things[what] != things:
            lost, more = things - outcome.things[what], outcome.things[what] - things
            outcome.faults.append(f"{what}: lost {sorted(lost)[:2]}, more {sorted(more)[:2]}")


def postgres_database() -> tuple[str, str]:
    """An own database; its name and URL."""
    name = f"povod_chaos_{new_id().replace('-', '')}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    url = sa.make_url(POSTGRES).set(database=name)
    return name, url.render_as_string(hide_password=False)


def drop(name: str) -> None:
    """Give the database back."""
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def one_run(backend: str, sites: int, seed: int, kills: int, work_seconds: float) -> Outcome:
    """A fresh world of `sites` companies and a fresh database, played with `kills` kills."""
    with tempfile.TemporaryDirectory(prefix="povod-chaos-") as text:
        folder = Path(text)
        name, url = ("", f"sqlite:///{folder / 'povod.db'}")
        if backend == "postgresql":
            name, url = postgres_database()
        try:
            with start_sandbox(folder / "world", sites=sites, yandex_delay="300-600") as world:
                return play(World(folder, world, url), kills, work_seconds, random.Random(seed))
        finally:
            if name:
                drop(name)


def main() -> int:
    """All runs on both databases, a table, a line of JSON; 0 when every bar holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one disturbed run a database")
    parser.add_argument("--runs", type=int, default=30, help="disturbed runs a database")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one database")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return child(args.child)
    runs = 1 if args.quick else args.runs
    sites = QUICK_SITES if args.quick else SITES
    report = {}
    print(f"{'database':<12}{'run':>4}{'kills':>6}{'planned':>8}{'accepted':>9}{'sink':>5}"
          f"{'uncertain':>10}{'rejected':>9}{'s':>6}  faults")  # fmt: skip
    for backend in (args.only,) if args.only else ("sqlite", "postgresql"):
        reference = one_run(backend, sites, 0, 0, 0)
        _print(backend, "ref", reference)
        outcomes = [reference]
        for number in range(1, runs + 1):
            kills = 2 if args.quick else 1 + number % MOST_KILLS
            seed = args.seed * 1000 + number
            outcome = one_run(backend, sites, seed, kills, reference.work_seconds)
            compare(outcome, reference)
            _print(backend, str(number), outcome)
            outcomes.append(outcome)
        report[backend] = {
            "runs": runs,
            "kills": sum(outcome.kills for outcome in outcomes),
            "faulty": sum(bool(outcome.faults) for outcome in outcomes),
        }
    held = all(part["faulty"] == 0 for part in report.values())
    print(json.dumps({"bench": "chaos_pipeline", **report, "held": held}))
    return 0 if held else 1


def _print(backend: str, name: str, found: Outcome) -> None:
    print(f"{backend:<12}{name:>4}{found.kills:>6}{found.planned:>8}{found.accepted:>9}"
          f"{found.sink:>5}{found.uncertain:>10}{found.rejected:>9}{found.seconds:>6.0f}"
          f"  {'; '.join(found.faults) or '-'}", flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
