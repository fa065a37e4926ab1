"""The card of a greeting, drawn outside any transaction and stored by its hash (G105-G112)."""

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.engine import Connection

from povod.greetings.facts import facts_of
from povod.greetings.orders import Order
from povod.greetings.parts import Parts
from povod.kit.errors import PovodError
from povod.store.files import put_file
from povod.writing.llm.base import ModelError
from povod.writing.names import address_line

log = structlog.get_logger()
MEDIA_TYPE = "image/jpeg"

if TYPE_CHECKING:
    from povod.writing.cards import Brand, Card, CardImage


@dataclass(frozen=True)
class DrawnCard:
    """A finished card, its theme, and whether a model drew its ground."""

    image: "CardImage"
    theme: str
    by_model: bool = False

    def store(self, conn: Connection) -> dict[str, Any]:
        """Keep the picture; the columns of `greetings` that cite it."""
        file_id = put_file(conn, self.image.data, MEDIA_TYPE)
        return {
            "card_file_id": file_id,
            "image_path": self.image.path,
            "card_theme": self.theme,
        }


class CardMaker:
    """Draws the cards of one run; pictures by a model are counted."""

    def __init__(self, parts: Parts, brand: "Brand | None" = None) -> None:
        self._parts = parts
        settings = parts.settings
        signature = settings.sender_company or settings.sender_name
        self._signature = signature
        self._brand = brand
        self._left = settings.max_gigachat_images_per_run
        self._lock = threading.Lock()
        self._broken = False
        self.counts: Counter[str] = Counter()

    def draw(self, order: Order, wish: str, tone: str, theme: str = "") -> DrawnCard | None:
        """The card, or None: cards are off, not wanted by the client, or cannot be drawn."""
        preferences = order.client["preferences"] or {}
        if self._parts.settings.image_mode == "none" or preferences.get("card") is False:
            return None
        # Drawing needs a second of libraries; without cards nobody waits for them.
        from povod.writing.cards import Brand, Card, occasion_line, theme_for

        sender = self._parts.settings.sender_name
        brand = self._brand or Brand(signature=self._signature, sender_name=sender)
        facts = facts_of(order, self._parts.settings, tone)
        chosen = theme or theme_for(facts.occasion_kind, facts.occasion_code)
        ground = self._ground(chosen)
        card = Card(
            occasion=occasion_line(facts.occasion_phrase(short=True)) or facts.occasion,
            wish=wish,
            address="" if order.is_group else address_line(facts, tone),
            signature=brand.signature,
            theme=chosen,
            brand=brand,
            ground=ground,
        )
        image = self._render(card)
        return DrawnCard(image, chosen, ground is not None) if image else None

    def _render(self, card: "Card") -> "CardImage | None":
        """A missing font costs the card, never the letter (G110)."""
        if self._broken:
            return None
        from povod.writing.cards import render

        try:
            image = render(card)
        except PovodError as error:
            log.error("greetings.cards_off", error=str(error))
            self._broken = True
            self.counts["failed"] += 1
            return None
        self.counts["made"] += 1
        self.counts.update(image.warnings)
        return image

    def _ground(self, theme: str) -> bytes | None:
        """A picture by the model for as many cards as the settings allow."""
        if self._parts.settings.image_mode != "gigachat":
            return None
        with self._lock:
            if self._left <= 0:
                return None
            self._left -= 1
        from povod.writing.llm.images import GigaChatImages

        try:
            return GigaChatImages(self._parts.settings, self._parts.clock).draw(theme)
        except ModelError as error:
            log.warning("greetings.picture_failed", error=str(error))
            self.counts["picture_failed"] += 1
            return None
