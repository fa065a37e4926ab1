"""The second half of a turn: which addresses may be asked for now (S45, S66, S74)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from povod.crawl.budgets import RESIDENTIAL, Account
from povod.crawl.frontier.model import CLAIM_LIMIT, LEASE, LEASED, PENDING, Ticket, Turn
from povod.crawl.frontier.scene import Scene
from povod.crawl.frontier.urls import end_pending
from povod.crawl.hosthint import Antibot, HostHint
from povod.crawl.hosts import at_once, delay_of, start_times
from povod.crawl.ladder import first_step
from povod.crawl.residential import take_residential
from povod.crawl.steps import EXPENSIVE, Step
from povod.kit.ids import new_id
from povod.store.bulk import bulk_update
from povod.store.prepared import PreparedByCount
from povod.store.tables import job_urls

SPARE = 10
URLS = job_urls.c
_NOW = sa.bindparam("now", type_=URLS.next_at.type)
_CANDIDATES = PreparedByCount(
    "open_host",
    lambda hosts: sa.select(
        URLS.id, URLS.url, URLS.url_key, URLS.host, URLS.fetcher, URLS.tier, URLS.attempts,
        URLS.step_log, URLS.source, URLS.error_class,
    )
    .where(
        URLS.job_id == sa.bindparam("job_id"),
        PENDING,
        sa.or_(URLS.next_at.is_(None), URLS.next_at <= _NOW),
        URLS.host.in_(hosts),
    )
    .order_by(URLS.position)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True),
)  # fmt: skip


def claim(scene: Scene, live: Sequence[Any], lease_now: datetime, turn: Turn) -> None:
    """Lease what may be asked for now, and say why if that is nothing."""
    desk = _Desk(scene, live)
    hosts = [host for host in sorted(scene.plan.hosts) if desk.free(host) > 0]
    if hosts:
        places = sum(desk.free(host) for host in hosts)
        desk.choose(_candidates(scene, hosts, places))
        turn.tickets = desk.lease(lease_now)
    if turn.tickets:
        return
    if desk.spent is not None:
        turn.spent = desk.spent
        _end_of_money(scene, desk.spent, turn)
    _explain(scene, desk, hosts, turn)


def _candidates(scene: Scene, hosts: Sequence[str], places: int) -> Iterable[Any]:
    """A few more than there are places: some may have to be passed over."""
    values = {
        "job_id": scene.plan.job_id,
        "now": scene.now,
        "most": min(scene.wish.want, CLAIM_LIMIT, places) + SPARE,
    }
    return _CANDIDATES.each(scene.conn, hosts, values)


class _Desk:
    """Hands out places: by host, by breaker, by fetcher, by budget."""

    def __init__(self, scene: Scene, live: Sequence[Any]) -> None:
        self._scene = scene
        self.spent: Account | None = None
        self.waits: list[datetime] = []
        self.busy = False
        self._chosen: list[tuple[Any, Step, int]] = []
        self._free = {host: self._places(host, live) for host in scene.plan.hosts}
        self._trials: dict[tuple[str, str], int | None] = {}
        self._slots = dict(scene.wish.slots)
        for fetcher, places in scene.wish.shared_slots.items():
            used = _live_fetcher(scene, fetcher)
            self._slots[fetcher] = min(self._slots.get(fetcher, places), places - used)

    def free(self, host: str) -> int:
        """How many more requests the host gets now."""
        return self._free[host]

    def _places(self, host: str, live: Sequence[Any]) -> int:
        scene = self._scene
        state, rules = scene.hosts.state(host), scene.plan.policies
        until = _not_before(scene, host)
        if until is not None:
            self.waits.append(until)
            return 0
        places = at_once(state, rules.politeness, scene.plan.host_limits)
        if any(purse.is_soft for purse in scene.purses()):
            places = min(places, rules.budgets.soft_concurrency)
        used = sum(1 for row in live if row.host == host)
        self.busy = self.busy or used >= places
        return places - used

    def choose(self, candidates: Iterable[Any]) -> None:
        """Take what fits, in the order of the list, while there is room at all."""
        places = sum(free for free in self._free.values() if free > 0)
        most = min(self._scene.wish.want, CLAIM_LIMIT, places)
        for row in candidates:
            if self._free[row.host] <= 0:
                continue
            step = self._step(row)
            if self._may(row.host, step):
                reserved = self._scene.purse_of(step.tier, self._scene.now).reserve()
                if reserved:
                    self._take(row, step, reserved)
                    if len(self._chosen) >= most:
                        return
                else:
                    self._no_money(step)

    def _step(self, row: Any) -> Step:
        """Where this address goes on, or begins by what the host has taught (S61)."""
        ladder = self._scene.wish.ladder
        if row.fetcher in ladder.fetchers and row.tier in (*ladder.tiers, "direct"):
            return Step(row.fetcher, row.tier)
        state = self._scene.hosts.state(row.host)
        if row.fetcher or "hint" not in state.notes:
            return first_step(ladder)
        hint = HostHint.from_json(state.notes["hint"])
        rules = self._scene.plan.policies.hint
        step, counted = hint.begin(ladder, self._scene.now, rules)
        self._scene.put_notes(row.host, {**state.notes, "hint": counted.to_json()})
        return step

    def _may(self, host: str, step: Step) -> bool:
        if self._slots.get(step.fetcher, 1) <= 0:
            self.busy = True
            return False
        if not self._trials_left(host, step.tier):
            return False
        if step.tier not in EXPENSIVE:
            return True
        scene = self._scene
        wait = take_residential(scene.conn, host, scene.now, scene.plan.policies.residential)
        if wait:
            self.waits.append(scene.now + timedelta(seconds=wait))
        return not wait

    def _trials_left(self, host: str, tier: str) -> bool:
        scene, rules = self._scene, self._scene.plan.policies.breaker
        key = (host, tier)
        if key not in self._trials:
            breaker = scene.hosts.breaker(host, tier)
            self._trials[key] = breaker.allowed(scene.now, rules)
            if breaker.until is not None and self._trials[key] == 0:
                self.waits.append(breaker.until)
                self.busy = self.busy or breaker.state == "half_open"
        left = self._trials[key]
        return left is None or left > 0

    def _take(self, row: Any, step: Step, reserved: int) -> None:
        self._chosen.append((row, step, reserved))
        self._free[row.host] -= 1
        if step.fetcher in self._slots:
            self._slots[step.fetcher] -= 1
        left = self._trials[row.host, step.tier]
        if left is not None:
            self._trials[row.host, step.tier] = left - 1
            breaker = self._scene.hosts.breaker(row.host, step.tier).taken(1, self._scene.now)
            self._scene.hosts.put_breaker(row.host, step.tier, breaker)

    def _no_money(self, step: Step) -> None:
        spent = self._scene.purse_of(step.tier, self._scene.now).spent()
        self.spent = self.spent or spent
        self.busy = self.busy or spent is None  # what others have reserved may come back

    def lease(self, lease_now: datetime) -> list[Ticket]:
        """Write the leases; the starts are spaced by each host's pause."""
        starts = self._starts()
        token, now = new_id(), self._scene.now
        tickets = []
        for row, step, reserved in self._chosen:
            at = next(starts[row.host], None)
            if at is None:
                self._scene.purse_of(step.tier, now).settle(reserved, 0)
                continue
            tickets.append(
                Ticket(
                    row.id, row.url, row.url_key, row.host, step, row.attempts + 1,
                    row.step_log or [], row.source, token, reserved, now, at,
                )
            )  # fmt: skip
        bulk_update(self._scene.conn, job_urls, [_leased(item, lease_now) for item in tickets])
        return tickets

    def _starts(self) -> dict[str, Any]:
        scene, starts = self._scene, {}
        rules, limits = scene.plan.policies.politeness, scene.plan.host_limits
        for host in {row.host for row, _, _ in self._chosen}:
            state = scene.hosts.state(host)
            wanted = sum(1 for row, _, _ in self._chosen if row.host == host)
            delay = delay_of(state, rules, limits)
            times, after = start_times(state, wanted, delay, scene.now)
            if not times and state.next_request_at:
                self.waits.append(state.next_request_at - timedelta(seconds=60))
            scene.hosts.put(host, after)
            starts[host] = iter(times)
        return starts


