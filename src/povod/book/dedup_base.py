"""The base as the search for duplicates sees it: profiles, blocks and counts from the tables."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.dedup.blocks import FULL_BLOCK, block_keys, window
from povod.book.dedup.census import Census
from povod.book.dedup.profile import (
    Profile,
    compared_words,
    mail_domains,
    site_domains,
    split_address,
)
from povod.book.domains import DomainRules
from povod.kit.inn import is_valid_inn
from povod.kit.text import lookup_key
from povod.store.tables import companies, company_blocks, company_domains, contacts

BLOCK, NAME, WORD = "b:", "name:", "word:"
"""Prefixes in `company_blocks`: blocks to compare within, and keys that are only counted."""


@dataclass
class _Known:
    """What other tables say about one company."""

    domains: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    address: str = ""


def load_profiles(conn: Connection, ids: Collection[str], rules: DomainRules) -> dict[str, Profile]:
    """Profiles of the primaries among `ids`; duplicates have none."""
    known = _contacts(conn, ids)
    columns = (companies.c.id, companies.c.name, companies.c.city, companies.c.inn)
    primaries = (companies.c.id.in_(ids), companies.c.duplicate_of.is_(None))
    rows = conn.execute(sa.select(*columns).where(*primaries))
    return {row.id: _profile(row, known[row.id], rules) for row in rows}


def store_blocks(conn: Connection, ids: Collection[str], profiles: Iterable[Profile]) -> None:
    """Replace the blocks of `ids` by those of their profiles."""
    conn.execute(sa.delete(company_blocks).where(company_blocks.c.company_id.in_(ids)))
    rows = [
        {"block": block, "company_id": profile.id, "name": profile.joined}
        for profile in profiles
        for block in _stored_keys(profile)
    ]
    if rows:
        conn.execute(sa.insert(company_blocks), rows)


def find_neighbours(conn: Connection, profiles: Iterable[Profile]) -> dict[str, set[str]]:
    """For each profile the ids of the companies it is to be compared with."""
    keys = {profile.id: {BLOCK + key for key in block_keys(profile)} for profile in profiles}
    names = {profile.id: profile.joined for profile in profiles}
    members: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    table = company_blocks.c
    for chunk in _chunks(sorted(set().union(*keys.values()))):
        query = sa.select(table.block, table.name, table.company_id).where(table.block.in_(chunk))
        for row in conn.execute(query.order_by(table.block, table.name, table.company_id)):
            members[row.block].append((row.name, row.company_id))
    found: dict[str, set[str]] = {}
    for company_id, blocks in keys.items():
        near = (_near(members[block], (names[company_id], company_id)) for block in blocks)
        found[company_id] = {other for group in near for _, other in group} - {company_id}
    return found


def take_census(conn: Connection, profiles: Sequence[Profile], rare_name: int) -> Census:
    """Counts over the whole base of everything that these profiles hold."""
    phones = {f"{BLOCK}p:{phone}" for profile in profiles for phone in profile.phones}
    domains = {f"{BLOCK}d:{name}" for one in profiles for name in one.domains | one.mail_domains}
    mails = {f"{BLOCK}m:{address}" for profile in profiles for address in profile.mails}
    words = {WORD + word for profile in profiles for word in profile.words}
    names = {NAME + profile.joined for profile in profiles}
    rows: dict[str, int] = {}
    different: dict[str, int] = {}
    table = company_blocks.c
    counts = (sa.func.count(), sa.func.count(table.name.distinct()))
    for chunk in _chunks(sorted(phones | domains | mails | words | names)):
        query = sa.select(table.block, *counts).where(table.block.in_(chunk)).group_by(table.block)
        for block, total, distinct in conn.execute(query):
            rows[block], different[block] = total, distinct
    skip_d, skip_m = len(f"{BLOCK}d:"), len(f"{BLOCK}m:")
    return Census(
        rows_of_name={key[len(NAME) :]: rows.get(key, 0) for key in names},
        names_of_phone={key[skip_d:]: different.get(key, 0) for key in phones},
        names_of_domain={key[skip_m:]: different.get(key, 0) for key in domains | mails},
        names_of_word={key[len(WORD) :]: different.get(key, 0) for key in words},
        rare_name=rare_name,
    )


def _contacts(conn: Connection, ids: Collection[str]) -> defaultdict[str, _Known]:
    known: defaultdict[str, _Known] = defaultdict(_Known)
    owned = (company_domains.c.company_id.in_(ids), company_domains.c.kind != "email")
    query = sa.select(company_domains.c.company_id, company_domains.c.domain).where(*owned)
    for row in conn.execute(query):
        known[row.company_id].domains.append(row.domain)
    table = contacts.c
    found = (table.company_id.in_(ids), table.status == "active")
    columns = (table.company_id, table.contact_type, table.value, table.value_key)
    contact_rows = conn.execute(sa.select(*columns).where(*found).order_by(table.value_key))
    for contact in contact_rows:
        one = known[contact.company_id]
        if contact.contact_type == "email":
            one.mails.append(contact.value_key)
        elif contact.contact_type == "phone":
            one.phones.append(contact.value_key)
        elif contact.contact_type == "address":
            one.address = one.address or contact.value
    return known


def _profile(row: Any, known: _Known, rules: DomainRules) -> Profile:
    words = compared_words(row.name)
    street, houses = split_address(known.address)
    return Profile(
        id=row.id,
        words=words,
        joined="".join(sorted(words)),
        city=lookup_key(row.city),
        street=street,
        houses=houses,
        domains=frozenset(site_domains(known.domains, rules)),
        mails=frozenset(known.mails),
        mail_domains=frozenset(mail_domains(known.mails, rules)),
        phones=frozenset(phone.partition(";")[0][-10:] for phone in known.phones),
        inn=row.inn if is_valid_inn(row.inn) else "",
    )


def _stored_keys(profile: Profile) -> set[str]:
    keys = {BLOCK + key for key in block_keys(profile)}
    keys.update(WORD + word for word in profile.words)
    return keys | {NAME + profile.joined}


def _near(members: Sequence[tuple[str, str]], own: tuple[str, str]) -> Sequence[tuple[str, str]]:
    return members if len(members) <= FULL_BLOCK else window(members, own)


def _chunks(keys: Sequence[str], size: int = 5000) -> Iterable[Sequence[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
