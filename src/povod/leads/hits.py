"""One document of a reply judged: whose site it is, and whether it is a company (L45-L48, L54)."""

from dataclasses import dataclass
from typing import Any

from povod.book.companies import Seen, Sighting
from povod.book.domains import DomainRules
from povod.book.names import guess_name
from povod.kit.errors import InvalidUrl
from povod.kit.ids import new_ids
from povod.kit.url import normalize_url
from povod.leads.serp import SerpDoc

MAX_URL = 2000


@dataclass(frozen=True, slots=True)
class Hit:
    """A document with its address judged. `status` is NEW, EXCLUDED or INVALID.

    `url` is the canonical address, or the raw one cut to 2,000 characters when it is unusable.
    """

    doc: SerpDoc
    url: str
    host: str
    domain: str
    status: str
    reason: str = ""
    name: str = ""

    @property
    def is_company(self) -> bool:
        """Whether it leads to a company."""
        return self.status == "NEW"


def read_hit(doc: SerpDoc, rules: DomainRules) -> Hit:
    """Judge the address of a document; never raises."""
    try:
        url = normalize_url(doc.url_raw)
        host = _host(url)
    except InvalidUrl as fault:
        return Hit(doc, doc.url_raw[:MAX_URL], "", "", "INVALID", str(fault))
    domain = rules.own_domain(host)
    if domain is None:
        return Hit(doc, url, host, "", "INVALID", f"nobody can own {host}")
    if rules.is_excluded(host):
        return Hit(doc, url, host, domain, "EXCLUDED")
    return Hit(doc, url, host, domain, "NEW", name=guess_name(doc.title, domain))


def _host(canonical: str) -> str:
    """The host of a canonical address, which begins with https:// and has no user part."""
    return canonical[8:].partition("/")[0].partition(":")[0]


def sighting(hit: Hit, niche: str, city: str) -> Sighting:
    """What the hit says about its company."""
    return Sighting(
        domain=hit.domain,
        host=hit.host,
        name=hit.name,
        industry=niche,
        city=city,
        snippet=hit.doc.snippet,
    )


def hit_row(
    hit: Hit, operation: str, query: str, seen: Seen | None, first: set[str]
) -> dict[str, Any]:
    """The row of `serp_results`; `first` collects the domains that made their company here."""
    row = bare_row(hit, operation, query)
    if seen is not None:
        lead_to(row, hit, seen, first)
    return row


def lead_to(row: dict[str, Any], hit: Hit, seen: Seen, first: set[str]) -> None:
    """Complete a `bare_row` by the company that its hit leads to, if it leads to one."""
    if hit.is_company:
        is_first = seen.is_new and hit.domain not in first
        row["dedup_status"] = "UNIQUE" if is_first else "DUP_HOST"
        row["company_id"] = seen.company_id
        first.add(hit.domain)


def in_lock_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows by their companies, with ids that keep the order in which they were read.

    To store a hit locks the company that it names. Whoever locks several does so in the order of
    their ids, as merging does: otherwise two would wait for each other.
    """
    for name, row in zip(new_ids(len(rows)), rows, strict=True):
        row["id"] = name
    return sorted(rows, key=lambda row: row["company_id"] or "")


def bare_row(hit: Hit, operation: str, query: str) -> dict[str, Any]:
    """All of a hit's row that can be told without the database."""
    doc = hit.doc
    return {
        "operation_id": operation,
        "query_id": query,
        "position": doc.position,
        "group_position": doc.group_position,
        "url_raw": doc.url_raw,
        "url": hit.url,
        "host_raw": doc.host_raw or "",
        "host_norm": hit.host,
        "domain": hit.domain,
        "title": doc.title,
        "snippet": doc.snippet,
        "headline": doc.headline,
        "language": doc.lang or "",
        "doc_id": doc.doc_id or "",
        "company_name_guess": hit.name,
        "company_id": None,
        "dedup_status": hit.status,
        "dedup_key": hit.domain,
        "is_processed": True,
        "metadata": _metadata(hit, operation),
    }


def _metadata(hit: Hit, operation: str) -> dict[str, Any]:
    doc = hit.doc
    notes = {
        "source": "yandex",
        "language": doc.lang,
        "yandex_operation_id": operation,
        "modtime": doc.modtime.isoformat() if doc.modtime else None,
        "mime_type": doc.mime_type,
        "passages_type": doc.passages_type,
        "group_name": doc.group_name,
        "skipped_reason": hit.reason,
    }
    return {name: value for name, value in notes.items() if value not in (None, "")}
