"""Bringing a database to the schema of this version, with alembic."""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.kit.errors import ConfigurationError
from povod.store.db import Database
from povod.store.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_406_353  # any constant: one migration at a time on PostgreSQL


def upgrade(db: Database) -> list[str]:
    """Apply what is missing, in one transaction; returns the revisions applied.

    Two processes may start at once: the second waits and finds nothing to do.
    """
    from alembic import command

    with db.tx() as conn:
        if not db.is_sqlite:
            conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        before = _revision(conn)
        _refuse_newer(before)
        command.upgrade(_config(conn), "head")
        after = _revision(conn)
    return [] if before == after else [after or ""]


def _refuse_newer(revision: str | None) -> None:
    if revision is not None and revision > newest_revision():
        raise ConfigurationError(
            f"DATABASE_URL: the database has schema {revision}, this version knows "
            f"{newest_revision()} at most. Install the newer Povod that made it."
        )


def is_current(db: Database) -> bool:
    """True when no migration is missing."""
    with db.read() as conn:
        return _revision(conn) == newest_revision()


def newest_revision() -> str:
    """The last of the numbered scripts; told by their names, so that alembic is not loaded."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def differences(db: Database) -> list[object]:
    """What the tables in code have and the database has not, or the other way round."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with db.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": False})
        return list(compare_metadata(context, metadata))


def _revision(conn: Connection) -> str | None:
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    revision: str | None = conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision


def _config(conn: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = conn
    return config
