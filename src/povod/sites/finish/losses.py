"""Whether a job may lose so much that a person must look first (S107), without judging its pages.

What can be removed at most is counted in the database. That settles it for nearly all jobs; of the
rest each key is judged before anything is written.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from povod.sites.documents import as_text, decoded
from povod.sites.finish.commit import Diff, is_much
from povod.sites.finish.reading import BATCH
from povod.store.bulk import among
from povod.store.tables import job_urls, pages, snapshots

_ABSENT, _LEFT_OUT = "absent", ""
_MAY_BE_GONE = ("gone", "not_product")


def may_lose_much(diff: Diff) -> bool:
    """False only if the removals are certain to be few; True for a job that has begun to write."""
    if _has_begun(diff):
        return True
    known = _known(diff)
    left_out = sum(count for (outcome, _), count in known.items() if outcome == _LEFT_OUT)
    total = sum(known.values()) - left_out
    kinds = (*_MAY_BE_GONE, _ABSENT) if diff.rules.absent_is_removed else _MAY_BE_GONE
    lost = sum(count for (outcome, _), count in known.items() if outcome in kinds)
    variants = known.get(("ok", True), 0)
    if not is_much(lost + variants, total):
        return False
    return is_much(lost + _lost_variants(diff), total)


def _has_begun(diff: Diff) -> bool:
    mine = sa.select(snapshots.c.id).where(snapshots.c.last_job_id == diff.job_id)
    with diff.db.read() as conn:
        return conn.execute(mine.limit(1)).first() is not None


def _known(diff: Diff) -> dict[tuple[str, bool], int]:
    """Active keys by what the job met at their address, pages and variants apart."""
    page = (pages.c.job_id == job_urls.c.job_id) & (pages.c.url_key == job_urls.c.url_key)
    same = (job_urls.c.job_id == diff.job_id) & (job_urls.c.url_key == snapshots.c.url_key)
    is_twin = sa.func.coalesce(pages.c.duplicate_of_url, "") != ""
    outcome = sa.case(
        (job_urls.c.id.is_(None), _ABSENT),
        ((job_urls.c.state != "done") | is_twin, _LEFT_OUT),
        else_=sa.func.coalesce(job_urls.c.outcome, "skipped"),
    )
    query = (
        sa.select(outcome, snapshots.c.variant_key != "", sa.func.count())
        .select_from(snapshots.outerjoin(job_urls, same).outerjoin(pages, page))
        .where(snapshots.c.domain == diff.domain, snapshots.c.state == "active")
        .group_by(sa.text("1"), sa.text("2"))
    )
    with diff.db.read() as conn:
        return {(met, bool(is_variant)): count for met, is_variant, count in conn.execute(query)}


def _lost_variants(diff: Diff) -> int:
    """Known variants that their page, seen by the job, does not name."""
    return sum(
        variant not in named[key]
        for named in _named_variants(diff)
        for key, variant in _known_variants(diff, list(named))
    )


def _named_variants(diff: Diff) -> Iterator[dict[str, set[Any]]]:
    """The variants that pages name, of pages of which variants are known, a batch at a time."""
    has_known = sa.exists().where(
        snapshots.c.domain == diff.domain,
        snapshots.c.url_key == pages.c.url_key,
        snapshots.c.variant_key != "",
        snapshots.c.state == "active",
    )
    query = (
        sa.select(pages.c.url_key, as_text(pages.c.data_full["variants"], "variants"))
        .where(pages.c.job_id == diff.job_id, pages.c.outcome == "ok", has_known)
        .order_by(pages.c.url_key)
        .limit(BATCH)
    )
    after = ""
    while True:
        with diff.db.read() as conn:
            rows = conn.execute(query.where(pages.c.url_key > after)).all()
        if not rows:
            return
        after = rows[-1].url_key
        yield {key: _keys(text) for key, text in rows}


def _keys(text: str | None) -> set[Any]:
    return {one.get("variant_key") for one in decoded(text) or ()}


def _known_variants(diff: Diff, keys: list[str]) -> list[tuple[str, str]]:
    known = snapshots.c
    with diff.db.read() as conn:
        query = sa.select(known.url_key, known.variant_key).where(
            known.domain == diff.domain,
            among(conn, known.url_key, keys),
            known.variant_key != "",
            known.state == "active",
        )
        return [(key, variant) for key, variant in conn.execute(query)]
