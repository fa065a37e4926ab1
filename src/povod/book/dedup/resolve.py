"""`resolve(records)`: clusters that are one company, and pairs a person should look at (L68)."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from povod.book.dedup.blocks import neighbours
from povod.book.dedup.census import RARE_NAME, take_census
from povod.book.dedup.clusters import Link, join
from povod.book.dedup.evidence import compare
from povod.book.dedup.profile import profile_of
from povod.book.domains import SHIPPED, DomainRules
from povod.kit.errors import InputError


class ReviewPair(NamedTuple):
    """Two ids that may be one company, and the likeness of their names (0 to 100)."""

    a: Any
    b: Any
    score: float


class Resolution(NamedTuple):
    """`clusters` are lists of ids of one company each; `pairs` are left to a person."""

    clusters: list[list[Any]]
    pairs: list[ReviewPair]


def resolve(
    records: Iterable[Mapping[str, Any]],
    *,
    rules: DomainRules = SHIPPED,
    rare_name: int = RARE_NAME,
) -> Resolution:
    """Find the companies that stand in `records` more than once.

    A record has `id` and any of `name, address, city, phone, website, email, inn`: text as found,
    or None. Nothing is joined on a name alone. Raises `InputError` when an id is missing or
    comes twice.
    """
    ordered = sorted(records, key=_order)
    _check_ids(ordered)
    profiles = [profile_of(record, rules) for record in ordered]
    census = take_census(profiles, rare_name)
    links = []
    for place, others in neighbours(profiles):
        for other in others:
            evidence = compare(profiles[place], profiles[other], census)
            if evidence is not None:
                links.append(Link(place, other, evidence))
    clusters, waiting = join(profiles, links)
    ids = [profile.id for profile in profiles]
    pairs = [ReviewPair(ids[link.a], ids[link.b], link.evidence.score) for link in waiting]
    return Resolution([[ids[place] for place in members] for members in clusters], pairs)


def _order(record: Mapping[str, Any]) -> tuple[str, str]:
    number = record.get("id")
    return type(number).__name__, str(number)


def _check_ids(ordered: list[Mapping[str, Any]]) -> None:
    previous: Any = None
    for record in ordered:
        number = record.get("id")
        if number is None:
            raise InputError(f"a record without id cannot be resolved: name {record.get('name')!r}")
        if number == previous:
            raise InputError(f"id {number!r} comes twice; give every record its own")
        previous = number
