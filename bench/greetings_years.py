"""Years of greetings: every occasion once, on its day, in local hours, or with a reason.

Clients of several time zones live through years with a leap year among them, on an injected
clock: a run a day, outages of several days, runs that are killed between two steps, double starts
and overlapping runs. Letters leave through the real outbox and the file channel. Afterwards the
rows and files are held against an oracle that asks every rule for every client on every day.

    python bench/greetings_years.py [--quick] [--clients N] [--database URL]
"""

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import structlog

from povod.kit.clock import FixedClock
from povod.store.db import Database
from povod.store.tables import metadata
from years_of_greetings.life import Story, live
from years_of_greetings.verdict import Verdict, judge
from years_of_greetings.world import World, moscow, people, settings_of, settle_in


def parse() -> argparse.Namespace:
    """Size and place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="six months of 45 clients")
    parser.add_argument("--clients", type=int)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database")
    parser.add_argument("--seed", type=int, default=29)
    return parser.parse_args()


def main() -> int:
    """Live, judge, tell."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    given = parse()
    first = date(2027, 12, 1) if given.quick else date(2027, 1, 1)
    last = date(2028, 5, 31) if given.quick else date(2029, 12, 31)
    count = given.clients or (45 if given.quick else 500)
    draw = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as folder:
        verdict, story, seconds = years(Path(folder), given.database, count, first, last, draw)
    return tell(verdict, story, seconds, count, first, last)


def years(
    folder: Path, url: str, count: int, first: date, last: date, draw: random.Random
) -> tuple[Verdict, Story, float]:
    """One installation through all its years."""
    clock = FixedClock(moscow(first, 0, 1))
    settings = settings_of(folder)
    url = url or f"sqlite:///{folder / 'povod.db'}"
    db = Database(url, clock)
    with db.tx() as conn:
        metadata.create_all(conn)
    db.close()
    world, twin = World.build(url, clock, settings), World.build(url, clock, settings)
    settle_in(world, people(count, draw), draw)
    started = time.monotonic()
    story = live(world, twin, first, last, draw)
    seconds = time.monotonic() - started
    verdict = judge(world, story, first, last)
    world.db.close()
    twin.db.close()
    return verdict, story, seconds


def tell(
    verdict: Verdict, story: Story, seconds: float, count: int, first: date, last: date
) -> int:
    """A table for people, one line of JSON for machines; 0 only when all holds."""
    print(f"{count} clients, {first} … {last}, {seconds:.1f} s")
    for title, numbers in (("what happened", story.counts), ("what came of it", verdict.numbers)):
        print(f"\n{title}")
        for name, number in sorted(numbers.items()):
            print(f"  {name:<36} {number:>8}")
    for fault in verdict.faults:
        print(f"FAULT {fault}")
    good = not verdict.faults and not verdict.numbers["duplicates"] and verdict.numbers["sent"] > 0
    result = {
        "ok": good,
        "clients": count,
        "seconds": round(seconds, 1),
        "duplicates": verdict.numbers["duplicates"],
        **{name.replace(" ", "_"): number for name, number in sorted(verdict.numbers.items())},
    }
    print(json.dumps(result, ensure_ascii=False))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
