"""One turn: what ended is written and new addresses are claimed, in a single transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.frontier.claiming import claim
from povod.crawl.frontier.model import LEASE, LEASED, JobPlan, Settled, Turn, Wish
from povod.crawl.frontier.scene import Scene
from povod.crawl.frontier.settling import reap, settle, write_counters
from povod.crawl.frontier.urls import end_pending
from povod.store.bulk import among
from povod.store.db import Database
from povod.store.prepared import PreparedByCount
from povod.store.tables import job_urls, jobs

URLS = job_urls.c
_LIVE = PreparedByCount(
    "host",
    lambda hosts: sa.select(
        URLS.id, URLS.job_id, URLS.host, URLS.tier, URLS.attempts, URLS.lease_until,
        URLS.lease_token, URLS.reserved_bytes, URLS.error_class, URLS.updated_at,
    ).where(LEASED, URLS.host.in_(hosts)),
)  # fmt: skip


def take_turn(db: Database, plan: JobPlan, settled: Sequence[Settled], wish: Wish) -> Turn:
    """Write how claims ended and claim up to `wish.want` new addresses.

    Nothing is claimed of a job that is not running; what was fetched is kept all the same (S46).
    """
    with db.tx() as conn:
        now, lease_now = db.clock.now(), db.lease_time(conn)
        scene = Scene(conn, plan, wish, now, {item.ticket.host for item in settled})
        turn = Turn(status=scene.status)
        leased = _LIVE.all(conn, sorted(scene.hosts.names))
        ended = settle(scene, settled, leased, turn)
        live = _without_dead(scene, leased, ended, lease_now)
        if scene.status == "running":
            _give_hosts_up(scene, turn)
            _pause_for_host(scene, turn)
        if scene.status != "running" or turn.pause is not None:
            turn.standstill = "stopped"
        elif wish.want > 0:
            claim(scene, live, lease_now, turn)
        _tell_budgets(scene, turn)
        scene.count_traffic()
        scene.save()
        if turn.stop_reason:
            _note_stop(conn, plan.job_id, turn.stop_reason)
        write_counters(scene)
    return turn


def _without_dead(
    scene: Scene, leased: Sequence[Any], ended: Collection[str], lease_now: datetime
) -> list[Any]:
    """The live leases on the job's hosts; those of this job that ran out are taken back."""
    rows = [row for row in leased if row.id not in ended]
    dead = [row for row in rows if row.lease_until <= lease_now]
    mine = [row for row in dead if row.job_id == scene.plan.job_id]
    if mine:
        reap(scene, mine, scene.now)
    return [row for row in rows if row.lease_until > lease_now] if dead else rows


def _give_hosts_up(scene: Scene, turn: Turn) -> None:
    """A host whose breaker opened too often in this job gets no more of it (S66)."""
    most = scene.plan.policies.breaker.openings
    for host, tier, breaker in scene.hosts.breakers():
        if host not in scene.plan.hosts or breaker.opens_in(scene.plan.job_id) < most:
            continue
        tiers = ("", tier) if tier == "direct" else (tier,)
        ended = end_pending(
            scene.conn, scene.plan.job_id, "error", "host_unavailable", scene.now,
            URLS.host == host, URLS.tier.in_(tiers),
        )  # fmt: skip
        if ended:
            turn.stop_reason = "host_unavailable"
            message = f"{host} does not answer: {ended} addresses are given up"
            turn.news.append(("log", {"level": "error", "ns": "host", "message": message}))


def _pause_for_host(scene: Scene, turn: Turn) -> None:
    """A host that asks for more than an hour pauses the job (S65)."""
    longest = timedelta(seconds=scene.plan.policies.politeness.retry_after_wait_s)
    for host in sorted(scene.plan.hosts):
        until = scene.hosts.state(host).blocked_until
        if until is not None and until - scene.now > longest:
            turn.pause = ("host", until)


def _tell_budgets(scene: Scene, turn: Turn) -> None:
    for purse in scene.purses():
        for account in purse.newly_soft():
            data = {"scope": account.scope, "class": account.traffic_class, "at": "soft"}
            turn.news.append(("budget", data))


def _note_stop(conn: Connection, job_id: str, reason: str) -> None:
    """Why not all was crawled; the first reason stays."""
    unset = sa.and_(jobs.c.id == job_id, jobs.c.stop_reason == "")
    conn.execute(sa.update(jobs).where(unset).values(stop_reason=reason))


def renew(db: Database, job_id: str, tokens: Collection[str]) -> int:
    """Begin the leases of these claims anew; returns how many addresses are still held (S48)."""
    with db.tx() as conn:
        until = db.lease_time(conn) + LEASE
        held = sa.and_(
            URLS.job_id == job_id,
            LEASED,
            among(conn, URLS.lease_token, sorted(tokens)),
            URLS.lease_until < until,
        )
        return conn.execute(sa.update(job_urls).where(held).values(lease_until=until)).rowcount


def reserve_more(db: Database, plan: JobPlan, ticket_id: str, token: str, tier: str) -> int:
    """Another reservation for an address that proves large (S74); 0: nothing is left."""
    with db.tx() as conn:
        scene = Scene(conn, plan, Wish.nothing(), db.clock.now())
        granted = scene.purse_of(tier, scene.now).reserve()
        mine = sa.and_(URLS.id == ticket_id, URLS.lease_token == token)
        grown = sa.update(job_urls).where(mine)
        held = (
            granted
            and conn.execute(grown.values(reserved_bytes=URLS.reserved_bytes + granted)).rowcount
        )
        if not held:
            return 0
        scene.save()
        return granted
