"""Contacts of a company on one page of its site (L80-L86)."""

from povod.crawl.extract.contacts.collect import Collector
from povod.crawl.extract.contacts.model import Contact, Kind, Rejected, RoleClass, Where
from povod.crawl.extract.parsed import ParsedPage

__all__ = ["Collector", "Contact", "Kind", "Rejected", "RoleClass", "Where", "extract_contacts"]


def extract_contacts(html: str | bytes, url: str, region: str | None = None) -> list[Contact]:
    """Addresses, numbers and profiles that the page shows a reader, each once.

    `html` is the page as fetched, `url` where from: it tells the site's own domain and, unless
    `region` (an ISO country code) is given, the country of numbers without a code. Time is linear
    in the length of the page.
    """
    return Collector(ParsedPage(html, url), region).collect()
