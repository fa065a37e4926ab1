"""The years, day by day: runs as they come, outages, letters, a person who approves."""

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from povod.delivery.states import Actor
from povod.greetings.run import RunActiveError
from povod.kit.errors import ConflictError
from povod.store.tables import agent_runs, greetings
from years_of_greetings.world import World, moscow

EARLY = ((3, 10), (6, 20))
LATER = ((9, 5), (10, 5), (11, 10), (16, 50))
"""Moscow hours at which letters are sent: before the run, soon after it, in each zone's window."""

RUN_AT = (9, 0)
STEPS = ("detect", "rank", "refresh", "compose", "submit", "expire")

APPROVER = Actor("approver", "olga")


class Killed(BaseException):
    """The process ended here, as far as the run can tell."""


@dataclass
class Story:
    """What happened over the years."""

    outages: set[date] = field(default_factory=set)
    """Days without any run, and all that a first run may still look back to."""

    counts: Counter[str] = field(default_factory=Counter)
    ignored: set[str] = field(default_factory=set)


def days(first: date, last: date) -> Iterator[date]:
    """Every day of a span."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def outages(first: date, last: date, draw: random.Random) -> set[date]:
    """Spans of one to five days in which nothing runs at all, about seven a year."""
    found: set[date] = set()
    for day in days(first + timedelta(days=20), last - timedelta(days=20)):
        if draw.random() < 7 / 365 and day not in found:
            found |= {day + timedelta(days=ahead) for ahead in range(draw.randint(1, 5))}
    return found


def to(world: World, day: date, hour: int, minute: int) -> None:
    """Let it be that Moscow time; the clock never goes back."""
    step = moscow(day, hour, minute) - world.clock.now()
    if step > timedelta():
        world.clock.advance(step)


def live(world: World, twin: World, first: date, last: date, draw: random.Random) -> Story:
    """The years, day by day. The day before the first one was a day without a house."""
    down = outages(first, last, draw)
    story = Story(down | {first - timedelta(days=1)})
    started = time.monotonic()
    for day in days(first, last):
        if day.day == 1:
            took = time.monotonic() - started
            print(f"{day} {took:7.0f} s {story.counts['sent']:6} sent", file=sys.stderr, flush=True)
        if day in down:
            story.counts["days down"] += 1
        else:
            one_day(world, twin, story, day, draw)
    return story


def one_day(world: World, twin: World, story: Story, day: date, draw: random.Random) -> None:
    """Letters of the early zones, the run and what a person approves, the other letters."""
    for hour, minute in EARLY:
        send(world, story, day, hour, minute)
    to(world, day, *RUN_AT)
    work(world, twin, story, draw)
    decide(world, story)
    while world.delivery.plan():
        pass
    for hour, minute in LATER:
        send(world, story, day, hour, minute)


def send(world: World, story: Story, day: date, hour: int, minute: int) -> None:
    """Send what is due at that hour."""
    to(world, day, hour, minute)
    due = world.delivery.next_due()
    if due is not None and due <= world.clock.now():
        story.counts.update(world.delivery.send_due(seconds=600).counts)


def work(world: World, twin: World, story: Story, draw: random.Random) -> None:
    """The run of the day: as it should be, twice, two at once, or killed and made again."""
    kind = draw.choices(["once", "twice", "overlap", "killed"], [75, 10, 10, 5])[0]
    story.counts[f"runs {kind}"] += 1
    if kind == "overlap":
        return overlap(world, twin, story)
    if kind == "killed":
        kill(world, draw)
    for _ in range(2 if kind == "twice" else 1):
        done = world.greetings.run_once("scheduler")
        story.counts["errors"] += done["errors"]
    return None


def overlap(world: World, twin: World, story: Story) -> None:
    """Two runs in two threads with their own connections; one is told that the other works."""
    barrier, refused = threading.Barrier(2), []

    def one(house: World) -> None:
        barrier.wait()
        try:
            house.greetings.run_once("api")
        except RunActiveError as error:
            refused.append(error.run_id)

    threads = [threading.Thread(target=one, args=(house,)) for house in (world, twin)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    story.counts["runs refused"] += len(refused)


def kill(world: World, draw: random.Random) -> None:
    """A run that ends between two steps; its lease runs out before the next one begins."""
    last = draw.choice(STEPS)

    def step(name: str) -> None:
        if name == last:
            raise Killed

    try:
        world.greetings.run_once("scheduler", step=step)
    except Killed:
        end_lease(world)


def end_lease(world: World) -> None:
    """Minutes pass. PostgreSQL measures leases by a clock of its own, so there the row is aged."""
    world.clock.advance(timedelta(minutes=3))
    if not world.db.is_sqlite:
        aged = agent_runs.update().where(agent_runs.c.status == "running")
        with world.db.tx() as conn:
            conn.execute(aged.values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))


def decide(world: World, story: Story) -> None:
    """A person approves what waits, but leaves some alone to see them end with a reason."""
    with world.db.read() as conn:
        waiting = sa.select(greetings.c.id, greetings.c.event_id).where(
            greetings.c.status == "needs_approval"
        )
        rows = conn.execute(waiting).all()
    for row in rows:
        if int(row.event_id[-2:], 16) < 8:
            story.ignored.add(row.id)
            continue
        try:
            world.greetings.approve(row.id, APPROVER)
        except ConflictError:
            story.counts["approvals refused"] += 1
