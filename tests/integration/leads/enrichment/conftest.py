"""One company at a time, on either database, with a web that answers from a dictionary."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from povod.book.companies import Sighting, see
from povod.crawl.fetch.result import FetchLimits, Response
from povod.engine.ledger import Ledger
from povod.kit.clock import FixedClock
from povod.kit.settings import load_settings
from povod.leads.enrich import EnrichDeps, Enricher, companies_to_visit, next_due
from povod.store.tables import companies

FILLER = "Мы ставим окна и двери в Казани и области, приезжаем на замер, работаем по договору. " * 4
LEGAL = "<p>ООО «Окна Плюс»<br>ИНН 7707083893<br>КПП 770701001<br>ОГРН 1027700132195</p>"
MAIL = '<p><a href="mailto:info@{0}">info@{0}</a> <a href="tel:+78432123456">212-34-56</a></p>'


def page(body: str, head: str = "") -> str:
    return (
        f"<html><head><title>Окна Плюс</title>{head}</head><body><h1>Пластиковые окна Казани</h1>"
        f"{body}<p>{FILLER}</p></body></html>"
    )


class Web:
    """Sites by address, in place of the fetcher; counts what is asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []

    async def __aenter__(self) -> "Web":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def get(self, url: str, *, limits: FetchLimits | None = None) -> Response:
        self.asked.append(url)
        html: Any = "" if url.endswith("/robots.txt") else self.answers.get(url)
        if isinstance(html, Response):
            return html
        kind = {"content-type": "text/html; charset=utf-8"}
        return Response(url, url, 404 if html is None else 200, kind, (html or "").encode())

    def show(self, url: str, body: str, head: str = "") -> None:
        """A page with this body, and enough text around it to be one."""
        self.answers[url] = page(body, head)

    def site(self, host: str, *, mail: bool = True) -> None:
        menu = '<a href="/kontakty">Контакты</a>'
        self.answers[f"https://{host}/"] = page(menu + (MAIL.format(host) if mail else ""))
        self.answers[f"https://{host}/kontakty"] = page(LEGAL)

    def leads_to(self, host: str, target: str, status: int = 301) -> None:
        url, end = f"https://{host}/", f"https://{target}/"
        body = self.answers.get(end) or page("<p>чужое</p>")
        kind = {"content-type": "text/html; charset=utf-8"}
        self.answers[url] = Response(url, end, 200, kind, body.encode(), [(status, url)])

    def says(self, host: str, status: int, **headers: str) -> None:
        url = f"https://{host}/"
        self.answers[url] = Response(url, url, status, headers, b"no")


class Desk:
    """A database, an enricher, and the web it looks at."""

    legal = LEGAL
    mail = MAIL.format("firma.ru")

    def __init__(self, db, clock, **given: Any) -> None:
        self.db, self.clock, self.web = db, clock, Web()
        quickly = {"enrich_domain_pause_seconds": "0", "enrich_request_pause_seconds": 0}
        self.settings = load_settings(
            {}, None, sandbox_url="http://127.0.0.1:1", **{**quickly, **given}
        )
        self.ledger = Ledger(db, clock)
        self.deps = EnrichDeps(db, clock, self.settings, self.ledger, lambda: self.web)
        self.enricher = Enricher(self.deps)

    def company(self, domain: str = "firma.ru", **values: Any) -> str:
        with self.db.tx() as conn:
            sighting = Sighting(domain, domain, "Имя из выдачи", city="Казань")
            company_id = see(conn, self.clock.now(), [sighting])[domain].company_id
            if values:
                self.change(company_id, conn, **values)
        return company_id

    def change(self, company_id: str, conn: Any = None, **values: Any) -> None:
        query = sa.update(companies).where(companies.c.id == company_id).values(**values)
        if conn is not None:
            conn.execute(query)
            return
        with self.db.tx() as own:
            own.execute(query)

    def enrich(self, company_id: str, **options: Any) -> Any:
        return asyncio.run(self.enricher.enrich_one(company_id, **options))

    def row(self, company_id: str) -> Any:
        with self.db.read() as conn:
            return conn.execute(sa.select(companies).where(companies.c.id == company_id)).one()

    def rows(self, table: sa.Table) -> list[Any]:
        with self.db.read() as conn:
            return list(conn.execute(sa.select(table).order_by(table.c.id)))

    def due(self) -> list[str]:
        with self.db.read() as conn:
            return companies_to_visit(conn, self.clock.now(), 100)

    def next_due(self) -> datetime | None:
        with self.db.read() as conn:
            return next_due(conn, self.clock.now())


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.fromisoformat("2026-11-20T09:30:00+00:00"))


@pytest.fixture
def make_desk(db, clock) -> Callable[..., Desk]:
    """A desk with other settings."""
    return lambda **given: Desk(db, clock, **given)


@pytest.fixture
def desk(make_desk) -> Desk:
    return make_desk()


@pytest.fixture
def firm(desk) -> str:
    desk.web.site("firma.ru")
    return desk.company()
