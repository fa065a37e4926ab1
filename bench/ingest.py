"""Search replies from stored bytes to committed hits and companies, beside the usual way (L129).

The usual way parses the same bytes with ElementTree and saves row by row through the SQLAlchemy
ORM: a look-up and an insert or update per company and one insert per hit, in one process. Povod
runs in one process (the ratio) and in two that share the replies (the rate). Both save to SQLite
and PostgreSQL, in databases of their own that are dropped at the end. Starting is not timed.

Run: python bench/ingest.py [--quick]. The last line is one JSON object; the exit status is 0 only
when all bars hold.
"""

import argparse
import json
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.orm import DeclarativeBase, Session

from povod.kit.clock import FixedClock
from povod.kit.errors import InvalidUrl
from povod.kit.ids import new_id
from povod.kit.settings import load_settings
from povod.kit.url import host_of, normalize_url, registrable_domain
from povod.leads.ingest import ingest_ready
from povod.leads.search_deps import SearchDeps
from povod.leads.yandex.protocol import DeferredQueryParams, OperationResponse
from povod.store.db import WRITE, Database
from povod.store.files import get_file, put_files
from povod.store.tables import (
    companies,
    company_domains,
    metadata,
    serp_operations,
    serp_queries,
    serp_results,
)

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
HITS = 100
FIRMS = 8000
WARM = 8
BAR_RATE = 5000
BAR_RATIO = 5
NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)

_TEXT = (
    "клиника стоматология лечение протезирование имплантация Казань приём ежедневно запись врач "
    "онлайн цены отзывы адрес телефон услуги окна монтаж доставка гарантия завод производство"
)


def make_reply(number: int) -> bytes:
    """A reply of a hundred hits on firms that other replies name as well."""
    rnd = random.Random(number)
    groups = "".join(_group(rnd, firm) for firm in rnd.sample(range(FIRMS), HITS))
    return (
        '<?xml version="1.0" encoding="utf-8"?><yandexsearch version="1.0"><response>'
        f'<reqid>{number}</reqid><found priority="all">5120</found><results>'
        '<grouping attr="d" mode="deep" groups-on-page="100" docs-in-group="1">'
        f'<page first="1" last="100">0</page>{groups}</grouping></results></response>'
        "</yandexsearch>"
    ).encode()


def _group(rnd: random.Random, firm: int) -> str:
    host = f"www.firma-{firm}.ru"
    words = rnd.choices(_TEXT.split(), k=40)
    return (
        f'<group><categ attr="d" name="{host}"/><doccount>9</doccount><doc id="Z{firm:X}">'
        f"<url>https://{host}/uslugi/{rnd.randrange(9)}?utm_source=ya</url><domain>{host}</domain>"
        f"<title><hlword>{words[0]}</hlword> «Фирма {firm}» — {' '.join(words[1:5])}</title>"
        f"<passages><passage>{' '.join(words[5:25])}</passage>"
        f"<passage><hlword>{words[25]}</hlword> {' '.join(words[26:])}</passage></passages>"
        "<modtime>20260301T040000</modtime><properties><lang>ru</lang></properties>"
        "<mime-type>text/html</mime-type></doc></group>"
    )


class Base(DeclarativeBase):
    """Mapped classes over the same tables, for the usual way only."""

    metadata = metadata


Result: Any = type("Result", (Base,), {"__table__": serp_results})
Company: Any = type("Company", (Base,), {"__table__": companies})
Domain: Any = type("Domain", (Base,), {"__table__": company_domains})
Operation: Any = type("Operation", (Base,), {"__table__": serp_operations})


def row_by_row(db: Database, share: tuple[int, int]) -> int:
    """The usual way: objects, one statement per row; returns the hits saved."""
    saved = 0
    with Session(db.engine.execution_options(**{WRITE: True})) as session:
        waiting = sa.select(Operation).where(serp_operations.c.status == "done")
        operations = session.scalars(waiting.order_by(serp_operations.c.id)).all()
        session.rollback()
        for operation in operations[share[0] :: share[1]]:
            raw = get_file(session.connection(), operation.raw_file_id)
            for place, doc in enumerate(ElementTree.fromstring(raw).iter("doc"), 1):
                saved += _save_one(session, operation, place, doc)
            operation.status = "ingested"
            session.commit()
    return saved


