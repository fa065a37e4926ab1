"""What every part of delivery works with, built once by the composition root."""

from dataclasses import dataclass, field

from povod.delivery.keys import Keys
from povod.delivery.moves import Moves
from povod.delivery.suppression import Suppression
from povod.engine.quotas import Quotas
from povod.kit.clock import Clock
from povod.kit.settings import Settings
from povod.store.db import Database


@dataclass(frozen=True)
class Office:
    """Database, clock, settings, keys, quotas, and the one who moves messages."""

    db: Database
    clock: Clock
    settings: Settings
    keys: Keys
    quotas: Quotas
    moves: Moves = field(default_factory=Moves)

    @property
    def suppression(self) -> Suppression:
        """The writer of refusals."""
        return Suppression(self.keys)
