"""How a use changes a proxy's state (S83). Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from povod.crawl.policies import ProxyPolicy
from povod.crawl.proxies.model import Proxy, State

_SMOOTHING = 0.3
"""Weight of the newest latency in the running mean."""


def after_success(proxy: Proxy, latency_ms: float, now: datetime, rules: ProxyPolicy) -> Proxy:
    """The proxy has carried a request."""
    known = proxy.latency_ms
    mean = latency_ms if not known else known + (latency_ms - known) * _SMOOTHING
    used = replace(
        proxy,
        ok_count=proxy.ok_count + 1,
        fails_in_row=0,
        rests_in_row=0,
        latency_ms=round(mean),
        last_used_at=now,
        last_ok_at=now,
        resting_until=None,
    )
    return replace(used, state=_state(used, rules))


def after_failure(
    proxy: Proxy, now: datetime, rules: ProxyPolicy, *, refused: bool = False
) -> Proxy:
    """The proxy has failed; `refused` when it did not take our login (407): it burns at once."""
    proxy = awake(proxy, now, rules)
    rests = proxy.state == "resting"  # a request that was under way when the rest began
    failed = replace(
        proxy,
        fail_count=proxy.fail_count + 1,
        fails_in_row=proxy.fails_in_row + (not rests),
        last_used_at=now,
    )
    if refused:
        return replace(failed, state="burned", resting_until=None)
    if rests:
        return failed
    if failed.fails_in_row >= rules.fails_to_rest:
        return _rested(failed, now, rules)
    return replace(failed, state=_state(failed, rules))


def _rested(proxy: Proxy, now: datetime, rules: ProxyPolicy) -> Proxy:
    rests = proxy.rests_in_row + 1
    if rests >= rules.rests_to_burn:
        return replace(
            proxy, state="burned", rests_in_row=rests, fails_in_row=0, resting_until=None
        )
    until = now + timedelta(seconds=rules.rest_s)
    return replace(proxy, state="resting", rests_in_row=rests, fails_in_row=0, resting_until=until)


def _state(proxy: Proxy, rules: ProxyPolicy) -> State:
    if proxy.state == "burned":
        return "burned"
    uses = proxy.ok_count + proxy.fail_count
    poor = uses >= rules.degraded_after_uses and proxy.ok_count / uses < rules.degraded_ratio
    slow = proxy.latency_ms > rules.degraded_latency_ms
    return "degraded" if poor or slow else "active"


def awake(proxy: Proxy, now: datetime, rules: ProxyPolicy) -> Proxy:
    """The proxy as it is now: one whose rest is over is usable again."""
    over = proxy.resting_until is None or now >= proxy.resting_until
    if proxy.state != "resting" or not over:
        return proxy
    return replace(proxy, state=_state(replace(proxy, state="active"), rules), resting_until=None)


def is_usable(proxy: Proxy, now: datetime) -> bool:
    """Whether the proxy may be taken; a degraded one only if there is nothing else."""
    if not proxy.enabled or proxy.state == "burned":
        return False
    return proxy.state != "resting" or (
        proxy.resting_until is not None and now >= proxy.resting_until
    )
