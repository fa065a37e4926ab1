"""What a visit means for a company: everything it brought, kept in one transaction (L72-L91)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.book.companies import OWNED, mark_dirty
from povod.book.contacts import FoundContact, save_contacts
from povod.book.domains import DomainRules
from povod.book.fields import Claim, write_fields
from povod.book.pages import FetchedPage, FoundFact, save_facts, save_pages, text_id
from povod.book.redirects import Move, follow, suspect
from povod.book.studios import learn_studios
from povod.crawl.extract.facts import EXTRACTOR_VERSION, MAX_FACTS
from povod.crawl.extract.page import PageFacts
from povod.crawl.extract.ranking import (
    PageContacts,
    PageRole,
    RankedContact,
    RankedContacts,
    rank_contacts,
)
from povod.crawl.extract.requisites import Requisites, merge_requisites
from povod.crawl.fetch.result import TRANSIENT, Failure
from povod.crawl.visit import Visit, VisitedPage
from povod.kit.clock import Clock
from povod.kit.errors import InvalidUrl
from povod.kit.settings import Settings
from povod.kit.url import host_of, parse_url
from povod.store.tables import companies, company_domains

RETRY_SECONDS = (60, 300, 1800)
LONGEST_RETRY = timedelta(days=1)
REVISIT_DAYS = (7, 14, 30)
READY_DAYS = 180
NO_RETRY = frozenset({Failure.DNS, Failure.GUARD})

_REQUISITES_ORDER: dict[PageRole, int] = {"requisites": 0, "contacts": 1, "about": 2, "home": 3}
_ADDRESS_QUALITY = 0.6


Address = tuple[str, str]
Forgotten = Callable[[Connection, Collection[Address]], Collection[Address]]
"""Of kinds and values of contacts those whose owners asked to be forgotten (L125)."""


def nobody(_conn: Connection, _found: Collection[Address]) -> Collection[Address]:
    """Nobody asked to be forgotten."""
    return ()


@dataclass(frozen=True)
class Keeping:
    """What storing a visit needs besides the connection."""

    clock: Clock
    settings: Settings
    rules: DomainRules
    forgotten: Forgotten = nobody


@dataclass(frozen=True)
class Stored:
    """What became of one company: the word for reports, and how many contacts are kept."""

    outcome: str
    contacts: int = 0
    failure: str = ""
    host: str = ""


@dataclass(frozen=True)
class _Site:
    """A visit as it is being stored: ids of its pages by every address they have."""

    company: RowMapping
    visit: Visit
    page_ids: dict[str, str] = field(default_factory=dict)


def store_visits(
    conn: Connection, keeping: Keeping, company: RowMapping, visits: Sequence[Visit]
) -> Stored:
    """Keep what the visits brought and move the company on.

    `company` is its locked row. A second visit is that of the domain on which the first one ended.
    """
    first, last = visits[0], visits[-1]
    sites = [
        _Site(company, visit, _save_pages(conn, keeping, company["id"], visit)) for visit in visits
    ]
    if first.moved_to and first.moved_for_good and not keeping.rules.is_excluded(first.moved_to):
        moved = _follow(conn, keeping, company, visits)
        if moved is not None:
            return moved
    if last.failure is not None:
        return _put_off(conn, keeping, company, last)
    return _keep(conn, keeping, sites[-1])


def _follow(
    conn: Connection, keeping: Keeping, company: RowMapping, visits: Sequence[Visit]
) -> Stored | None:
    """Act on a permanent redirect (L79); None when the new domain is its own and was visited."""
    visit = visits[0]
    hops = tuple(address for _, address in visit.pages[0].redirects)
    move = Move(company["id"], company["canonical_domain"], visit.moved_to, hops)
    followed = follow(conn, keeping.clock, move)
    if followed == "parked":
        return _give_up(conn, keeping, company, Failure.PARKED, f"leads to {visit.moved_to}")
    if followed != "merged" and len(visits) > 1:
        return None
    # If this row is the one that stays, it is visited where it is found from now on.
    again = {"status": "new", "next_enrich_at": None, "website_url": visit.moved_url}
    query = sa.update(companies).where(
        companies.c.id == company["id"], companies.c.duplicate_of.is_(None)
    )
    conn.execute(query.values(**again))
    return Stored("merged" if followed == "merged" else "moved")


def _keep(conn: Connection, keeping: Keeping, site: _Site) -> Stored:
    """A site that was read: contacts, facts, requisites, and the company's next state."""
    company_id, visit = site.company["id"], site.visit
    now = keeping.clock.now()
    requisites = _requisites(visit)
    found = _found_contacts(conn, keeping, site, requisites)
    page_ids = set(site.page_ids.values())
    is_ready = save_contacts(conn, now, company_id, found, page_ids)
    save_facts(conn, company_id, _found_facts(site), page_ids)
    write_fields(conn, company_id, _claims(visit, requisites))
    _suspect_canonical(conn, keeping, site)
    attempts = 0 if is_ready else site.company["enrich_attempts"] + 1
    notes = {
        "phone_only": not is_ready and any(contact.kind == "phone" for contact in found),
        "needs_browser": visit.needs_browser,
        "inns": list(requisites.inns) if len(requisites.inns) > 1 else [],
    }
    values = {
        "status": "contacts_ready" if is_ready else "contacts_not_found",
        "enrich_attempts": attempts,
        "next_enrich_at": now + timedelta(days=READY_DAYS)
        if is_ready
        else _again_at(now, attempts),
        "homepage_excerpt": visit.read_pages[0][1].excerpt.replace("\0", ""),
        "attributes": _noted(site.company["attributes"], notes),
    }
    conn.execute(sa.update(companies).where(companies.c.id == company_id).values(**values))
    mark_dirty(conn, [company_id])
    learn_studios(conn, company_id, keeping.rules)
    kept = sum(contact.kind in ("email", "phone") for contact in found)
    return Stored(str(values["status"]), kept)


