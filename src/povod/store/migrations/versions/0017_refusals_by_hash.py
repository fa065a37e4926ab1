"""Refusals are found by their hash alone: each gate asks for a few among all ever made."""

from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

INDEX = "ix_opt_out_registry_value_hash"


def upgrade() -> None:
    op.create_index(INDEX, "opt_out_registry", ["value_hash"])


def downgrade() -> None:
    op.drop_index(INDEX, "opt_out_registry")
