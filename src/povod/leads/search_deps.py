"""What the steps of the search share: handed in by whoever composes the application."""

from dataclasses import dataclass
from typing import Protocol

from povod.kit.clock import Clock
from povod.kit.settings import Settings
from povod.leads.yandex.protocol import DeferredQueryParams, OperationResponse
from povod.store.db import Database


class SearchClient(Protocol):
    """The two calls of the search service that the steps make (`YandexDeferredClient`)."""

    def create(
        self, params: DeferredQueryParams, *, idempotency_key: str | None = None, row: str = ""
    ) -> OperationResponse:
        """Order a search; paid once accepted."""

    def get_operation(self, operation_id: str, *, row: str = "") -> OperationResponse:
        """The state of an operation."""


@dataclass(frozen=True)
class SearchDeps:
    """Database, clock, settings and the search service."""

    db: Database
    clock: Clock
    settings: Settings
    client: SearchClient
