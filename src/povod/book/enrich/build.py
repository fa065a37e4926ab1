"""The provider that the settings name."""

from povod.book.enrich.breaker import Breaker
from povod.book.enrich.cache import Cache
from povod.book.enrich.csvfile import CsvProvider, load_reference
from povod.book.enrich.dadata import DaDataProvider
from povod.book.enrich.enricher import Enricher
from povod.book.enrich.party import Provider
from povod.book.enrich.stub import StubProvider
from povod.engine.quotas import Quotas
from povod.kit.clock import Clock
from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings
from povod.kit.tabular.model import CellProblem
from povod.store.db import Database


def build_enricher(settings: Settings, db: Database, clock: Clock, quotas: Quotas) -> Enricher:
    """`ENRICHMENT_MODE` as an `Enricher`; `ConfigurationError` when its key is missing."""
    return Enricher(db, Cache(db, clock), _provider(settings, db, clock, quotas))


def _provider(settings: Settings, db: Database, clock: Clock, quotas: Quotas) -> Provider:
    match settings.enrichment_mode:
        case "csv":
            return CsvProvider()
        case "dadata":
            key = settings.dadata_api_key
            if key is None:
                raise ConfigurationError(
                    "DADATA_API_KEY: ENRICHMENT_MODE=dadata needs a key (DaData, profile page). "
                    "Example: DADATA_API_KEY=0123456789abcdef"
                )
            return DaDataProvider(
                settings.dadata_base_url,
                key.get_secret_value(),
                settings.dadata_daily_limit,
                quotas,
                Breaker(db, clock, "dadata"),
                clock,
            )
        case _:
            return StubProvider()


def load_own_reference(
    settings: Settings, db: Database, clock: Clock
) -> tuple[int, list[CellProblem]]:
    """Take `ENRICHMENT_CSV_FILE` into the cache; how many rows, and the first ones at fault."""
    if settings.enrichment_csv_file is None:
        raise ConfigurationError(
            "ENRICHMENT_CSV_FILE: ENRICHMENT_MODE=csv needs a file with the columns inn, name, "
            "okved… Example: ENRICHMENT_CSV_FILE=/data/companies.csv"
        )
    return load_reference(settings.enrichment_csv_file, Cache(db, clock))
