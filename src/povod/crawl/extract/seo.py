"""What a search engine reads of a page (S98)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from selectolax.lexbor import LexborHTMLParser

from povod.crawl.extract.document import Document
from povod.crawl.extract.structured import types_of, walk
from povod.kit.text import collapse

TITLE_LIMIT, DESCRIPTION_LIMIT, ALTS_LIMIT = 512, 1024, 512
_MAX_TYPES = 50


@dataclass(frozen=True, slots=True)
class SeoFields:
    """The fields of S98; what the page does not have is None."""

    title: str | None = None
    meta_description: str | None = None
    h1: str | None = None
    og_title: str | None = None
    og_description: str | None = None
    og_image: str | None = None
    og_url: str | None = None
    og_site_name: str | None = None
    twitter_title: str | None = None
    twitter_description: str | None = None
    canonical: str | None = None
    robots: str | None = None
    hreflang: tuple[tuple[str, str], ...] = ()
    images_alt_joined: str | None = None
    meta_keywords: str | None = None
    last_modified: str | None = None
    lang: str | None = None
    h1_count: int = 0
    word_count: int | None = None
    links_internal: int = 0
    links_external: int = 0
    links_mixed: int = 0
    images_total: int = 0
    images_without_alt: int = 0
    json_ld_types: tuple[str, ...] = ()
    json_ld_errors: int = 0
    rel_prev: str | None = None
    rel_next: str | None = None

    def data(self) -> dict[str, Any]:
        """The fields as `pages.data_seo` holds them: plain JSON."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        fields["hreflang"] = [{"lang": lang, "url": url} for lang, url in self.hreflang]
        fields["json_ld_types"] = list(self.json_ld_types)
        return fields


def extract_seo(html: str | bytes, url: str, headers: Mapping[str, str] | None = None) -> SeoFields:
    """The SEO fields of a page; `headers` are those of its answer, names in any case."""
    return seo_of(Document(html, url), headers)


def seo_of(
    document: Document, headers: Mapping[str, str] | None = None, word_count: int | None = None
) -> SeoFields:
    """The same for a page that is parsed already."""
    lowered = {name.lower(): value for name, value in (headers or {}).items()}
    return SeoFields(
        title=cut(document.title, TITLE_LIMIT),
        h1=cut(document.h1, DESCRIPTION_LIMIT),
        h1_count=len(document.h1s),
        lang=_lang(document.tree),
        word_count=word_count,
        last_modified=lowered.get("last-modified") or document.metas.get("article:modified_time"),
        **_metas(document.metas, lowered.get("x-robots-tag")),
        **_links(document),
        **_images(document.tree),
        **_json_ld(document),
        **_anchors(document),
    )


def cut(text: str | None, limit: int) -> str | None:
    """The text, or its beginning with `…` as the last of `limit` characters."""
    if not text:
        return None
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def merged_robots(*values: str | None) -> str | None:
    """Directives of several sources, each once, in lower case; those of one as they are written."""
    given = [text for value in values if value and (text := collapse(value))]
    if len(given) == 1 and given[0].strip(", "):
        return given[0]
    tokens: dict[str, None] = {}
    for value in values:
        for part in (value or "").split(","):
            if token := collapse(part).lower():
                tokens[token] = None
    return ", ".join(tokens) or None


def _metas(metas: Mapping[str, str], x_robots: str | None) -> dict[str, Any]:
    def get(name: str, limit: int = DESCRIPTION_LIMIT) -> str | None:
        return cut(metas.get(name), limit)

    return {
        "meta_description": get("description"),
        "og_title": get("og:title"),
        "og_description": get("og:description"),
        "og_image": get("og:image", 2048),
        "og_url": get("og:url", 2048),
        "og_site_name": get("og:site_name"),
        "twitter_title": get("twitter:title"),
        "twitter_description": get("twitter:description"),
        "meta_keywords": get("keywords"),
        "robots": merged_robots(metas.get("robots"), x_robots),
    }


def _links(document: Document) -> dict[str, Any]:
    """`link` elements: canonical, translations, neighbours in a series."""
    found: dict[str, Any] = {}
    languages: list[tuple[str, str]] = []
    for node in document.tree.css("link[rel][href]"):
        attributes = node.attrs
        relations = attributes.sget("rel", "").lower().split()
        if not {"canonical", "alternate", "prev", "previous", "next"}.intersection(relations):
            continue
        address = document.link(attributes.get("href"))
        if address is None:
            continue
        if "canonical" in relations:
            found.setdefault("canonical", address)
        elif "alternate" in relations:
            if lang := attributes.sget("hreflang", "").strip():
                languages.append((lang, address))
        else:
            found.setdefault("rel_next" if "next" in relations else "rel_prev", address)
    return {**found, "hreflang": tuple(languages)}


def _images(tree: LexborHTMLParser) -> dict[str, Any]:
    alts: list[str] = []
    images = tree.css("img")
    for node in images:
        alt = node.attrs.get("alt")
        if alt and (text := collapse(alt)):
            alts.append(text)
    return {
        "images_alt_joined": cut("|".join(alts), ALTS_LIMIT),
        "images_total": len(images),
        "images_without_alt": len(images) - len(alts),
    }


def _json_ld(document: Document) -> dict[str, Any]:
    types = dict.fromkeys(
        name for item in walk(document.json_ld) for name in sorted(types_of(item))
    )
    return {
        "json_ld_types": tuple(types)[:_MAX_TYPES],
        "json_ld_errors": sum(
            _is_broken(node.text()) for node in document.tree.css('script[type*="ld+json" i]')
        ),
    }


def _is_broken(script: str) -> bool:
    try:
        orjson.loads(script)
    except ValueError:
        return bool(script.strip())
    return False


def _anchors(document: Document) -> dict[str, Any]:
    """How many links lead within the host and out of it; mixed ones leave https for http."""
    own = document.host.removeprefix("www.")
    is_secure = document.url.lower().startswith("https:")
    internal = external = mixed = 0
    for node in document.tree.css("a[href]"):
        href = node.attrs.sget("href", "").strip()
        head = href[:8].lower()
        if head.startswith(("http://", "https://", "//")):
            host = href.partition("//")[2].partition("/")[0].partition("?")[0].lower()
            is_own = host.partition(":")[0].removeprefix("www.") == own
            internal += is_own
            external += not is_own
            mixed += is_own and is_secure and head.startswith("http://")
        elif href and not head.startswith(("#", "mailto:", "tel:", "javascri", "data:", "sms:")):
            internal += 1
    return {"links_internal": internal, "links_external": external, "links_mixed": mixed}


def _lang(tree: LexborHTMLParser) -> str | None:
    root = tree.root
    value = root.attributes.get("lang") or root.attributes.get("xml:lang") if root else None
    return value.strip() or None if value else None
