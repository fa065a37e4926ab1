"""Everything that the search for companies wants to know about one page, from one parse."""

from dataclasses import dataclass

from povod.crawl.extract.contacts.collect import Collector
from povod.crawl.extract.contacts.model import Contact, Rejected
from povod.crawl.extract.facts import Fact, extract_facts
from povod.crawl.extract.parsed import ParsedPage
from povod.crawl.extract.requisites import Requisites, requisites_of
from povod.crawl.extract.structured import JsonObject
from povod.crawl.extract.text import EXCERPT_LENGTH, Heading, Link

SHORT_TEXT = 200
"""Below this many characters of visible text a page with scripts is an empty shell (L75)."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """One page as a reader and a search engine see it.

    `text` is what is stored and quoted from: title, description, then the visible text.
    """

    url: str
    title: str
    description: str
    text: str
    canonical: str | None
    headings: list[Heading]
    links: list[Link]
    contacts: list[Contact]
    rejected: list[Rejected]
    requisites: Requisites
    json_ld: list[JsonObject]
    needs_browser: bool

    @property
    def excerpt(self) -> str:
        """The `homepage_excerpt`: the text, cut at `EXCERPT_LENGTH` characters (L78)."""
        return self.text[:EXCERPT_LENGTH]

    def facts(self) -> list[Fact]:
        """What can be said of the company, with the words of `text` that prove it (L91).

        Not read at once: it takes as long as the rest, and few pages of a site are asked for it.
        """
        return extract_facts(
            self.text, title=self.title, description=self.description, headings=self.headings
        )


def extract_page(html: str | bytes, url: str, region: str | None = None) -> PageFacts:
    """Parse the page once and read all its parts. Links come as written: resolve what you need."""
    page = ParsedPage(html, url)
    collector = Collector(page, region)
    contacts = collector.collect()
    text = "\n".join(filter(None, (page.title, page.description, page.text)))
    return PageFacts(
        url=url,
        title=page.title,
        description=page.description,
        text=text,
        canonical=page.canonical,
        headings=page.headings,
        links=page.links,
        contacts=contacts,
        rejected=list(collector.rejected.values()),
        requisites=requisites_of(page),
        json_ld=page.json_ld,
        needs_browser=len(page.text) < SHORT_TEXT and b"<script" in page.source,
    )