def _put_off(conn: Connection, keeping: Keeping, company: RowMapping, visit: Visit) -> Stored:
    """A site that could not be read: soon again if that may help, else much later or never."""
    failure = visit.failure or Failure.PROTOCOL
    tries = int(company["attributes"].get("failure", {}).get("tries", 0))
    if failure not in TRANSIENT or tries >= len(RETRY_SECONDS):
        return _give_up(conn, keeping, company, failure, visit.detail)
    wait = timedelta(seconds=visit.retry_after or RETRY_SECONDS[tries])
    values = {
        "status": "new",
        "next_enrich_at": keeping.clock.now() + min(wait, LONGEST_RETRY),
        "attributes": _noted(
            company["attributes"], {"failure": _failure(failure, visit.detail, tries + 1)}
        ),
    }
    conn.execute(sa.update(companies).where(companies.c.id == company["id"]).values(**values))
    return Stored("put_off", failure=failure.value)


def _give_up(
    conn: Connection, keeping: Keeping, company: RowMapping, failure: Failure, detail: str
) -> Stored:
    now, attempts = keeping.clock.now(), company["enrich_attempts"] + 1
    values = {
        "status": "contacts_not_found",
        "enrich_attempts": attempts,
        "next_enrich_at": None if failure in NO_RETRY else _again_at(now, attempts),
        "attributes": _noted(company["attributes"], {"failure": _failure(failure, detail, 0)}),
    }
    conn.execute(sa.update(companies).where(companies.c.id == company["id"]).values(**values))
    return Stored("contacts_not_found", failure=failure.value)


def _failure(failure: Failure, detail: str, tries: int) -> dict[str, Any]:
    return {"class": failure.value, "detail": detail[:300].replace("\0", ""), "tries": tries}


def _noted(attributes: dict[str, Any], notes: dict[str, Any]) -> dict[str, Any]:
    """Attributes with the notes of this visit in the place of those of the last one."""
    old = ("failure", "phone_only", "needs_browser", "inns")
    kept = {name: value for name, value in attributes.items() if name not in old}
    return kept | {name: value for name, value in notes.items() if value}


def _again_at(now: datetime, attempts: int) -> datetime | None:
    """When a site without contacts is looked at again; None after three more looks (L90)."""
    if attempts > len(REVISIT_DAYS):
        return None
    return now + timedelta(days=REVISIT_DAYS[attempts - 1])


def _save_pages(
    conn: Connection, keeping: Keeping, company_id: str, visit: Visit
) -> dict[str, str]:
    now = keeping.clock.now()
    keep_until = now + timedelta(days=keeping.settings.leads_page_retention_days)
    pages = [_fetched(page) for page in visit.pages]
    ids = save_pages(conn, company_id, pages, now, keep_until)
    return ids | {page.final_url: ids[page.url] for page in visit.pages if page.facts is not None}


