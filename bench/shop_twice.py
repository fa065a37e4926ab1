"""A shop is crawled twice by the product's own command; between the two, things change in it.

The sandbox shop has 10 000 product pages. After the first job 500 changes are planted, and faults:
some pages answer with an error once or twice (they must be asked again), some never answer (hang,
500, captcha), a few of these with a change behind them. Then the same command runs again. Bars:

- the diff names exactly the planted changes that could be seen, with exactly their fields
- a page that could not be fetched is no change: it is told as NOT_CHECKED
- comparing and writing the new state, and reading the diff, take less than 5 seconds together

`povod sites run --sitemap ... --wait --yes` runs as a process of its own. A few functions of it are
timed from outside, nothing else is changed.

Run: python bench/shop_twice.py [--quick]. A table, then one line of JSON; 0 only when all holds.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from povod.sandbox.process import SandboxProcess, start_sandbox
from shop_life.judging import Result, judge
from shop_life.place import Pass, Place
from shop_life.planting import expected, plant, unchecked

SHOP = "instrument-mag.ru"
QUICK_SHOP = "instrument-quick.ru"
PAGES, CHANGES = 10_000, 500
QUICK_PAGES, QUICK_CHANGES = 400, 40


def play(folder: Path, world: SandboxProcess, quick: bool) -> Result:
    """Twice the same command, with life between."""
    place = Place(folder, world, QUICK_SHOP if quick else SHOP)
    if quick:
        world.post("/sandbox/shops", {"host": QUICK_SHOP, "layout": "plain",
                                      "products": QUICK_PAGES, "theme": "tools"})  # fmt: skip
    place.prepare()
    first = place.crawl()
    before = place.products()
    plan = plant(place, QUICK_CHANGES if quick else CHANGES, before)
    second = place.crawl()
    wanted = expected(place.shop("truth"), before, place.products(), plan.dead)
    result = judge(place, plan, second, wanted, unchecked(before, plan.dead))
    for name, one in (("first", first), ("second", second)):
        result.figures[name] = _figures(one)
        if one.job["status"] != "succeeded":
            status = f"{one.job['status']} {one.job['stop_reason']}"
            result.faults.append(f"the {name} job ended {status}")
    if first.job["total_urls"] < (QUICK_PAGES if quick else PAGES):
        result.faults.append("the list was cut")
    return result


def _figures(one: Pass) -> dict[str, Any]:
    names = ("status", "total_urls", "success_urls", "failed_urls", "gone_urls", "traffic_mb_used")
    return {
        **{name: one.job[name] for name in names},
        "seconds": round(one.seconds, 1),
        "pages_per_second": round(one.rate, 1),
        "peak_mb": one.took["peak_mb"],
        "compare_s": round(one.took.get("compare", 0), 2),
        "files_s": round(one.took.get("files", 0), 2),
    }


def show(result: Result) -> None:
    """The table."""
    rows = ("total_urls", "success_urls", "failed_urls", "gone_urls", "seconds",
            "pages_per_second", "peak_mb", "traffic_mb_used", "compare_s", "files_s")  # fmt: skip
    print(f"{'':<20}{'first':>12}{'second':>12}")
    for name in rows:
        one, two = result.figures["first"][name], result.figures["second"][name]
        print(f"{name:<20}{one:>12}{two:>12}")
    for name, value in result.figures.items():
        if name not in ("first", "second"):
            print(f"{name:<20}{value!s:>24}")
    for fault in result.faults:
        print(f"NOT HELD: {fault}")


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="400 pages, under a minute")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="povod-shop-") as text:
        folder = Path(text)
        with start_sandbox(folder / "world", sites=3) as world:
            result = play(folder, world, given.quick)
    show(result)
    held = not result.faults
    print(json.dumps({"bench": "shop_twice", "quick": given.quick, **result.figures,
                      "faults": result.faults, "held": held}, ensure_ascii=False))  # fmt: skip
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
