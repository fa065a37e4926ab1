"""Holds rows and files against the oracle."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from povod.greetings.eligibility import COUNTED_ONLY
from povod.greetings.people import NEEDED
from povod.store.tables import clients, consents, events, greetings, outreach_messages
from years_of_greetings.life import Story
from years_of_greetings.oracle import counted, expected
from years_of_greetings.world import MOSCOW, World


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
    check_story(story, verdict)
    check_presence(world, stored, first, last, verdict)
    check_ends(stored, drafts, story, last, verdict)
    check_letters(world, messages, verdict)
    check_days(stored, drafts, messages, zones, story, verdict)
    return verdict


def check_story(story: Story, verdict: Verdict) -> None:
    """Runs of all kinds were made, and none could not work on a client or an event."""
    for kind in ("runs once", "runs twice", "runs overlap", "runs killed", "days down"):
        if not story.counts[kind]:
            verdict.fault("never happened", kind)
    if story.counts["errors"]:
        verdict.fault("errors", f"{story.counts['errors']} in all runs")


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
