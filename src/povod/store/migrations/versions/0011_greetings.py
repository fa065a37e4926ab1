"""Occasions, drafts and answers; the answers that there were are carried over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MONEY = sa.Numeric(14, 6).with_variant(sa.String(32), "sqlite")


def _take_answers() -> list[dict[str, object]]:
    rows = op.get_bind().exec_driver_sql("SELECT * FROM feedback").mappings()
    answers = [dict(row) for row in rows]
    op.drop_table("feedback")
    return answers


def _put_answers(answers: list[dict[str, object]]) -> None:
    for answer in answers:
        names, marks = ", ".join(answer), ", ".join(f":{name}" for name in answer)
        statement = f"INSERT INTO feedback ({names}) VALUES ({marks})"  # noqa: S608 - own names
        op.get_bind().execute(sa.text(statement), answer)


def upgrade() -> None:
    answers = _take_answers()
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("client_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "event_type",
            sa.Enum(
                "birthday",
                "holiday",
                "manual",
                "anniversary",
                "site_change",
                name="event_type",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("holiday_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("occasion_date", sa.Date(), nullable=False),
        sa.Column("occasion_year", sa.BigInteger(), nullable=False),
        sa.Column("deliver_on", sa.Date(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_instrumental", sa.Text(), nullable=False),
        sa.Column("tone", sa.Text(), nullable=False),
        sa.Column("metadata", JSON, nullable=False),
        sa.Column("match_reason", sa.Text(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "planned",
                "composed",
                "closed",
                "superseded",
                "capped",
                "skipped",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("superseded_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("run_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status NOT IN ('superseded', 'capped', 'skipped', 'cancelled') OR reason <> ''",
            name=op.f("ck_events_explained"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_events_client_id")),
        sa.ForeignKeyConstraint(
            ["holiday_id"], ["holidays.id"], name=op.f("fk_events_holiday_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["agent_runs.id"], name=op.f("fk_events_run_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["superseded_by"],
            ["events.id"],
            name=op.f("fk_events_superseded_by"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint(
            "client_id",
            "event_key",
            "occasion_year",
            name=op.f("uq_events_client_id_event_key_occasion_year"),
        ),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_deliver_on", ["deliver_on", "client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_holiday_id"), ["holiday_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_run_id"), ["run_id"], unique=False)
        batch_op.create_index("ix_events_status_deliver_on", ["status", "deliver_on"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_events_superseded_by"), ["superseded_by"], unique=False
        )

    op.create_table(
        "greetings",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("event_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("client_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "tone",
            sa.Enum(
                "official",
                "warm",
                name="tone",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "language",
            sa.Enum(
                "ru", "en", name="language", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("salutation", sa.Text(), nullable=False),
        sa.Column("image_path", sa.Text(), nullable=False),
        sa.Column("card_file_id", sa.String(length=64), nullable=True),
        sa.Column("card_theme", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "generated",
                "needs_approval",
                "approved",
                "rejected",
                "sent",
                "error",
                "skipped",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("skip_reason", sa.Text(), nullable=False),
        sa.Column(
            "text_source",
            sa.Enum(
                "template",
                "llm",
                "human",
                name="text_source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("fallback_reason", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("prompt_version", sa.Text(), nullable=False),
        sa.Column("prompt_hash", sa.Text(), nullable=False),
        sa.Column("tokens_in", sa.BigInteger(), nullable=False),
        sa.Column("tokens_out", sa.BigInteger(), nullable=False),
        sa.Column("template_family", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("template_version", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.Text(), nullable=False),
        sa.Column("variant_propensity", sa.Float(), nullable=True),
        sa.Column("violations", JSON, nullable=False),
        sa.Column("approval_reasons", JSON, nullable=False),
        sa.Column("metadata", JSON, nullable=False),
        sa.Column("facts_hash", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("review_comment", sa.Text(), nullable=False),
        sa.Column("history", JSON, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("deliver_on", sa.Date(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_file_id"], ["files.id"], name=op.f("fk_greetings_card_file_id")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_greetings_client_id")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_greetings_event_id")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outreach_messages.id"], name=op.f("fk_greetings_message_id")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["agent_runs.id"], name=op.f("fk_greetings_run_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_greetings")),
        sa.UniqueConstraint("event_id", name=op.f("uq_greetings_event_id")),
    )
    with op.batch_alter_table("greetings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_greetings_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_greetings_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_greetings_run_id"), ["run_id"], unique=False)
        batch_op.create_index(
            "ix_greetings_status_deliver_on", ["status", "deliver_on"], unique=False
        )

    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("outreach_message_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("greeting_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "opened",
                "replied",
                "ignored",
                "unknown",
                "liked",
                "disliked",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("nps", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "nps IS NULL OR nps BETWEEN 0 AND 10", name=op.f("ck_feedback_nps_range")
        ),
        sa.CheckConstraint(
            "score IS NULL OR score BETWEEN 1 AND 5", name=op.f("ck_feedback_score_range")
        ),
        sa.ForeignKeyConstraint(
            ["greeting_id"],
            ["greetings.id"],
            name=op.f("fk_feedback_greeting_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["outreach_message_id"],
            ["outreach_messages.id"],
            name=op.f("fk_feedback_outreach_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("greeting_id", "source", name=op.f("uq_feedback_greeting_id_source")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_feedback_outreach_message_id"), ["outreach_message_id"], unique=False
        )
    _put_answers(answers)


def downgrade() -> None:
    raise NotImplementedError("the older feedback table cannot be put back: restore a backup")
