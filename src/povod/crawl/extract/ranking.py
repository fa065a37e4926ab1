"""Which of the found addresses and numbers a company is reached by (L83). Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from povod.crawl.extract.contacts.emails import domain_of, is_public_provider
from povod.crawl.extract.contacts.model import Contact, Kind, RoleClass
from povod.kit.email import split_address

PageRole = Literal["home", "contacts", "about", "requisites", "policy", "other"]

MIN_RANK = 0.4
"""An address of a lower rank is not kept."""

_OWN_BONUS = 0.30
_FOREIGN_MALUS = -0.50
_GOOD_PAGE_BONUS = 0.05
_SEVERAL_PAGES_BONUS = 0.05
_ROLE_BONUS: dict[RoleClass, float] = {"hr": -0.30, "department": -0.15}
_GOOD_PAGES = frozenset({"contacts", "requisites"})
_SURE_SOURCES = frozenset({"tel", "json_ld", "microdata"})


class PageContacts(NamedTuple):
    """What was found on one page of the company's site."""

    url: str
    role: PageRole
    contacts: Sequence[Contact]


@dataclass(frozen=True, slots=True)
class RankedContact:
    """A contact to keep, the page where it stood best, and its rank within its kind."""

    contact: Contact
    source_url: str
    rank: float
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class RankedContacts:
    """What a company keeps: addresses and numbers best first, profiles in order of appearance."""

    emails: tuple[RankedContact, ...]
    phones: tuple[RankedContact, ...]
    profiles: tuple[RankedContact, ...]


@dataclass(slots=True)
class _Merged:
    """One value over all pages."""

    contact: Contact
    source_url: str
    roles: set[PageRole]
    pages: int = 1


def rank_contacts(
    pages: Iterable[PageContacts],
    own_domains: Collection[str],
    *,
    studio_domains: Collection[str] = (),
    max_emails: int = 3,
    max_phones: int = 3,
) -> RankedContacts:
    """Choose from the contacts of all visited pages.

    `own_domains` are the site's registered domain and its aliases; addresses on `studio_domains`
    are dropped (L84). The order of the pages decides nothing but ties between equal profiles.
    """
    merged = _merge(pages)
    emails = _ranked_emails(merged, own_domains, studio_domains)[:max_emails]
    return RankedContacts(
        emails=_with_primary(emails),
        phones=_ranked_phones(merged)[:max_phones],
        profiles=tuple(
            RankedContact(item.contact, item.source_url, item.contact.quality)
            for item in merged
            if item.contact.kind not in ("email", "phone")
        ),
    )


def email_rank(
    contact: Contact, own_domains: Collection[str], roles: Collection[PageRole], pages: int
) -> float:
    """Quality of the source and the bonuses of L83, rounded to two places."""
    domain = domain_of(contact.value)
    rank = contact.quality + _ROLE_BONUS.get(contact.role_class, 0)
    if domain in own_domains:
        rank += _OWN_BONUS
    elif not is_public_provider(contact.value):
        rank += _FOREIGN_MALUS
    if _GOOD_PAGES.intersection(roles):
        rank += _GOOD_PAGE_BONUS
    if pages > 1:
        rank += _SEVERAL_PAGES_BONUS
    return round(rank, 2)


def _merge(pages: Iterable[PageContacts]) -> list[_Merged]:
    """Each value once, from the page where its quality is highest."""
    merged: dict[tuple[Kind, str], _Merged] = {}
    for page in pages:
        for contact in page.contacts:
            key = (contact.kind, contact.value)
            known = merged.get(key)
            if known is None:
                merged[key] = _Merged(contact, page.url, {page.role})
                continue
            known.pages += 1
            known.roles.add(page.role)
            if contact.quality > known.contact.quality:
                known.contact, known.source_url = contact, page.url
    return list(merged.values())


def _ranked_emails(
    merged: list[_Merged], own_domains: Collection[str], studio_domains: Collection[str]
) -> list[RankedContact]:
    ranked = [
        RankedContact(item.contact, item.source_url, rank)
        for item in merged
        if item.contact.kind == "email"
        and domain_of(item.contact.value) not in studio_domains
        and (rank := email_rank(item.contact, own_domains, item.roles, item.pages)) >= MIN_RANK
    ]
    return sorted(
        ranked, key=lambda item: (-item.rank, len(item.contact.value), item.contact.value)
    )


def _with_primary(ranked: list[RankedContact]) -> tuple[RankedContact, ...]:
    return tuple(replace(item, is_primary=index == 0) for index, item in enumerate(ranked))


def _ranked_phones(merged: list[_Merged]) -> tuple[RankedContact, ...]:
    """Numbers by trust; the primary one comes from a link or structured data, never a fax."""
    phones = sorted(
        (item for item in merged if item.contact.kind == "phone"),
        key=lambda item: (
            item.contact.role_class == "fax",
            item.contact.where not in _SURE_SOURCES,
            -item.contact.quality,
            -item.pages,
        ),
    )
    ranked = [RankedContact(item.contact, item.source_url, item.contact.quality) for item in phones]
    first = ranked[0].contact if ranked else None
    if first and first.where in _SURE_SOURCES and first.role_class != "fax":
        return _with_primary(ranked)
    return tuple(ranked)


def is_own_address(address: str, own_domains: Collection[str]) -> bool:
    """Whether an address stands under the company's own domain or a subdomain of it."""
    return domain_of(address) in own_domains or split_address(address)[1] in own_domains
