"""The services on the API port beside the search and the first model, and their controls."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from povod.sandbox.clock import WorldClock
from povod.sandbox.helpers.journal import Journal
from povod.sandbox.models.control import handlers as model_handlers
from povod.sandbox.models.gigachat import GigaChat
from povod.sandbox.records.control import handlers as record_handlers
from povod.sandbox.records.crm import Crm
from povod.sandbox.records.dadata import DaData
from povod.sandbox.records.egrul import Egrul
from povod.sandbox.records.parties import Parties
from povod.sandbox.world.model import World

Handler = Callable[[Request, dict[str, Any]], Any]


class Services:
    """GigaChat, DaData, the register, the CRM; all write to one journal."""

    def __init__(self, world: World, clock: WorldClock, journal: Journal) -> None:
        parties = Parties(world)
        self.journal = journal
        self.gigachat = GigaChat(journal=journal, clock=clock)
        self.dadata = DaData(parties, journal)
        self.egrul = Egrul(parties, journal)
        self.crm = Crm(journal)

    def routes(self) -> list[Route]:
        """All routes of the services."""
        served = (self.gigachat, self.dadata, self.egrul, self.crm)
        return [route for service in served for route in service.routes()]

    def controls(self) -> list[tuple[str, str, Handler]]:
        """(method, path, handler) under `/sandbox`."""
        return [
            *model_handlers(self.gigachat, self.journal),
            *record_handlers(self.dadata, self.egrul, self.crm),
        ]
