"""Alembic's entry: the connection is handed in by `povod.store.migrate`."""

from typing import Any, Literal

from alembic import context

from povod.store.tables import metadata

config = context.config


NAMES = {"UtcDateTime": "sa.DateTime(timezone=True)", "Money": "MONEY", "JSON": "JSON"}
NAMES |= {"TextUuid": "sa.Uuid(as_uuid=False)"}


def render_type(kind: str, value: Any, _autogen: Any) -> str | Literal[False]:
    """Own column types are written down as what the database sees."""
    name = NAMES.get(type(value).__name__) if kind == "type" else None
    return name or False


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """While a revision is made for one area, only its tables are looked at."""
    area = config.attributes.get("area")
    return kind != "table" or area is None or name in area


def include_object(
    _object: Any, name: str | None, kind: str, _reflected: bool, _other: Any
) -> bool:
    """The same for the tables in code."""
    return include_name(name, kind, None)


context.configure(
    connection=config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=False,
    render_item=render_type,
    include_name=include_name,
    include_object=include_object,
)
with context.begin_transaction():
    context.run_migrations()
