"""What changed between the last good state and what a job saw (S104-S106). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from povod.sites.documents import decoded
from povod.sites.finish.fields import (
    OF_VARIANTS,
    PAGE_FIELDS,
    VARIANT_FIELDS,
    State,
)
from povod.sites.finish.states import Seen, state_hash

UNCHANGED, NOT_CHECKED = "UNCHANGED", "NOT_CHECKED"
ADDED, MODIFIED, REMOVED = "ADDED", "MODIFIED", "REMOVED"
MISSES_TO_REMOVE = 2
"""Two complete jobs in a row that find no product where one was (S72)."""


@dataclass(frozen=True)
class Known:
    """A row of `snapshots`; `data` is the JSON of its state, read when that is asked for."""

    id: str
    url: str
    variant_key: str
    data: str
    active: bool
    crawled_at: datetime
    misses: int = 0
    hash: str = ""

    @cached_property
    def state(self) -> State:
        """What was known."""
        state: State = decoded(self.data)
        return state


@dataclass(frozen=True)
class Change:
    """What becomes of one snapshot key; `state` is what is kept from now on (None: as it was).

    `hash` is that of `state`, where it was needed to tell.
    """

    kind: str
    url: str
    variant_key: str = ""
    fields: Sequence[str] = ()
    known: Known | None = None
    state: State | None = None
    reason: str = ""
    miss: bool = False
    touch: bool = False
    """Seen again as it was: only the time of the last look moves."""
    hash: str = ""

    @property
    def is_row(self) -> bool:
        """Whether it stands in the diff."""
        return self.kind in (ADDED, MODIFIED, REMOVED)


@dataclass(frozen=True)
class Rules:
    """How a job compares: the fields, and whether a key absent from its list is removed."""

    fields: Sequence[str]
    absent_is_removed: bool = False


@dataclass
class Tally:
    """Counts of a diff; their sum is the number of keys active before or seen now (S104)."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys((ADDED, REMOVED, MODIFIED, UNCHANGED, NOT_CHECKED), 0)
    )

    def add(self, change: Change) -> None:
        """Count one key."""
        self.counts[change.kind] += 1

    def columns(self) -> dict[str, int]:
        """As columns of `jobs`."""
        return {kind.lower(): count for kind, count in self.counts.items()}


def changes_of(seen: Seen | None, known: Mapping[str, Known], rules: Rules) -> Iterator[Change]:
    """Every key of one address: the page itself ('') and its variants.

    `seen` is None for an address that the job's list did not name.
    """
    if seen is None:
        yield from _absent(known, rules)
    elif seen.outcome == "ok":
        yield from _looked_at(seen, known, rules)
    elif seen.outcome == "not_modified":
        yield from (_same(one) for one in known.values() if one.active)
    elif seen.outcome == "gone":
        yield from _removed(known, "gone")
    elif seen.outcome == "not_product":
        yield from _missed(known)
    else:
        yield from (_unseen(one) for one in known.values() if one.active)


def _absent(known: Mapping[str, Known], rules: Rules) -> Iterator[Change]:
    if rules.absent_is_removed:
        yield from _removed(known, "absent")
    else:
        yield from (_unseen(one) for one in known.values() if one.active)


def _same(known: Known) -> Change:
    return Change(UNCHANGED, known.url, known.variant_key, known=known, touch=True)


def _unseen(known: Known) -> Change:
    return Change(NOT_CHECKED, known.url, known.variant_key, known=known)


def _removed(known: Mapping[str, Known], reason: str) -> Iterator[Change]:
    for one in known.values():
        if one.active:
            yield Change(REMOVED, one.url, one.variant_key, known=one, reason=reason)


def _missed(known: Mapping[str, Known]) -> Iterator[Change]:
    """No product where one was: once is an accident, twice is the truth."""
    page = known.get("")
    if page is not None and page.misses + 1 >= MISSES_TO_REMOVE:
        yield from _removed(known, "not_product")
        return
    for one in known.values():
        if one.active:
            yield Change(NOT_CHECKED, one.url, one.variant_key, known=one, miss=True)


def _looked_at(seen: Seen, known: Mapping[str, Known], rules: Rules) -> Iterator[Change]:
    assert seen.page is not None
    before, digest = known.get(""), state_hash(seen.page)
    if before is None or not before.active:
        yield Change(ADDED, seen.url, known=before, state=seen.page, hash=digest)
    elif before.hash == digest and seen.is_whole:
        yield Change(UNCHANGED, seen.url, known=before, state=seen.page, hash=digest)
    else:
        yield _compared(seen, before, known, rules)
    yield from _variants(seen, known, rules)


def _compared(seen: Seen, before: Known, known: Mapping[str, Known], rules: Rules) -> Change:
    had_variants = any(key and one.active for key, one in known.items())
    names = _page_fields(rules.fields, bool(seen.variants) or had_variants)
    differ = [name for name in names if _differs(seen, before.state, name)]
    kind, state = MODIFIED if differ else UNCHANGED, _kept(seen, before.state)
    return Change(kind, seen.url, fields=differ, known=before, state=state)


def _page_fields(names: Sequence[str], has_variants: bool) -> list[str]:
    return [name for name in names if not (has_variants and name in OF_VARIANTS)]


def _differs(seen: Seen, before: State, name: str) -> bool:
    assert seen.page is not None
    field_ = PAGE_FIELDS[name]
    now = field_.form(field_.read(seen.page))
    then = field_.form(field_.read(before))
    if now is None and not seen.proves(name):
        return False
    return bool(now != then)


def _kept(seen: Seen, before: State) -> State:
    """The new state; of a page that was cut, what it did not show stays as it was known."""
    assert seen.page is not None
    if seen.is_whole:
        return seen.page
    full, old = dict(seen.page.get("full") or {}), before.get("full") or {}
    for name, value in old.items():
        silent = full.get(name) in (None, "", [], {})
        if silent and (seen.truncated or name == "variants"):
            full[name] = value
    return {**seen.page, "full": full or None}


def _variants(seen: Seen, known: Mapping[str, Known], rules: Rules) -> Iterator[Change]:
    fields_ = [name for name in VARIANT_FIELDS if name in rules.fields]
    for key, state in seen.variants.items():
        before, digest = known.get(key), state_hash(state)
        url = state.get("url") or seen.url
        if before is None or not before.active:
            yield Change(ADDED, url, key, known=before, state=state, hash=digest)
            continue
        is_same = before.hash == digest
        names = () if is_same else fields_
        differ = [name for name in names if _variant_differs(state, before.state, name)]
        kind = MODIFIED if differ else UNCHANGED
        yield Change(kind, url, key, differ, before, state, hash=digest)
    for key, one in known.items():
        if key and one.active and key not in seen.variants:
            if seen.variants_known:
                yield Change(REMOVED, one.url, key, known=one, reason="variant_gone")
            else:
                yield _unseen(one)


def _variant_differs(now: State, before: State, name: str) -> bool:
    field_ = VARIANT_FIELDS[name]
    return bool(field_.form(field_.read(now)) != field_.form(field_.read(before)))
