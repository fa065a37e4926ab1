"""Wiring: every room is built here from `Settings`, once."""

from functools import cache, partial

from sqlalchemy.engine import Connection

from povod.app.clocks import make_clock
from povod.app.house import House
from povod.app.lazy import LazySearchClient
from povod.app.name_tools import WritingNames
from povod.app.steps import all_steps
from povod.book.clients.model import ClientDeps
from povod.book.enrich.build import build_enricher
from povod.book.facade import Book
from povod.delivery.facade import Delivery
from povod.delivery.personal import forgotten
from povod.delivery.work import DeliveryWork
from povod.engine.dispatch import Dispatcher
from povod.engine.dispatch.inline import InlineDispatcher
from povod.engine.events import Events
from povod.engine.handlers import Handlers
from povod.engine.ledger import Ledger
from povod.engine.quotas import Quotas
from povod.engine.schedules import Schedules
from povod.greetings.facade import Greetings
from povod.greetings.parts import Parts
from povod.greetings.work import GreetingWork
from povod.kit.clock import Clock
from povod.kit.sealing import Sealer
from povod.kit.settings import Settings
from povod.leads import enrich, steps_search
from povod.leads.letters import LetterDeps
from povod.leads.pipeline import LeadsPipeline
from povod.leads.search_deps import SearchDeps
from povod.leads.sheets import work as sheet_work
from povod.leads.steps_letters import LetterSteps, on_letter_moved
from povod.sites.facade import build_sites
from povod.store.db import Database
from povod.store.migrate import is_current, upgrade
from povod.writing.llm.build import letter_model


def build_house(settings: Settings, clock: Clock | None = None) -> House:
    """Wire every room on a database of the newest schema."""
    clock = clock or make_clock(settings)
    db = Database(settings.database_url, clock)
    if not is_current(db):
        upgrade(db)
    ledger = Ledger(db, clock, _dispatcher(settings), settings.work_lease_seconds)
    quotas, events = Quotas(db, clock), Events(db, clock)
    delivery = Delivery(db, clock, settings, quotas)
    search = SearchDeps(db, clock, settings, LazySearchClient(db, clock, settings, quotas))
    letters = LetterSteps(
        LetterDeps(db, clock, settings, delivery, cache(lambda: letter_model(settings, clock))),
        ledger,
    )
    greetings = Greetings(Parts(db, clock, settings, delivery, quotas))
    sealer = _sealer(delivery)
    house = House(
        settings=settings,
        clock=clock,
        db=db,
        ledger=ledger,
        events=events,
        quotas=quotas,
        schedules=Schedules(db, clock, ledger),
        handlers=Handlers(),
        search=search,
        delivery=delivery,
        letters=letters,
        leads=LeadsPipeline(search),
        book=build_book(settings, db, clock, quotas, delivery),
        greetings=greetings,
        sites=build_sites(
            db, clock, settings, ledger, events, quotas, sealer, greetings.site_changed
        ),
    )
    _register(house)
    house.steps = all_steps(house)
    return house


def build_book(
    settings: Settings, db: Database, clock: Clock, quotas: Quotas, delivery: Delivery
) -> Book:
    """The address book, with names from the room of texts and hashes from the room of refusals."""
    deps = ClientDeps(clock, WritingNames(), delivery.office.keys.value_hash)
    return Book(db, deps, lambda: build_enricher(settings, db, clock, quotas))


def _sealer(delivery: Delivery) -> Sealer:
    """Keys of services and passwords of proxies are sealed with the house's secret."""
    keys = delivery.office.keys
    return Sealer(keys.secret, keys.previous_secret)


def _register(house: House) -> None:
    handlers = house.handlers
    steps_search.register(handlers, house.search)
    sheet_work.register(handlers, house.search)
    visits = enrich.EnrichDeps(
        house.db,
        house.clock,
        house.settings,
        house.ledger,
        forgotten=partial(forgotten, house.delivery.office),
    )
    enrich.register(handlers, visits)
    house.letters.register(handlers)
    DeliveryWork(house.delivery).register(handlers)
    GreetingWork(house.greetings).register(handlers)
    house.sites.register(handlers)
    house.delivery.on_status("letter", on_letter_moved)
    house.delivery.on_status("greeting", house.greetings.on_message_moved)
    house.book.listen(partial(_client_moved, house))


def _client_moved(house: House, conn: Connection, client_id: str, what: str) -> None:
    """Drafts of a client who is gone end with the row; a changed one is found by its facts."""
    if what == "deleted":
        house.greetings.client_changed(conn, client_id, what)


def _dispatcher(settings: Settings) -> Dispatcher:
    if not settings.redis_url:
        return InlineDispatcher()
    from povod.engine.dispatch.rq import RqDispatcher

    return RqDispatcher(settings.redis_url)
