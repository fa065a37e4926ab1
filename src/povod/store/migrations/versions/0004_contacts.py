"""Contacts, clients, duplicates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MONEY = sa.Numeric(14, 6).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    op.create_table(
        "domain_rules",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column(
            "rule",
            sa.Enum(
                "exclude",
                "platform",
                "studio",
                "allow",
                name="rule",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "default",
                "user",
                "learned",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_rules")),
        sa.UniqueConstraint("domain", "rule", name=op.f("uq_domain_rules_domain_rule")),
    )
    op.create_table(
        "inn_cache",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inn_cache")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column(
            "segment",
            sa.Enum(
                "standard",
                "vip",
                "new",
                "loyal",
                name="segment",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "preferred_channel",
            sa.Enum(
                "email",
                "sms",
                "messenger",
                "telegram",
                name="preferred_channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_clients_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
    )
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clients_company_id"), ["company_id"], unique=False)

    op.create_table(
        "company_blocks",
        sa.Column("block", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_company_blocks_company_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("block", "company_id", name=op.f("pk_company_blocks")),
    )
    with op.batch_alter_table("company_blocks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_company_blocks_company_id"), ["company_id"], unique=False
        )

    op.create_table(
        "company_merges",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("winner_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("loser_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "exact",
                "fuzzy",
                "canonical",
                "manual",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["loser_id"], ["companies.id"], name=op.f("fk_company_merges_loser_id")
        ),
        sa.ForeignKeyConstraint(
            ["winner_id"], ["companies.id"], name=op.f("fk_company_merges_winner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_merges")),
    )
    with op.batch_alter_table("company_merges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_company_merges_loser_id"), ["loser_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_company_merges_winner_id"), ["winner_id"], unique=False
        )

    op.create_table(
        "dedup_pairs",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("a", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("b", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("guard", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "review",
                "merged",
                "rejected",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("a < b", name=op.f("ck_dedup_pairs_ordered")),
        sa.ForeignKeyConstraint(
            ["a"], ["companies.id"], name=op.f("fk_dedup_pairs_a"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["b"], ["companies.id"], name=op.f("fk_dedup_pairs_b"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dedup_pairs")),
        sa.UniqueConstraint("a", "b", name=op.f("uq_dedup_pairs_a_b")),
    )
    with op.batch_alter_table("dedup_pairs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dedup_pairs_a"), ["a"], unique=False)
        batch_op.create_index(batch_op.f("ix_dedup_pairs_b"), ["b"], unique=False)

    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "contact_type",
            sa.Enum(
                "email",
                "phone",
                "telegram",
                "whatsapp",
                "vk",
                "address",
                name="contact_type",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("value_key", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("company_page_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("found_in", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("quality_score", sa.Float(), nullable=False),
        sa.Column("rank", sa.Float(), nullable=False),
        sa.Column("role_class", sa.Text(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "invalid",
                "bounced",
                "gone",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("metadata", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_contacts_company_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["company_page_id"],
            ["company_pages.id"],
            name=op.f("fk_contacts_company_page_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint(
            "company_id",
            "contact_type",
            "value_key",
            name=op.f("uq_contacts_company_id_contact_type_value_key"),
        ),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_contacts_company_page_id"), ["company_page_id"], unique=False
        )
        batch_op.create_index("ix_contacts_value_key", ["value_key"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index("ix_contacts_value_key")
        batch_op.drop_index(batch_op.f("ix_contacts_company_page_id"))

    op.drop_table("contacts")
    with op.batch_alter_table("dedup_pairs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dedup_pairs_b"))
        batch_op.drop_index(batch_op.f("ix_dedup_pairs_a"))

    op.drop_table("dedup_pairs")
    with op.batch_alter_table("company_merges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_merges_winner_id"))
        batch_op.drop_index(batch_op.f("ix_company_merges_loser_id"))

    op.drop_table("company_merges")
    with op.batch_alter_table("company_blocks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_blocks_company_id"))

    op.drop_table("company_blocks")
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clients_company_id"))

    op.drop_table("clients")
    op.drop_table("inn_cache")
    op.drop_table("domain_rules")
