"""The services on the API port beside the search and the first model, and their controls."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from povod.sandbox.clock import WorldClock
from povod.sandbox.helpers.browser import Where
from povod.sandbox.helpers.control import hook_handlers, page_handlers
from povod.sandbox.helpers.firecrawl import Firecrawl
from povod.sandbox.helpers.flaresolverr import FlareSolverr
from povod.sandbox.helpers.hooks import Hooks
from povod.sandbox.helpers.journal import Journal
from povod.sandbox.models.control import handlers as model_handlers
from povod.sandbox.models.gigachat import GigaChat
from povod.sandbox.records.control import handlers as record_handlers
from povod.sandbox.records.crm import Crm
from povod.sandbox.records.dadata import DaData
from povod.sandbox.records.egrul import Egrul
from povod.sandbox.records.parties import Parties
from povod.sandbox.sheets.control import handlers as sheet_handlers
from povod.sandbox.sheets.service import Sheets
from povod.sandbox.world.model import World
from povod.sandbox.yandex.iam import DemoKey

Handler = Callable[[Request, dict[str, Any]], Any]


class Services:
    """GigaChat, DaData, the register, the CRM, fetch helpers, hooks, sheets; one journal.

    `where` tells the fetch helpers how to reach the world's sites; it is asked at each page.
    """

    def __init__(
        self,
        world: World,
        clock: WorldClock,
        journal: Journal,
        where: Callable[[], Where],
        key: DemoKey,
    ) -> None:
        parties = Parties(world)
        self.journal = journal
        self.gigachat = GigaChat(journal=journal, clock=clock)
        self.dadata = DaData(parties, journal)
        self.egrul = Egrul(parties, journal)
        self.crm = Crm(journal)
        self.flaresolverr = FlareSolverr(where, journal)
        self.firecrawl = Firecrawl(where, journal)
        self.hooks = Hooks(journal)
        self.sheets = Sheets(key, journal)

    def routes(self) -> list[Route]:
        """All routes of the services."""
        records = (self.dadata, self.egrul, self.crm)
        helpers = (self.flaresolverr, self.firecrawl, self.hooks, self.sheets)
        return [route for one in (self.gigachat, *records, *helpers) for route in one.routes()]

    def controls(self) -> list[tuple[str, str, Handler]]:
        """(method, path, handler) under `/sandbox`."""
        return [
            *model_handlers(self.gigachat, self.journal),
            *record_handlers(self.dadata, self.egrul, self.crm),
            *page_handlers(self.flaresolverr, self.firecrawl),
            *hook_handlers(self.hooks),
            *sheet_handlers(self.sheets),
        ]