def _save_one(session: Session, operation: Any, place: int, doc: ElementTree.Element) -> int:
    title = doc.find("title")
    name = "" if title is None else "".join(title.itertext())
    try:
        url = normalize_url(doc.findtext("url") or "")
    except InvalidUrl:
        return 0
    host = host_of(url)
    domain = registrable_domain(host)
    same = sa.select(Company).where(companies.c.canonical_domain == domain)
    company = session.scalars(same).first()
    if company is None:
        company = Company(
            name=name, canonical_domain=domain, website_url=f"https://{host}/", hits_count=1,
            first_seen_at=NOW, last_seen_at=NOW,
        )  # fmt: skip
        session.add(company)
        session.flush()
        session.add(Domain(company_id=company.id, domain=domain, kind="primary", since=NOW))
    else:
        company.hits_count += 1
        company.last_seen_at = NOW
    session.add(
        Result(
            operation_id=operation.id, query_id=operation.query_id, position=place, url=url,
            url_raw=doc.findtext("url"), host_norm=host, domain=domain, title=name,
            snippet=" ".join("".join(part.itertext()) for part in doc.iter("passage")),
            company_id=company.id, dedup_status="UNIQUE",
        )
    )  # fmt: skip
    session.flush()
    return 1


def povod(db: Database, share: tuple[int, int]) -> int:
    """Our way; returns the hits saved."""
    deps = SearchDeps(db, db.clock, load_settings({}, None), NoClient())
    return ingest_ready(deps, share=share).documents


class NoClient:
    """Nothing is asked of the search service here."""

    def create(self, params: DeferredQueryParams, **_: str | None) -> OperationResponse:
        raise AssertionError(params)

    def get_operation(self, operation_id: str, **_: str) -> OperationResponse:
        raise AssertionError(operation_id)


@dataclass(frozen=True)
class Way:
    """A way to save, and in how many processes."""

    save: Callable[[Database, tuple[int, int]], int]
    workers: int = 1


@contextmanager
def processes() -> Iterator[Executor]:
    """Two that have both started: else the first could do all the work meanwhile."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, spawn, spawn.Barrier(2).wait) as pool:
        list(pool.map(abs, range(2)))
        yield pool


def work(title: str, url: str, number: int) -> int:
    """One process: take in its share."""
    way = WAYS[title]
    return way.save(_database(url), (number, way.workers))


@lru_cache
def _database(url: str) -> Database:
    return Database(url, FixedClock(NOW))


WAYS = {
    "povod, 2 processes": Way(povod, 2),
    "povod": Way(povod),
    "row by row": Way(row_by_row),
}


def fill(db: Database, replies: list[bytes]) -> None:
    """An empty base but for replies that wait to be taken in."""
    names = [table.name for table in reversed(metadata.sorted_tables)]
    with db.tx() as conn:
        for name in names:
            conn.execute(sa.text(f'DELETE FROM "{name}"'))
        files = put_files(conn, replies, "application/xml")
        queries = [
            {
                "id": new_id(), "query_text": str(number), "query_hash": str(number),
                "scheduled_for": NOW, "status": "in_progress", "metadata": {"niche": "окна"},
            }
            for number in range(len(replies))
        ]  # fmt: skip
        conn.execute(sa.insert(serp_queries), queries)
        operations = [
            {
                "query_id": query["id"], "status": "done", "request_hash": "", "requested_at": NOW,
                "idempotency_key": "", "raw_file_id": file_id, "completed_at": NOW,
            }
            for query, file_id in zip(queries, files, strict=True)
        ]  # fmt: skip
        conn.execute(sa.insert(serp_operations), operations)
    if not db.is_sqlite:
        _tidy_up(db)


def _tidy_up(db: Database) -> None:
    """What a server does by itself in time: no run pays for the deleted rows of those before."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("VACUUM ANALYZE")


