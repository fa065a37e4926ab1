"""Clients: listed, made, changed, hidden, completed by the register."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from povod.book.clients.listing import SORTS, STATES, ClientFilter, client_card, list_clients
from povod.book.clients.model import Ground
from povod.book.clients.write import get_client
from povod.book.enrich.party import UnavailableError
from povod.kit.errors import ConflictError, InputError
from povod.store.tables.greetings import SEGMENTS
from povod.web.greetings_api.client_models import (
    ClientCard,
    ClientIn,
    ClientList,
    ClientPatch,
    FromCompany,
    GroundIn,
    Occasions,
    PartyOut,
)
from povod.web.greetings_api.shapes import (
    Limit,
    author_of,
    choice,
    house_of,
    person_of,
)
from povod.web.once import REPEATED, Key, once
from povod.web.params import Page, RowId, Text
from povod.web.people import must_see, owner_filter, remember_view, shown
from povod.web.roles import OPERATOR, VIEWER

router = APIRouter(prefix="/clients", tags=["clients"])
Months = Annotated[int, Query(ge=1, le=24)]


@router.get("", response_model=ClientList, response_model_exclude_unset=True, dependencies=[VIEWER])
def get_clients(
    request: Request,
    q: Text = "",
    segment: choice(*SEGMENTS) = "",  # type: ignore[valid-type]
    state: choice(*STATES) = "",  # type: ignore[valid-type]
    sort: choice(*SORTS) = "name",  # type: ignore[valid-type]
    page: Page = 1,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Clients, filtered and sorted, one page."""
    house, person = house_of(request), person_of(request)
    owner = owner_filter(house, person)
    wanted = ClientFilter(q, segment, state, owner, sort or "name", page, limit)
    with house.db.read() as conn:
        found = list_clients(conn, wanted)
    remember_view(house, person, "list", len(found.rows))
    items = [shown(row._mapping, person) for row in found.rows]
    return {"total": found.total, "page": found.page, "items": items}


@router.post(
    "",
    status_code=201,
    response_model=ClientCard,
    responses={200: {"model": ClientCard, "description": REPEATED}},
    dependencies=[OPERATOR],
)
def create_client(
    request: Request, given: ClientIn, response: Response, idempotency_key: Key = ""
) -> dict[str, Any]:
    """A new client with the ground on which they may be written to."""
    house = house_of(request)

    def create() -> dict[str, Any]:
        with house.db.tx() as conn:
            ground = ground_of(given.ground)
            return {"id": house.book.create(conn, given.given(), author_of(request), ground)}

    client_id = once(request, response, idempotency_key, given, create)["id"]
    response.headers["Location"] = f"/api/clients/{client_id}"
    return card_of(request, client_id)


def ground_of(given: GroundIn) -> Ground:
    """The ground as the book knows it."""
    return Ground(given.basis, given.evidence, given.obtained_at, given.purpose)


def card_of(request: Request, client_id: str) -> dict[str, Any]:
    """A client with grounds, as the asker may see them."""
    house, person = house_of(request), person_of(request)
    with house.db.read() as conn:
        card = client_card(conn, client_id)
    must_see(house, person, card.client)
    return {**shown(card.client, person), "consents": [dict(row) for row in card.grounds]}


@router.post("/from-company", status_code=201, response_model=ClientCard, dependencies=[OPERATOR])
def from_company(request: Request, given: FromCompany, response: Response) -> dict[str, Any]:
    """A found company becomes a client, with its history."""
    house = house_of(request)
    with house.db.tx() as conn:
        client_id = house.book.client_of_company(
            conn,
            given.company_id,
            author_of(request),
            given.contact_id,
            given.person.given() if given.person else None,
            ground_of(given.ground) if given.ground else None,
        )
    response.headers["Location"] = f"/api/clients/{client_id}"
    return card_of(request, client_id)


@router.get(
    "/{client_id}",
    response_model=ClientCard,
    response_model_exclude_unset=True,
    dependencies=[VIEWER],
)
def get_one(request: Request, client_id: RowId) -> dict[str, Any]:
    """One client with consents."""
    found = card_of(request, client_id)
    remember_view(house_of(request), person_of(request), client_id)
    return found


@router.patch("/{client_id}", response_model=ClientCard, dependencies=[OPERATOR])
def change_client(request: Request, client_id: RowId, given: ClientPatch) -> dict[str, Any]:
    """Change fields; 409 when somebody else changed the client meanwhile."""
    house = house_of(request)
    _see(request, client_id)
    with house.db.tx() as conn:
        house.book.update(conn, client_id, given.given(), author_of(request), given.version)
    return card_of(request, client_id)


def _see(request: Request, client_id: str) -> dict[str, Any]:
    house = house_of(request)
    with house.db.read() as conn:
        client = get_client(conn, client_id)
    must_see(house, person_of(request), client)
    return client


@router.delete("/{client_id}", status_code=204, dependencies=[OPERATOR])
def delete_client(request: Request, client_id: RowId) -> Response:
    """Hide a client: unsent greetings end; within 30 days it can be restored."""
    house = house_of(request)
    _see(request, client_id)
    with house.db.tx() as conn:
        house.book.delete(conn, client_id, author_of(request))
    return Response(status_code=204)


@router.post("/{client_id}/restore", response_model=ClientCard, dependencies=[OPERATOR])
def restore_client(request: Request, client_id: RowId) -> dict[str, Any]:
    """Take a deletion back."""
    house = house_of(request)
    _see(request, client_id)
    with house.db.tx() as conn:
        house.book.restore(conn, client_id, author_of(request))
    return card_of(request, client_id)


@router.post("/{client_id}/enrich", response_model=PartyOut, dependencies=[OPERATOR])
def enrich_client(request: Request, client_id: RowId) -> dict[str, Any]:
    """Ask the register about the client's INN."""
    inn = str(_see(request, client_id)["inn"])
    if not inn:
        raise InputError(
            "the client has no INN; write it first",
            errors=[{"field": "inn", "message": "is empty"}],
        )
    try:
        answer = house_of(request).book.enrich(inn)
    except UnavailableError as error:
        raise ConflictError(f"the register cannot be asked: {error}", code="unavailable") from error
    party = answer.party.as_json() if answer.party else {}
    return {**party, "found": answer.party is not None, "stale": answer.stale}


@router.get("/{client_id}/occasions", response_model=Occasions, dependencies=[VIEWER])
def get_occasions(request: Request, client_id: RowId, months: Months = 12) -> dict[str, Any]:
    """The days ahead, with the reason where the client will not be greeted."""
    _see(request, client_id)
    return {"items": house_of(request).greetings.occasions(client_id, months)}
