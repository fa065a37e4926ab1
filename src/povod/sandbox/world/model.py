"""What the sandbox world is made of: plain data, filled by `build`, rendered by `pages`.

Hosts are A-labels in lower case. Addresses are lower case with an A-label domain, phones E.164.
What a site *shows* and what is *true* are kept apart: a legal name that no page shows is not
part of the truth a reader can be measured against (`truth.truth_of`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Trouble(StrEnum):
    """The one thing that is wrong with a site; `NONE` for most."""

    NONE = "none"
    DEAD_DNS = "dead_dns"
    PRIVATE_DNS = "private_dns"
    METADATA_DNS = "metadata_dns"
    ROBOTS_FORBID = "robots_forbid"
    ROBOTS_ERROR = "robots_error"
    FORBIDDEN = "forbidden"
    THROTTLED = "throttled"
    SLOW = "slow"
    ENDLESS = "endless"
    BOMB = "bomb"
    HTTP_ONLY = "http_only"
    EXPIRED_TLS = "expired_tls"
    SPA = "spa"
    EMPTY = "empty"
    LOOP = "loop"
    PARKED = "parked"
    ELSEWHERE = "elsewhere"


class Shown(StrEnum):
    """How an address stands in the page (L80, L81)."""

    MAILTO = "mailto"
    TEXT = "text"
    JSON_LD = "json_ld"
    ATTRIBUTE = "attribute"
    CLOUDFLARE = "cloudflare"
    DOG = "dog"
    BRACKETS = "brackets"
    FULLWIDTH = "fullwidth"
    REVERSED = "reversed"
    SPLIT = "split"
    SOFT_HYPHEN = "soft_hyphen"
    ENTITIES = "entities"


class Place(StrEnum):
    """On which pages the contacts or the requisites stand."""

    EVERYWHERE = "everywhere"
    FOOTER = "footer"
    CONTACTS = "contacts"
    ABOUT = "about"
    REQUISITES = "requisites"


class Mailbox(StrEnum):
    """What the mail server does with a letter to an address."""

    ACCEPT = "accept"
    DEFER = "defer"
    DEFER_DATA = "defer_data"
    REJECT_UNKNOWN = "reject_unknown"
    REJECT_UNKNOWN_571 = "reject_unknown_571"
    REJECT_SPAM = "reject_spam"
    REJECT_FULL = "reject_full"
    REJECT_DATA = "reject_data"
    BOUNCE = "bounce"
    BOUNCE_SOFT = "bounce_soft"
    REPLY = "reply"
    AUTO_REPLY = "auto_reply"
    STOP = "stop"
    LOSE_REPLY = "lose_reply"
    DROP_DATA = "drop_data"


@dataclass(frozen=True, slots=True)
class Service:
    """One line of a price list; the price is in whole roubles."""

    name: str
    price: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What the pages say about the firm: the stuff letters may be written from (L91)."""

    founded: int
    years: int
    clients: int
    branches: int
    activity: str
    strengths: tuple[str, ...]
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class Requisites:
    """Legal data with valid checksums; `second_inn` is another firm's, shown beside it."""

    legal_name: str
    inn: str
    ogrn: str
    kpp: str | None
    director: str
    second_inn: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """An e-mail address a good reader finds, and how it is shown."""

    value: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class Studio:
    """Who made the site: its own address stands in the footers of several customers (L84)."""

    name: str
    host: str
    email: str


@dataclass(frozen=True, slots=True)
class Look:
    """How the pages are written down."""

    charset: str = "utf-8"
    header_charset: str | None = "utf-8"
    meta_charset: str | None = None
    place: Place = Place.FOOTER
    phones_linked: bool = True
    requisites_in: Place | None = Place.CONTACTS
    json_ld: bool = False
    decoys: bool = False
    injection: str | None = None
    www: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """The home page leads elsewhere; `via` are hosts passed on the way."""

    to: str
    status: int = 301
    via: tuple[str, ...] = ()


@dataclass(slots=True)
class Site:
    """One host a search finds, and the firm behind it."""

    index: int
    host: str
    brand: str
    niche: str
    city: str
    region_lr: int
    title: str
    snippet: str
    requisites: Requisites
    facts: Facts
    street: str
    emails: tuple[Address, ...] = ()
    phones: tuple[str, ...] = ()
    look: Look = field(default_factory=Look)
    trouble: Trouble = Trouble.NONE
    studio: Studio | None = None
    redirect: Redirect | None = None
    aliases: tuple[str, ...] = ()
    duplicate_of: str | None = None
    duplicate_kind: str | None = None
    homonym_of: str | None = None

    @property
    def legal_name(self) -> str:
        """The name in the register, e.g. ООО «Велмар»."""
        return self.requisites.legal_name

    @property
    def inn(self) -> str:
        """The firm's own taxpayer number."""
        return self.requisites.inn

    @property
    def best_email(self) -> str | None:
        """The address a letter should go to; `None` when the site shows no usable one."""
        return self.emails[0].value if self.emails else None

    @property
    def https(self) -> bool:
        """Whether the host answers TLS at all."""
        return self.trouble is not Trouble.HTTP_ONLY

    def hosts(self) -> Iterator[str]:
        """Every host name this site answers to."""
        yield self.host
        yield f"www.{self.host}"
        yield from self.aliases
        if self.redirect is not None:
            yield from self.redirect.via


@dataclass(frozen=True, slots=True)
class Hit:
    """One document of a search answer. The `*_xml` texts carry `<hlword>` and are escaped.

    `drop` names elements the answer leaves out (Y59: about 3 % of documents miss one).
    """

    url: str
    domain: str
    title_xml: str
    passages_xml: list[str]
    headline_xml: str
    modtime: str
    size: int
    charset: str
    lang: str
    doc_id: str
    group_name: str
    doc_count: int
    drop: frozenset[str] = frozenset()


class World:
    """All sites and mailboxes of one seed; the same seed and size give the same world."""

    def __init__(self, seed: int, sites: list[Site]) -> None:
        self.seed = seed
        self.sites = sites
        self.mailboxes: dict[str, Mailbox] = {}
        self._hosts = {name: site for site in sites for name in site.hosts()}

    def site_at(self, host: str) -> Site | None:
        """The site that answers to a host name (with or without `www.`), if there is one."""
        return self._hosts.get(host.lower().rstrip("."))

    def mailbox(self, address: str) -> Mailbox:
        """What happens to a letter for `address`; unknown addresses just accept."""
        return self.mailboxes.get(address.lower(), Mailbox.ACCEPT)

    def dns(self, name: str) -> list[str] | None:
        """Addresses of a host name, or `None` for NXDOMAIN."""
        from povod.sandbox.world.hosts import addresses_of

        return addresses_of(self, name)

    def search(self, query_text: str, region: str) -> list[Hit]:
        """The whole ranked answer to a query, at most 250 hits; deterministic."""
        from povod.sandbox.world.search import search

        return search(self, query_text, region)

    def correction(self, query_text: str) -> str | None:
        """The query with a misspelt niche put right, or `None` when nothing is misspelt."""
        from povod.sandbox.world.search import correction

        return correction(query_text)

    def truth(self) -> dict[str, object]:
        """What was planted, as plain JSON data (the content of truth.json)."""
        from povod.sandbox.world.truth import truth_of

        return truth_of(self)
