"""A crawl disturbed: cancelled and resumed, and killed with SIGKILL again and again.

One sandbox shop is crawled undisturbed; then, each time on a database of its own:

- cancel: the job is cancelled in its midst and resumed
- inline: one worker on SQLite, killed at random moments and started anew, also while it finishes
- rq: two workers on PostgreSQL and Redis; each time one of them is killed and replaced

Workers are `povod work` in processes of their own. Bars, for every disturbed run:

- the same addresses with the same outcomes and the same data as undisturbed
- the same bytes of `full.csv` and `seo.csv` but for the column `fetched_at`
- nothing is stored twice: one page for an address, one state for a key, one file of each kind
- no finished address is asked for again. At each kill the addresses that are done are read, then
  the shop's log of requests; at the end the shop's counts of those must be what they were then.
  Besides, no address is asked for more often than once and once more for each disturbance at which
  it was leased.

A dead worker's leases would run for 150 s (work of the ledger: 60 s), and what it was rung for
would be rung for again after 30 s; here each is a few seconds, so that twenty kills fit into
minutes. Nothing else of the workers is changed.

Run: python bench/chaos_crawl.py [--quick]. A table, then one line of JSON; 0 only when all holds.
TEST_POSTGRES_URL and TEST_REDIS_URL name the servers; of Redis an empty database is taken.
"""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from crawl_chaos.disturb import Disturb, cancelled, killed, undisturbed
from crawl_chaos.job import SHOP, Crawl
from crawl_chaos.outcome import Outcome, compare
from crawl_chaos.places import postgres_database, redis_database
from povod.sandbox.process import SandboxProcess, start_sandbox

PAGES, KILLS = 10_000, 20
QUICK_PAGES, QUICK_KILLS = 200, 3


def one_run(world: SandboxProcess, kind: str, disturb: Disturb, kills: int,
            reference: Outcome, seed: int) -> Outcome:  # fmt: skip
    """One job in a place of its own."""
    with tempfile.TemporaryDirectory(prefix="povod-chaos-") as text:
        folder = Path(text)
        if kind != "rq":
            return _played(Crawl(folder, world, f"sqlite:///{folder / 'povod.db'}"), disturb,
                           kills, reference, seed)  # fmt: skip
        with postgres_database() as url, redis_database() as redis_url:
            more = {"REDIS_URL": redis_url, "POVOD_SITES_RUNNERS_PER_JOB": "2"}
            return _played(Crawl(folder, world, url, **more), disturb, kills, reference, seed)


def _played(crawl: Crawl, disturb: Disturb, kills: int, reference: Outcome, seed: int) -> Outcome:
    try:
        return disturb(crawl, kills, reference, random.Random(seed))
    finally:
        crawl.dismiss()
        crawl.house.close()


def all_runs(count: int, kills: int, seed: int, ways: dict[str, Disturb]) -> dict[str, Outcome]:
    """The undisturbed run, then each of the others held against it."""
    with (
        tempfile.TemporaryDirectory(prefix="povod-chaos-") as text,
        start_sandbox(Path(text), sites=3) as world,
    ):
        world.post(
            "/sandbox/shops",
            {"host": SHOP, "layout": "plain", "products": count, "theme": "tools"},
        )
        reference = one_run(world, "reference", undisturbed, 0, Outcome(), 0)
        _print("reference", reference)
        runs = {"reference": reference}
        for kind, disturb in ways.items():
            runs[kind] = one_run(world, kind, disturb, kills, reference, seed)
            if runs[kind].rows:
                compare(runs[kind], reference)
            _print(kind, runs[kind])
        return runs


def _print(kind: str, found: Outcome) -> None:
    print(f"{kind:<10}{found.kills:>6}{len(found.rows):>10}{len(found.states):>8}"
          f"{found.requests:>10}{found.again:>7}{found.seconds:>8.1f}"
          f"  {'; '.join(found.faults) or '-'}", flush=True)  # fmt: skip


def main() -> int:
    """All runs, a table, a line of JSON; 0 when every bar holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 pages and three kills each")
    parser.add_argument("--pages", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("cancel", "inline", "rq"), help="one disturbance")
    args = parser.parse_args()
    count = args.pages or (QUICK_PAGES if args.quick else PAGES)
    kills = args.kills or (QUICK_KILLS if args.quick else KILLS)
    ways: dict[str, Disturb] = {"cancel": cancelled, "inline": killed, "rq": killed}
    report: dict[str, Any] = {}
    print(f"{'run':<10}{'kills':>6}{'addresses':>10}{'states':>8}{'requests':>10}{'again':>7}"
          f"{'s':>8}  faults")  # fmt: skip
    ways = {kind: way for kind, way in ways.items() if args.only in (None, kind)}
    runs = all_runs(count, kills, args.seed, ways)
    for kind, outcome in runs.items():
        report[kind] = {
            "kills": outcome.kills, "addresses": len(outcome.rows), "requests": outcome.requests,
            "again": outcome.again, "seconds": round(outcome.seconds, 1),
            "faults": outcome.faults,
        }  # fmt: skip
    held = not any(outcome.faults for outcome in runs.values())
    print(json.dumps({"bench": "chaos_crawl", "pages": count, "runs": report, "held": held},
                     ensure_ascii=False))  # fmt: skip
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
