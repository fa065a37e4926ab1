"""Making, changing, deleting and restoring clients (G4-G10, G20, G22).

Everything works in the caller's transaction; the audit row is written with the deed.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.clients.fields import columns_of, complete
from povod.book.clients.grounds import keep_grounds, record_ground
from povod.book.clients.model import OWN, Author, ClientDeps, Ground
from povod.kit.errors import ConflictError, NotFoundError
from povod.kit.ids import new_id
from povod.kit.masking import mask_email
from povod.store import audit
from povod.store.tables import clients

RESTORABLE = timedelta(days=30)
_TEXTS = (
    *("first_name", "middle_name", "last_name", "salutation", "short_name", "company_name", "inn"),
    *("okved", "position", "profession", "email", "email_key", "phone", "time_zone"),
    *("last_interaction_summary", "do_not_greet_reason", "gender_source", "external_id"),
)
_NEW: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, ""),
    **dict.fromkeys(("gender", "birth_day", "birth_month", "birth_year")),
    **dict.fromkeys(("company_id", "contact_id", "owner_user_id")),
    "preferred_channel": "email",
    "language": "ru",
    "country": "RU",
    "segment": "standard",
    "preferences": {},
    "do_not_greet": False,
    "age_suspicious": False,
}
"""A client of whom nothing was said."""

_SECRETIVE = frozenset(
    {
        *("first_name", "middle_name", "last_name", "salutation", "short_name"),
        *("email", "phone", "birth_date", "inn", "last_interaction_summary"),
    }
)
"""The audit outlives people, so it does not learn who somebody is."""


def create_client(
    conn: Connection,
    deps: ClientDeps,
    given: Mapping[str, Any],
    author: Author,
    ground: Ground | None = None,
    **columns: Any,
) -> str:
    """A new client; its id. `columns` are set as they are (`is_demo`, `source` of another kind)."""
    row = new_row(deps, given, author)
    conn.execute(sa.insert(clients).values(**{**row, **columns}))
    record_ground(conn, deps, row, ground or Ground(), author)
    audit.append(conn, author.name, "client.create", row["id"], _shown(given))
    return str(row["id"])


def new_row(deps: ClientDeps, given: Mapping[str, Any], author: Author) -> dict[str, Any]:
    """The row of a new client, every column that can be written named: for batches too."""
    now = deps.clock.now()
    row = {**_NEW, "id": new_id(), "source": author.source}
    row |= columns_of(deps, given, now.date())
    row["external_id"] = row["external_id"] or None
    row |= complete(deps, row)
    row["field_sources"] = _sources({}, given, author, now)
    return row


def update_client(
    conn: Connection,
    deps: ClientDeps,
    client_id: str,
    given: Mapping[str, Any],
    author: Author,
    version: int | None = None,
) -> dict[str, Any]:
    """Change fields; the row afterwards.

    A person's change locks the field against files and CRM. `ConflictError` (`stale`) when
    `version` is no longer the row's, because somebody else changed it meanwhile.
    """
    before = get_client(conn, client_id)
    if version is not None and version != before["version"]:
        raise ConflictError(
            f"the client was changed meanwhile (version {before['version']}, yours is {version}); "
            "load it again",
            code="stale",
        )
    changes = changes_of(deps, before, given, author)
    if not changes:
        return before
    _write(conn, before, changes)
    after = get_client(conn, client_id)
    keep_grounds(conn, deps, before, after, author)
    audit.append(conn, author.name, "client.update", client_id, _shown(given))
    deps.tell(conn, client_id, "changed")
    return after


def changes_of(
    deps: ClientDeps, before: Mapping[str, Any], given: Mapping[str, Any], author: Author
) -> dict[str, Any]:
    """The columns that `given` would change, what follows from them included; empty: nothing."""
    now = deps.clock.now()
    taken = dict(given) if author.is_person else _unlocked(before, given)
    columns = columns_of(deps, taken, now.date())
    if "external_id" in columns:
        columns["external_id"] = columns["external_id"] or None
    changes = {name: value for name, value in columns.items() if before[name] != value}
    if changes:
        changes |= complete(deps, {**before, **changes})
        changes["field_sources"] = _sources(before["field_sources"], taken, author, now)
    return changes


def _write(conn: Connection, before: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    version = before["version"]
    same = (clients.c.id == before["id"], clients.c.version == version)
    update = sa.update(clients).where(*same).values(**changes, version=version + 1)
    if not conn.execute(update).rowcount:
        raise ConflictError(
            "the client was changed at the same moment; load it again", code="stale"
        )


def delete_client(conn: Connection, deps: ClientDeps, client_id: str, author: Author) -> None:
    """Hide the client; its history stays, and for 30 days it can be restored (G10)."""
    row = get_client(conn, client_id)
    if row["deleted_at"] is not None:
        return
    _write(conn, row, {"deleted_at": deps.clock.now()})
    audit.append(conn, author.name, "client.delete", client_id)
    deps.tell(conn, client_id, "deleted")


def restore_client(conn: Connection, deps: ClientDeps, client_id: str, author: Author) -> None:
    """Take a deletion back; `ConflictError` after 30 days or after erasure."""
    row = get_client(conn, client_id)
    if row["deleted_at"] is None:
        return
    if row["erased_at"] is not None or deps.clock.now() - row["deleted_at"] > RESTORABLE:
        raise ConflictError("the client was deleted more than 30 days ago, or erased for good")
    _write(conn, row, {"deleted_at": None})
    audit.append(conn, author.name, "client.restore", client_id)
    deps.tell(conn, client_id, "restored")


def get_client(conn: Connection, client_id: str) -> dict[str, Any]:
    """The row; `NotFoundError` if there is none."""
    row = conn.execute(sa.select(clients).where(clients.c.id == client_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no client {client_id}")
    return dict(row)


def _unlocked(row: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a file or CRM may change: nothing that a person has written (G20)."""
    sources = row["field_sources"]
    own = OWN | ({"gender"} if row["gender_source"] == "given" else set())

    def free(name: str) -> bool:
        return not sources.get(name, {}).get("locked") and not (name in own and row.get(name))

    return {name: value for name, value in given.items() if free(name)}


def _sources(
    known: Mapping[str, Any], given: Mapping[str, Any], author: Author, now: datetime
) -> dict[str, Any]:
    said = {"source": author.source, "at": now.isoformat(), "locked": author.is_person}
    return {**known, **{name: said for name, value in given.items() if value not in (None, "")}}


def _shown(given: Mapping[str, Any]) -> dict[str, Any]:
    """For the audit: which fields, and the values that are no secret."""
    return {name: _masked(name, value) for name, value in given.items()}


def _masked(name: str, value: Any) -> Any:
    if name not in _SECRETIVE or not value:
        return str(value) if isinstance(value, date) else value
    return mask_email(str(value)) if name == "email" else "…"
