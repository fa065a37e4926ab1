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
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog

from povod.delivery.facade import Delivery
from povod.delivery.states import Actor
from povod.greetings.calendar import WorkCalendar, deliver_on, occurrence
from povod.greetings.calendar.catalogue import load_rules
from povod.greetings.eligibility import COUNTED_ONLY
from povod.greetings.facade import Greetings
from povod.greetings.matching import match_trade
from povod.greetings.model import Client, Holiday
from povod.greetings.parts import Parts
from povod.greetings.people import NEEDED, client_of
from povod.greetings.run import RunActiveError
from povod.kit.clock import FixedClock
from povod.kit.errors import ConflictError
from povod.kit.ids import new_id
from povod.kit.settings import Settings, load_settings
from povod.store.bulk import bulk_insert
from povod.store.db import Database
from povod.store.tables import clients, consents, events, greetings, metadata, outreach_messages

MOSCOW = ZoneInfo("Europe/Moscow")
ZONES = ("", "Europe/Moscow", "Asia/Vladivostok", "Europe/Kaliningrad", "Asia/Novosibirsk")
DRAINS = ((3, 10), (6, 20), (10, 5), (11, 10), (16, 50))
"""Moscow hours at which letters are sent: each zone's window is met at least once."""

APPROVER = Actor("approver", "olga")
TRADES = (
    ("41.20", "", "Генеральный директор"),
    ("69.20.1", "бухгалтер", ""),
    ("62.01", "", "Разработчик"),
    ("47.11", "", "Товаровед"),
    ("86.21", "врач", ""),
    ("84.11", "", ""),
    ("10.71", "", "Технолог"),
    ("49.41", "", "Логист"),
    ("85.14", "учитель", ""),
    ("56.10", "", "Шеф-повар"),
    ("", "", ""),
)
NAMES = {
    "f": (("Анна", "Сергеевна", "Орлова"), ("Елена", "Ильинична", "Белова")),
    "m": (("Иван", "Петрович", "Ветров"), ("Олег", "Львович", "Громов")),
}


class Killed(BaseException):
    """The process ended here, as far as the run can tell."""


@dataclass
class World:
    """One installation and its clock."""

    db: Database
    clock: FixedClock
    settings: Settings
    greetings: Greetings
    delivery: Delivery

    @classmethod
    def build(cls, url: str, clock: FixedClock, settings: Settings) -> "World":
        db = Database(url, clock)
        delivery = Delivery(db, clock, settings)
        delivery.prepare()
        job = Greetings(Parts(db, clock, settings, delivery))
        delivery.on_status("greeting", job.on_message_moved)
        job.prepare()
        return cls(db, clock, settings, job, delivery)


@dataclass
class Story:
    """What happened over the years."""

    outages: set[date] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    ignored: set[str] = field(default_factory=set)


def settings_of(folder: Path) -> Settings:
    """A file outbox without pauses: what is measured is what is sent, not how slowly."""
    return load_settings(
        {},
        None,
        data_dir=folder / "data",
        outbox_dir=folder / "outbox",
        send_mode="file",
        smtp_from_email="anna@sender.ru",
        smtp_from_name="Анна",
        sender_name="Анна Орлова",
        sender_company="ООО «Отправитель»",
        sender_legal_name="ООО «Отправитель»",
        send_delay_min_seconds=0,
        send_delay_max_seconds=0,
        mailbox_warmup=False,
        mailbox_daily_cap=100_000,
        image_mode="none",
        approval_rules="vip",
        domain_daily_cap=0,
    )


