"""The demo's yardstick: what was planted in the sandbox beside what Povod made of it (L114)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.tables import (
    companies,
    company_domains,
    contacts,
    outreach_messages,
    serp_results,
)

# Letters to these addresses must end in these states (names of the sandbox's planted mailboxes).
REFUSING = ("reject_unknown", "reject_unknown_571", "bounce", "bounce_soft")
ANSWERING = ("reply",)
STOPPING = ("stop",)


@dataclass(frozen=True)
class Score:
    """One line of the comparison."""

    name: str
    found: int
    planted: int
    right: int

    @property
    def precision(self) -> float:
        """Share of the found that was planted; 1 when nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the planted that was found; 1 when nothing was planted."""
        return self.right / self.planted if self.planted else 1.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        shares = {"precision": round(self.precision, 4), "recall": round(self.recall, 4)}
        return {"found": self.found, "planted": self.planted, "right": self.right, **shares}


def compare(conn: Connection, truth: Mapping[str, Any]) -> list[Score]:
    """Every figure that the world knows the truth about."""
    owners = _owners(conn)
    sites = [site for site in truth["sites"] if site["host"] in owners]
    return [
        _companies(conn, truth),
        _duplicates(conn, truth, owners),
        _values("e-mail addresses", conn, sites, owners, "email", "emails"),
        _primary(conn, sites, owners),
        _values("phones", conn, sites, owners, "phone", "phones"),
        _requisites(conn, sites, owners),
        *_mail(conn, truth["mailboxes"]),
    ]


def _owners(conn: Connection) -> dict[str, str]:
    """Own domain → company, for primary domains and aliases."""
    query = sa.select(company_domains.c.domain, company_domains.c.company_id).where(
        company_domains.c.kind.in_(("primary", "alias"))
    )
    found = dict(conn.execute(query).all())
    named = sa.select(companies.c.canonical_domain, companies.c.id).where(
        companies.c.canonical_domain.is_not(None)
    )
    return {**dict(conn.execute(named).all()), **found}


def _score(name: str, found: Collection[Any], planted: Collection[Any]) -> Score:
    return Score(name, len(found), len(planted), len(set(found) & set(planted)))


def _companies(conn: Connection, truth: Mapping[str, Any]) -> Score:
    """Hosts that the search showed and that belong to a firm, against companies made of them."""
    hosts = {site["host"] for site in truth["sites"]}
    shown = set(conn.execute(sa.select(serp_results.c.domain).distinct()).scalars())
    kept = serp_results.c.company_id.is_not(None)
    made = set(conn.execute(sa.select(serp_results.c.domain).where(kept).distinct()).scalars())
    return _score("companies from search", made, hosts & shown)


def _duplicates(conn: Connection, truth: Mapping[str, Any], owners: Mapping[str, str]) -> Score:
    """Hosts that lead to another host's company, against the pairs that a redirect proves."""
    hosts = {site["host"] for site in truth["sites"]}
    sure, known = (
        {
            frozenset((pair["host"], pair["of"]))
            for pair in truth["duplicates"]
            if pair["expected"] == expected
        }
        for expected in ("auto", "review")
    )
    query = sa.select(companies.c.id, companies.c.canonical_domain, companies.c.duplicate_of)
    firms = {row.id: row for row in conn.execute(query)}

    def home(host: str) -> str:
        firm = firms[owners[host]]
        return str(firms[firm.duplicate_of or firm.id].canonical_domain)

    joined = {frozenset((host, home(host))) for host in hosts & set(owners)}
    joined = {pair for pair in joined if len(pair) == 2} - known
    seen = {pair for pair in sure if pair & set(owners)}
    return _score("duplicates merged", joined, seen)


def _of_company(conn: Connection, kind: str) -> dict[str, set[str]]:
    query = sa.select(contacts.c.company_id, contacts.c.value).where(
        contacts.c.contact_type == kind, contacts.c.status.in_(("active", "bounced"))
    )
    values: dict[str, set[str]] = {}
    for company_id, value in conn.execute(query):
        values.setdefault(company_id, set()).add(value.partition(";")[0])
    return values


def _values(
    name: str,
    conn: Connection,
    sites: Iterable[Mapping[str, Any]],
    owners: Mapping[str, str],
    kind: str,
    field: str,
) -> Score:
    stored = _of_company(conn, kind)
    found: set[tuple[str, str]] = set()
    planted: set[tuple[str, str]] = set()
    for site in sites:
        company_id = owners[site["host"]]
        planted |= {(company_id, value.partition(";")[0]) for value in site[field]}
        found |= {(company_id, value) for value in stored.get(company_id, ())}
    return _score(name, found, planted)


def _primary(
    conn: Connection, sites: Iterable[Mapping[str, Any]], owners: Mapping[str, str]
) -> Score:
    primary = sa.select(contacts.c.company_id, contacts.c.value).where(
        contacts.c.contact_type == "email", contacts.c.is_primary
    )
    # A letter's address was chosen before a bounce made the next one primary.
    letters = sa.select(outreach_messages.c.company_id, outreach_messages.c.to_value)
    picked = {
        **dict(conn.execute(primary).all()),
        **dict(conn.execute(letters).all()),
    }
    chosen = set(picked.items())
    best = {(owners[site["host"]], site["best_email"]) for site in sites if site["best_email"]}
    return _score("best address chosen", chosen, best)


def _requisites(
    conn: Connection, sites: Iterable[Mapping[str, Any]], owners: Mapping[str, str]
) -> Score:
    query = sa.select(companies.c.id, companies.c.inn).where(companies.c.inn != "")
    found = {(company_id, inn) for company_id, inn in conn.execute(query)}
    planted = {(owners[site["host"]], site["inn"]) for site in sites if site["inn"]}
    return _score("tax numbers", found, planted)


def _mail(conn: Connection, mailboxes: Mapping[str, str]) -> list[Score]:
    """Letters by what became of them, against what the mailboxes were planted to do."""
    query = sa.select(outreach_messages.c.to_value, outreach_messages.c.status).where(
        outreach_messages.c.kind == "letter"
    )
    letters = dict(conn.execute(query).all())
    behaviour = {address: mailboxes.get(address, "accept") for address in letters}
    lines = (
        ("bounced", ("bounced",), REFUSING),
        ("replied", ("replied",), ANSWERING),
        ("refused further mail", ("unsubscribed",), STOPPING),
    )
    return [
        _score(
            name,
            {address for address, status in letters.items() if status in states},
            {address for address, kind in behaviour.items() if kind in planted},
        )
        for name, states, planted in lines
    ]
