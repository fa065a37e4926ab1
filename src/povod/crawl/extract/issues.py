"""Faults that a search engine would mind, from one page and from all pages of a job (S99)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from povod.crawl.extract.product_model import Product
from povod.crawl.extract.seo import SeoFields

Severity = Literal["error", "warning", "notice"]
KeyOf = Callable[[str], str]
"""Makes one key of all spellings of an address."""

TITLE_LONG, TITLE_SHORT = 70, 10
DESCRIPTION_LONG, DESCRIPTION_SHORT = 160, 50
THIN_WORDS = 100
SLOW_MS = 3000

SEVERITIES: Mapping[str, Severity] = {
    "title_missing": "error", "title_duplicate": "warning", "title_long": "notice",
    "title_short": "notice", "description_missing": "warning", "description_duplicate": "warning",
    "description_long": "notice", "description_short": "notice", "h1_missing": "warning",
    "h1_multiple": "notice", "noindex": "warning", "robots_blocked_in_map": "error",
    "canonical_missing": "notice", "canonical_elsewhere": "warning", "canonical_chain": "error",
    "redirect_in_map": "warning", "http_4xx_in_map": "error", "http_5xx_in_map": "error",
    "mixed_link": "warning", "hreflang_no_return": "warning", "jsonld_broken": "error",
    "product_no_price": "error", "product_no_availability": "warning", "image_no_alt": "notice",
    "slow_page": "warning", "thin_text": "notice",
}  # fmt: skip
"""Every code with how much it matters."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault: its code, how much it matters, and what shows it."""

    code: str
    evidence: str = ""

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return SEVERITIES[self.code]


@dataclass(frozen=True, slots=True)
class PageRow:
    """What the faults of a whole job need to know of one page.

    `url` and the addresses in `seo` are compared by `key`, which the caller makes of an address
    (`crawl.urlkey`); `in_map` says that the address stands in the sitemap.
    """

    url: str
    seo: SeoFields | None = None
    status: int | None = None
    final_url: str | None = None
    in_map: bool = True
    blocked_by_robots: bool = False


def issues_of_page(
    seo: SeoFields, url: str, product: Product | None = None, duration_ms: int | None = None
) -> list[Issue]:
    """The faults that one page shows by itself."""
    return [
        *_title_issues(seo),
        *_description_issues(seo),
        *_heading_issues(seo),
        *_index_issues(seo, url),
        *_content_issues(seo, duration_ms),
        *(_product_issues(product) if product is not None else ()),
    ]


def issues_between(rows: Sequence[PageRow], key: KeyOf) -> list[tuple[str, Issue]]:
    """Faults that show between pages: of a page, and of the pages that it names.

    So a part of a job can be given together with what its pages name; only the faults of that
    part are then complete.
    """
    return [
        *(found for row in rows if row.in_map for found in _map_issues(row, key)),
        *_canonical_chains(rows, key),
        *_hreflang_without_return(rows, key),
    ]


def _title_issues(seo: SeoFields) -> Iterable[Issue]:
    if not seo.title:
        yield Issue("title_missing")
    elif len(seo.title) > TITLE_LONG:
        yield Issue("title_long", f"{len(seo.title)}: {seo.title}")
    elif len(seo.title) < TITLE_SHORT:
        yield Issue("title_short", f"{len(seo.title)}: {seo.title}")


def _description_issues(seo: SeoFields) -> Iterable[Issue]:
    text = seo.meta_description
    if not text:
        yield Issue("description_missing")
    elif len(text) > DESCRIPTION_LONG:
        yield Issue("description_long", f"{len(text)}: {text[:200]}")
    elif len(text) < DESCRIPTION_SHORT:
        yield Issue("description_short", f"{len(text)}: {text}")


def _heading_issues(seo: SeoFields) -> Iterable[Issue]:
    if seo.h1_count == 0:
        yield Issue("h1_missing")
    elif seo.h1_count > 1:
        yield Issue("h1_multiple", f"{seo.h1_count}: {seo.h1}")


def _index_issues(seo: SeoFields, url: str) -> Iterable[Issue]:
    directives = {part.strip() for part in (seo.robots or "").lower().split(",")}
    if directives & {"noindex", "none"}:
        yield Issue("noindex", seo.robots or "")
    if seo.canonical is None:
        yield Issue("canonical_missing")
    elif _plain(seo.canonical) != _plain(url):
        yield Issue("canonical_elsewhere", seo.canonical)


def _content_issues(seo: SeoFields, duration_ms: int | None) -> Iterable[Issue]:
    if seo.links_mixed:
        yield Issue("mixed_link", str(seo.links_mixed))
    if seo.json_ld_errors:
        yield Issue("jsonld_broken", str(seo.json_ld_errors))
    if seo.images_without_alt:
        yield Issue("image_no_alt", f"{seo.images_without_alt}/{seo.images_total}")
    if seo.word_count is not None and seo.word_count < THIN_WORDS:
        yield Issue("thin_text", str(seo.word_count))
    if duration_ms is not None and duration_ms > SLOW_MS:
        yield Issue("slow_page", f"{duration_ms} ms")


def _product_issues(product: Product) -> Iterable[Issue]:
    if product.price is None:
        yield Issue("product_no_price")
    if product.availability is None:
        yield Issue("product_no_availability")


def _map_issues(row: PageRow, key: KeyOf) -> Iterable[tuple[str, Issue]]:
    if row.blocked_by_robots:
        yield row.url, Issue("robots_blocked_in_map")
    moved = row.final_url if row.final_url != row.url else None
    if moved and key(moved) != key(row.url):
        yield row.url, Issue("redirect_in_map", moved)
    if row.status is not None and 400 <= row.status < 600:
        code = "http_4xx_in_map" if row.status < 500 else "http_5xx_in_map"
        yield row.url, Issue(code, str(row.status))


def _canonical_chains(rows: Sequence[PageRow], key: KeyOf) -> Iterable[tuple[str, Issue]]:
    """A canonical that points to a page whose own canonical points on.

    Pages that name themselves, nearly all, are no link of a chain.
    """
    named = {row.url: row.seo.canonical for row in rows if row.seo and row.seo.canonical}
    named = {url: canonical for url, canonical in named.items() if canonical != url}
    target = {key(url): key(canonical) for url, canonical in named.items()}
    for url, canonical in named.items():
        first = key(canonical)
        second = target.get(first) if first != key(url) else None
        if second is not None and second != first:
            yield url, Issue("canonical_chain", f"{canonical} -> {second}")


def _hreflang_without_return(rows: Sequence[PageRow], key: KeyOf) -> Iterable[tuple[str, Issue]]:
    """A translation, seen in this job, that does not name the page in return."""
    if not any(row.seo and row.seo.hreflang for row in rows):
        return
    named = {key(row.url): {key(url) for _, url in row.seo.hreflang} for row in rows if row.seo}
    for row in rows:
        own = key(row.url)
        for lang, url in row.seo.hreflang if row.seo else ():
            other = key(url)
            if other != own and other in named and own not in named[other]:
                yield row.url, Issue("hreflang_no_return", f"{lang}: {url}")


def _plain(url: str) -> str:
    return url.partition("#")[0].rstrip("/").lower()
