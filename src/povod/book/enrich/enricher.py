"""Asking the register about companies, and writing down what it says (G119-G122)."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.book.enrich.cache import Cache, Kept
from povod.book.enrich.party import Party, Provider, UnavailableError
from povod.book.fields import Claim, write_fields
from povod.kit.errors import InputError
from povod.kit.inn import is_valid_inn, normalize_inn
from povod.store.db import Database
from povod.store.tables import clients, companies, inn_cache

log = structlog.get_logger()


@dataclass(frozen=True)
class Answer:
    """What is known of a company: `stale` when an old answer stands in for a silent provider."""

    party: Party | None
    stale: bool = False


@dataclass
class EnrichResult:
    """Counts of a batch; `stopped` says why it ended early."""

    asked: int = 0
    found: int = 0
    unknown: int = 0
    failed: int = 0
    stopped: str = ""
    errors: dict[str, int] = field(default_factory=dict)


class Enricher:
    """One question per INN at a time; answers go to the cache, to companies and to clients."""

    def __init__(self, db: Database, cache: Cache, provider: Provider) -> None:
        self._db, self._cache, self._provider = db, cache, provider
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def lookup(self, inn: str) -> Answer:
        """The company with that INN; an invalid INN never reaches the provider.

        `InputError` for an invalid INN; `UnavailableError` when the provider cannot be asked and
        nothing is known from before.
        """
        number = normalize_inn(inn)
        if not is_valid_inn(number):
            raise InputError(f"{inn[:20]!r} is no INN: its check digits do not fit")
        with self._locks[number]:
            kept = self._cache.get(number)
            if kept is not None and kept.fresh:
                return Answer(kept.party)
            return self._ask(number, kept)

    def _ask(self, inn: str, kept: Kept | None) -> Answer:
        try:
            party = self._provider.lookup(inn)
        except UnavailableError:
            if kept is None:
                raise
            return Answer(kept.party, stale=True)
        if party is None:
            self._cache.put_unknown(inn, self._provider.name)
        else:
            self._cache.put([party])
        return Answer(party)

    def enrich(self, inn: str) -> Answer:
        """Look up, and write the facts to the companies and clients with that INN."""
        answer = self.lookup(inn)
        if answer.party is not None:
            with self._db.tx() as conn:
                apply(conn, answer.party)
        return answer

    def enrich_due(self, limit: int, inns: Sequence[str] = ()) -> EnrichResult:
        """Clients (or the INNs named) without a fresh answer; stops at a lasting refusal."""
        result = EnrichResult()
        for inn in list(inns) or self._due(limit):
            try:
                answer = self.enrich(inn)
            except UnavailableError as error:
                result.failed += 1
                result.errors[str(error)] = result.errors.get(str(error), 0) + 1
                if error.lasting:
                    result.stopped = str(error)
                    break
                continue
            result.asked += 1
            result.found += answer.party is not None
            result.unknown += answer.party is None
        log.info("enriched", provider=self._provider.name, asked=result.asked, found=result.found)
        return result

    def _due(self, limit: int) -> list[str]:
        now = sa.literal(self._db.clock.now(), inn_cache.c.expires_at.type)
        fresh = sa.exists().where(inn_cache.c.id == clients.c.inn, inn_cache.c.expires_at > now)
        query = (
            sa.select(clients.c.inn)
            .where(clients.c.inn != "", clients.c.deleted_at.is_(None), ~fresh)
            .where(clients.c.is_demo if self._provider.name == "stub" else sa.true())
            .distinct()
            .order_by(clients.c.inn)
            .limit(limit)
        )
        with self._db.read() as conn:
            return [inn for inn in conn.execute(query).scalars() if is_valid_inn(inn)]


def apply(conn: Connection, party: Party) -> None:
    """Facts to companies (by INN) and the main activity to clients; a director is only suggested.

    Invented parties touch nothing but demo rows.
    """
    demo = party.source == "stub"
    _apply_to_companies(conn, party, demo)
    own = [clients.c.inn == party.inn, *([clients.c.is_demo] if demo else [])]
    if party.okved_2014:
        conn.execute(sa.update(clients).where(*own).values(okved=party.okved_2014))
    if party.name:
        nameless = (*own, clients.c.company_name == "")
        conn.execute(sa.update(clients).where(*nameless).values(company_name=party.name))


def _apply_to_companies(conn: Connection, party: Party, demo: bool) -> None:
    query = sa.select(companies.c.id, companies.c.attributes).where(companies.c.inn == party.inn)
    if demo:
        query = query.where(companies.c.is_demo)
    for row in conn.execute(query).all():
        claims = [
            Claim("legal_name", party.full_name or party.name, "requisites"),
            Claim("ogrn", party.ogrn, "requisites"),
            Claim("kpp", party.kpp, "requisites"),
        ]
        write_fields(conn, row.id, claims)
        known = {**row.attributes, "register": party.as_json(), "okved": party.okved_2014}
        update = sa.update(companies).where(companies.c.id == row.id)
        conn.execute(update.values(attributes=known))


def party_of(conn: Connection, inn: str) -> Party | None:
    """What the cache says of a company, fresh or not; for pages and for the rules of approval."""
    data = conn.execute(sa.select(inn_cache.c.data).where(inn_cache.c.id == inn)).scalar()
    return Party.from_json(data) if data else None
