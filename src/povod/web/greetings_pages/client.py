"""One client: salutations, consents, the year ahead, greetings, the register (G130)."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from povod.book.clients.listing import client_card
from povod.book.clients.model import Ground
from povod.book.clients.words import BASES
from povod.book.enrich.enricher import party_of
from povod.book.enrich.party import UnavailableError
from povod.kit.errors import ConflictError, InputError, NotFoundError
from povod.web.greetings_api.client_models import Basis, Purpose
from povod.web.greetings_api.shapes import actor_of, author_of, house_of, person_of
from povod.web.greetings_pages.common import DoneWord, LineField, go, page
from povod.web.params import RowId
from povod.web.people import must_see, remember_view, shown
from povod.web.roles import OPERATOR, VIEWER
from povod.writing.names import salutation

router = APIRouter(prefix="/clients/{client_id}")
PURPOSES = ("greeting", "religious_greeting", "advertising")
GREETINGS_SHOWN = 20
Code = Annotated[str, Query(max_length=80)]


@router.get("", dependencies=[VIEWER])
def client_page(request: Request, client_id: RowId, done: DoneWord = "") -> Response:
    """The card."""
    house, person = house_of(request), person_of(request)
    with house.db.read() as conn:
        card = client_card(conn, client_id)
        party = party_of(conn, card.client["inn"]) if card.client["inn"] else None
    must_see(house, person, card.client)
    remember_view(house, person, client_id)
    return page(
        request,
        "clients/card.html",
        done=done,
        client=shown(card.client, person),
        salutations=[(tone, salutation(card.client, tone)) for tone in ("official", "warm")],
        grounds=card.grounds,
        party=party,
        occasions=house.greetings.occasions(client_id),
        greetings=house.greetings.greetings(client_id=client_id, limit=GREETINGS_SHOWN).rows,
        may_work=person.may("operator"),
        bases=BASES,
        purposes=PURPOSES,
    )


def client_seen(request: Request, client_id: str) -> dict[str, Any]:
    """The client's row, if this person may see it."""
    house = house_of(request)
    with house.db.read() as conn:
        client = client_card(conn, client_id).client
    must_see(house, person_of(request), client)
    return client


@router.post("/delete", dependencies=[OPERATOR])
def delete(request: Request, client_id: RowId) -> Response:
    """Hide the client."""
    client_seen(request, client_id)
    house = house_of(request)
    with house.db.tx() as conn:
        house.book.delete(conn, client_id, author_of(request, "ui"))
    return go(f"/clients/{client_id}", done="deleted")


@router.post("/restore", dependencies=[OPERATOR])
def restore(request: Request, client_id: RowId) -> Response:
    """Take the deletion back."""
    client_seen(request, client_id)
    house = house_of(request)
    with house.db.tx() as conn:
        house.book.restore(conn, client_id, author_of(request, "ui"))
    return go(f"/clients/{client_id}", done="restored")


@router.post("/enrich", dependencies=[OPERATOR])
def enrich(request: Request, client_id: RowId) -> Response:
    """Ask the register about the INN."""
    inn = str(client_seen(request, client_id)["inn"])
    if not inn:
        raise InputError("the client has no INN; write it first")
    try:
        answer = house_of(request).book.enrich(inn)
    except UnavailableError as error:
        raise ConflictError(f"the register cannot be asked: {error}") from error
    word = "unknown" if answer.party is None else "stale" if answer.stale else "enriched"
    return go(f"/clients/{client_id}", done=word)


@router.post("/consents", dependencies=[OPERATOR])
def grant(
    request: Request,
    client_id: RowId,
    basis: Annotated[Basis, Form()],
    purpose: Annotated[Purpose, Form()] = "greeting",
    evidence: LineField = "",
) -> Response:
    """Add a ground on which the client may be written to."""
    client_seen(request, client_id)
    house = house_of(request)
    ground = Ground(basis, evidence[:300], None, purpose)
    with house.db.tx() as conn:
        house.book.add_ground(conn, client_id, ground, author_of(request, "ui"))
    return go(f"/clients/{client_id}", done="granted")


@router.post("/consents/{consent_id}/withdraw", dependencies=[OPERATOR])
def withdraw(
    request: Request, client_id: RowId, consent_id: RowId, reason: LineField = ""
) -> Response:
    """The client took a consent back."""
    client_seen(request, client_id)
    house = house_of(request)
    with house.db.tx() as conn:
        own = {row["id"] for row in client_card(conn, client_id).grounds}
        if consent_id not in own:
            raise NotFoundError(f"this client has no consent {consent_id} in force")
        house.delivery.withdraw(conn, [consent_id], actor_of(request), reason)
    return go(f"/clients/{client_id}", done="withdrawn")


@router.get("/preview", dependencies=[VIEWER])
def preview(request: Request, client_id: RowId, code: Code = "", tone: Code = "") -> Response:
    """A text and a card as they would be; nothing is stored."""
    client = client_seen(request, client_id)
    wanted = tone if tone in ("official", "warm") else ""
    found = house_of(request).greetings.preview(client_id, code=_rule(code), tone=wanted)
    shown_client = shown(client, person_of(request))
    values: dict[str, Any] = {"client": shown_client, "found": found, "code": code, "tone": wanted}
    return page(request, "clients/preview.html", **values)


@router.get("/preview/card", dependencies=[VIEWER])
def preview_card(request: Request, client_id: RowId, code: Code = "", tone: Code = "") -> Response:
    """The card of such a preview."""
    client_seen(request, client_id)
    wanted = tone if tone in ("official", "warm") else ""
    found = house_of(request).greetings.preview(client_id, code=_rule(code), tone=wanted)
    if found["card"] is None:
        raise NotFoundError("no card is drawn for this occasion")
    return Response(found["card"], media_type="image/jpeg")


def _rule(code: str) -> str:
    """The rule's code out of an event's key."""
    return code.removeprefix("holiday:")
