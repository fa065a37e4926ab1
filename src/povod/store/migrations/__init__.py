"""Alembic scripts; run through `povod.store.migrate`."""
