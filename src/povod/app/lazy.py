"""The search client, made when first used: a broken key stops searching and nothing else (Y7)."""

from functools import cached_property

from povod.engine.quotas import Quotas
from povod.kit.clock import Clock
from povod.kit.settings import Settings
from povod.leads.pauses import Pauses, QuotaLimiter
from povod.leads.yandex.auth import make_token_provider
from povod.leads.yandex.client import YandexDeferredClient
from povod.leads.yandex.protocol import DeferredQueryParams, OperationResponse
from povod.store.db import Database


class LazySearchClient:
    """The two calls that the steps make, on a client that is built on demand."""

    def __init__(self, db: Database, clock: Clock, settings: Settings, quotas: Quotas) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings
        self._quotas = quotas

    @cached_property
    def _client(self) -> YandexDeferredClient:
        limiter = QuotaLimiter(self._quotas, Pauses(self._db, self._clock), self._settings)
        tokens = make_token_provider(self._settings, self._clock)
        return YandexDeferredClient(self._settings, tokens, self._clock, limiter)

    def create(
        self, params: DeferredQueryParams, *, idempotency_key: str | None = None, row: str = ""
    ) -> OperationResponse:
        """Order a search."""
        return self._client.create(params, idempotency_key=idempotency_key, row=row)

    def get_operation(self, operation_id: str, *, row: str = "") -> OperationResponse:
        """The state of an operation."""
        return self._client.get_operation(operation_id, row=row)
