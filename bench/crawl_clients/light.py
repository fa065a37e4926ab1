"""The extraction that all contestants share when the crawl path itself is measured."""

import hashlib
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from povod.crawl.extract.seo import SeoFields
from povod.crawl.extract.site_page import SitePage


def light(body: bytes, _content_type: str, url: str, *_: Any, **__: Any) -> SitePage:
    """Title, heading, description and canonical link, nothing else."""
    tree = LexborHTMLParser(body)
    title, h1 = _text(tree, "title"), _text(tree, "h1")
    canonical = _attribute(tree, "link[rel=canonical]", "href")
    description = _attribute(tree, "meta[name=description]", "content")
    digest = hashlib.sha256(body).hexdigest()
    return SitePage(
        url=url, page_kind="other", product=None,
        seo=SeoFields(title=title, h1=h1, canonical=canonical, meta_description=description),
        title=title, h1=h1, canonical=canonical, content_hash=digest, text_hash=digest,
        text_len=len(body), charset="utf-8", truncated=False, needs_js=False, soft_404=False,
        is_structured=True, block_phrase=None, cms=None, cms_confidence=0.0,
    )  # fmt: skip


def _text(tree: LexborHTMLParser, query: str) -> str | None:
    node = tree.css_first(query)
    return node.text(strip=True) if node is not None else None


def _attribute(tree: LexborHTMLParser, query: str, name: str) -> str | None:
    node = tree.css_first(query)
    return node.attributes.get(name) if node is not None else None
