"""Gathers the contacts of a parsed page from all their sources (L80), best source first."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote

from povod.crawl.extract.contacts.attributes import address_attributes, phone_attributes
from povod.crawl.extract.contacts.cloudflare import protected_link, protected_text
from povod.crawl.extract.contacts.emails import (
    domain_of,
    judge_for,
    judged,
    role_of,
)
from povod.crawl.extract.contacts.labels import is_studio_credit, label_before, label_of_link
from povod.crawl.extract.contacts.links import leads_to_network, profile_of
from povod.crawl.extract.contacts.model import (
    EMAIL_QUALITY,
    PHONE_QUALITY,
    Contact,
    Kind,
    Rejected,
    RoleClass,
    Where,
)
from povod.crawl.extract.contacts.obfuscation import FoundAddress, find_addresses, reversed_text
from povod.crawl.extract.contacts.phones import (
    is_fax,
    phones_in,
    phones_of,
    phones_of_link,
    region_of,
    shows_extension,
)
from povod.crawl.extract.parsed import ParsedPage
from povod.crawl.extract.structured import Property, texts_of, walk
from povod.crawl.extract.text import Link, link_of

_JSON_NAMES = ("email", "telephone", "faxNumber", "sameAs", "url")
_EMAIL_NAMES = frozenset({"email"})
_PHONE_NAMES = frozenset({"telephone", "faxnumber"})
_LINK_NAMES = frozenset({"sameas", "url"})
_MAX_LINKS = 3000
_PROTECTED = "/cdn-cgi/l/email-protection"
_CONTACT_SCHEME = re.compile(r"(?:mailto|tel|callto):", re.IGNORECASE)


class Collector:
    """Contacts of one page, each once, at the quality of its best source."""

    def __init__(self, page: ParsedPage, region: str | None = None) -> None:
        self._page = page
        self._region = region or region_of(page.host)
        self._judge = judge_for(page.own_domain)
        self._found: dict[tuple[Kind, str], Contact] = {}
        self.rejected: dict[str, Rejected] = {}

    def collect(self) -> list[Contact]:
        """All contacts in the order: links, structured data, attributes, text."""
        self._from_links()
        self._from_cloudflare()
        self._from_structured()
        self._from_attributes()
        self._from_text()
        return list(self._found.values())

    def _from_links(self) -> None:
        for href, node in self._page.pointers[:_MAX_LINKS]:
            # reading the text of every link would cost more than all the rest
            if _CONTACT_SCHEME.match(href) or _PROTECTED in href or leads_to_network(href):
                self._from_link(link_of(href, node))
        for link in self._page.hidden_links:
            # menus and pop-ups hide real numbers; a hidden address is as often a trap
            if not link.href[:7].lower().startswith("mailto"):
                self._from_link(link)

    def _from_link(self, link: Link) -> None:
        scheme = link.href[:9].lower()
        if scheme.startswith("mailto:"):
            self._emails(_mail_target(link.href), "mailto", link)
        elif scheme.startswith(("tel:", "callto:")):
            self._phone_link(link)
        elif hidden := protected_link(link):
            self._emails(hidden, "cloudflare", link)
        elif (profile := profile_of(link.href)) and not (
            self._is_known(*profile, 0.9) or is_studio_credit(self._page, link.text)
        ):
            self._add(Contact(*profile, 0.9, "link", label_of_link(self._page, link)))

    def _phone_link(self, link: Link) -> None:
        shown = phones_of(link.text[:80], self._region) if shows_extension(link.text[:80]) else ()
        values = phones_of_link(unquote(link.href.partition(":")[2]), self._region)
        if not shown and all(self._is_known("phone", one, PHONE_QUALITY["tel"]) for one in values):
            return  # header, footer and menu repeat a number
        if is_studio_credit(self._page, link.text):
            return
        label = label_of_link(self._page, link)
        for value in values:
            # the anchor may tell the extension that the link leaves out
            full = next((text for text in shown if text.startswith(f"{value};ext=")), value)
            self._phone(full, "tel", label)

    def _from_cloudflare(self) -> None:
        for node in self._page.marked:
            if code := node.attributes.get("data-cfemail"):
                self._emails(protected_text(code), "cloudflare")

    def _from_structured(self) -> None:
        for item in walk(self._page.json_ld):
            for name in filter(item.get, _JSON_NAMES):
                for text in texts_of(item[name]):
                    self._property(Property(name.lower(), text), "json_ld")
        for entry in self._page.microdata:
            self._property(entry, "microdata")

    def _property(self, entry: Property, where: Where) -> None:
        if entry.name in _EMAIL_NAMES:
            self._emails(_mail_target(entry.value), where)
        elif entry.name in _PHONE_NAMES:
            label = "факс" if entry.name == "faxnumber" else ""
            for value in phones_of_link(entry.value.removeprefix("tel:"), self._region):
                self._phone(value, where, label)
        elif (
            entry.name in _LINK_NAMES
            and (profile := profile_of(entry.value))
            and not self._is_known(*profile, 0.95)
        ):
            self._add(Contact(*profile, 0.95, where))

    def _from_attributes(self) -> None:
        for value in address_attributes(self._page):
            self._emails(value, "attribute")
        for value in phone_attributes(self._page):
            for number in phones_of_link(value, self._region):
                self._phone(number, "attribute", "")

    def _from_text(self) -> None:
        text = self._page.text
        reversed_ones = set(self._reversed())
        emails = {value for kind, value in self._found if kind == "email"}
        for found in find_addresses(text, self._judge, emails):
            address = found.value.lower()
            if ("email", address) not in self._found and address not in reversed_ones:
                where: Where = "text" if found.plain else "obfuscated"
                self._email(found, where, label_before(text, found.start), place=found.start)
        phones = {value for kind, value in self._found if kind == "phone"}
        for number in phones_in(text, self._region, phones):
            if not is_studio_credit(self._page, place=number.start):
                self._phone(number.value, "text", label_before(text, number.start))

    def _reversed(self) -> Iterator[str]:
        """Addresses shown from right to left; read in the order in which they are seen."""
        for node in self._page.reversed:
            for found in find_addresses(reversed_text(node.text()), self._judge):
                if not found.reason:
                    self._email(found, "obfuscated", "")
                    yield found.value.lower()

    def _emails(self, text: str, where: Where, link: Link | None = None) -> None:
        if self._is_known("email", text, EMAIL_QUALITY[where]) and self._is_own(text):
            return
        reason = self._judge(text)
        whole = [FoundAddress(text, 0, True, reason)]  # nearly always it is just the address
        label = label_of_link(self._page, link) if link else ""
        for found in find_addresses(text, self._judge) if reason else whole:
            words = link.text if link else found.value
            self._email(found, where, label, words if len(words) > 3 else "")

    def _email(
        self, found: FoundAddress, where: Where, label: str, words: str = "", place: int = -1
    ) -> None:
        """Take or refuse an address that is shown by these words, or at this place."""
        address, reason = judged(found.value)[0], found.reason
        # those who built the site leave their address beside their credits (L84)
        if not reason and not self._is_own(address) and is_studio_credit(self._page, words, place):
            reason = "studio"
        quality = EMAIL_QUALITY[where]
        if reason:
            self.rejected.setdefault(address, Rejected(address, reason))
        elif not self._is_known("email", address, quality):
            role = role_of(address, label)
            self._add(Contact("email", address, quality, where, label, role == "personal", role))

    def _is_own(self, address: str) -> bool:
        """Whether the address is of the site's domain, or the site has none to tell it by."""
        own = self._page.own_domain
        return own is None or domain_of(address) == own

    def _phone(self, value: str, where: Where, label: str) -> None:
        quality = PHONE_QUALITY[where]
        if not self._is_known("phone", value, quality):
            role: RoleClass = "fax" if is_fax(label) else "other"
            self._add(Contact("phone", value, quality, where, label, role_class=role))

    def _is_known(self, kind: Kind, value: str, quality: float) -> bool:
        """Whether a source at least as good has given the contact already."""
        known = self._found.get((kind, value))
        return known is not None and known.quality >= quality

    def _add(self, contact: Contact) -> None:
        self._found[contact.kind, contact.value] = contact


def _mail_target(href: str) -> str:
    """The addresses that a `mailto:` link names, percent-decoded, without its subject and body."""
    text = href.strip()
    if text[:7].lower() == "mailto:":
        text = text[7:].lstrip("/")
    target, _, query = text.partition("?")
    addresses = unquote(target)
    if "@" not in addresses and "to=" in query.lower():
        return unquote(",".join(parse_qs(query.replace("TO=", "to=")).get("to", [])))
    return addresses
