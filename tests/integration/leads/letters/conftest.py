"""Companies ready for a letter, an outbox, and a model that behaves as it is told."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.facade import Delivery
from povod.engine.ledger import Ledger
from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.kit.settings import load_settings
from povod.leads.letters import LetterDeps, LetterWriter
from povod.leads.offers import save_offer
from povod.leads.steps_letters import LetterSteps, on_letter_moved
from povod.sandbox.process import SandboxProcess, start_sandbox
from povod.store.db import Database
from povod.store.files import put_file
from povod.store.tables import (
    companies,
    company_facts,
    company_pages,
    contacts,
    niches,
    outreach_messages,
    serp_operations,
    serp_queries,
    serp_results,
)
from povod.writing.llm import LetterModel
from povod.writing.llm.openai import OpenAiLetterModel

OFFER = {
    "sender_name": "Анна Смирнова",
    "sender_role": "руководитель проектов",
    "sender_company": "Студия «Повод»",
    "value": "помогаем небольшим компаниям не терять обращения клиентов",
    "benefits": ["обращения с сайта и почты собраны в одном месте"],
    "ideas": {"*": [{"idea": "отвечать на вопрос в тот же день", "gain": "клиент доволен"}]},
    "call_to_action": "ответьте на это письмо, и мы договоримся о коротком разговоре",
}
QUOTE = "Ставим пластиковые окна в Казани с 2009 года"
TEXT = f"Окна Плюс. {QUOTE}. Выезжаем на замер в день обращения."


class Desk:
    """A database with an outbox and the letters step; a model when one is asked for."""

    quote = QUOTE

    def __init__(
        self, db: Database, clock: FixedClock, model: SandboxProcess | None, **given: Any
    ) -> None:
        self.db, self.clock, self.service = db, clock, model
        environ = model.environ() if model else {}
        values = {"sandbox_url": "", "openai_api_key": "key" if model else None, **given}
        self.settings = load_settings(environ, None, **values)
        self.delivery = Delivery(db, clock, self.settings)
        self.delivery.on_status("letter", on_letter_moved)
        self.deps = LetterDeps(db, clock, self.settings, self.delivery, self._model)
        self.writer = LetterWriter(self.deps)
        self.ledger = Ledger(db, clock)
        self.steps = LetterSteps(self.deps, self.ledger)

    def _model(self) -> LetterModel | None:
        return OpenAiLetterModel(self.settings) if self.service else None

    def offer(self, key: str = "main", **data: Any) -> int:
        with self.db.tx() as conn:
            return save_offer(conn, key, {**OFFER, **data}, by="test")

    def company(self, domain: str = "okna.ru", **given: Any) -> str:
        """A company as the search and the visit leave it; `given` are columns, `offer_key` the
        niche's offer, `quote` the fact, `text` the page's text."""
        with self.db.tx() as conn:
            return _company(conn, self.clock, domain, dict(given))

    def mode(self, mode: str, **plan: Any) -> None:
        assert self.service is not None
        self.service.post("/sandbox/openai/mode", {"mode": mode, "times": 1, **plan})

    def asked(self) -> list[str]:
        """Every prompt the model has seen."""
        assert self.service is not None
        return [call["prompt"] for call in self.service.get("/sandbox/openai/log")["entries"]]

    def rows(self, table: sa.Table, **where: Any) -> list[Any]:
        query = sa.select(table).order_by(table.c.id)
        with self.db.read() as conn:
            found = query.where(*(table.c[name] == value for name, value in where.items()))
            return list(conn.execute(found))

    def letters(self) -> list[Any]:
        return self.rows(outreach_messages)

    def move(self, company_id: str, after: str) -> None:
        """What delivery says when the company's only letter moves."""
        with self.db.tx() as conn:
            query = sa.select(outreach_messages).where(outreach_messages.c.company_id == company_id)
            message = conn.execute(query).mappings().one()
            on_letter_moved(conn, message, "sent", after)


def _company(conn: Connection, clock: FixedClock, domain: str, given: dict[str, Any]) -> str:
    text, quote = given.pop("text", TEXT), given.pop("quote", QUOTE)
    niche_id, query_id, operation_id = new_id(), new_id(), new_id()
    company_id, page_id, now = new_id(), new_id(), clock.now()
    seen = {"first_seen_at": now, "last_seen_at": now}
    place = {"niche": "пластиковые окна", "city": "Казань"}

    def add(table: sa.Table, **values: Any) -> None:
        conn.execute(table.insert().values(**values))

    origin = {"fingerprint": niche_id, "offer_key": given.pop("offer_key", "")}
    add(niches, id=niche_id, source="csv", **place, **origin)
    digest = hashlib.sha1(domain.encode(), usedforsecurity=False).hexdigest()
    add(serp_queries, id=query_id, niche_id=niche_id, query_hash=digest, scheduled_for=now)
    ordered = {"request_hash": "r", "idempotency_key": "k", "requested_at": now}
    add(serp_operations, id=operation_id, query_id=query_id, status="ingested", **ordered)
    firm = {"name": "Окна Плюс", "canonical_domain": domain, "city": "Казань", "industry": "окна"}
    firm |= {"status": "contacts_ready", "homepage_excerpt": text}
    add(companies, id=company_id, **{**firm, **seen, **given})
    hit = {"operation_id": operation_id, "query_id": query_id, "company_id": company_id}
    add(serp_results, position=3, url=f"https://{domain}/", domain=domain, **hit)
    stored = put_file(conn, text.encode(), "text/plain")
    page = {"url": f"https://{domain}/", "fetched_at": now, "content_sha256": "ab" * 32}
    add(company_pages, id=page_id, company_id=company_id, text_file_id=stored, **page)
    if quote:
        fact = {"kind": "years", "value": "2009", "quote": quote, "company_page_id": page_id}
        add(company_facts, company_id=company_id, **fact)
    for number, (value, primary) in enumerate(
        ((f"info@{domain}", True), (f"sale@{domain}", False))
    ):
        mail = {"contact_type": "email", "value": value, "value_key": value, "is_primary": primary}
        mail |= {"company_page_id": page_id, "found_in": "mailto", "rank": 10.0 - number}
        add(contacts, company_id=company_id, source_url=f"https://{domain}/", **mail, **seen)
    return company_id


@pytest.fixture(scope="session")
def model_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("letters"), sites=7) as sandbox:
        yield sandbox


@pytest.fixture
def service(model_process: SandboxProcess) -> SandboxProcess:
    """The model service, well-behaved and with an empty log."""
    model_process.delete("/sandbox/openai/mode")
    return model_process


@pytest.fixture
def make_desk(db: Database, clock: FixedClock, tmp_path: Path) -> Callable[..., Desk]:
    def make(model: SandboxProcess | None = None, **given: Any) -> Desk:
        return Desk(db, clock, model, data_dir=tmp_path / "data", **given)

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """Without a model: the template writes."""
    return make_desk()


@pytest.fixture
def model_desk(make_desk: Callable[..., Desk], service: SandboxProcess) -> Desk:
    """With the sandbox's model and an offer."""
    desk = make_desk(service)
    desk.offer()
    return desk
