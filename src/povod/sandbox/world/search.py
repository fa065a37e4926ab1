"""Who is found by which query: a ranking of sites, and the aggregators between them (Y59)."""

import re
from collections.abc import Iterable

from povod.sandbox.seeded import draw
from povod.sandbox.world.cities import CITIES, City
from povod.sandbox.world.hits import aggregator_hit, broken_hit, hits_of, second_hit
from povod.sandbox.world.model import Hit, Site, World
from povod.sandbox.world.niches import MISSPELT, NICHES, Niche

MAX_HITS = 250
_FEWEST_SITES = 26
"""A query that fits fewer sites than this also finds some that do not fit."""

_AGGREGATOR_EVERY = 4
_BROKEN_SHARE = 0.005
_WORD = re.compile(r"[\w-]+")


def search(world: World, query_text: str, region: str) -> list[Hit]:
    """The whole ranked answer, at most 250 hits; the same question gives the same answer."""
    text = correction(query_text) or query_text
    words = [word.replace("ё", "е") for word in _WORD.findall(text.lower())]
    sites = _ranked(world, words, region)
    found: list[Hit] = []
    later: list[Hit] = []
    for place, site in enumerate(sites):
        if place % _AGGREGATOR_EVERY == 1:
            found.append(aggregator_hit(world.seed, words, place))
        found += hits_of(world.seed, site, words)
        if draw(world.seed, "second", site.host, *words) < 0.3:
            later.append(second_hit(world.seed, site, words))
        if draw(world.seed, "broken", site.host, *words) < _BROKEN_SHARE:
            found.append(broken_hit(world.seed, site, words))
        if len(found) >= MAX_HITS:
            break
    return [*found, *later][:MAX_HITS]


def correction(query_text: str) -> str | None:
    """The query with misspelt words put right; `None` when there are none."""
    words = query_text.split()
    right = [MISSPELT.get(word.lower(), word) for word in words]
    return " ".join(right) if right != words else None


def _ranked(world: World, words: list[str], region: str) -> list[Site]:
    """Sites of the niche and the place first; the region moves a site up or down."""
    niche, city = niche_of(words), city_of(words)
    scored: list[tuple[float, int, Site]] = []
    rest: list[tuple[float, int, Site]] = []
    for site in world.sites:
        fit = _fit(site, niche, city, region)
        chance = draw(world.seed, site.host, region, *words)
        (scored if fit > 0 else rest).append((-fit - 2 * chance, site.index, site))
    scored.sort()
    rest.sort()
    missing = max(0, _FEWEST_SITES - len(scored))
    return [site for _, _, site in [*scored, *rest[:missing]]][:MAX_HITS]


def _fit(site: Site, niche: Niche | None, city: City | None, region: str) -> float:
    """10 for the niche, 5 for a city named in the query, 2 for the region; 0 without both."""
    fit = 10.0 if niche is not None and site.niche == niche.name else 0.0
    if city is not None and site.city == city.name:
        fit += 5
    return fit + 2 if fit and str(site.region_lr) == region else fit


def niche_of(words: Iterable[str]) -> Niche | None:
    """The trade that a query is about, judged by the beginnings of its words."""
    for word in words:
        for niche in NICHES:
            if word.startswith(niche.words):
                return niche
    return None


def city_of(words: list[str]) -> City | None:
    """The city named in a query, as a name or after «в»; hyphens and spaces are the same."""
    text = " " + " ".join(words).replace("-", " ")
    for city in CITIES:
        for form in (city.name.rstrip("аьы"), city.at):
            if f" {form.lower().replace('-', ' ')}" in text:
                return city
    return None
