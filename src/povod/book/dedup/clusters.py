"""Joining pairs into clusters without ever joining two firms by a chain (L63 a, f)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from povod.book.dedup.evidence import Evidence, differ, other_address
from povod.book.dedup.profile import Profile


@dataclass(frozen=True, slots=True)
class Link:
    """Two records, by place, and what ties them."""

    a: int
    b: int
    evidence: Evidence

    def held(self, guard: str) -> "Link":
        """The same link, kept for a person's decision."""
        return replace(self, evidence=replace(self.evidence, guard=guard))


def join(profiles: Sequence[Profile], links: Iterable[Link]) -> tuple[list[list[int]], list[Link]]:
    """Clusters of places, and the links that wait for a person.

    The strongest links are taken first, so the result does not depend on their order. Links of
    name and city alone come last, and only where one firm, not two different ones, can be meant.
    """
    forest = _Forest(profiles)
    held = [link for link in links if link.evidence.guard]
    free = sorted((link for link in links if not link.evidence.guard), key=_strongest_first)
    weak = [link for link in free if link.evidence.is_weak]
    held += _join_all(forest, (link for link in free if not link.evidence.is_weak))
    certain, doubtful = _split_doubtful(forest, weak)
    held += doubtful + _join_all(forest, certain, weak=True)
    waiting = [link for link in held if forest.root(link.a) != forest.root(link.b)]
    return forest.clusters(), sorted(waiting, key=lambda link: (link.a, link.b))


def _join_all(forest: "_Forest", links: Iterable[Link], *, weak: bool = False) -> list[Link]:
    """Join what may be joined; gives back the rest."""
    held = []
    for link in links:
        guard = forest.conflict(link.a, link.b, weak=weak)
        if guard:
            held.append(link.held(guard))
        else:
            forest.join(link.a, link.b)
    return held


def _split_doubtful(forest: "_Forest", weak: list[Link]) -> tuple[list[Link], list[Link]]:
    """Weak links apart from those of a cluster that could as well belong to another firm."""
    around: defaultdict[int, set[int]] = defaultdict(set)
    for link in weak:
        a, b = forest.root(link.a), forest.root(link.b)
        around[a].add(b)
        around[b].add(a)

    def doubtful(here: int, there: int) -> bool:
        return any(forest.conflict(there, rival, weak=True) for rival in around[here])

    certain, unsure = [], []
    for link in weak:
        a, b = forest.root(link.a), forest.root(link.b)
        if doubtful(a, b) or doubtful(b, a):
            unsure.append(link.held("ambiguous"))
        else:
            certain.append(link)
    return certain, unsure


def _strongest_first(link: Link) -> tuple[int, float, int, int]:
    kind, score = link.evidence.strength
    return -kind, -score, link.a, link.b


class _Forest:
    """Disjoint sets that know what their members are sure of."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self._parent = list(range(len(profiles)))
        self._domains = [profile.domains for profile in profiles]
        self._phones = [profile.phones for profile in profiles]
        self._sites = [profile.domains | profile.mail_domains for profile in profiles]
        self._inn = [profile.inn for profile in profiles]
        self._addresses = [[profile] if profile.street else [] for profile in profiles]

    def root(self, place: int) -> int:
        parent = self._parent
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    def conflict(self, a: int, b: int, *, weak: bool = False) -> str:
        """Why the clusters of two members must stay apart; empty when they need not."""
        a, b = self.root(a), self.root(b)
        if a == b:
            return ""
        if differ(self._domains[a], self._domains[b]):
            return "different_domains"
        if differ(self._inn[a], self._inn[b]):
            return "different_inn"
        return self._weak_conflict(a, b) if weak else ""

    def _weak_conflict(self, a: int, b: int) -> str:
        if differ(self._phones[a], self._phones[b]):
            return "phone_conflict"
        if differ(self._sites[a], self._sites[b]):
            return "different_mail"
        both = [(one, two) for one in self._addresses[a] for two in self._addresses[b]]
        apart = bool(both) and all(other_address(one, two) for one, two in both)
        return "different_address" if apart else ""

    def join(self, a: int, b: int) -> None:
        a, b = sorted((self.root(a), self.root(b)))
        if a == b:
            return
        self._parent[b] = a
        self._domains[a] |= self._domains[b]
        self._phones[a] |= self._phones[b]
        self._sites[a] |= self._sites[b]
        self._inn[a] = self._inn[a] or self._inn[b]
        self._addresses[a] += self._addresses[b]

    def clusters(self) -> list[list[int]]:
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for place in range(len(self._parent)):
            groups[self.root(place)].append(place)
        return [members for members in groups.values() if len(members) > 1]