def _leased(ticket: Ticket, lease_now: datetime) -> Mapping[str, Any]:
    wait = max(ticket.starts_at - ticket.reserved_at, timedelta())
    return {
        "id": ticket.id,
        "state": "leased",
        "fetcher": ticket.step.fetcher,
        "tier": ticket.step.tier,
        "attempts": ticket.attempts,
        "lease_token": ticket.token,
        "lease_until": lease_now + wait + LEASE,
        "reserved_bytes": ticket.reserved,
    }


def _not_before(scene: Scene, host: str) -> datetime | None:
    """Until when the host gets nothing at all: it asked so, or it lets nobody through."""
    state = scene.hosts.state(host)
    moments = [state.blocked_until, Antibot.from_json(state.notes.get("antibot")).until]
    return max((at for at in moments if at is not None and at > scene.now), default=None)


def _live_fetcher(scene: Scene, fetcher: str) -> int:
    query = sa.select(sa.func.count()).where(LEASED, URLS.fetcher == fetcher)
    return scene.conn.execute(query).scalar_one()


def _end_of_money(scene: Scene, spent: Account, turn: Turn) -> None:
    """A used-up class ends its addresses; a day's budget lets the job wait for the next (S75)."""
    turn.news.append(("budget", {"scope": spent.scope, "class": spent.traffic_class, "at": "hard"}))
    if spent.traffic_class != RESIDENTIAL and spent.scope != "job":
        tomorrow = scene.day(scene.now) + timedelta(days=1)
        midnight = datetime.combine(tomorrow, datetime.min.time(), scene.plan.zone)
        turn.pause = ("budget", midnight)
        return
    dear = URLS.tier.in_(sorted(EXPENSIVE))
    of_class = dear if spent.traffic_class == RESIDENTIAL else sa.not_(dear)
    end_pending(scene.conn, scene.plan.job_id, "skipped", "budget", scene.now, of_class)
    turn.stop_reason = "budget"


