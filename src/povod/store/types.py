"""Column types and column builders that every table shares."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from povod.kit.ids import new_id

CLOCK_OPTION = "povod_clock"
SMALLEST = Decimal("0.000001")


class UtcDateTime(TypeDecorator[datetime]):
    """Timezone-aware in Python, UTC with microseconds in both databases."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"naive datetime {value!r}: the store keeps aware UTC times only")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """Decimal with six digits after the point; SQLite has no such type, so it keeps the text."""

    impl = sa.Numeric(14, 6)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        kind = sa.String(32) if dialect.name == "sqlite" else sa.Numeric(14, 6)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        exact = Decimal(value).quantize(SMALLEST, ROUND_HALF_UP)
        return str(exact) if dialect.name == "sqlite" else exact

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


def moment_text(value: datetime) -> str:
    """An instant as SQLite keeps it: what SQLAlchemy writes there, in a fifth of the time."""
    if value.tzinfo is None:
        raise TypeError(f"naive datetime {value!r}: the store keeps aware UTC times only")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def moment_of(text: str) -> datetime:
    """The instant in a text of SQLite."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class TextUuid(sa.Uuid[str]):
    """A UUID that is text in Python; on SQLite its dashes are put in without parsing it."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(as_uuid=False)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)  # type: ignore[no-untyped-call]
        return _dashed


def _dashed(value: str | None) -> str | None:
    if value is None:
        return None
    return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"


Key = TextUuid()


def current_time(context: Any) -> datetime:
    """Column default: the injected clock of the engine that executes the statement."""
    now: datetime = context.execution_options[CLOCK_OPTION].now()
    return now


def key(name: str = "id") -> sa.Column[Any]:
    """A UUIDv7 primary key made in Python."""
    return sa.Column(name, Key, primary_key=True, default=new_id)


def ref(
    name: str,
    target: str,
    *,
    nullable: bool = True,
    index: bool = True,
    ondelete: str | None = None,
) -> sa.Column[Any]:
    """A foreign key to `target` ("companies.id")."""
    return sa.Column(
        name, Key, sa.ForeignKey(target, ondelete=ondelete), nullable=nullable, index=index
    )


def choice(name: str, values: Iterable[str], **options: Any) -> sa.Column[Any]:
    """Text restricted by the database to `values`; not null unless said otherwise."""
    kind = sa.Enum(
        *values, name=name, native_enum=False, create_constraint=True, length=40,
        validate_strings=True,
    )  # fmt: skip
    return sa.Column(name, kind, **{"nullable": False, **options})


def text(name: str, *args: Any, **options: Any) -> sa.Column[Any]:
    """Text of any length, empty by default rather than null."""
    options.setdefault("nullable", False)
    if not options["nullable"]:
        options.setdefault("default", "")
    return sa.Column(name, sa.Text, *args, **options)


def integer(name: str, **options: Any) -> sa.Column[Any]:
    """A counter: 0 unless said otherwise."""
    options.setdefault("nullable", False)
    if not options["nullable"]:
        options.setdefault("default", 0)
    return sa.Column(name, sa.BigInteger, **options)


def flag(name: str, *, default: bool = False) -> sa.Column[Any]:
    """A yes or no."""
    return sa.Column(name, sa.Boolean, nullable=False, default=default)


def moment(name: str, **options: Any) -> sa.Column[Any]:
    """An instant in UTC."""
    return sa.Column(name, UtcDateTime, **options)


def document(name: str, **options: Any) -> sa.Column[Any]:
    """A JSON value; an empty object by default."""
    options.setdefault("nullable", False)
    if not options["nullable"]:
        options.setdefault("default", dict)
    return sa.Column(name, Json, **options)


def stamps(*, mutable: bool = True) -> list[sa.Column[Any]]:
    """`created_at`, and `updated_at` for tables whose rows change."""
    columns = [moment("created_at", nullable=False, default=current_time)]
    if mutable:
        columns.append(
            moment("updated_at", nullable=False, default=current_time, onupdate=current_time)
        )
    return columns
