"""A greeting as it would be, for any client and occasion; nothing is stored (G63)."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.greetings.cards import CardMaker
from povod.greetings.facts import facts_of
from povod.greetings.manual import preview_of
from povod.greetings.model import BIRTHDAY, HOLIDAY
from povod.greetings.orders import Order
from povod.greetings.parts import Parts
from povod.greetings.templates import Catalogue, catalogue
from povod.greetings.texts import Writer, as_json
from povod.kit.errors import NotFoundError
from povod.store.tables import clients, holidays
from povod.writing.greetings.render import short_form


class Previews:
    """Shows texts and cards."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def show(
        self, client_id: str, *, code: str = "", tone: str = "", variant: str = ""
    ) -> dict[str, Any]:
        """Text, SMS form, findings and card; `variant` is a template's key (`family/letter`)."""
        with self._parts.db.read() as conn:
            order = self._order(conn, client_id, code)
            variants = catalogue(conn)
        writer = Writer(self._parts, _only(variants, variant) if variant else variants)
        text = writer.write(order, tone=tone, source="template")
        card = CardMaker(self._parts).draw(order, text.rendered.wish, text.tone)
        facts = facts_of(order, self._parts.settings, text.tone)
        return {
            **preview_of(text),
            "tone": text.tone,
            "variant": text.template.key if text.template else "",
            "short": short_form(text.rendered, facts),
            "violations": [as_json(violation) for violation in text.violations],
            "card": card.image.data if card else None,
        }

    def _order(self, conn: Connection, client_id: str, code: str) -> Order:
        client = conn.execute(sa.select(clients).where(clients.c.id == client_id)).mappings()
        person = client.first()
        if person is None:
            raise NotFoundError(f"there is no client {client_id}")
        holiday = None
        if code and code != BIRTHDAY:
            found = conn.execute(sa.select(holidays).where(holidays.c.code == code)).mappings()
            holiday = found.first()
            if holiday is None:
                raise NotFoundError(f"there is no holiday {code}")
        today = self._parts.today()
        event: dict[str, Any] = {
            "id": "",
            "client_id": client_id,
            "event_type": HOLIDAY if holiday else BIRTHDAY,
            "event_key": f"holiday:{code}" if holiday else BIRTHDAY,
            "occasion_date": today,
            "occasion_year": today.year,
            "deliver_on": today,
            "title": holiday["title"] if holiday else "День рождения",
            "title_instrumental": holiday["title_instrumental"] if holiday else "Днём рождения",
            "tone": "",
            "metadata": {},
            "match_reason": "",
        }
        return Order(event, dict(person), dict(holiday) if holiday else None)


def _only(variants: Catalogue, key: str) -> Catalogue:
    family, _, _ = key.partition("/")
    chosen = [replace(one, status="active") for one in variants.get(family, ()) if one.key == key]
    if not chosen:
        raise NotFoundError(f"there is no template {key}")
    return {family: chosen}
