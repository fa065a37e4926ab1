"""The fields of a page with parsel, as a user of Scrapy or Crawlee would take them."""

import hashlib
import json
from typing import Any

from parsel import Selector


def fields(selector: Selector, url: str, body: bytes) -> dict[str, Any]:
    """SEO fields, the product of JSON-LD, breadcrumbs, and the hashes of page and text."""
    text = " ".join(
        " ".join(
            selector.xpath(
                "//body//text()[not(ancestor::script or ancestor::style or ancestor::noscript or "
                "ancestor::nav or ancestor::header or ancestor::footer or ancestor::aside)]"
            ).getall()
        ).split()
    )
    found: dict[str, Any] = {
        "url": url,
        "title": selector.css("title::text").get(),
        "h1": " ".join(selector.css("h1 ::text").getall()).strip(),
        "canonical": selector.css("link[rel=canonical]::attr(href)").get(),
        "robots": selector.css("meta[name=robots]::attr(content)").get(),
        "meta_description": selector.css("meta[name=description]::attr(content)").get(),
        "meta_keywords": selector.css("meta[name=keywords]::attr(content)").get(),
        "og": {
            node.attrib["property"]: node.attrib.get("content")
            for node in selector.css('meta[property^="og:"]')
        },
        "twitter": {
            node.attrib["name"]: node.attrib.get("content")
            for node in selector.css('meta[name^="twitter:"]')
        },
        "hreflang": selector.css("link[rel=alternate][hreflang]::attr(href)").getall(),
        "alts": "|".join(selector.css("img::attr(alt)").getall())[:512],
        "images_total": len(selector.css("img")),
        "links": len(selector.css("a[href]")),
        "h1_count": len(selector.css("h1")),
        "lang": selector.css("html::attr(lang)").get(),
        "content_hash": hashlib.sha256(body).hexdigest(),
        "text_hash": hashlib.sha256(text.encode()).hexdigest(),
        "words": len(text.split()),
    }
    for raw in selector.css('script[type="application/ld+json"]::text').getall():
        _structured(json.loads(raw), found)
    return found


def _structured(item: dict[str, Any], found: dict[str, Any]) -> None:
    if item.get("@type") == "Product":
        offer = item.get("offers") or {}
        found["product"] = {
            "name": item.get("name"),
            "sku": item.get("sku"),
            "gtin": item.get("gtin13"),
            "brand": (item.get("brand") or {}).get("name"),
            "images": item.get("image"),
            "price": offer.get("price"),
            "currency": offer.get("priceCurrency"),
            "availability": offer.get("availability"),
            "rating": (item.get("aggregateRating") or {}).get("ratingValue"),
        }
    elif item.get("@type") == "BreadcrumbList":
        found["breadcrumbs"] = [part.get("name") for part in item["itemListElement"]]