def rate(title: str, db: Database, replies: list[bytes], pool: Executor) -> float:
    """Documents per second from stored bytes to the last commit."""
    url = db.url.render_as_string(hide_password=False)
    workers = WAYS[title].workers
    for given in (replies[:WARM], replies):  # the first few warm each process up
        fill(db, given)
        start = time.perf_counter()
        jobs = [pool.submit(work, title, url, number) for number in range(workers)]
        saved = sum(job.result() for job in jobs)
        took = time.perf_counter() - start
    check(db, saved, len(replies) * HITS)
    return saved / took


def check(db: Database, saved: int, expected: int) -> None:
    """Both ways must save everything, and one company per domain."""
    with db.read() as conn:
        stored = conn.execute(sa.select(sa.func.count()).select_from(serp_results)).scalar_one()
        table = companies.c
        counts = sa.select(sa.func.count(), sa.func.count(table.canonical_domain.distinct()))
        firms, domains = conn.execute(counts).one()
        title = conn.execute(sa.select(serp_results.c.title).limit(1)).scalar_one()
    if not saved == stored == expected or firms != domains or "«Фирма" not in title:
        raise SystemExit(f"saved {saved}, stored {stored} of {expected}, {firms} firms, {title!r}")


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, Database]]:
    """A fresh SQLite file and, when a server answers, a PostgreSQL database dropped afterwards."""
    found = {"sqlite": Database(f"sqlite:///{folder / 'bench.db'}", FixedClock(NOW))}
    name = f"povod_bench_{new_id().replace('-', '')}"
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        raise SystemExit(f"PostgreSQL cannot be reached: {error}") from None
    with admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
        found["postgresql"] = Database(url, FixedClock(NOW))
        try:
            for db in found.values():
                with db.tx() as conn:
                    metadata.create_all(conn)
            yield found
        finally:
            for db in found.values():
                db.close()
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            admin.execute(drop)


def measure(
    dbs: dict[str, Database], ours: list[bytes], usual: list[bytes], runs: int, pool: Executor
) -> dict[str, dict[str, float]]:
    """Medians of interleaved runs: database → way → documents per second."""
    rates: dict[str, dict[str, list[float]]] = {name: {way: [] for way in WAYS} for name in dbs}
    for _ in range(runs):
        for name, db in dbs.items():
            for title, way in WAYS.items():
                replies = ours if way.save is povod else usual
                rates[name][title].append(rate(title, db, replies, pool))
    return {
        name: {way: statistics.median(found) for way, found in by_way.items()}
        for name, by_way in rates.items()
    }


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer replies")
    quick = options.parse_args().quick
    ours = [make_reply(number) for number in range(40 if quick else 200)]
    usual = ours[: 4 if quick else 40]
    with (
        tempfile.TemporaryDirectory() as folder,
        databases(Path(folder)) as dbs,
        processes() as pool,
    ):
        medians = measure(dbs, ours, usual, 3, pool)
    print(f"{'documents/s':<12}" + "".join(f"{way:>20}" for way in WAYS) + f"{'ratio':>8}")
    figures, passed = {}, True
    for name, by_way in medians.items():
        fastest, one, usual_rate = by_way.values()
        ratio = one / usual_rate
        passed &= fastest >= BAR_RATE and ratio >= BAR_RATIO
        print(f"{name:<12}" + "".join(f"{value:>20,.0f}" for value in by_way.values()), end="")
        print(f"{ratio:>7.1f}x")
        figures[name] = {way: round(value) for way, value in by_way.items()} | {"ratio": ratio}
    result = {"bench": "ingest", "passed": passed, "bar": BAR_RATE, "ratio_bar": BAR_RATIO}
    print(json.dumps({**result, **figures}))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