def _explain(scene: Scene, desk: _Desk, hosts: Sequence[str], turn: Turn) -> None:
    left = _what_is_left(scene)
    if not left:
        turn.standstill = "finished"
    elif left == ["leased"]:
        turn.standstill = "others"
    elif desk.busy or (not hosts and not desk.waits):
        turn.standstill = "busy"
    else:
        turn.standstill = "waiting"
        next_at = _next_at(scene, hosts)
        moments = [*desk.waits, *([next_at] if next_at else [])]
        turn.wait_until = min(moments, default=None)


def _what_is_left(scene: Scene) -> list[str]:
    """Which of `pending` and `leased` there are."""
    found = []
    for state, is_so in (("pending", PENDING), ("leased", LEASED)):
        query = sa.select(URLS.id).where(URLS.job_id == scene.plan.job_id, is_so)
        if scene.conn.execute(query.limit(1)).first() is not None:
            found.append(state)
    return found


def _next_at(scene: Scene, hosts: Sequence[str]) -> datetime | None:
    query = sa.select(sa.func.min(URLS.next_at)).where(
        URLS.job_id == scene.plan.job_id,
        PENDING,
        URLS.next_at > scene.now,
        URLS.host.in_(list(hosts)),
    )
    return scene.conn.execute(query).scalar()