def people(count: int, draw: random.Random) -> list[dict[str, Any]]:
    """Clients of all kinds: no birthday, 29 February, a shared mailbox, no patronymic, groups."""
    rows: list[dict[str, Any]] = []
    for number in range(count):
        okved, profession, position = draw.choice(TRADES)
        gender = draw.choice(["m", "f", "m", "f", None])
        first, middle, last = draw.choice(NAMES[gender or "m"])
        born = date(2000, 1, 1) + timedelta(days=draw.randrange(366))
        known = draw.random() < 0.9
        if number % 40 == 7:
            born = date(2000, 2, 29)
        shared = number % 25 == 3 and rows
        group = number % 20 == 11
        rows.append(
            {
                "id": new_id(),
                "first_name": "" if group else first,
                "middle_name": "" if group or draw.random() < 0.2 else middle,
                "last_name": "" if group else f"{last[:-1]}{number % 7}{last[-1]}".replace("7", ""),
                "company_name": f"ООО «Фирма {number}»" if group else "",
                "gender": None if group else gender,
                "birth_day": born.day if known and not group else None,
                "birth_month": born.month if known and not group else None,
                "okved": okved,
                "profession": profession,
                "position": position,
                "segment": draw.choice(["vip", "loyal", "new", "standard", "standard", "standard"]),
                "time_zone": draw.choice(ZONES),
                "email": rows[-1]["email"] if shared else f"client{number}@firma{number}.ru",
                "do_not_greet": number % 60 == 13,
                "do_not_greet_reason": "asked" if number % 60 == 13 else "",
                "preferences": {"birthday": False} if number % 50 == 21 else {},
            }
        )
        rows[-1]["last_name"] = "" if group else last
    return rows


def settle_in(world: World, rows: list[dict[str, Any]], draw: random.Random) -> None:
    """Clients and their consents; some have no ground at all, some one for days of faith."""
    keys, now = world.delivery.office.keys, world.clock.now()
    given: dict[tuple[str, str], dict[str, Any]] = {}
    for number, row in enumerate(rows):
        basis = "none" if number % 45 == 17 else draw.choice(["consent", "existing_client"])
        for purpose in ["greeting", *(["religious_greeting"] if number % 9 == 4 else [])]:
            value = keys.value_hash("email", row["email"])
            given.setdefault(
                (value, purpose),
                {
                    "client_id": row["id"],
                    "value_hash": value,
                    "channel": "email",
                    "purpose": purpose,
                    "basis": "consent" if purpose == "religious_greeting" else basis,
                    "evidence_text": "форма на сайте",
                    "obtained_at": now,
                },
            )
    with world.db.tx() as conn:
        bulk_insert(conn, clients, rows)
        bulk_insert(conn, consents, list(given.values()))


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
    wall = datetime.combine(day, clock_time(hour, minute), MOSCOW).astimezone(UTC)
    step = wall - world.clock.now()
    if step > timedelta():
        world.clock.advance(step)


def live(world: World, twin: World, first: date, last: date, draw: random.Random) -> Story:
    """The years, day by day."""
    story = Story(outages(first, last, draw))
    for day in days(first, last):
        if day in story.outages:
            story.counts["days down"] += 1
            continue
        early = [drain for drain in DRAINS if drain < (9, 0)]
        for hour, minute in early:
            send(world, story, day, hour, minute)
        to(world, day, 9, 0)
        work(world, twin, story, draw)
        decide(world, story)
        while world.delivery.plan():
            pass
        for hour, minute in DRAINS[len(early) :]:
            send(world, story, day, hour, minute)
    return story


def send(world: World, story: Story, day: date, hour: int, minute: int) -> None:
    """Send what is due at that hour."""
    to(world, day, hour, minute)
    due = world.delivery.next_due()
    if due is not None and due <= world.clock.now():
        story.counts.update(world.delivery.send_due(seconds=600).counts)


def work(world: World, twin: World, story: Story, draw: random.Random) -> None:
    """The run of the day: as it should be, twice, two at once, or killed and made again."""
    kind = draw.choices(["once", "twice", "overlap", "killed"], [75, 10, 10, 5])[0]
    if kind == "killed" and not world.db.is_sqlite:
        kind = "twice"  # PostgreSQL measures leases by its own clock, which does not jump
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
    last = draw.choice(["detect", "rank", "refresh", "compose", "submit"])

    def step(name: str) -> None:
        if name == last:
            raise Killed

    try:
        world.greetings.run_once("scheduler", step=step)
    except Killed:
        world.clock.advance(timedelta(minutes=3))


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


