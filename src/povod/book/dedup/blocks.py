"""Blocks: only records that share one are compared (L61)."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from povod.book.dedup.profile import Profile

FULL_BLOCK = 60
"""A larger block is compared only among neighbours by name."""

WINDOW = 10
"""How many neighbours on each side that is."""


def block_keys(profile: Profile) -> set[str]:
    """The blocks of a record; site and mail domains share theirs: info@firma.ru meets firma.ru."""
    keys = {f"d:{domain}" for domain in profile.domains | profile.mail_domains}
    keys.update(f"p:{phone}" for phone in profile.phones)
    keys.update(f"m:{address}" for address in profile.mails)
    if profile.inn:
        keys.add(f"i:{profile.inn}")
    if profile.joined and profile.city:
        keys.add(f"n:{profile.joined[:5]}:{profile.city}")
        keys.update(f"w:{word[:4]}{word[-2:]}:{profile.city}" for word in profile.words)
        keys.update(f"a:{profile.street[:6]}:{n}:{profile.city}" for n in profile.houses)
    return keys


def neighbours(profiles: Sequence[Profile]) -> Iterator[tuple[int, list[int]]]:
    """For each record the later ones to compare it with, both as places in `profiles`.

    Every pair comes once, however many blocks it shares; memory grows with the records only.
    """
    blocks = build_blocks(profiles)
    keys_of: list[list[str]] = [[] for _ in profiles]
    for key, members in blocks.items():
        for place in members:
            keys_of[place].append(key)
    ranks = {key: _ranks(members) for key, members in blocks.items() if len(members) > FULL_BLOCK}
    for place, keys in enumerate(keys_of):
        found: set[int] = set()
        for key in keys:
            found.update(_near(place, blocks[key], ranks.get(key)))
        yield place, sorted(other for other in found if other > place)


def build_blocks(profiles: Sequence[Profile]) -> dict[str, list[int]]:
    """Members of every block with at least two, as places in `profiles`; large ones by name."""
    blocks: defaultdict[str, list[int]] = defaultdict(list)
    for place, profile in enumerate(profiles):
        for key in block_keys(profile):
            blocks[key].append(place)
    shared = {key: members for key, members in blocks.items() if len(members) > 1}
    for members in shared.values():
        if len(members) > FULL_BLOCK:
            members.sort(key=lambda place: (profiles[place].joined, place))
    return shared


def window(ordered: Sequence[tuple[str, str]], own: tuple[str, str]) -> Sequence[tuple[str, str]]:
    """The `WINDOW` neighbours on each side of `own` in a block ordered by (name, id)."""
    place = bisect_left(ordered, own)
    return ordered[max(0, place - WINDOW) : place + WINDOW + 1]


def _ranks(members: Iterable[int]) -> dict[int, int]:
    return {place: rank for rank, place in enumerate(members)}


def _near(place: int, members: list[int], ranks: dict[int, int] | None) -> list[int]:
    if ranks is None:
        return members
    rank = ranks[place]
    return members[max(0, rank - WINDOW) : rank + WINDOW + 1]
