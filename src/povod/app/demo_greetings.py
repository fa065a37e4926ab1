"""The demo's third act: clients are greeted, one waits, one occasion gives way, one is left out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.app import running
from povod.app.house import House
from povod.delivery.states import Actor
from povod.store.tables import agent_runs, clients, deliveries, events, greetings, outreach_messages

Say = Callable[[str], None]
ADMIN, ANNA = Actor("admin", "demo"), Actor("approver", "demo")


@dataclass(frozen=True)
class GreetingsResult:
    """What became of the clients: counts by what happened, and how often anybody was greeted."""

    figures: Mapping[str, int]
    greeted_twice: int


def play(house: House, say: Say) -> GreetingsResult:
    """Seed the demo's clients, run once, approve what a person may approve, deliver to files."""
    if not _has_run(house):
        house.greetings.seed_demo(ADMIN)
        _second_occasion(house)
        run = house.greetings.run_once("cli")
        say(
            f"4. greet clients: {run['generated_greetings']} texts with cards, "
            f"{run['needs_approval']} wait for a person, {run['superseded']} gave way, "
            f"{run['skipped']} left out"
        )
        _approve(house, say)
    running.until_idle(house)
    return GreetingsResult(_figures(house), _twice(house))


def _has_run(house: House) -> bool:
    with house.db.read() as conn:
        seeded = sa.select(clients.c.id).where(clients.c.source == "demo").limit(1)
        ran = sa.select(agent_runs.c.id).where(agent_runs.c.triggered_by == "cli").limit(1)
        return bool(conn.execute(seeded).first() and conn.execute(ran).first())


def _second_occasion(house: House) -> None:
    """Somebody whose birthday is near has another occasion that day: one greeting is enough."""
    near = next(row for row in house.greetings.detect_dry() if not row["reason"])
    house.greetings.manual(
        ADMIN,
        client_ids=(near["client_id"],),
        event_date=near["occasion_date"],
        title="Годовщина сотрудничества",
        title_instrumental="годовщиной сотрудничества",
    )


def _approve(house: House, say: Say) -> None:
    """The person whom the demo plays: everything but the VIP, who stays to be looked at."""
    waiting = house.greetings.greetings(tab="waiting", limit=500).rows
    with house.db.read() as conn:
        vips = set(
            conn.execute(sa.select(clients.c.id).where(clients.c.segment == "vip")).scalars()
        )
    done = [row for row in waiting if row["client_id"] not in vips]
    for row in done:
        house.greetings.approve(row["id"], ANNA, note="прочитано")
    left = len(waiting) - len(done)
    say(f"   {len(done)} approved; {left} stays for you to approve in the console")


def _figures(house: House) -> dict[str, int]:
    with house.db.read() as conn:
        drafts = _by_status(conn, greetings)
        gave_way = _by_status(conn, events)
        cards = sa.select(sa.func.count()).where(greetings.c.card_file_id.is_not(None))
        drawn = conn.execute(cards).scalar_one()
    return {
        "greetings": sum(drafts.values()),
        "with_cards": drawn,
        "greeted": drafts.get("sent", 0),
        "waiting": drafts.get("needs_approval", 0),
        "superseded": gave_way.get("superseded", 0),
        "left_out": gave_way.get("skipped", 0),
    }


def _by_status(conn: Connection, table: sa.Table) -> dict[str, int]:
    query = sa.select(table.c.status, sa.func.count()).group_by(table.c.status)
    return {str(status): int(count) for status, count in conn.execute(query)}


def _twice(house: House) -> int:
    """Greetings that were handed over more than once: there must be none."""
    accepted = (
        sa.select(deliveries.c.outreach_message_id)
        .join(outreach_messages, outreach_messages.c.id == deliveries.c.outreach_message_id)
        .where(outreach_messages.c.kind == "greeting", deliveries.c.state == "accepted")
        .group_by(deliveries.c.outreach_message_id)
        .having(sa.func.count() > 1)
    )
    with house.db.read() as conn:
        return len(conn.execute(accepted).all())
