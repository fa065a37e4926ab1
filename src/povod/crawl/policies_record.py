"""Which policies version the house ran last, and the audit row when an older one comes (S81)."""

from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from povod.crawl.policies import Policies
from povod.store import audit
from povod.store.db import Database
from povod.store.tables import settings as settings_table
from povod.store.upsert import insert_new

log = structlog.get_logger()

ROW = "policies_version"


@dataclass(frozen=True)
class Rollback:
    """The house went from a later version to an earlier one."""

    came_from: str
    went_to: str


def record_policies(db: Database, policies: Policies) -> Rollback | None:
    """Remember the version; a rollback when it is lower than the last one.

    Of several processes that load the same file one notices, the others find it recorded (N47).
    """
    with db.tx() as conn:
        row = {"id": ROW, "value": {"version": policies.version}}
        if insert_new(conn, settings_table, [row], ["id"]):
            return None
        query = sa.select(settings_table.c.value).where(settings_table.c.id == ROW)
        last = str(conn.execute(query.with_for_update()).scalar_one()["version"])
        if last == policies.version:
            return None
        conn.execute(
            sa.update(settings_table)
            .where(settings_table.c.id == ROW)
            .values(value={"version": policies.version})
        )
        if semver(last) < semver(policies.version):
            return None
        rollback = Rollback(last, policies.version)
        details = {"policy_rollback_from": last, "policy_rollback_to": policies.version}
        audit.append(conn, "system", "policies.rollback", "policies", details)
    log.warning("policies.rollback", **details)
    return rollback


def semver(text: str) -> tuple[int, ...]:
    """The version as numbers to compare."""
    return tuple(int(part) for part in text.split("."))
