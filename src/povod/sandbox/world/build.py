"""Putting the world together: trades over the map, recipes over the firms, then duplicates."""

import itertools
from dataclasses import replace
from random import Random

from povod.sandbox.world import names
from povod.sandbox.world.cities import CITIES
from povod.sandbox.world.firms import (
    Name,
    Trade,
    make_host,
    make_name,
    make_site,
    make_title,
)
from povod.sandbox.world.hosts import PARKING_HOST
from povod.sandbox.world.model import Address, Look, Mailbox, Redirect, Shown, Site, Trouble, World
from povod.sandbox.world.niches import NICHES
from povod.sandbox.world.recipes import (
    CONTACT_RECIPES,
    DUPLICATE_RECIPES,
    PORTION,
    REDIRECTED,
    TROUBLE_RECIPES,
    Recipe,
)

_FIRST_TRADES = ((0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5))
_SITES_PER_TRADE = 10
_HOST_TRIES = 4
_MAILBOXES = (
    *[Mailbox.ACCEPT] * 11, *[Mailbox.REPLY] * 5, *[Mailbox.DEFER] * 2, Mailbox.DEFER_DATA,
    *[Mailbox.AUTO_REPLY] * 2, *[Mailbox.STOP] * 2, *[Mailbox.BOUNCE] * 2, Mailbox.BOUNCE_SOFT,
    Mailbox.REJECT_UNKNOWN, Mailbox.REJECT_FULL, *[Mailbox.LOSE_REPLY] * 2, Mailbox.DROP_DATA,
)  # fmt: skip
_RARE_MAILBOXES = (Mailbox.REJECT_SPAM, Mailbox.REJECT_DATA)
"""Only worlds of more than one portion hold these: a spam verdict stops a mailbox for a day."""

_MAILED = frozenset({Trouble.NONE, Trouble.HTTP_ONLY, Trouble.THROTTLED})


def build_world(seed: int, sites: int) -> World:
    """The world of `seed` with `sites` hosts that a search can find (aggregators not counted)."""
    builder = _Builder(seed, sites)
    for start in range(0, sites, PORTION):
        builder.add_portion(min(PORTION, sites - start))
    world = World(seed, builder.sites)
    world.mailboxes = _plan_mailboxes(builder.rng, builder.sites)
    return world


