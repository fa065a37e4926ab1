"""What a diff told, held against what was planted."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from povod.sites.exports.diff_rows import diff_out, stored_rows
from povod.store.db import Database
from povod.store.tables import snapshots
from shop_life.place import Pass, Place
from shop_life.planting import Key, Plan

BAR_SECONDS = 5.0


@dataclass
class Result:
    """Figures and broken bars."""

    figures: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def judge(place: Place, plan: Plan, second: Pass, wanted: dict[Key, frozenset[str]],
          silent: set[tuple[str, str]]) -> Result:  # fmt: skip
    """Hold the diff that the command prints against what was planted."""
    began = time.monotonic()
    read, _ = place.povod("sites", "diff", second.job["id"], "--limit", "10000", "--json")
    command_seconds = time.monotonic() - began
    reading = _reading_seconds(place, second.job["id"])
    told: dict[Key, frozenset[str]] = {}
    for row in read["items"]:
        key = (row["change_type"], row["url"].partition("?")[0], row["variation_id"] or "")
        told[key] = frozenset(row["fields_changed"] or ())
    right = set(told) & set(wanted)
    exact = {key for key in right if key[0] != "MODIFIED" or told[key] == wanted[key]}
    result = Result({
        "planted": plan.changes, "lines_wanted": len(wanted), "lines_told": len(told),
        "precision": round(len(right) / max(len(told), 1), 4),
        "recall": round(len(right) / max(len(wanted), 1), 4),
        "fields_exact": round(len(exact) / max(len(right), 1), 4),
        "by_kind": dict(Counter(key[0] for key in told)),
        "pages_dead": len(plan.dead), "pages_late": len(plan.late),
        "not_checked": second.job["diff"].get("not_checked"),
        "compare_s": round(second.took.get("compare", 0), 2),
        "compare_cpu_s": round(second.took.get("compare_cpu", 0), 2), "read_s": round(reading, 2),
        "diff_command_s": round(command_seconds, 2),
    })  # fmt: skip
    figures, faults = result.figures, result.faults
    for what, some in (
        ("told without reason", set(told) - set(wanted)),
        ("not told", set(wanted) - set(told)),
        ("with other fields", right - exact),
    ):
        if some:
            shown = [(*key, sorted(told.get(key, ())), sorted(wanted.get(key, ())))
                     for key in sorted(some)[:3]]  # fmt: skip
            faults.append(f"{len(some)} {what}: {shown}")
    quiet = _not_seen(place, second.job["id"])
    if quiet != silent or figures["not_checked"] != len(silent):
        differ = sorted(quiet ^ silent)[:3]
        told_of = f"{figures['not_checked']} keys not checked, {len(silent)} were planted"
        faults.append(f"{told_of}: {differ}")
    if second.job["failed_urls"] != len(plan.dead):
        faults.append(f"{second.job['failed_urls']} addresses failed, not {len(plan.dead)}")
    if figures["compare_s"] + figures["read_s"] >= BAR_SECONDS:
        faults.append(f"the diff took {figures['compare_s']} + {figures['read_s']} s")
    return result


def _not_seen(place: Place, job_id: str) -> set[tuple[str, str]]:
    """Keys whose state the job left as it was."""
    query = sa.select(snapshots.c.url, snapshots.c.variant_key).where(
        snapshots.c.last_job_id != job_id, snapshots.c.state == "active"
    )
    db = Database(place.environ["DATABASE_URL"])
    with db.read() as conn:
        found = {(row.url.partition("?")[0], row.variant_key) for row in conn.execute(query)}
    db.close()
    return found


def _reading_seconds(place: Place, job_id: str) -> float:
    """Reading every line of the diff, as its file is made."""
    db = Database(place.environ["DATABASE_URL"])
    began = time.monotonic()
    for row in stored_rows(db, job_id):
        diff_out(row)
    seconds = time.monotonic() - began
    db.close()
    return seconds
