"""Forms of a client: a new one, and changes that name only what was changed."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel

from povod.book.clients.model import Ground
from povod.book.clients.words import BASES, REASONS
from povod.kit.errors import ConflictError, InputError
from povod.store.tables.greetings import CHANNELS, SEGMENTS
from povod.web.greetings_api.client_models import Basis, Short
from povod.web.greetings_api.shapes import Line, author_of, house_of, person_of
from povod.web.greetings_pages.client import client_seen
from povod.web.greetings_pages.common import go, page
from povod.web.params import RowId
from povod.web.people import shown
from povod.web.problems import status_of
from povod.web.roles import OPERATOR

router = APIRouter(prefix="/clients")
TEXTS = (
    *("last_name", "first_name", "middle_name", "gender", "salutation", "short_name"),
    *("birth_date", "company_name", "inn", "position", "profession", "email", "phone"),
    *("preferred_channel", "language", "time_zone", "segment", "last_interaction_summary"),
    "do_not_greet_reason",
)


class ClientForm(BaseModel):
    """The fields of both forms, as a browser sends them."""

    last_name: Short = ""
    first_name: Short = ""
    middle_name: Short = ""
    gender: Short = ""
    salutation: Short = ""
    short_name: Short = ""
    birth_date: Short = ""
    company_name: Short = ""
    inn: Short = ""
    position: Short = ""
    profession: Short = ""
    email: Short = ""
    phone: Short = ""
    preferred_channel: Short = "email"
    language: Short = "ru"
    time_zone: Short = ""
    segment: Short = "standard"
    last_interaction_summary: Line = ""
    do_not_greet: bool = False
    do_not_greet_reason: Short = ""
    tone: Short = ""
    no_birthday: bool = False
    no_card: bool = False
    holidays_off: Line = ""
    basis: Basis = "none"
    evidence: Short = ""
    version: int = 0

    def preferences(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """What the client wishes; wishes that this form does not show stay."""
        hidden = {name: known[name] for name in ("holidays_on", "max_per_year") if name in known}
        said: dict[str, Any] = {"tone": self.tone} if self.tone else {}
        said |= {"birthday": False} if self.no_birthday else {}
        said |= {"card": False} if self.no_card else {}
        codes = [code for code in self.holidays_off.replace(",", " ").split() if code]
        return hidden | said | ({"holidays_off": codes} if codes else {})


Given = Annotated[ClientForm, Form()]


@router.get("/new", dependencies=[OPERATOR])
def new_page(request: Request) -> Response:
    """An empty form."""
    return _form(request, ClientForm().model_dump(), "")


@router.post("/new", dependencies=[OPERATOR])
def create(request: Request, given: Given) -> Response:
    """A new client; the form again with what is wrong."""
    house = house_of(request)
    fields = {name: value for name in TEXTS if (value := getattr(given, name))}
    fields |= {"preferences": given.preferences({}), "do_not_greet": given.do_not_greet}
    ground = Ground(given.basis, given.evidence)
    try:
        with house.db.tx() as conn:
            client_id = house.book.create(conn, fields, author_of(request, "ui"), ground)
    except (InputError, ConflictError) as error:
        return _form(request, given.model_dump(), "", error)
    return go(f"/clients/{client_id}", done="created")


@router.get("/{client_id}/edit", dependencies=[OPERATOR])
def edit_page(request: Request, client_id: RowId) -> Response:
    """The form with what is known."""
    return _form(request, _known(request, client_id), client_id)


@router.post("/{client_id}/edit", dependencies=[OPERATOR])
def edit(request: Request, client_id: RowId, given: Given) -> Response:
    """Change what differs: only that is locked against files and CRM (G20)."""
    house = house_of(request)
    row = client_seen(request, client_id)
    known = _known(request, client_id)
    names = (*TEXTS, "do_not_greet")
    fields = {n: getattr(given, n) for n in names if getattr(given, n) != known[n]}
    preferences = given.preferences(row["preferences"])
    if preferences != row["preferences"]:
        fields["preferences"] = preferences
    try:
        with house.db.tx() as conn:
            author = author_of(request, "ui")
            house.book.update(conn, client_id, fields, author, given.version)
    except (InputError, ConflictError) as error:
        return _form(request, given.model_dump(), client_id, error)
    return go(f"/clients/{client_id}", done="saved")


def _known(request: Request, client_id: str) -> dict[str, Any]:
    """The values of the form for a stored client."""
    row = shown(client_seen(request, client_id), person_of(request))
    wishes = row["preferences"]
    return {
        **ClientForm().model_dump(),
        **{name: row[name] or "" for name in TEXTS},
        "gender": row["gender"] if row["gender_source"] == "given" else "",
        "do_not_greet": row["do_not_greet"],
        "tone": wishes.get("tone", ""),
        "no_birthday": wishes.get("birthday") is False,
        "no_card": wishes.get("card") is False,
        "holidays_off": ", ".join(wishes.get("holidays_off", ())),
        "version": row["version"],
    }


def _form(
    request: Request,
    values: Mapping[str, Any],
    client_id: str,
    error: InputError | ConflictError | None = None,
) -> Response:
    faults = {item["field"]: item["message"] for item in error.errors} if error else {}
    return page(
        request,
        "clients/form.html",
        status=status_of(error) if error else 200,
        values=values,
        client_id=client_id,
        problem=str(error) if error else "",
        faults=faults,
        segments=SEGMENTS,
        channels=CHANNELS,
        bases=BASES,
        reasons=REASONS,
    )
