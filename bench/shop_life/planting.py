"""Changes and faults of a shop, and the lines that a diff must have for them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shop_life.place import Place

# What this shop shows and a job compares unless told otherwise.
KINDS = ["price", "variant_price", "stock", "availability", "title", "removed", "new"]
NEVER = ("hang", "http_500", "captcha")
AT_FIRST = (("http_500", 1), ("http_503", 2), ("reset", 2), ("hang", 1))
Key = tuple[str, str, str]
"""Kind of change, address, variant."""


@dataclass
class Plan:
    """Changes that can be seen, pages that cannot be fetched, and pages that answer late."""

    changes: int
    dead: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    behind: int = 0


def plant(place: Place, count: int, before: dict[str, dict[str, Any]]) -> Plan:
    """Changes and faults; a few changes more are hidden behind pages that never answer."""
    plan = Plan(count, behind=max(count // 50, 2))
    body = {"count": count + plan.behind, "seed": 5, "kinds": KINDS}
    made = place.shop("changes", body)["changes"]
    changed = [one["url"] for one in made if one["kind"] != "new"]
    touched = {one["url"] for one in made}
    still = [url for url in before if url not in touched]
    step = max(1, len(still) // (count // 10))
    late = [*changed[plan.behind :: 12], *still[5::step][: count // 20]]
    hidden = [one["url"] for one in made if one["kind"] not in ("new", "stock")][: plan.behind]
    plan.dead = {*hidden, *still[::step][: count // 10]}
    plan.late = set(late) - plan.dead
    for number, url in enumerate(sorted(plan.dead)):
        place.shop("faults", {"kind": NEVER[number % len(NEVER)], "path": _path(url)})
    for number, url in enumerate(sorted(plan.late)):
        kind, times = AT_FIRST[number % len(AT_FIRST)]
        place.shop("faults", {"kind": kind, "path": _path(url), "times": times})
    return plan


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def expected(
    truth: dict[str, Any],
    before: dict[str, dict[str, Any]],
    after: dict[str, dict[str, Any]],
    dead: set[str],
) -> dict[Key, frozenset[str]]:
    """Every line that the diff must have but NOT_CHECKED: its key and the names of its fields."""
    lines: dict[Key, frozenset[str]] = {}
    for url in truth["new"]:
        for variant in _keys(after[url]):
            lines["ADDED", url, variant] = frozenset()
    for url in truth["removed"]:
        for variant in _keys(before[url]):
            lines["REMOVED", url, variant] = frozenset()
    for one in truth["modified"]:
        url, has_variants = one["url"], len(_keys(before[one["url"]])) > 1
        hidden = {"price", "stock", "availability"} if has_variants else set()
        names = {name for name in one["fields"] if name in ("name", "price", "stock",
                 "availability")} - hidden  # fmt: skip
        names |= {"title"} & set(one["seo"])
        if names:
            lines["MODIFIED", url, ""] = frozenset(names)
        for change in one["variants"]:
            name = {"in_stock": "availability"}.get(change["field"], change["field"])
            if name in ("price", "stock", "availability"):
                key = ("MODIFIED", url, str(change["id"]))
                lines[key] = lines.get(key, frozenset()) | {name}
    return {key: names for key, names in lines.items() if key[1] not in dead}


def _keys(page: dict[str, Any]) -> list[str]:
    product = page.get("product") or {}
    return ["", *(str(variant["id"]) for variant in product.get("variants") or ())]


def unchecked(before: dict[str, dict[str, Any]], dead: Iterable[str]) -> set[tuple[str, str]]:
    """The keys that must be told as NOT_CHECKED."""
    return {(url, variant) for url in dead for variant in _keys(before[url])}
