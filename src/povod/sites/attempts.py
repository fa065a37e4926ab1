"""From one attempt at an address to how its claim ends (S57, S71-S73). Pure.

A page that came is judged by what it says; a failure goes to the ladder. Both give a `Settled` for
the frontier: done with an outcome and a row of `pages`, or waiting for its next step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from povod.crawl.extract.site_page import SitePage
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.fetchers import Attempt
from povod.crawl.frontier import Settled, Ticket
from povod.crawl.hosts import Observation
from povod.crawl.ladder import Done, LadderPolicy, Tried, next_step
from povod.crawl.steps import FETCHERS, Step
from povod.sites.known import Known

DETAIL = 500


@dataclass(frozen=True, slots=True)
class Fetched:
    """Everything one claim has brought."""

    ticket: Ticket
    attempt: Attempt
    known: Known
    page: SitePage | None = None
    failure: FailureClass | None = None
    """The class of the attempt, or what the page itself turned out to be."""
    second_request: bool = False
    html_path: str = ""
    extra: Sequence[Observation] = ()
    extra_bytes: int = 0
    proxy_used: str = ""
    proxy_provider: str = ""
    cost: Decimal = Decimal(0)
    warnings: Sequence[str] = field(default_factory=tuple)


def failure_of_page(page: SitePage, known: Known) -> FailureClass | None:
    """What a page that came turns out to be, if it is none (S71)."""
    if page.needs_js:
        return FailureClass.JS_REQUIRED
    if page.suspicion(known.text_len, known.fields) is not None:
        return FailureClass.SILENT_BLOCK
    return None


def settled(got: Fetched, policy: LadderPolicy, now: datetime, jitter: float) -> Settled:
    """How the claim ends."""
    failure = got.failure
    if failure is None:
        return _done(got, _outcome_of_page(got), "", now)
    text_hash = got.page.text_hash if got.page is not None else ""
    history = [*history_of(got.ticket), Tried(got.ticket.step, failure, text_hash)]
    then = next_step(history, failure, policy, retry_after=got.attempt.retry_after, jitter=jitter)
    if isinstance(then, Done):
        outcome = _outcome_of_page(got) if then.outcome == "ok" else then.outcome
        return _done(got, outcome, then.reason, now)
    if got.ticket.attempts >= policy.max_attempts:
        return _done(got, "error", failure.value, now)
    return Settled(
        ticket=got.ticket,
        step=then.step,
        next_at=now + timedelta(seconds=then.delay_s),
        error_class=failure.value,
        entry=_entry(got),
        **_costs(got),
    )


def history_of(ticket: Ticket) -> list[Tried]:
    """The attempts so far, from the log of the address."""
    return [
        Tried(
            Step(str(entry["fetcher"]), str(entry["tier"])),
            FailureClass(entry["class"]) if entry.get("class") else None,
            str(entry.get("hash", "")),
        )
        for entry in ticket.log
        if entry.get("fetcher") in FETCHERS
    ]


def skipped(ticket: Ticket, reason: str, **more: Any) -> Settled:
    """An address that is not asked for."""
    return Settled(ticket=ticket, outcome="skipped", reason=reason, error_class=reason, **more)


def given_back(ticket: Ticket, next_at: datetime | None = None, **more: Any) -> Settled:
    """A claim that was not used: the attempt does not count."""
    step = ticket.step if ticket.attempts > 1 else Step("", "")
    return Settled(ticket=ticket, step=step, next_at=next_at, refund=True, **more)


def _outcome_of_page(got: Fetched) -> str:
    page = got.page
    if page is None:
        return "not_modified"
    was_product = got.known.page_kind == "product"
    if page.soft_404 or (was_product and page.page_kind != "product"):
        return "not_product"
    return "ok"


def _done(got: Fetched, outcome: str, reason: str, now: datetime) -> Settled:
    failed = outcome in ("blocked", "error", "skipped", "gone")
    error_class = got.failure.value if failed and got.failure is not None else ""
    return Settled(
        ticket=got.ticket,
        outcome=outcome,
        reason=reason,
        error_class=error_class,
        entry=_entry(got),
        page=page_row(got, error_class, now),
        **_costs(got),
    )


def _costs(got: Fetched) -> dict[str, Any]:
    return {
        "used": got.attempt.bytes_total + got.extra_bytes,
        "seen": (observation(got), *got.extra),
        "proxy_provider": got.proxy_provider,
        "cost": got.cost,
    }


def observation(got: Fetched) -> Observation:
    """What the attempt tells of the host."""
    attempt = got.attempt
    return Observation(
        tier=got.ticket.step.tier,
        status=attempt.status,
        failure=attempt.failure,
        latency_s=attempt.duration_ms / 1000,
        retry_after=attempt.retry_after,
        bytes_in=attempt.bytes_in,
    )


def _entry(got: Fetched) -> Mapping[str, Any]:
    """The line of the step log."""
    step, attempt = got.ticket.step, got.attempt
    entry: dict[str, Any] = {
        "fetcher": step.fetcher,
        "tier": step.tier,
        "class": got.failure.value if got.failure is not None else "",
        "status": attempt.status,
        "ms": attempt.duration_ms,
        "bytes": attempt.bytes_total,
    }
    if got.failure is FailureClass.SILENT_BLOCK and got.page is not None:
        entry["hash"] = got.page.text_hash
    if attempt.proxy_id:
        entry["proxy"] = attempt.proxy_id
    return entry


def page_row(got: Fetched, error_class: str, now: datetime) -> dict[str, Any]:
    """The row of `pages`. A failed fetch yields no product and no text (S73)."""
    attempt, response = got.attempt, got.attempt.response
    page = None if error_class else got.page
    return {
        "final_url": response.final_url if response is not None else "",
        "http_status": attempt.status or None,
        "fetched_at": now,
        "error_class": error_class,
        "error_message": attempt.detail[:DETAIL] if error_class else "",
        "retry_count": got.ticket.attempts - 1,
        "strategy_used": str(got.ticket.step),
        "proxy_used": got.proxy_used,
        "bytes_in": attempt.bytes_in,
        "duration_ms": attempt.duration_ms,
        "etag": response.etag if response is not None else "",
        "last_modified": response.last_modified if response is not None else "",
        "html_path": got.html_path,
        **_content(page, got),
    }


def _content(page: SitePage | None, got: Fetched) -> dict[str, Any]:
    if page is None:
        return dict(_NO_CONTENT)
    full = page.data_full()
    if full is not None and got.second_request:
        full["second_request"] = True
    return {
        "page_kind": page.page_kind,
        "title": page.title or "",
        "h1": page.h1 or "",
        "content_hash": page.content_hash,
        "text_hash": page.text_hash,
        "text_len": page.text_len,
        "data_full": full,
        "data_seo": page.data_seo(),
        "charset": page.charset,
        "truncated": page.truncated,
        "extractor_version": page.extractor_version,
        "warnings": [*page.warnings, *got.warnings],
    }


_NO_CONTENT: Mapping[str, Any] = {
    "page_kind": "other",
    "title": "",
    "h1": "",
    "content_hash": "",
    "text_hash": "",
    "text_len": 0,
    "data_full": None,
    "data_seo": None,
    "charset": "",
    "truncated": False,
    "extractor_version": "",
    "warnings": [],
}
