"""Shapes of clients: what comes in, what goes out."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from povod.web.greetings_api.shapes import Id, In, Line, Version

Short = Annotated[Line, Field(max_length=300)]
OnDay = date
Basis = Literal["consent", "existing_client", "none"]
Purpose = Literal["greeting", "religious_greeting", "advertising"]


class GroundIn(In):
    """On what basis a client may be written to, and what proves it."""

    basis: Basis = "none"
    evidence: Short = ""
    obtained_at: datetime | None = None
    purpose: Purpose = "greeting"


class ClientFields(In):
    """Fields of a client; one that is left out, or null, stays as it is."""

    first_name: Short | None = None
    middle_name: Short | None = None
    last_name: Short | None = None
    gender: Short | None = None
    salutation: Short | None = None
    short_name: Short | None = None
    birth_date: Short | None = Field(None, description="1985-05-17, or --05-17 without a year")
    company_name: Short | None = None
    inn: Short | None = None
    okved: Short | None = None
    position: Short | None = None
    profession: Short | None = None
    email: Short | None = None
    phone: Short | None = None
    preferred_channel: Short | None = None
    language: Short | None = None
    time_zone: Short | None = None
    country: Short | None = None
    segment: Short | None = None
    preferences: dict[str, Any] | None = None
    last_interaction_summary: Line | None = None
    do_not_greet: bool | None = None
    do_not_greet_reason: Short | None = None
    external_id: Short | None = None

    def given(self) -> dict[str, Any]:
        """What was said."""
        said = self.model_dump(include=set(ClientFields.model_fields))
        return {name: value for name, value in said.items() if value is not None}


class ClientIn(ClientFields):
    """A new client."""

    ground: GroundIn = GroundIn()


class ClientPatch(ClientFields):
    """Changes of a client, with the version that was seen."""

    version: Version


class FromCompany(In):
    """A found company becomes a client."""

    company_id: Id
    contact_id: Id | None = None
    person: ClientFields | None = None
    ground: GroundIn | None = None


class ClientOut(BaseModel):
    """A client; viewers get masked addresses and no `last_interaction_summary`."""

    id: str
    name: str
    first_name: str
    middle_name: str
    last_name: str
    gender: str | None
    gender_source: str
    salutation: str
    short_name: str
    birth_date: str
    company_id: str | None
    company_name: str
    inn: str
    okved: str
    position: str
    profession: str
    email: str
    phone: str
    preferred_channel: str
    language: str
    time_zone: str
    country: str
    segment: str
    owner_user_id: str | None
    preferences: dict[str, Any]
    last_interaction_summary: str | None = None
    do_not_greet: bool
    do_not_greet_reason: str
    age_suspicious: bool
    source: str
    external_id: str | None
    is_demo: bool
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class ClientList(BaseModel):
    """One page of clients."""

    total: int
    page: int
    items: list[ClientOut]


class Consent(BaseModel):
    """A ground that was not withdrawn."""

    id: str
    channel: str
    purpose: str
    basis: str
    evidence_text: str
    source: str
    obtained_at: datetime
    obtained_by: str


class ClientCard(ClientOut):
    """A client with the grounds on which they may be written to."""

    consents: list[Consent] = []


class Occasion(BaseModel):
    """A day ahead on which a client could be greeted, and why not."""

    date: OnDay
    deliver_on: OnDay
    title: str
    event_key: str
    match_reason: str
    reason: str
    status: str
    event_id: str
    provisional: bool


class Occasions(BaseModel):
    """What lies ahead of a client."""

    items: list[Occasion]


class PartyOut(BaseModel):
    """What the register says of a company."""

    found: bool
    stale: bool = False
    inn: str = ""
    name: str = ""
    full_name: str = ""
    ogrn: str = ""
    kpp: str = ""
    okved: str = ""
    director: str = ""
    director_post: str = ""
    status: str = ""
    registered_on: str = ""
    address: str = ""
    source: str = ""


class ImportOut(BaseModel):
    """What an import did, or would do when `dry_run`."""

    import_id: str
    dry_run: bool
    new: int
    changed: int
    same: int
    warnings: int
    refused: int
    columns: dict[str, str]
    unmapped: list[str]
    problems: list[str]
    first_rows: list[dict[str, str]]


class Seeded(BaseModel):
    """The demo's clients."""

    clients: int
    added: int
