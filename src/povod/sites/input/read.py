"""The first phase of a job: its list into the frontier (S33-S43).

May be killed and called again at any instant: rows are unique by key, and the order of the list
does not change.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from povod.crawl.frontier import NewUrl, add_urls, count_urls
from povod.crawl.sitemaps import SitemapError
from povod.kit.errors import NotFoundError
from povod.sites.deps import InputFault, InputResult, JobContext
from povod.sites.input.absent import absent_keys, fresh_since
from povod.sites.input.discover import home_of, read_categories, read_usual_maps
from povod.sites.input.firecrawl_map import read_firecrawl_map
from povod.sites.input.loading import Load, MapLoader, MapNotThereError
from povod.sites.input.maps import MapTree
from povod.sites.input.masks import Masks
from povod.sites.input.sieve import Sieve, said
from povod.sites.input.spool import Kept, Spool
from povod.sites.input.uploads import pieces_of

BATCH = 2000
NO_URLS = "no_urls"


def read_input(ctx: JobContext) -> InputResult:
    """Fill the frontier of one job; `InputFault` names what is wrong with its list."""
    masks = masks_of(ctx)
    try:
        with Spool(ctx.options.sort) as spool:
            sieve = sieve_of(ctx, spool, masks)
            result = _Reading(ctx, sieve).read()
    except SitemapError as error:
        raise InputFault(str(error.code), str(error)) from None
    except NotFoundError as error:
        raise InputFault("not_found", str(error)) from None
    return result


def masks_of(ctx: JobContext) -> Masks:
    """Masks of the job and of its site's profile."""
    profile = ctx.profile
    return Masks.of(
        [*ctx.options.include, *(profile.get("include") or ())],
        [*ctx.options.exclude, *(profile.get("exclude") or ())],
    )


def sieve_of(ctx: JobContext, spool: Spool, masks: Masks) -> Sieve:
    """What the job takes of a list."""
    drop = tuple(ctx.profile.get("drop_params") or ())
    return Sieve(spool, ctx.hosts, masks, drop, ctx.options.max_urls)


@dataclass
class _Reading:
    """One reading of one job's list."""

    ctx: JobContext
    sieve: Sieve
    complete: bool = True
    kind: str = "list"
    maps: int = 0

    def read(self) -> InputResult:
        ctx, kind = self.ctx, self.ctx.job["input_kind"]
        warnings: list[str] = []
        is_list = kind == "list"
        if not is_list or not ctx.options.only_uploaded:
            with self._loader() as loader:
                warnings += self._read_maps(kind, loader.load)
        if not ctx.alive():
            return InputResult(complete=False)
        self._store(is_list)
        self._check_any(is_list)
        self._verify()
        report = self._list_report() if is_list else self.sieve.report()
        report |= {"kind": self.kind, "maps": self.maps}
        return InputResult(self.complete, report, warnings)

    def _loader(self) -> MapLoader:
        ctx = self.ctx
        deps = ctx.deps
        return MapLoader(
            lambda: deps.open_fetchers(deps.settings, ctx.policies), ctx.profile.get("ports") or ()
        )

    def _read_maps(self, kind: str, load: Load) -> list[str]:
        tree = MapTree(load, self.sieve, self.ctx.alive)
        self._read_source(kind, tree)
        if kind == "discover" or not self.ctx.options.only_uploaded:
            self._discover(kind, tree, load)
        self.complete, self.maps = tree.complete, tree.read
        self.kind = tree.kind or self.kind
        return tree.warnings

    def _read_source(self, kind: str, tree: MapTree) -> None:
        ref = self.ctx.job["input_ref"]
        if kind == "sitemap_file":
            home = f"https://{self.ctx.job['domain']}/"
            tree.read_root(pieces_of(self.ctx.deps.db, ref), home)
        elif kind == "sitemap_url":
            try:
                tree.fetch_root(ref)
            except MapNotThereError as error:
                code = "url_blocked" if error.kind == "guard_blocked" else "map_unreachable"
                raise InputFault(code, str(error)) from None

    def _discover(self, kind: str, tree: MapTree, load: Load) -> None:
        ctx = self.ctx
        found = read_usual_maps(tree, load, home_of(load, ctx.job["domain"]))
        if kind != "discover":
            return
        self.kind = tree.kind = "discover"
        if not found:
            found = read_categories(tree, load, ctx.profile)
        if not found:
            found = read_firecrawl_map(ctx, tree)
        if not found:
            reason = f"{ctx.job['domain']} names no map and none stands in the usual places"
            raise InputFault(NO_URLS, reason)

    # -- what was read ----------------------------------------------------------------------

    def _store(self, is_list: bool) -> None:
        first = self._next_position() if is_list else 0
        for number, part in enumerate(_batches(self.sieve.taken())):
            if not self.ctx.alive():
                return
            with self.ctx.deps.db.tx() as conn:
                rows = self._rows(part, first + number * BATCH, self._known(part))
                add_urls(conn, self.ctx.job_id, rows, self.ctx.deps.now())

    def _known(self, part: Sequence[Kept]) -> dict[str, datetime]:
        if not self.ctx.options.trust_lastmod:
            return {}
        with self.ctx.deps.db.read() as conn:
            return fresh_since(conn, self.ctx.job["domain"], [kept.url_key for kept in part])

    def _rows(
        self, part: Sequence[Kept], first: int, known: dict[str, datetime]
    ) -> Iterator[NewUrl]:
        for number, kept in enumerate(part):
            crawled, modified = known.get(kept.url_key), kept.modified
            old = crawled is not None and modified is not None and modified < crawled
            outcome, reason = ("not_modified", "lastmod") if old else (None, "")
            yield NewUrl(
                url=kept.url,
                url_key=kept.url_key,
                position=first + number,
                source=kept.source,
                priority=kept.priority,
                lastmod=modified,
                outcome=outcome,
                reason=reason,
            )

    def _next_position(self) -> int:
        with self.ctx.deps.db.read() as conn:
            return count_urls(conn, self.ctx.job_id).total

    def _check_any(self, is_list: bool) -> None:
        with self.ctx.deps.db.read() as conn:
            total = count_urls(conn, self.ctx.job_id).total
        if not total:
            left_out = said(self.sieve.report()["rejected"])
            reason = f"{self.sieve.total} addresses, none can be used"
            raise InputFault(NO_URLS, f"{reason}: {left_out}" if left_out else reason)

    def _verify(self) -> None:
        """Keys that the list lacks are looked at before they count as removed (S43)."""
        ctx = self.ctx
        if not (self.complete and ctx.options.is_complete_by_default(ctx.job["input_kind"])):
            return
        if self.sieve.report()["rejected"].get("over_max") or not ctx.options.verify_removed:
            return
        unwanted = self.sieve.masks.refusal
        with ctx.deps.db.tx() as conn:
            most = ctx.options.verify_removed
            rows = list(absent_keys(conn, ctx.job_id, ctx.job["domain"], most, unwanted))
            add_urls(conn, ctx.job_id, rows, ctx.deps.now())

    def _list_report(self) -> dict[str, Any]:
        """Figures of a direct list, counted when it came in, with those of maps read beside it."""
        stored = self.ctx.job["input_report"] or {}
        here = self.sieve.report()
        rejected = Counter(stored.get("rejected") or {}) + Counter(here["rejected"])
        total = stored.get("total", 0) + here["total"]
        accepted = stored.get("accepted", 0) + here["accepted"]
        return {"total": total, "accepted": accepted, "rejected": dict(rejected)}


def _batches(found: Iterator[Kept]) -> Iterator[list[Kept]]:
    while part := list(islice(found, BATCH)):
        yield part
