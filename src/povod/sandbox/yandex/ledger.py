"""What was called and what it cost: the tests' witness beside Povod's own accounts (Y62)."""

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from povod.sandbox.yandex.store import LedgerEntry, Store

TARIFF_ZONE = timezone(timedelta(hours=3))
NIGHT_HOURS = range(8)
PRICES_RUB_1000 = {
    ("create", "night"): Decimal("25.41"),
    ("create", "day"): Decimal("30.50"),
    ("search_now", "night"): Decimal(366),
    ("search_now", "day"): Decimal(488),
}
WINDOWS_SECONDS = (1, 60, 3600)


def tariff_at(moment: datetime) -> str:
    """`night` from 00:00:00 to 07:59:59 at fixed UTC+3, else `day` (Y48)."""
    return "night" if moment.astimezone(TARIFF_ZONE).hour in NIGHT_HOURS else "day"


def charge(entry: LedgerEntry) -> None:
    """Fill in the tariff and the price of an accepted request; RUB per single request."""
    entry.accepted = True
    entry.tariff = tariff_at(datetime.fromtimestamp(entry.at_virtual, UTC))
    entry.amount_rub = str(PRICES_RUB_1000[entry.kind, entry.tariff] / 1000)


def most_in_window(moments: list[float], seconds: float) -> int:
    """The largest number of moments within any (t − seconds, t]."""
    moments = sorted(moments)
    best = start = 0
    for end, moment in enumerate(moments):
        while moments[start] <= moment - seconds:
            start += 1
        best = max(best, end - start + 1)
    return best


def summary(store: Store) -> dict[str, Any]:
    """Counts per kind, cost, duplicates per body and the busiest windows."""
    entries = store.entries()
    accepted = [entry for entry in entries if entry.accepted]
    per_body = Counter(entry.body_hash for entry in accepted if entry.kind == "create")
    kinds = Counter(entry.kind for entry in entries)
    return {
        "calls": dict(kinds),
        "accepted": dict(Counter(entry.kind for entry in accepted)),
        "amount_rub": str(sum((Decimal(entry.amount_rub) for entry in accepted), Decimal(0))),
        "duplicates": {body: count for body, count in per_body.items() if count > 1},
        "busiest": {kind: _busiest(entries, kind) for kind in kinds},
    }


def _busiest(entries: list[LedgerEntry], kind: str) -> dict[str, int]:
    moments = [entry.at_virtual for entry in entries if entry.kind == kind]
    return {str(window): most_in_window(moments, window) for window in WINDOWS_SECONDS}


def report(store: Store, kind: str = "") -> dict[str, Any]:
    """The answer of the ledger's control endpoint."""
    rows = [asdict(entry) for entry in store.entries(kind)]
    return {"summary": summary(store), "entries": rows}
