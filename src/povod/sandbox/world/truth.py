"""What was planted, as plain data: the yardstick for precision and recall (L114, L115)."""

from collections import Counter
from typing import Any

from povod.sandbox.world.blocks import decoys_of
from povod.sandbox.world.hosts import AGGREGATORS, PARKING_HOST, PLATFORM
from povod.sandbox.world.model import Site, Trouble, World
from povod.sandbox.world.recipes import REDIRECTED, STUDIOS

_UNREACHABLE = {
    Trouble.DEAD_DNS: "dns",
    Trouble.PRIVATE_DNS: "guard",
    Trouble.METADATA_DNS: "guard",
    Trouble.ROBOTS_FORBID: "robots",
    Trouble.ROBOTS_ERROR: "robots",
    Trouble.FORBIDDEN: "blocked",
    Trouble.SLOW: "timeout",
    Trouble.ENDLESS: "too_large",
    Trouble.BOMB: "too_large",
    Trouble.EXPIRED_TLS: "tls",
    Trouble.SPA: "needs_browser",
    Trouble.EMPTY: "not_html",
    Trouble.LOOP: "redirects",
    Trouble.PARKED: "parked",
    Trouble.ELSEWHERE: "elsewhere",
}
"""Why a site gives nothing; the words of L76 where it has one. All others are reachable."""


def truth_of(world: World) -> dict[str, Any]:
    """The whole truth of a world; `sites` has one entry per host that a search can find.

    Contacts and requisites are those a good reader finds on that very host: empty for a site
    that cannot be read. `duplicates[].expected` says how two entries should come together:
    `auto` (a permanent redirect proves it) or `review` (same firm, two live sites);
    `same_key` marks a subdomain that never becomes a company of its own.
    """
    return {
        "seed": world.seed,
        "sites": [_site_truth(site) for site in world.sites],
        "duplicates": [*_duplicates(world), *_subdomains(world)],
        "distinct": [
            {"host": site.host, "not": site.homonym_of, "why": "homonym"}
            for site in world.sites
            if site.homonym_of
        ],
        "shared_phones": _shared_phones(world),
        "studios": [studio.host for studio in STUDIOS],
        "excluded_hosts": [*AGGREGATORS, PLATFORM],
        "parking_hosts": [PARKING_HOST],
        "mailboxes": {address: kind.value for address, kind in world.mailboxes.items()},
    }


def unreachable_reason(site: Site) -> str | None:
    """Why nothing can be read from the site, `None` when something can."""
    return _UNREACHABLE.get(site.trouble)


def _site_truth(site: Site) -> dict[str, Any]:
    reason = unreachable_reason(site)
    readable = reason is None and site.redirect is None
    return {
        "host": site.host,
        "brand": site.brand,
        "niche": site.niche,
        "city": site.city,
        "region_lr": site.region_lr,
        "trouble": site.trouble.value,
        "unreachable": reason,
        "emails": [address.value for address in site.emails] if readable else [],
        "best_email": site.best_email if readable else None,
        "decoys": decoys_of(site) if readable else [],
        "phones": list(site.phones) if readable else [],
        "injection": site.look.injection,
        "facts": {
            "founded": site.facts.founded,
            "years": site.facts.years,
            "clients": site.facts.clients,
            "services": [service.name for service in site.facts.services],
        },
        **_requisites_truth(site, readable=readable),
    }


def _requisites_truth(site: Site, *, readable: bool) -> dict[str, Any]:
    legal = site.requisites
    shown = readable and site.look.requisites_in is not None
    if not shown:
        return {"legal_name": None, "inn": None, "ogrn": None}
    inn = None if legal.second_inn else legal.inn
    return {"legal_name": legal.legal_name, "inn": inn, "ogrn": legal.ogrn}


def _duplicates(world: World) -> list[dict[str, str]]:
    return [
        {
            "host": site.host,
            "of": site.duplicate_of,
            "kind": site.duplicate_kind or "",
            "expected": "auto" if site.duplicate_kind in REDIRECTED else "review",
        }
        for site in world.sites
        if site.duplicate_of
    ]


def _subdomains(world: World) -> list[dict[str, str]]:
    return [
        {"host": alias, "of": site.host, "kind": "subdomain", "expected": "same_key"}
        for site in world.sites
        for alias in site.aliases
    ]


def _shared_phones(world: World) -> dict[str, list[str]]:
    live = [site for site in world.sites if site.duplicate_of is None]
    count = Counter(phone for site in live for phone in site.phones)
    return {
        phone: [site.host for site in live if phone in site.phones]
        for phone, times in count.items()
        if times > 1
    }
