"""Tables of background work: the ledger, schedules, progress, quotas and stored bytes."""

import sqlalchemy as sa

from povod.store.tables.base import metadata
from povod.store.types import (
    choice,
    document,
    flag,
    integer,
    key,
    moment,
    ref,
    stamps,
    text,
)

WORK_STATES = ("queued", "running", "done", "failed", "cancelled")

processing_jobs = sa.Table(
    "processing_jobs",
    metadata,
    key(),
    text("queue"),
    text("kind"),
    document("args"),
    choice("state", WORK_STATES, default="queued"),
    integer("priority", default=100),
    moment("run_at", nullable=False),
    text("window"),
    sa.Column("dedup_key", sa.Text, nullable=True),
    moment("lease_until"),
    integer("lease_epoch"),
    sa.Column("owner", sa.Text, nullable=True),
    integer("attempts"),
    integer("max_attempts", default=5),
    document("checkpoint"),
    flag("cancel_requested"),
    document("result", nullable=True),
    text("error"),
    moment("notified_at"),
    moment("finished_at"),
    *stamps(),
    # Partial: most rows are done, and a finished row costs these indexes nothing.
    sa.Index(
        "ix_processing_jobs_due",
        "queue",
        "priority",
        "run_at",
        "id",
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    ),
    sa.Index(
        "ix_processing_jobs_leases",
        "lease_until",
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    ),
    sa.Index(
        "uq_processing_jobs_dedup_key",
        "dedup_key",
        unique=True,
        sqlite_where=sa.text("dedup_key IS NOT NULL AND state IN ('queued', 'running')"),
        postgresql_where=sa.text("dedup_key IS NOT NULL AND state IN ('queued', 'running')"),
    ),
)

schedules = sa.Table(
    "schedules",
    metadata,
    key(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    text("queue"),
    text("kind"),
    document("args"),
    text("cron"),
    integer("interval_seconds"),
    text("window"),
    text("zone", default="UTC"),
    moment("next_run_at", nullable=False),
    moment("last_run_at"),
    integer("priority", default=100),
    flag("enabled", default=True),
    integer("ticks"),
    *stamps(),
)

job_events = sa.Table(
    "job_events",
    metadata,
    # An ever-growing number: live pages replay "everything after id n".
    sa.Column(
        "id",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    ref("work_id", "processing_jobs.id", ondelete="CASCADE"),
    text("topic"),
    text("kind"),
    document("data"),
    *stamps(mutable=False),
    sa.Index("ix_job_events_topic_id", "topic", "id"),
    sqlite_autoincrement=True,
)

quotas = sa.Table(
    "quotas",
    metadata,
    key(),
    text("key"),
    moment("at", nullable=False),
    integer("amount", default=1),
    # Sum of all amounts of the key up to this row: a window costs two index look-ups.
    integer("total"),
    text("holder"),
    *stamps(mutable=False),
    sa.Index("ix_quotas_key_at", "key", "at", "total"),
    sa.Index("ix_quotas_holder", "holder"),
)

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    text("media_type"),
    text("content_encoding"),
    integer("size"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    moment("keep_until"),
    *stamps(mutable=False),
)
