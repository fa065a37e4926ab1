"""Bringing a database to the schema of this version, with alembic."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from povod.store.db import Database
from povod.store.tables import metadata

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_406_353  # any constant: one migration at a time on PostgreSQL


def upgrade(db: Database) -> list[str]:
    """Apply what is missing, in one transaction; returns the revisions applied.

    Two processes may start at once: the second waits and finds nothing to do.
    """
    with db.tx() as conn:
        if not db.is_sqlite:
            conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        before = _revision(conn)
        command.upgrade(_config(conn), "head")
        after = _revision(conn)
    return [] if before == after else [after or ""]


def is_current(db: Database) -> bool:
    """True when no migration is missing."""
    with db.read() as conn:
        return _revision(conn) == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def differences(db: Database) -> list[object]:
    """What the tables in code have and the database has not, or the other way round."""
    with db.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": False})
        return list(compare_metadata(context, metadata))


def _revision(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()


def _config(conn: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = conn
    return config
