"""What a list holds, before a job is made of it (S44)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from povod.crawl.sitemaps import SitemapError
from povod.kit.errors import InputError
from povod.sites.deps import SitesDeps
from povod.sites.input.discover import home_of, read_usual_maps
from povod.sites.input.loading import MapLoader, MapNotThereError
from povod.sites.input.maps import MapTree
from povod.sites.input.masks import Masks
from povod.sites.input.sieve import Sieve, said
from povod.sites.input.spool import Kept, Spool
from povod.sites.input.uploads import KEPT, pieces_of
from povod.sites.options import JobOptions
from povod.store.files import get_files, put_file
from povod.store.tables import crawl_hosts, files

SAMPLE = 100
MEDIA_TYPE = "application/x-povod-preview"
UNKNOWN_PAGE_BYTES = 40 * 1024
UNKNOWN_LATENCY_S = 0.4
SHOWN_HOSTS = 20
MAX_KEPT = 10_000
"""So many addresses can be paged through; the rest is only counted."""

TIMEOUT_S = 45.0
MB = 1024**2


@dataclass(frozen=True, kw_only=True)
class PreviewOrder:
    """What to look at: an address, a stored upload, a list, or whatever the site offers."""

    domain: str
    options: JobOptions
    kind: str
    ref: str = ""
    urls: Collection[str] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)


def preview(deps: SitesDeps, order: PreviewOrder) -> dict[str, Any]:
    """Counts, a sample and an estimate; `InputError` with the code of what is wrong."""
    options, profile = order.options, order.profile
    masks = Masks.of(
        [*options.include, *(profile.get("include") or ())],
        [*options.exclude, *(profile.get("exclude") or ())],
    )
    hosts = {order.domain, *(profile.get("hosts") or ())}
    drop = tuple(profile.get("drop_params") or ())
    with Spool(options.sort) as spool:
        sieve = Sieve(spool, hosts, masks, drop, options.max_urls)
        kind, warnings = _read(deps, order, sieve)
        if not sieve.accepted:
            raise _nothing(sieve)
        return _answer(deps, order, sieve, kind, warnings)


def next_page(deps: SitesDeps, cursor: str) -> dict[str, Any]:
    """The next hundred addresses of a preview that was made within a day."""
    file_id, _, place = cursor.partition(":")
    with deps.db.read() as conn:
        kept = sa.select(files.c.id).where(files.c.id == file_id, files.c.media_type == MEDIA_TYPE)
        is_ours = conn.execute(kept).first() is not None
        raw = get_files(conn, [file_id]).get(file_id) if is_ours else None
    if raw is None or not place.isdigit() or len(place) > 9:
        raise InputError(
            "cursor: give the value as it came; it is kept 24 hours",
            errors=[{"field": "cursor", "message": "is not known"}],
        )
    lines = raw.splitlines()
    start = int(place)
    following = start + SAMPLE
    return {
        "sample": [orjson.loads(line) for line in lines[start:following]],
        "cursor": f"{file_id}:{following}" if following < len(lines) else None,
    }


def _read(deps: SitesDeps, order: PreviewOrder, sieve: Sieve) -> tuple[str, list[str]]:
    if order.kind == "list":
        for url in order.urls:
            sieve.offer(url, source="list")
        if order.options.only_uploaded:
            return "list", []
    ports = order.profile.get("ports") or ()
    with MapLoader(
        lambda: deps.open_fetchers(deps.settings, deps.policies), ports, TIMEOUT_S
    ) as loader:
        tree = MapTree(loader.load, sieve)
        _read_source(deps, order, tree)
        if order.kind == "discover" or not order.options.only_uploaded:
            read_usual_maps(tree, loader.load, home_of(loader.load, order.domain))
    return tree.kind or order.kind, tree.warnings


def _read_source(deps: SitesDeps, order: PreviewOrder, tree: MapTree) -> None:
    if order.kind == "sitemap_file":
        tree.read_root(pieces_of(deps.db, order.ref), f"https://{order.domain}/")
    elif order.kind == "sitemap_url":
        try:
            tree.fetch_root(order.ref)
        except MapNotThereError as error:
            code = "url_blocked" if error.kind == "guard_blocked" else "map_unreachable"
            raise InputError(str(error), code=code) from None


def _nothing(sieve: Sieve) -> SitemapError:
    rejected = sieve.report()["rejected"]
    reason = f"{sieve.total} addresses, none can be used: {said(rejected)}"
    return SitemapError("no_urls", "the list", reason)


def _answer(
    deps: SitesDeps, order: PreviewOrder, sieve: Sieve, kind: str, warnings: list[str]
) -> dict[str, Any]:
    shown = [_shown(kept) for kept in sieve.spool.ordered(0, min(sieve.accepted, MAX_KEPT))]
    estimate, too_much = _estimate(deps, order, sieve.accepted)
    found = sieve.report()
    return {
        "upload_id": order.ref if order.kind == "sitemap_file" else None,
        "domain": order.domain,
        "kind": kind,
        **found,
        "sample": shown[:SAMPLE],
        "cursor": _keep(deps, shown) if len(shown) > SAMPLE else None,
        "hosts": dict(sieve.seen_hosts.most_common(SHOWN_HOSTS)),
        "lastmod_range": [sieve.oldest, sieve.newest] if sieve.oldest else None,
        "warnings": [*warnings, *too_much],
        "estimate": estimate,
    }


def _shown(kept: Kept) -> dict[str, Any]:
    return {"url": kept.url, "priority": kept.priority, "lastmod": kept.lastmod or None}


def _keep(deps: SitesDeps, shown: list[dict[str, Any]]) -> str:
    """The list is kept for paging."""
    body = b"\n".join(orjson.dumps(item) for item in shown)
    with deps.db.tx() as conn:
        file_id = put_file(conn, body, MEDIA_TYPE, deps.now() + KEPT)
    return f"{file_id}:{SAMPLE}"


def _estimate(deps: SitesDeps, order: PreviewOrder, urls: int) -> tuple[dict[str, Any], list[str]]:
    """What it would cost, from what the host was like so far."""
    page_bytes, delay_s, latency_s = _known_of(deps, order.domain)
    traffic = urls * page_bytes / MB
    each = max(delay_s, latency_s / order.options.max_concurrency)
    estimate = {
        "urls": urls,
        "mean_page_bytes": page_bytes,
        "traffic_mb": round(traffic, 1),
        "minutes": round(urls * each / 60, 1),
    }
    budget = order.options.traffic_budget_mb
    warning = f"about {traffic:.0f} MB are needed and the budget is {budget:g} MB"
    return estimate, [warning] if traffic > budget else []


def _known_of(deps: SitesDeps, domain: str) -> tuple[int, float, float]:
    """Bytes of a page, delay and latency of a host."""
    query = sa.select(crawl_hosts).where(
        crawl_hosts.c.host == domain, crawl_hosts.c.tier == "direct"
    )
    with deps.db.read() as conn:
        row = conn.execute(query).mappings().first()
    least = deps.policies.politeness.min_delay_ms
    if row is None:
        return UNKNOWN_PAGE_BYTES, least / 1000, UNKNOWN_LATENCY_S
    latencies = [float(value) for value in row["latencies"] or () if value]
    latency = sum(latencies) / len(latencies) / 1000 if latencies else UNKNOWN_LATENCY_S
    delay = max(row["delay_ms"] or 0, least) / 1000
    return row["mean_page_bytes"] or UNKNOWN_PAGE_BYTES, delay, latency
