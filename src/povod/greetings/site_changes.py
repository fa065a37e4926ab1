"""A change on a client's site becomes an event, and on a person's word a letter.

The job of watched sites hands its report down through the composition root; nothing is known here
of how it was found.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.drafts import Draft
from povod.delivery.states import Actor
from povod.greetings.manual import get_event
from povod.greetings.parts import Parts
from povod.greetings.people import display_name
from povod.kit.errors import ConflictError
from povod.kit.ids import new_id
from povod.kit.url import registrable_domain
from povod.store import audit
from povod.store.tables import clients, company_domains, events, site_profiles
from povod.store.upsert import insert_new
from povod.writing.names import salutation
from povod.writing.site_change import SiteChangeFacts, write_site_change

SITE_CHANGE = "site_change"
KEY = ["client_id", "event_key", "occasion_year"]


class Change(Protocol):
    """One change, as the report tells it."""

    def as_json(self) -> dict[str, Any]:
        """Name, field, both values, and what proves them."""


class Report(Protocol):
    """What changed on one site, found by one job."""

    @property
    def job_id(self) -> str:
        """The job."""

    @property
    def domain(self) -> str:
        """The site."""

    @property
    def total(self) -> int:
        """How many changes there are."""

    @property
    def changes(self) -> Sequence[Any]:
        """The first of them."""


class SiteChanges:
    """Events from changed sites, and the letters they give reason for."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def record(self, report: Report) -> list[str]:
        """An event for each client whose site it is; ids of the new ones. Repeating is harmless."""
        if not report.total:
            return []
        today = self._parts.today()
        facts = {
            "kind": SITE_CHANGE,
            "job_id": report.job_id,
            "domain": report.domain,
            "total": report.total,
            "changes": [change.as_json() for change in report.changes],
        }
        with self._parts.db.tx() as conn:
            rows = [
                {
                    "id": new_id(),
                    "client_id": client_id,
                    "event_type": SITE_CHANGE,
                    "event_key": f"site:{report.job_id}",
                    "occasion_date": today,
                    "occasion_year": today.year,
                    "deliver_on": today,
                    "title": f"{report.domain}: {report.total}",
                    "metadata": facts,
                    "match_reason": report.domain,
                    "status": "closed",
                    "created_by": "sites",
                }
                for client_id in _clients_of(conn, report.domain)
            ]
            return insert_new(conn, events, rows, KEY)

    def write_letter(self, event_id: str, actor: Actor) -> str:
        """A letter about the change, which waits for approval; its id.

        Asked again it gives the same letter. `ConflictError` for an event of another kind, or a
        client without an address.
        """
        with self._parts.db.tx() as conn:
            event = get_event(conn, event_id)
            if event["event_type"] != SITE_CHANGE:
                raise ConflictError("only a change on a site gives reason for such a letter")
            query = sa.select(clients).where(clients.c.id == event["client_id"])
            client = dict(conn.execute(query).mappings().one())
            if not client["email"] or client["deleted_at"] or client["do_not_greet"]:
                raise ConflictError("the client has no address, is deleted, or asked not to write")
            message = self._parts.delivery.put(conn, self._draft(event, client))
            if message["status"] == "draft":
                self._parts.delivery.submit(conn, message["id"])
                audit.append(conn, str(actor), "site_change.letter", event_id, {})
            known = {**event["metadata"], "message_id": message["id"]}
            conn.execute(sa.update(events).where(events.c.id == event_id).values(metadata=known))
        return str(message["id"])

    def _draft(self, event: Mapping[str, Any], client: Mapping[str, Any]) -> Draft:
        facts, settings = event["metadata"], self._parts.settings
        signs = (settings.sender_name, settings.sender_position, settings.sender_company)
        text = write_site_change(
            SiteChangeFacts(
                domain=facts["domain"],
                day=event["occasion_date"],
                count=facts["total"],
                changes=facts["changes"],
                salutation=salutation(client, "official"),
                signature="\n".join(sign for sign in signs if sign),
                language=client["language"],
            )
        )
        return Draft(
            kind="letter",
            client_id=client["id"],
            company_id=client["company_id"],
            to_value=client["email"],
            to_name=display_name(client),
            subject=text.subject,
            body=text.body,
            language=client["language"],
            campaign=SITE_CHANGE,
            is_demo=client["is_demo"],
            dedupe_key=f"site_change:{client['id']}:{event['event_key']}",
            evidence={
                "event_id": event["id"],
                "site_change": {
                    **{name: facts[name] for name in ("job_id", "domain", "total", "changes")},
                    "noticed_at": event["created_at"].astimezone(UTC).isoformat(),
                },
                "text": {"template": SITE_CHANGE, "template_version": text.template_version},
            },
            template_id=SITE_CHANGE,
            template_version=text.template_version,
        )


def _clients_of(conn: Connection, domain: str) -> list[str]:
    """Clients whose site it is: named in the site's profile, or by the domains of their company."""
    host = domain.removeprefix("www.").partition(":")[0]
    names = {host, registrable_domain(host) or host}
    named = sa.select(site_profiles.c.client_id, site_profiles.c.company_id).where(
        site_profiles.c.domain == domain
    )
    profile = conn.execute(named).first()
    firms = sa.select(company_domains.c.company_id).where(
        company_domains.c.domain.in_(names), company_domains.c.kind != "email"
    )
    mine = clients.c.company_id.in_(firms)
    if profile is not None:
        mine = mine | (clients.c.id == profile.client_id)
        mine = mine | (clients.c.company_id == profile.company_id)
    query = sa.select(clients.c.id).where(mine, clients.c.deleted_at.is_(None))
    return list(conn.execute(query.order_by(clients.c.id)).scalars())
