"""The proxies of a process: chosen from memory, their record kept in the table (S83)."""

import random
import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from povod.crawl.policies import ProxyPolicy
from povod.crawl.proxies.choice import HostRecord, choose
from povod.crawl.proxies.health import after_failure, after_success, awake, is_usable
from povod.crawl.proxies.model import Proxy
from povod.crawl.proxies.store import idle_proxies, keep_proxy, load_proxies, load_proxy
from povod.kit.clock import Clock
from povod.kit.errors import NotFoundError
from povod.kit.sealing import Sealer
from povod.store.db import Database

log = structlog.get_logger()

REFRESH = timedelta(seconds=15)
"""Other processes change the table too; this old a copy is read again."""

MAX_HOSTS = 5000


@dataclass(slots=True)
class _HostMemory:
    records: dict[str, HostRecord] = field(default_factory=dict)
    sticky: dict[str, tuple[str, datetime]] = field(default_factory=dict)


class ProxyPool:
    """Chooses proxies and remembers how they serve; safe to use from several threads.

    Statistics per host and the sticky choice live in the process: they are advice, and losing them
    costs one draw. State, counts and bytes are rows.
    """

    def __init__(
        self,
        db: Database,
        sealer: Sealer,
        clock: Clock,
        rules: ProxyPolicy,
        *,
        seed: int | None = None,
    ) -> None:
        self._db = db
        self._sealer = sealer
        self._clock = clock
        self._rules = rules
        self._draw = random.Random(seed)  # noqa: S311 - not a secret
        self._lock = threading.Lock()
        self._proxies: dict[str, Proxy] = {}
        self._read_at: datetime | None = None
        self._hosts: OrderedDict[str, _HostMemory] = OrderedDict()
        self._down: set[str] = set()

    def tiers(self, tags: Collection[str] = ()) -> set[str]:
        """Tiers with a usable proxy; all down = the tier is not there (one warning each)."""
        now = self._clock.now()
        with self._lock:
            self._refresh(now)
            known = {proxy.tier for proxy in self._proxies.values()}
            alive = {proxy.tier for proxy in self._usable(now, tags=tags)}
            for tier in sorted(known - alive - self._down):
                log.warning("proxies.tier_down", tier=tier)
            self._down = known - alive
        return alive

    def choose(
        self, tier: str, host: str, avoid: Collection[str] = (), tags: Collection[str] = ()
    ) -> Proxy | None:
        """A proxy of the tier for the host; `avoid` are ids that have just failed this address."""
        now = self._clock.now()
        with self._lock:
            self._refresh(now)
            usable = [item for item in self._usable(now, tags=tags) if item.tier == tier]
            memory = self._memory(host)
            kept = self._sticky(memory, tier, usable, avoid, now)
            chosen = kept or choose(usable, memory.records, self._rules, self._draw, avoid)
            if chosen is not None and kept is None:
                until = now + timedelta(seconds=self._rules.sticky_s)
                memory.sticky[tier] = (chosen.id, until)
        return chosen

    def report(
        self,
        proxy_id: str,
        host: str,
        *,
        ok: bool,
        latency_ms: float = 0,
        size: int = 0,
        refused: bool = False,
    ) -> None:
        """How a use went; `refused` when the proxy did not take our login. Writes one row."""
        now = self._clock.now()
        try:
            proxy = self._stored(proxy_id, now, ok, latency_ms, size, refused)
        except NotFoundError:
            return  # deleted by an operator meanwhile
        with self._lock:
            known = self._proxies.get(proxy_id)
            if known is not None:
                self._proxies[proxy_id] = replace(proxy, password=known.password)
            self._record(host, proxy_id, ok, latency_ms)
        if proxy.state == "burned":
            log.warning("proxies.burned", proxy=proxy.label)

    def idle(self) -> list[Proxy]:
        """Proxies that are due for a check (S83)."""
        now = self._clock.now()
        with self._db.read() as conn:
            due = idle_proxies(conn, now - timedelta(seconds=self._rules.idle_check_s))
        with self._lock:
            self._refresh(now)
            return [self._proxies[item] for item in due if item in self._proxies]

    def _stored(
        self, proxy_id: str, now: datetime, ok: bool, latency: float, size: int, refused: bool
    ) -> Proxy:
        with self._db.tx() as conn:
            proxy = load_proxy(conn, proxy_id, lock=True)
            if ok:
                proxy = after_success(proxy, latency, now, self._rules)
            else:
                proxy = after_failure(proxy, now, self._rules, refused=refused)
            proxy = replace(proxy, bytes_used=proxy.bytes_used + size)
            keep_proxy(conn, proxy)
        return proxy

    def _record(self, host: str, proxy_id: str, ok: bool, latency_ms: float) -> None:
        memory = self._memory(host)
        record = memory.records.setdefault(proxy_id, HostRecord())
        if ok:
            record.ok += 1
            record.latency_ms = latency_ms
            return
        record.fail += 1
        memory.sticky = {tier: kept for tier, kept in memory.sticky.items() if kept[0] != proxy_id}

    def _refresh(self, now: datetime) -> None:
        if self._read_at is not None and now - self._read_at < REFRESH:
            return
        with self._db.read() as conn:
            self._proxies = {proxy.id: proxy for proxy in load_proxies(conn, self._sealer)}
        self._read_at = now

    def _usable(self, now: datetime, tags: Collection[str] = ()) -> list[Proxy]:
        return [
            awake(proxy, now, self._rules)
            for proxy in self._proxies.values()
            if is_usable(proxy, now) and (not tags or set(tags) & set(proxy.tags))
        ]

    def _memory(self, host: str) -> _HostMemory:
        memory = self._hosts.setdefault(host, _HostMemory())
        self._hosts.move_to_end(host)
        while len(self._hosts) > MAX_HOSTS:
            self._hosts.popitem(last=False)
        return memory

    @staticmethod
    def _sticky(
        memory: _HostMemory,
        tier: str,
        usable: list[Proxy],
        avoid: Collection[str],
        now: datetime,
    ) -> Proxy | None:
        proxy_id, until = memory.sticky.get(tier, ("", now))
        if now >= until or proxy_id in avoid:
            return None
        return next((proxy for proxy in usable if proxy.id == proxy_id), None)
