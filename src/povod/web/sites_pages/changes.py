"""Changes: the latest of all sites, each a reason for a letter to the client whose site it is."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import AfterValidator
from sqlalchemy.engine import Connection

from povod.delivery.states import Actor
from povod.greetings.people import display_name
from povod.store.paging import PAGE_SIZE, read_page
from povod.store.tables import clients, events, snapshot_versions, snapshots
from povod.store.tables.sites import CHANGE_TYPES
from povod.web.params import Page, RowId, one_of
from povod.web.people import must_see, owner_filter
from povod.web.roles import OPERATOR
from povod.web.sites_pages.common import Domain, house_of, show
from povod.web.sites_pages.history import domain_has
from povod.web.sites_pages.reading import readable, versions

router = APIRouter()
Kind = Annotated[str, Query(), AfterValidator(one_of(CHANGE_TYPES))]


@router.get("/changes")
def changes_page(
    request: Request, domain: Domain = "", kind: Kind = "", page: Page = 1
) -> Response:
    """The newest first, page by page."""
    house = house_of(request)
    owner = owner_filter(house, request.state.person)
    with house.db.read() as conn:
        listing = readable(read_page(conn, _query(domain, kind), page, PAGE_SIZE))
        job_ids = {str(change.row.job_id) for change in listing.rows if change.row.job_id}
        reasons = reasons_of(conn, job_ids, owner)
    values: dict[str, Any] = {"listing": listing, "reasons": reasons, "kinds": CHANGE_TYPES}
    return show(request, "changes.html", domain=domain, kind=kind, **values)


def _query(domain: str, kind: str) -> sa.Select[Any]:
    query = versions()
    if domain:
        query = query.where(domain_has(snapshots.c.domain, domain))
    if kind:
        query = query.where(snapshot_versions.c.change_type == kind)
    return query.order_by(snapshot_versions.c.seen_at.desc(), snapshot_versions.c.id.desc())


def reasons_of(
    conn: Connection, job_ids: Iterable[str], owner: str = ""
) -> dict[str, Sequence[dict[str, Any]]]:
    """By job: the events of clients that it gave, each with its letter if one was written."""
    keys = {f"site:{job_id}": job_id for job_id in job_ids}
    query = (
        sa.select(events.c.id, events.c.event_key, events.c.metadata, events.c.client_id)
        .add_columns(clients.c.first_name, clients.c.middle_name, clients.c.last_name)
        .add_columns(clients.c.company_name)
        .join(clients, clients.c.id == events.c.client_id)
        .where(events.c.event_type == "site_change", events.c.event_key.in_(keys))
        .where(clients.c.deleted_at.is_(None))
        .order_by(events.c.id)
    )
    if owner:
        query = query.where(clients.c.owner_user_id == owner)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in conn.execute(query).mappings():
        reason = {"event_id": row["id"], "name": display_name(dict(row))}
        reason["message_id"] = (row["metadata"] or {}).get("message_id", "")
        found.setdefault(keys[row["event_key"]], []).append(reason)
    return {job_id: list(rows) for job_id, rows in found.items()}


@router.post("/events/{event_id}/letter", dependencies=[OPERATOR])
def write_letter(request: Request, event_id: RowId) -> Response:
    """A letter about the change; it waits for approval."""
    house, person = house_of(request), request.state.person
    client_id = house.greetings.event(event_id)["client_id"]
    with house.db.read() as conn:
        query = sa.select(clients).where(clients.c.id == client_id)
        must_see(house, person, dict(conn.execute(query).mappings().one()))
    letter = house.greetings.letter_about_site(event_id, Actor(person.role, person.login))
    return RedirectResponse(f"/letters/{letter}", status_code=303)