@dataclass
class Verdict:
    """What the oracle found."""

    numbers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, kind: str, what: str) -> None:
        """One thing that must never be."""
        self.numbers[kind] += 1
        if len(self.faults) < 20:
            self.faults.append(f"{kind}: {what}")


def expected(
    world: World, first: date, last: date
) -> Iterator[tuple[str, str, int, date, date, Holiday | None]]:
    """Every occasion, by asking every rule for every client of every year."""
    with world.db.read() as conn:
        rules = [rule for rule in load_rules(conn) if rule.enabled and rule.kind != "memorial"]
        rows = [client_of(row) for row in conn.execute(sa.select(*NEEDED))]
    calendar = WorkCalendar()
    for year in range(first.year, last.year + 2):
        dated = []
        for rule in rules:
            day = occurrence(rule.rule, year)
            shift = "same" if rule.opt_in or rule.kind == "religious" else "before"
            if day is not None:
                dated.append((rule, day, deliver_on(day, shift, calendar)))
        for client in rows:
            if client.birth_month is not None:
                day = birthday(client, year)
                yield client.id, "birthday", year, day, day, None
            for rule, day, sent in dated:
                if meant(client, rule):
                    yield client.id, f"holiday:{rule.code}", year, day, sent, rule


def birthday(client: Client, year: int) -> date:
    """29 February is kept on the 28th in common years."""
    try:
        return date(year, client.birth_month or 1, client.birth_day or 1)
    except ValueError:
        return date(year, 2, 28)


def meant(client: Client, rule: Holiday) -> bool:
    """Whether the rule is this client's, apart from whom it addresses and what was consented."""
    if rule.kind in ("public", "religious", "social") and "*" in rule.okved:
        return True
    return match_trade(rule, client.okved, client.profession, client.position) is not None


def judge(world: World, story: Story, first: date, last: date) -> Verdict:
    """Hold rows and files against the oracle."""
    verdict = Verdict()
    with world.db.read() as conn:
        stored = {
            (row.client_id, row.event_key, row.occasion_year): row
            for row in conn.execute(sa.select(events))
        }
        drafts = list(conn.execute(sa.select(greetings)))
        messages = list(conn.execute(sa.select(outreach_messages)))
        zones = {
            r.id: r.time_zone for r in conn.execute(sa.select(clients.c.id, clients.c.time_zone))
        }
    verdict.numbers["events"] = len(stored)
    check_presence(world, stored, first, last, verdict)
    check_ends(stored, drafts, story, last, verdict)
    check_letters(world, messages, verdict)
    check_days(stored, drafts, messages, zones, story, verdict)
    return verdict


def check_presence(
    world: World, stored: dict[Any, Any], first: date, last: date, verdict: Verdict
) -> None:
    """No occasion is left out without a row, unless its reason is one that is only counted."""
    with world.db.read() as conn:
        genders = {r.id: r for r in conn.execute(sa.select(*NEEDED))}
        faith = set(
            conn.execute(
                sa.select(consents.c.value_hash).where(consents.c.purpose == "religious_greeting")
            ).scalars()
        )
    keys = world.delivery.office.keys
    for client_id, key, year, day, sent, rule in expected(world, first, last):
        if not first <= sent <= last - timedelta(days=8):
            continue
        verdict.numbers["occasions"] += 1
        row = stored.get((client_id, key, year))
        client = genders[client_id]
        if row is None:
            reason = counted(rule, client, keys.value_hash("email", client.email) in faith)
            if reason in COUNTED_ONLY:
                verdict.numbers[reason] += 1
            else:
                verdict.fault("missing", f"{key} {year} ({day}) of {client_id}")
        elif row.occasion_date != day:
            verdict.fault("wrong day", f"{key} {year}: {row.occasion_date} instead of {day}")


