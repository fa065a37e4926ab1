"""Which proxy to take for a host: weighted by how it has served, sticky for a while (S83)."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from povod.crawl.policies import ProxyPolicy
from povod.crawl.proxies.model import Proxy


@dataclass(slots=True)
class HostRecord:
    """How one proxy has served one host."""

    ok: int = 0
    fail: int = 0
    latency_ms: float = 0


def weight(proxy: Proxy, record: HostRecord | None, rules: ProxyPolicy) -> float:
    """(ok+1)/(ok+fail+2) times the speed; what is known of the host comes first."""
    known = record is not None and record.ok + record.fail > 0
    ok, fail = (record.ok, record.fail) if known and record else (proxy.ok_count, proxy.fail_count)
    latency = (record.latency_ms if known and record else 0) or proxy.latency_ms
    return (ok + 1) / (ok + fail + 2) * 1000 / max(rules.latency_floor_ms, latency)


def choose(
    usable: Sequence[Proxy],
    records: Mapping[str, HostRecord],
    rules: ProxyPolicy,
    draw: random.Random,
    avoid: Collection[str] = (),
) -> Proxy | None:
    """One of the usable proxies of a tier, or None when there is none.

    Degraded ones only when no other is left; those of `avoid` (they have just failed this address)
    only when they are all there is.
    """
    good = [proxy for proxy in usable if proxy.state != "degraded"]
    for group in (_without(good, avoid), _without(usable, avoid), good, list(usable)):
        if group:
            weights = [weight(proxy, records.get(proxy.id), rules) for proxy in group]
            return draw.choices(group, weights)[0]
    return None


def _without(proxies: Sequence[Proxy], avoid: Collection[str]) -> list[Proxy]:
    return [proxy for proxy in proxies if proxy.id not in avoid]
