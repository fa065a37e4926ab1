"""Region numbers of the search service: looked up by any usual spelling of a place (L25, L26)."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from povod.kit.errors import ConfigurationError
from povod.kit.text import lookup_key

RUSSIA = 225
"""The region of a niche whose place nobody knows."""

RegionSource = Literal["column", "city", "country", "fallback"]


@dataclass(frozen=True, slots=True)
class Region:
    """One row of the table; `confirmed` when the service's own list names it."""

    lr: int
    name_ru: str
    name_en: str
    kind: str
    country: str
    aliases: tuple[str, ...] = ()
    confirmed: bool = False

    def names(self) -> Iterable[str]:
        """Every spelling that means this region; a country also goes by its ISO code."""
        yield from (self.name_ru, self.name_en, *self.aliases)
        if self.kind == "country":
            yield self.country


@dataclass(frozen=True, slots=True)
class Place:
    """The region of a niche, what decided it, and a warning when a named city is not known."""

    lr: int
    source: RegionSource
    warning: str = ""


class Regions:
    """The table with its look-up. Raises `ConfigurationError` when two regions share a name."""

    def __init__(self, rows: Iterable[Region]) -> None:
        self.rows = list(rows)
        self._by_key: dict[str, Region] = {}
        for region in self.rows:
            for key in {lookup_key(name) for name in region.names()} - {""}:
                other = self._by_key.setdefault(key, region)
                if other is not region:
                    raise ConfigurationError(
                        f"regions table: {key!r} names both lr {other.lr} and lr {region.lr}; "
                        "remove one of them"
                    )

    def find(self, name: str) -> Region | None:
        """The region of that name: `Санкт‑Петербург`, `санкт петербург` and `СПб` are one."""
        return self._by_key.get(lookup_key(name))

    def place(self, lr: int | None, city: str, country: str) -> Place:
        """The `lr` column, else the city, else the country, else all of Russia (L25)."""
        if lr is not None:
            return Place(lr, "column")
        found = self.find(city) if city else None
        if found is not None:
            return Place(found.lr, "city")
        nation = self.find(country) if country else None
        fallback = nation.lr if nation else RUSSIA
        warning = (
            f"city {city!r} is not in the regions table; searched in lr {fallback}. "
            "Add it as an alias on the regions page"
            if city
            else ""
        )
        return Place(fallback, "country" if nation else "fallback", warning)


@lru_cache(maxsize=1)
def shipped_regions() -> Regions:
    """The table that comes with Povod."""
    path = files("povod.leads").joinpath("data/yandex_regions.csv")
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return Regions(map(_region, csv.DictReader(lines)))


def _region(row: Mapping[str, str]) -> Region:
    return Region(
        lr=int(row["lr"]),
        name_ru=row["name_ru"],
        name_en=row["name_en"],
        kind=row["kind"],
        country=row["country"],
        aliases=tuple(filter(None, row["aliases"].split(";"))),
        confirmed=row["checked"] == "source",
    )
