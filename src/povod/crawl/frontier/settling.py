"""The first half of a turn: writing how claims ended, and taking back the leases of the dead."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from povod.crawl.breaker import Breaker
from povod.crawl.budgets import RESIDENTIAL, charge_provider
from povod.crawl.frontier.model import LEASE_LOST, LOG_LENGTH, Settled, Turn
from povod.crawl.frontier.scene import Scene
from povod.crawl.frontier.urls import counter_of, end_pending
from povod.crawl.hosthint import Antibot, HostHint
from povod.crawl.hosts import HostState, Observation, is_slow, observed
from povod.crawl.ladder import first_step
from povod.crawl.residential import settle_residential
from povod.crawl.steps import EXPENSIVE, Step, traffic_class
from povod.kit.ids import new_ids
from povod.store.bulk import bulk_insert, bulk_update
from povod.store.prepared import Prepared
from povod.store.tables import job_urls, jobs, pages

_PROTECTED = frozenset({"bot_block", "captcha", "js_required", "silent_block"})


def settle(scene: Scene, settled: Sequence[Settled], leased: Sequence[Any], turn: Turn) -> set[str]:
    """Write all that still holds its lease; the bytes of the rest are charged all the same.

    Returns the ids that were written. The row of the host is locked: no other turn on it, and so
    nobody who could take a lease back, is under way.
    """
    if not settled:
        return set()
    tokens = {row.id: row.lease_token for row in leased}
    mine = [item for item in settled if tokens.get(item.ticket.id) == item.ticket.token]
    held = {item.ticket.id for item in mine}
    turn.lost |= {item.ticket.id for item in settled} - held
    _write_urls(scene, mine)
    _write_pages(scene, mine)
    _pay(scene, settled, held)
    for item in settled:
        _learn(scene, item, turn)
    _count(scene, mine)
    return held


def _write_urls(scene: Scene, settled: Sequence[Settled]) -> None:
    rows = []
    for item in settled:
        ticket = item.ticket
        step = item.step or ticket.step
        entries = [*ticket.log, item.entry] if item.entry else ticket.log
        rows.append(
            {
                "id": ticket.id,
                "state": "done" if item.outcome else "pending",
                "outcome": item.outcome,
                "reason": item.reason,
                "error_class": item.error_class,
                "attempts": ticket.attempts - 1 if item.refund else ticket.attempts,
                "fetcher": step.fetcher,
                "tier": step.tier,
                "step_log": list(entries)[-LOG_LENGTH:],
                "next_at": None if item.outcome else item.next_at,
                "finished_at": scene.now if item.outcome else None,
                "lease_token": None,
                "lease_until": None,
                "reserved_bytes": 0,
            }
        )
    bulk_update(scene.conn, job_urls, rows)


def _write_pages(scene: Scene, settled: Sequence[Settled]) -> None:
    """One row per address, the newest observation wins."""
    kept = [item for item in settled if item.page is not None and item.outcome]
    rows = [
        {
            "id": key,
            "job_id": scene.plan.job_id,
            "url": item.ticket.url,
            "url_key": item.ticket.url_key,
            "outcome": item.outcome,
            **(item.page or {}),
        }
        for key, item in zip(new_ids(len(kept)), kept, strict=True)
    ]
    if rows:
        update = [name for name in rows[0] if name not in ("id", "job_id", "url_key")]
        bulk_insert(scene.conn, pages, rows, ["job_id", "url_key"], [*update, "updated_at"])


def _pay(scene: Scene, settled: Sequence[Settled], held: set[str]) -> None:
    sums: dict[tuple[str, datetime], list[int]] = {}
    for item in settled:
        ticket = item.ticket
        sums_of = sums.setdefault((ticket.step.tier, ticket.reserved_at), [0, 0])
        sums_of[0] += ticket.reserved if ticket.id in held else 0
        sums_of[1] += item.used
        if item.proxy_provider and traffic_class(ticket.step.tier) == RESIDENTIAL:
            today = scene.day(scene.now)
            charge_provider(
                scene.conn, item.proxy_provider, item.used, today, scene.plan.policies.budgets
            )
    for (tier, reserved_at), (reserved, used) in sums.items():
        scene.purse_of(tier, reserved_at).settle(reserved, used)


def _learn(scene: Scene, item: Settled, turn: Turn) -> None:
    """What the host is known by after this claim: pauses, breaker, hint, protection."""
    host = item.ticket.host
    for seen in item.seen:
        before = scene.hosts.state(host)
        state = observed(
            before, seen, scene.plan.policies.politeness, scene.plan.host_limits, scene.now
        )
        scene.hosts.put(host, state)
        _tell_slow(scene, host, before, state, turn)
        _judge_breaker(scene, host, seen, turn)
        if seen.tier in EXPENSIVE and not item.refund:
            _settle_residential(scene, host, seen)
    _note_steps(scene, item)
    if item.block_until is not None:
        _block(scene, host, item.block_until)
    if item.give_up:
        give_up(scene, host, item.give_up)


def _block(scene: Scene, host: str, until: datetime) -> None:
    state = scene.hosts.state(host)
    if state.blocked_until is None or state.blocked_until < until:
        scene.hosts.put(host, replace(state, blocked_until=until, blocked_reason="robots"))


def give_up(scene: Scene, host: str, reason: str) -> None:
    """Skip all that waits on a host of which nothing may be fetched."""
    where = job_urls.c.host == host
    end_pending(scene.conn, scene.plan.job_id, "skipped", reason, scene.now, where)


def _tell_slow(scene: Scene, host: str, before: HostState, state: HostState, turn: Turn) -> None:
    if 0 < state.concurrency != before.concurrency and is_slow(
        state.latencies, scene.plan.policies.politeness
    ):
        message = f"{host}: slow answers, {state.concurrency} at once"
        turn.news.append(("log", {"level": "warning", "ns": "host", "message": message}))


def _judge_breaker(scene: Scene, host: str, seen: Observation, turn: Turn) -> None:
    before = scene.hosts.breaker(host, seen.tier)
    after = before.seen(seen.failure, scene.now, scene.plan.policies.breaker, scene.plan.job_id)
    if after == before:
        return
    scene.hosts.put_breaker(host, seen.tier, after)
    if after.state != before.state:
        turn.news.append(("breaker", _breaker_news(host, seen.tier, after)))


def _breaker_news(host: str, tier: str, breaker: Breaker) -> dict[str, Any]:
    until = breaker.until.isoformat() if breaker.until else None
    return {"host": host, "tier": tier, "state": breaker.state, "until": until}


def _settle_residential(scene: Scene, host: str, seen: Observation) -> None:
    rules = scene.plan.policies.residential
    settle_residential(scene.conn, host, seen.failure is None, rules)


def _note_steps(scene: Scene, item: Settled) -> None:
    """The hint (S61) and the patience with protection (S62)."""
    failed = [_step_of(entry) for entry in item.ticket.log if entry.get("class")]
    step, state = item.ticket.step, scene.hosts.state(item.ticket.host)
    bypassed = step.fetcher != "http" and item.error_class in _PROTECTED
    worked = item.outcome in ("ok", "not_modified", "not_product")
    if not (bypassed or (worked and (failed or state.notes))):
        return
    notes, policies = dict(state.notes), scene.plan.policies
    if bypassed or (worked and failed):
        antibot = Antibot.from_json(notes.get("antibot"))
        notes["antibot"] = antibot.bypass(worked, scene.now, policies.antibot).to_json()
    if worked:
        hint = HostHint.from_json(notes.get("hint"))
        cheapest = first_step(scene.wish.ladder)
        seen = hint.seen(step, failed, cheapest, scene.now, policies.hint)
        notes["hint"] = seen.to_json()
    kept = {name: value for name, value in notes.items() if value and value != {"failed": 0}}
    scene.put_notes(item.ticket.host, kept)


def _step_of(entry: Mapping[str, Any]) -> Step:
    return Step(str(entry.get("fetcher", "")), str(entry.get("tier", "")))


def _count(scene: Scene, settled: Sequence[Settled]) -> None:
    for item in settled:
        if item.outcome:
            scene.add(counter_of(item.outcome), 1)
        if item.cost:
            scene.add("cost", item.cost)


def reap(scene: Scene, expired: Sequence[Any], now: datetime) -> None:
    """Take back leases that ran out: the reservation is charged in full, the attempt counts.

    Of a job that is being cancelled the attempt is refunded; six attempts end the address (S48).
    """
    rows = []
    refund = scene.status == "cancelling"
    for row in expired:
        scene.purse_of(row.tier, row.updated_at).settle(row.reserved_bytes, row.reserved_bytes)
        ended = not refund and row.attempts >= scene.plan.policies.ladder.max_attempts
        if ended:
            scene.add("failed_urls", 1)
        rows.append(
            {
                "id": row.id,
                "state": "done" if ended else "pending",
                "outcome": "error" if ended else None,
                "reason": LEASE_LOST if ended else "",
                "error_class": LEASE_LOST if ended else row.error_class,
                "attempts": row.attempts - 1 if refund else row.attempts,
                "finished_at": now if ended else None,
                "lease_token": None,
                "lease_until": None,
                "reserved_bytes": 0,
            }
        )
    bulk_update(scene.conn, job_urls, rows)


def write_counters(scene: Scene) -> None:
    """Add what was counted to the row of the job; a worker was seen alive."""
    amounts = {f"add_{name}": scene.sums.get(name, 0) for name in _SUMS}
    _ADD.run(scene.conn, [{**amounts, "of_job": scene.plan.job_id, "seen_at": scene.now}])


_SUMS = (
    "success_urls", "failed_urls", "gone_urls", "skipped_urls", "traffic_bytes",
    "residential_bytes", "cost",
)  # fmt: skip
_ADD = Prepared(
    sa.update(jobs)
    .where(jobs.c.id == sa.bindparam("of_job"))
    .values({name: jobs.c[name] + sa.bindparam(f"add_{name}") for name in _SUMS})
    .values(heartbeat_at=sa.bindparam("seen_at"))
)
