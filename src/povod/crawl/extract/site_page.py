"""Everything that a crawl of a site wants to know about one page, from one parse (S85).

`extract_site_page` is pure: no network, no clock, no database. What an adapter needs from further
addresses stands in `wants`; each answer goes through `with_answer`, a failure through
`without_answer`.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from povod.crawl.cms.base import SiteAdapter
from povod.crawl.extract.document import Document
from povod.crawl.extract.page_text import PageText, page_text
from povod.crawl.extract.product import ProductReading, read_product
from povod.crawl.extract.product_layers import overlaid
from povod.crawl.extract.product_model import FIELDS, Product
from povod.crawl.extract.seo import SeoFields, seo_of
from povod.crawl.extract.signals import block_phrase, needs_script, says_not_found, silent_block
from povod.crawl.extract.structured import types_of, walk
from povod.crawl.site_profile import NO_PROFILE, SiteProfile
from povod.kit.charset import decode

EXTRACTOR_VERSION = "1"
"""Raised whenever the same page would give other data than before."""

PageKind = Literal["product", "category", "article", "other"]
_ARTICLES = frozenset(
    {"Article", "NewsArticle", "BlogPosting", "TechArticle", "Report", "Recipe", "HowTo"}
)
_CATEGORIES = frozenset({"CollectionPage", "ItemList", "OfferCatalog", "ProductCollection"})
_ARTICLE_TEXT = 500

VARIANTS_UNAVAILABLE = "variants_unavailable"
"""An adapter's further address did not answer: variants are as the page itself shows them."""


@dataclass(frozen=True, slots=True)
class SitePage:
    """One page of a watched site.

    `product` is None unless `page_kind` is `product`. `is_structured` says that structured data or
    an adapter made it one. `wants` are addresses to fetch and hand to `with_answer`.
    """

    url: str
    page_kind: PageKind
    product: Product | None
    seo: SeoFields
    title: str | None
    h1: str | None
    canonical: str | None
    content_hash: str
    text_hash: str
    text_len: int
    charset: str
    truncated: bool
    needs_js: bool
    soft_404: bool
    is_structured: bool
    block_phrase: str | None
    cms: str | None
    cms_confidence: float
    wants: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    extractor_version: str = EXTRACTOR_VERSION
    adapter: SiteAdapter | None = field(default=None, repr=False, compare=False)

    @property
    def fields(self) -> frozenset[str]:
        """Names of the product fields that have a value."""
        if self.product is None:
            return frozenset()
        return frozenset(name for name in self.product.sources if name != "price_from")

    @property
    def not_observed(self) -> frozenset[str]:
        """Product fields whose absence proves nothing: the page was cut, or a call failed."""
        if self.truncated:
            return frozenset((*FIELDS, "variants")) - self.fields
        is_open = bool(self.wants) or VARIANTS_UNAVAILABLE in self.warnings
        return frozenset({"variants"}) if is_open else frozenset()

    def suspicion(
        self, known_text_len: int | None = None, known_fields: Collection[str] = ()
    ) -> str | None:
        """Why this may be a silent block, given what the snapshot knew; None when it is not."""
        return silent_block(
            phrase=self.block_phrase,
            text_len=self.text_len,
            has_heading=bool(self.title or self.h1),
            is_structured_product=self.is_structured,
            fields=self.fields,
            known_text_len=known_text_len,
            known_fields=known_fields,
        )

    def data_full(self) -> dict[str, Any] | None:
        """The product as JSON for `pages.data_full`."""
        return self.product.data() if self.product is not None else None

    def data_seo(self) -> dict[str, Any]:
        """The SEO fields as JSON for `pages.data_seo`."""
        return self.seo.data()


def extract_site_page(
    body: bytes,
    content_type: str,
    url: str,
    profile: SiteProfile | None = None,
    truncated: bool = False,
    *,
    headers: Mapping[str, str] | None = None,
) -> SitePage:
    """The page in `body`, which was fetched from `url`; `headers` are those of the answer."""
    text, charset = decode(body, content_type)
    document = Document(text, url)
    reading = read_product(document, profile or NO_PROFILE, headers)
    seo = seo_of(document, headers)
    texts = page_text(document.tree)  # from here on the tree is stripped
    heading = document.title, document.h1
    is_soft_404 = reading.product is None and says_not_found(*heading, texts.visible)
    return SitePage(
        url=url,
        page_kind=_kind(document, reading, texts),
        product=reading.product,
        seo=replace(seo, word_count=texts.words),
        title=seo.title,
        h1=seo.h1,
        canonical=seo.canonical,
        content_hash=hashlib.sha256(body).hexdigest(),
        text_hash=texts.text_hash,
        text_len=texts.length,
        charset=charset,
        truncated=truncated,
        needs_js=needs_script(document, texts.visible, has_product=reading.product is not None),
        soft_404=is_soft_404,
        is_structured=reading.is_structured,
        block_phrase=None if reading.is_structured else block_phrase(seo.title, texts.visible),
        cms=reading.detection.name,
        cms_confidence=reading.detection.confidence,
        wants=reading.wants,
        warnings=list(reading.product.warnings) if reading.product is not None else [],
        adapter=reading.adapter,
    )


def with_answer(page: SitePage, wanted_url: str, body: bytes) -> SitePage:
    """The page with what the answer to one of its `wants` adds.

    An answer that is not what the adapter expected counts as a failure.
    """
    adapter, product = page.adapter, page.product
    if adapter is None or product is None:
        return page
    layer = adapter.merge(page.url, wanted_url, body)
    if layer is None:
        return without_answer(page, wanted_url)
    merged = overlaid(product, layer)
    return replace(
        page,
        product=merged,
        wants=[url for url in page.wants if url != wanted_url],
        warnings=list(dict.fromkeys((*page.warnings, *merged.warnings))),
    )


def without_answer(page: SitePage, wanted_url: str) -> SitePage:
    """The page after a wanted address failed: what it said by itself, with a warning (S97)."""
    return replace(
        page,
        wants=[url for url in page.wants if url != wanted_url],
        warnings=list(dict.fromkeys((*page.warnings, VARIANTS_UNAVAILABLE))),
    )


def _kind(document: Document, reading: ProductReading, texts: PageText) -> PageKind:
    if reading.product is not None:
        return "product"
    if reading.is_list:
        return "category"
    kinds = {name for item in walk(document.json_ld) for name in types_of(item)}
    kinds |= {name for item in document.items for name in item.types}
    if kinds & _CATEGORIES:
        return "category"
    if kinds & _ARTICLES or document.metas.get("og:type", "").lower() == "article":
        return "article"
    has_article = document.tree.css_first("article h1,article time") is not None
    return "article" if has_article and len(texts.main) >= _ARTICLE_TEXT else "other"
