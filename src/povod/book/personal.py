"""What the address book keeps about a person (D101, G137, L125)."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.files import get_files
from povod.store.personal import Holding, Person, Row, addressless, nameless, placeholder, stamped
from povod.store.tables import (
    clients,
    companies,
    company_blocks,
    company_domains,
    company_facts,
    company_merges,
    company_pages,
    contacts,
    dedup_pairs,
    import_jobs,
    inn_cache,
)

PIECE, OVERLAP = 1 << 20, 1024
_CLIENT_TEXTS = (
    *("first_name", "middle_name", "last_name", "name_key", "gender_source", "salutation"),
    *("short_name", "company_name", "inn", "okved", "position", "profession", "email"),
    *("email_key", "phone", "time_zone", "last_interaction_summary", "do_not_greet_reason"),
    "facts_hash",
)
_CLIENT_VALUES = (
    *("gender", "birth_day", "birth_month", "birth_year", "company_id", "contact_id"),
    *("owner_user_id", "external_id"),
)
_COMPANY_KEEPS = (
    *("name", "legal_name", "name_key", "canonical_domain", "website_url", "industry", "region"),
    *("city", "country", "lang", "inn", "ogrn", "kpp", "dedupe_hash", "hold_reason"),
)
"""What names a company is kept: it is about a firm, and the proof that it was not written to
twice."""


def _of_company(table: sa.Table) -> Any:
    return lambda person: table.c.company_id.in_(person.companies)


def _named(*columns: str) -> Any:
    return lambda person, row: person.is_named_in(*(row[name] for name in columns))


def _cites(person: Person, row: Row) -> bool:
    return str(row["id"]) in person.pages or person.is_named_in(row["title"], row["url"])


def _leftover(person: Person, row: Row) -> bool:
    return str(row["id"]) in person.imports or person.is_addressed_in(
        row["options"], row["problems"]
    )


def _unnamed_url(value: str, row: Row, person: Person) -> str:
    return placeholder(value, row, person) if person.is_named_in(value) else value


HOLDINGS = (
    Holding(
        clients,
        lambda person: clients.c.id.in_(person.clients),
        blank={
            **dict.fromkeys(_CLIENT_TEXTS, ""),
            **dict.fromkeys(_CLIENT_VALUES),
            "preferences": {},
            "field_sources": {},
            "age_suspicious": False,
            "deleted_at": stamped,
            "erased_at": stamped,
        },
        keeps=("country", "recipient_hash"),
    ),
    Holding(
        contacts,
        lambda person: contacts.c.id.in_(person.contacts),
        blank={
            "value": "",
            "value_key": placeholder,
            "source_url": "",
            "metadata": {},
            "status": "gone",
            "is_primary": False,
        },
        keeps=("found_in", "role_class"),
    ),
    Holding(
        company_pages,
        _of_company(company_pages),
        blank={
            "title": nameless,
            "url": _unnamed_url,
            "final_url": nameless,
            "error_detail": nameless,
        },
        keeps=("fetcher", "charset", "content_sha256", "error_class"),
        files=("raw_file_id", "text_file_id"),
        only=_cites,
    ),
    Holding(
        company_facts,
        _of_company(company_facts),
        blank={"value": "", "quote": ""},
        keeps=("text_sha256", "extractor_version"),
        only=_named("value", "quote"),
        gone=True,
    ),
    Holding(
        companies,
        lambda person: companies.c.id.in_(person.companies),
        blank={"homepage_excerpt": nameless, "attributes": nameless, "field_sources": nameless},
        keeps=_COMPANY_KEEPS,
        only=_named("homepage_excerpt", "attributes", "field_sources"),
    ),
    Holding(
        company_merges,
        lambda person: sa.or_(
            company_merges.c.winner_id.in_(person.companies),
            company_merges.c.loser_id.in_(person.companies),
        ),
        blank={"evidence": nameless, "before": nameless},
        keeps=("actor",),
        only=_named("evidence", "before"),
    ),
    Holding(
        dedup_pairs,
        lambda person: sa.or_(
            dedup_pairs.c.a.in_(person.companies), dedup_pairs.c.b.in_(person.companies)
        ),
        blank={"reasons": nameless},
        keeps=("guard", "decided_by"),
        only=_named("reasons"),
    ),
    Holding(
        company_blocks,
        _of_company(company_blocks),
        blank={"block": "", "name": ""},
        only=_named("block"),
        gone=True,
    ),
    Holding(
        inn_cache,
        lambda person: inn_cache.c.id.in_(person.inns),
        blank={"id": "", "source": "", "data": {}},
        gone=True,
    ),
    Holding(
        import_jobs,
        lambda _person: sa.true(),
        blank=dict.fromkeys(("file_name", "options", "problems"), addressless),
        keeps=("kind", "mapping", "counts", "created_by"),
        files=("file_id",),
        only=_leftover,
        shared=True,
    ),
)

HOLDS_NONE = {company_domains: ("domain",)}


def pages_naming(conn: Connection, person: Person) -> Iterator[str]:
    """Visited pages whose stored copies name the person, and those that a contact cites."""
    cited = sa.select(contacts.c.company_page_id).where(contacts.c.id.in_(person.contacts))
    yield from (str(name) for name in conn.execute(cited).scalars() if name)
    columns = (company_pages.c.id, company_pages.c.raw_file_id, company_pages.c.text_file_id)
    of_firms = sa.select(*columns).where(company_pages.c.company_id.in_(person.companies))
    for row in conn.execute(of_firms).all():
        stored = get_files(conn, [name for name in row[1:] if name])
        if any(person.is_stored_in(raw) for raw in stored.values()):
            yield str(row.id)


def imports_naming(conn: Connection, person: Person) -> Iterator[str]:
    """Imports whose uploaded table names the person by an address."""
    columns = (import_jobs.c.id, import_jobs.c.file_id)
    kept = sa.select(*columns).where(import_jobs.c.file_id.is_not(None))
    for row in conn.execute(kept).all():
        for raw in get_files(conn, [row.file_id]).values():
            if any(person.is_stored_in(part) for part in _parts(raw)):
                yield str(row.id)


def _parts(raw: bytes) -> Iterator[bytes]:
    """The bytes themselves, or what is packed in a workbook; a piece at a time."""
    yield raw
    if raw[:2] != b"PK":
        return
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            for name in book.namelist():
                with book.open(name) as part:
                    yield from _pieces(part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error):
        return


def _pieces(part: IO[bytes]) -> Iterator[bytes]:
    """Each begins with the end of the one before: an address may stand across the cut."""
    before = b""
    while piece := part.read(PIECE):
        yield before + piece
        before = piece[-OVERLAP:]
