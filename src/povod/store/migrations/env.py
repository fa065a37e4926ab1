"""Alembic's entry: the connection is handed in by `povod.store.migrate`."""

from alembic import context

from povod.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