def _fetched(page: VisitedPage) -> FetchedPage:
    return FetchedPage(
        url=page.url,
        role=page.role,
        final_url=page.final_url,
        status=page.status,
        charset=page.charset,
        body=page.body,
        text=page.facts.text if page.facts else "",
        title=page.facts.title if page.facts else "",
        error_class=page.failure.value if page.failure else "",
        error_detail=page.detail,
    )


def _requisites(visit: Visit) -> Requisites:
    """Of all pages; those made for it are believed first."""
    pages = sorted(visit.read_pages, key=lambda pair: _REQUISITES_ORDER.get(pair[0].role, 9))
    return merge_requisites([facts.requisites for _, facts in pages])


def _claims(visit: Visit, requisites: Requisites) -> Iterator[Claim]:
    yield Claim("website_url", visit.website_url, "site")
    yield Claim("name", requisites.brand or "", "site")
    for name in ("legal_name", "inn", "ogrn", "kpp", "city"):
        yield Claim(name, getattr(requisites, name) or "", "requisites")


def _found_contacts(
    conn: Connection, keeping: Keeping, site: _Site, requisites: Requisites
) -> list[FoundContact]:
    read = site.visit.read_pages
    seen = {(contact.kind, contact.value) for _, facts in read for contact in facts.contacts}
    gone = keeping.forgotten(conn, seen)
    pages = [
        PageContacts(
            page.final_url,
            page.role,
            [one for one in facts.contacts if (one.kind, one.value) not in gone],
        )
        for page, facts in read
    ]
    ranked = rank_contacts(
        pages,
        _own_domains(conn, site),
        studio_domains={
            name for name, rules in keeping.rules.by_domain.items() if "studio" in rules
        },
        max_emails=keeping.settings.max_emails_per_company,
        max_phones=keeping.settings.max_phones_per_company,
    )
    return [*_from_ranking(ranked, site), *_postal_address(site, requisites)]


def _own_domains(conn: Connection, site: _Site) -> set[str]:
    query = sa.select(company_domains.c.domain).where(
        company_domains.c.company_id == site.company["id"], company_domains.c.kind.in_(OWNED)
    )
    return {*conn.execute(query).scalars(), site.visit.host}


def _from_ranking(ranked: RankedContacts, site: _Site) -> Iterator[FoundContact]:
    item: RankedContact
    for item in (*ranked.emails, *ranked.phones, *ranked.profiles):
        contact = item.contact
        yield FoundContact(
            kind=contact.kind,
            value=contact.value,
            source_url=item.source_url,
            page_id=site.page_ids.get(item.source_url),
            found_in=contact.where,
            quality=contact.quality,
            rank=item.rank,
            role_class=contact.role_class,
            personal=contact.personal,
            is_primary=item.is_primary,
            label=contact.label,
        )


def _postal_address(site: _Site, requisites: Requisites) -> Iterator[FoundContact]:
    """The postal address, with the page that names it (L86)."""
    for page, facts in site.visit.read_pages:
        if requisites.address and facts.requisites.address == requisites.address:
            yield FoundContact(
                kind="address",
                value=requisites.address,
                source_url=page.final_url,
                page_id=site.page_ids.get(page.final_url),
                found_in="text",
                quality=_ADDRESS_QUALITY,
                rank=_ADDRESS_QUALITY,
            )
            return


def _found_facts(site: _Site) -> list[FoundFact]:
    """At most twelve facts of the site, those of the home page first."""
    facts: dict[str, FoundFact] = {}
    for page, parsed in site.visit.read_pages:
        for fact in _facts_of(parsed, site.page_ids[page.final_url]):
            facts.setdefault(fact.value.casefold(), fact)
    return list(facts.values())[:MAX_FACTS]


def _facts_of(parsed: PageFacts, page_id: str) -> Iterable[FoundFact]:
    stored_text = text_id(parsed.text)
    for fact in parsed.facts():
        yield FoundFact(
            kind=fact.kind,
            value=fact.value,
            quote=fact.quote,
            page_id=page_id,
            start=fact.start,
            end=fact.end,
            text_sha256=stored_text,
            version=EXTRACTOR_VERSION,
        )


def _suspect_canonical(conn: Connection, keeping: Keeping, site: _Site) -> None:
    """A home page that calls another own domain its canonical address (L79)."""
    home = site.visit.pages[0]
    try:
        domain = keeping.rules.own_domain(host_of(parse_url(site.visit.canonical, home.final_url)))
    except InvalidUrl:
        return
    if domain is not None:
        suspect(conn, site.company["id"], domain)
