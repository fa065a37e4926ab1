"""Which companies may be written to at all, and why the others may not (L58, L65).

Refusals of single addresses are the gates' work (delivery); here only those of a whole company or
of its own domain count. A refusal given by any member of a merged cluster holds for all of it.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.tables import companies, opt_out_registry


def contactable(now: datetime) -> sa.ColumnElement[bool]:
    """The rule as a condition on `companies`, for selections."""
    return ~(_is_duplicate() | _is_disqualified() | _has_refused(now))


def reasons(conn: Connection, now: datetime, ids: Sequence[str]) -> dict[str, list[str]]:
    """For each company why it is not contactable: `duplicate`, `disqualified`, `refused`.

    An empty list means that it is; a company that does not exist is left out.
    """
    rules = {
        "duplicate": _is_duplicate(),
        "disqualified": _is_disqualified(),
        "refused": _has_refused(now),
    }
    columns = [rule.label(name) for name, rule in rules.items()]
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in conn.execute(sa.select(companies.c.id, *columns).where(companies.c.id.in_(ids))):
        found[row.id] = [name for name in rules if getattr(row, name)]
    return dict(found)


def _is_duplicate() -> sa.ColumnElement[bool]:
    return companies.c.duplicate_of.is_not(None) | (companies.c.status == "duplicate")


def _is_disqualified() -> sa.ColumnElement[bool]:
    return companies.c.status == "disqualified"


def _has_refused(now: datetime) -> sa.ColumnElement[bool]:
    """A refusal in force that names any company of the same cluster."""
    refusal, member = opt_out_registry.c, companies.alias("member")
    primary = sa.func.coalesce(companies.c.duplicate_of, companies.c.id)
    return (
        sa.exists()
        .select_from(opt_out_registry)
        .where(
            refusal.level == "company",
            refusal.lifted_at.is_(None),
            refusal.expires_at.is_(None) | (refusal.expires_at > now),
            refusal.company_id == member.c.id,
            sa.func.coalesce(member.c.duplicate_of, member.c.id) == primary,
        )
    )
