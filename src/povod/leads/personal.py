"""What the search for companies keeps about a person: what a search engine showed (D101)."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.personal import Holding, Person, Row, nameless
from povod.store.tables import (
    model_answers,
    niches,
    offers,
    search_batch_logs,
    serp_operations,
    serp_queries,
    serp_results,
)

_SHOWN = ("title", "snippet", "headline", "company_name_guess", "metadata")


def _shows(person: Person, row: Row) -> bool:
    return person.is_named_in(*(row[name] for name in _SHOWN))


def _hits(person: Person) -> Any:
    return serp_results.c.company_id.in_(person.companies)


HOLDINGS = (
    Holding(
        serp_results,
        _hits,
        blank=dict.fromkeys(_SHOWN, nameless),
        keeps=(
            *("url_raw", "url", "host_raw", "host_norm", "domain", "canonical_url", "language"),
            *("doc_id", "dedup_key"),
        ),
        only=_shows,
    ),
    Holding(
        serp_operations,
        lambda person: serp_operations.c.id.in_(person.operations),
        keeps=(
            *("operation_id", "request_hash", "request_body", "idempotency_key", "error_class"),
            *("error_code", "error_payload", "parser_version", "window_tag", "metadata"),
        ),
        files=("raw_file_id",),
        shared=True,
    ),
)

HOLDS_NONE = {
    niches: (
        *("source_ref", "niche", "city", "country", "batch_tag", "region_source", "offer_key"),
        *("fingerprint", "last_error"),
    ),
    search_batch_logs: ("sync_id", "niche", "city", "country", "batch_tag", "status", "error"),
    serp_queries: ("query_text", "query_hash", "period", "last_error", "metadata"),
    offers: ("key", "data", "created_by"),
    model_answers: ("id", "model", "answer"),
}
"""Questions to a model name no person (L92), so its answers cannot either."""


def replies_naming(conn: Connection, person: Person) -> Iterator[str]:
    """Operations whose raw reply shows the person: ids of those with such a hit."""
    columns = [serp_results.c.operation_id, *(serp_results.c[name] for name in _SHOWN)]
    for row in conn.execute(sa.select(*columns).where(_hits(person))).mappings():
        if _shows(person, dict(row)):
            yield str(row["operation_id"])