def counted(rule: Holiday | None, client: Any, faith: bool) -> str:
    """Why a rule does not address a client; empty when it does."""
    if rule is None:
        return ""
    group = not (client.first_name or client.last_name)
    if rule.audience != "all" and client.gender != rule.audience:
        return "not_audience" if client.gender or group else ""
    return "no_opt_in" if rule.opt_in and not faith else ""


def check_ends(
    stored: dict[Any, Any], drafts: list[Any], story: Story, last: date, verdict: Verdict
) -> None:
    """Every event of the past has an end: sent, or a reason."""
    by_event = {draft.event_id: draft for draft in drafts}
    for (client_id, key, year), row in stored.items():
        if row.deliver_on > last - timedelta(days=3):
            continue
        name = f"{key} {year} of {client_id} on {row.deliver_on}"
        if row.status in ("planned", "composed"):
            verdict.fault("unfinished", f"{name}: {row.status}")
        elif row.status == "closed":
            verdict.numbers["sent"] += 1
            if by_event.get(row.id) is None or by_event[row.id].status != "sent":
                verdict.fault("closed without greeting", name)
        else:
            verdict.numbers[f"{row.status}: {row.reason}"] += 1
            if not row.reason:
                verdict.fault("silent", name)
            near = {row.deliver_on + timedelta(days=ahead) for ahead in (-1, 0, 1)}
            if row.reason == "late" and not near & story.outages:
                verdict.fault("late without outage", name)


def check_letters(world: World, messages: list[Any], verdict: Verdict) -> None:
    """As many files as sent messages, each occasion once."""
    sent = [message for message in messages if message.status == "sent"]
    files = list(world.settings.outbox_dir.glob("*.json"))
    keys = Counter(json.loads(file.read_text("utf-8"))["dedupe_key"] for file in files)
    verdict.numbers["letters"] = len(files)
    verdict.numbers["duplicates"] = sum(count - 1 for count in keys.values())
    if len(files) != len(sent) or set(keys) != {message.dedupe_key for message in sent}:
        verdict.fault("files and rows differ", f"{len(files)} files, {len(sent)} messages")
    days_of = Counter((m.recipient_hash, m.sent_at.astimezone(MOSCOW).date()) for m in sent)
    for (_, day), count in days_of.items():
        if count > 1:
            verdict.fault("two on one day", str(day))


def check_days(
    stored: dict[Any, Any],
    drafts: list[Any],
    messages: list[Any],
    zones: dict[str, str],
    story: Story,
    verdict: Verdict,
) -> None:
    """Sent on its day and in the client's hours; a day later only after an outage."""
    rows = {row.id: row for row in stored.values()}
    events_of = {draft.message_id: rows[draft.event_id] for draft in drafts if draft.message_id}
    people = {(message.to_value, message.client_id) for message in messages}
    shared = Counter(address for address, _ in people)
    for message in messages:
        if message.status != "sent":
            continue
        event = events_of[message.id]
        local = message.sent_at.astimezone(ZoneInfo(zones[event.client_id] or "Europe/Moscow"))
        if not clock_time(10) <= local.time() <= clock_time(17, 1):
            verdict.fault("outside hours", f"{event.event_key} at {local}")
        if local.date() == event.deliver_on:
            verdict.numbers["on the day"] += 1
        elif local.date() == event.deliver_on + timedelta(days=1):
            verdict.numbers["a day late"] += 1
            if event.deliver_on not in story.outages and shared[message.to_value] < 2:
                verdict.fault("late for nothing", f"{event.event_key} {event.deliver_on} {local}")
        else:
            verdict.fault("wrong day sent", f"{event.event_key} {event.deliver_on} at {local}")


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
    clock = FixedClock(datetime.combine(first, clock_time(0, 1), MOSCOW).astimezone(UTC))
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