class _Builder:
    """Grows the list of sites; no host is given twice."""

    def __init__(self, seed: int, sites: int) -> None:
        self.rng = Random(f"povod world {seed}")
        self.sites: list[Site] = []
        self._origins: dict[int, tuple[Name, Trade]] = {}
        self._firms: set[tuple[str, str]] = set()
        self._hosts: set[str] = set()
        self._trades = itertools.cycle(_trades(self.rng, sites))

    def add_portion(self, count: int) -> None:
        """Add up to sixty sites: ordinary and troubled ones in any order, duplicates last."""
        recipes = [*CONTACT_RECIPES, *TROUBLE_RECIPES]
        self.rng.shuffle(recipes)
        recipes.sort(key=lambda recipe: recipe.homonym)  # a homonym needs an earlier firm
        start = len(self.sites)
        call_centre = names.toll_free(self.rng)
        for recipe in [*recipes, *DUPLICATE_RECIPES][:count]:
            originals = [site for site in self.sites[start:] if _is_plain(site)]
            if recipe.duplicate is not None and originals:
                self._add(*self._duplicate(recipe.duplicate, self.rng.choice(originals)))
                continue
            site, name, trade = self._ordinary(recipe, originals)
            if recipe.call_centre:
                site.phones = (call_centre, *site.phones)
            self._add(site, name, trade)
        self._lead_astray(start)

    def _add(self, site: Site, name: Name, trade: Trade) -> None:
        self._origins[site.index] = (name, trade)
        self._firms.add((name.latin, trade.key))
        self.sites.append(site)

    def _ordinary(self, recipe: Recipe, originals: list[Site]) -> tuple[Site, Name, Trade]:
        trade = next(self._trades)
        twin = self._twin(trade, originals) if recipe.homonym else None
        name = self._origins[twin.index][0] if twin else self._new_name(trade)
        host = self._free_host(name, trade, recipe.host_kind)
        site = make_site(len(self.sites), self.rng, recipe, trade, name, host)
        site.homonym_of = twin.host if twin else None
        return site, name, trade

    def _new_name(self, trade: Trade) -> Name:
        """A brand that nobody else of the trade bears in that city."""
        name = make_name(self.rng)
        while (name.latin, trade.key) in self._firms:
            name = make_name(self.rng)
        return name

    def _twin(self, trade: Trade, originals: list[Site]) -> Site | None:
        elsewhere = [site for site in originals if site.city != trade.city.name]
        return self.rng.choice(elsewhere) if elsewhere else None

    def _free_host(self, name: Name, trade: Trade, kind: str = "plain") -> str:
        """A host for the firm that is not in use, with a number if need be."""
        candidates = (make_host(self.rng, name, trade, kind) for _ in range(_HOST_TRIES))
        numbered = (f"{name.latin}{n}-{trade.niche.stem}.ru" for n in itertools.count(2))
        host = next(h for h in itertools.chain(candidates, numbered) if h not in self._hosts)
        self._hosts.add(host)
        return host

    def _duplicate(self, kind: str, original: Site) -> tuple[Site, Name, Trade]:
        name, trade = self._origins[original.index]
        host = self._free_host(name, trade)
        brand = _other_writing(self.rng, kind, name)
        index = len(self.sites)
        copy = replace(
            original,
            index=index,
            host=host,
            brand=brand,
            title=make_title(index, brand, original.legal_name, trade),
            aliases=(),
            studio=None,
            duplicate_of=original.host,
            duplicate_kind=kind,
        )
        if kind in REDIRECTED:
            via = (f"old-{host}",) if kind == "chain" else ()
            copy.redirect = Redirect(home_url(original), 301, via)
            copy.emails, copy.phones = (), ()
            return copy, name, trade
        copy.emails = (Address(f"info@{host}", Shown.MAILTO),)
        copy.look = Look(requisites_in=original.look.requisites_in)
        return copy, name, trade

    def _lead_astray(self, start: int) -> None:
        """Point the sites that lead to a parking page or to another firm (L79)."""
        portion = self.sites[start:]
        targets = [site for site in portion if _is_plain(site)] or portion
        for site in portion:
            if site.trouble is Trouble.PARKED:
                site.redirect = Redirect(f"http://{PARKING_HOST}/?d={site.host}")
            elif site.trouble is Trouble.ELSEWHERE:
                site.redirect = Redirect(home_url(self.rng.choice(targets)), 302)


def home_url(site: Site) -> str:
    """Where the firm's home page is in the end."""
    scheme = "https" if site.https else "http"
    return f"{scheme}://{'www.' if site.look.www else ''}{site.host}/"


def _is_plain(site: Site) -> bool:
    """Whether a site is a usual one: reachable, the only one of its firm, with an address."""
    usual = site.trouble is Trouble.NONE and site.duplicate_of is None
    return usual and site.homonym_of is None and bool(site.emails)


def _other_writing(rng: Random, kind: str, name: Name) -> str:
    match kind:
        case "typo":
            return names.typo(name.russian, rng)
        case "transliteration" | "second_site_phone":
            return name.latin.capitalize()
        case "legal_form":
            return f"{name.russian}, ООО"
        case "shared_phone":
            return f"{name.russian} Плюс"
        case _:
            return name.russian


def _trades(rng: Random, sites: int) -> list[Trade]:
    """As many niche and city pairs as give about ten sites each; the first six are fixed."""
    rest = [
        pair
        for pair in itertools.product(range(len(NICHES)), range(len(CITIES)))
        if pair not in _FIRST_TRADES
    ]
    rng.shuffle(rest)
    count = max(1, sites // _SITES_PER_TRADE)
    return [Trade(NICHES[n], CITIES[c]) for n, c in [*_FIRST_TRADES, *rest][:count]]


def _plan_mailboxes(rng: Random, sites: list[Site]) -> dict[str, Mailbox]:
    mailed = [
        site.best_email
        for site in sites
        if site.best_email and site.trouble in _MAILED and site.duplicate_of is None
    ]
    plan: dict[str, Mailbox] = {}
    for start in range(0, len(mailed), len(_MAILBOXES)):
        kinds = list(_MAILBOXES)
        if start:
            kinds[: len(_RARE_MAILBOXES)] = _RARE_MAILBOXES
        rng.shuffle(kinds)
        plan.update(zip(mailed[start:], kinds, strict=False))
    return plan
