"""A shop is crawled twice by the product's own command; between the two, things change in it.

The sandbox shop has 10 000 product pages. After the first job 500 changes are planted, and faults:
some pages answer with an error once or twice (they must be asked again), some never answer (hang,
500, captcha), a few of these with a change behind them. Then the same command runs again. Bars:

- the diff names exactly the planted changes that could be seen, with exactly their fields
- a page that could not be fetched is no change: it is told as NOT_CHECKED
- comparing and writing the new state, and reading the diff, take less than 5 seconds together

`povod sites run --sitemap ... --wait --yes` runs as a process of its own. A few functions of it are
timed from outside (`--povod`), nothing else is changed.

Run: python bench/shop_twice.py [--quick]. A table, then one line of JSON; 0 only when all holds.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from povod.app.worlds import world_environ
from povod.sandbox.process import SandboxProcess, start_sandbox
from povod.store.db import Database
from povod.store.tables import jobs, pages, snapshots

BAR_SECONDS = 5.0
SHOP = "instrument-mag.ru"
QUICK_SHOP = "instrument-quick.ru"
PAGES, CHANGES = 10_000, 500
QUICK_PAGES, QUICK_CHANGES = 400, 40
# What this shop shows and a job compares unless told otherwise.
KINDS = ["price", "variant_price", "stock", "availability", "title", "removed", "new"]
# The shop is on this machine: nobody is hurt by haste.
HASTE: dict[str, Any] = {
    "politeness": {"min_delay_ms": 0},
    "ladder": {"delay_base_s": 0.2, "delay_max_s": 2},
    "breaker": {"open_s": 2},
    "budgets": {"all_soft_mb": 50_000, "all_hard_mb": 60_000, "site_soft_mb": 50_000,
                "site_hard_mb": 60_000},
}  # fmt: skip
OPTIONS = {"max_concurrency": 10, "traffic_budget_mb": 5000, "url_timeout_s": 5,
           "fetchers": ["http", "http_tls"]}  # fmt: skip
NEVER = ("hang", "http_500", "captcha")
AT_FIRST = (("http_500", 1), ("http_503", 2), ("reset", 2), ("hang", 1))
Key = tuple[str, str, str]
"""Kind of change, address, variant."""


# -- the command, timed ---------------------------------------------------------------------------


def timed(report: Path, arguments: list[str]) -> int:
    """`povod` with these arguments; what its last phase took goes to `report`."""
    from povod.cli.main import main as povod
    from povod.sites.exports.make import ExportMaker
    from povod.sites.finish.finalize import Finisher

    seconds: defaultdict[str, float] = defaultdict(float)

    def watch(owner: Any, name: str, what: str) -> None:
        inner: Callable[..., Any] = getattr(owner, name)

        def outer(*args: Any, **kwargs: Any) -> Any:
            began, worked = time.monotonic(), time.thread_time()
            try:
                return inner(*args, **kwargs)
            finally:
                seconds[what] += time.monotonic() - began
                seconds[f"{what}_cpu"] += time.thread_time() - worked

        setattr(owner, name, outer)

    watch(Finisher, "_compare", "compare")
    watch(ExportMaker, "make", "files")
    sys.argv = ["povod", *arguments]
    try:
        povod()
    finally:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        report.write_text(json.dumps({**seconds, "peak_mb": round(peak)}), encoding="utf-8")
    return 0


# -- one shop, two jobs ---------------------------------------------------------------------------


@dataclass
class Pass:
    """One job and what it took."""

    job: dict[str, Any]
    seconds: float
    crawl_seconds: float
    took: dict[str, float]

    @property
    def rate(self) -> float:
        """Addresses in a second, while they were fetched."""
        return float(self.job["total_urls"] / max(self.crawl_seconds, 0.001))


@dataclass
class Place:
    """A folder with its database and the world."""

    folder: Path
    world: SandboxProcess
    host: str
    environ: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environ = {
            **kept,
            **world_environ(self.world),
            "DATABASE_URL": f"sqlite:///{self.folder / 'povod.db'}",
            "DATA_DIR": str(self.folder / "data"),
            "LOG_LEVEL": "ERROR",
        }

    def povod(self, *arguments: str, expect: tuple[int, ...] = (0,)) -> Any:
        """JSON that a command prints, and its report beside it."""
        report = self.folder / "report.json"
        command = [sys.executable, __file__, "--povod", str(report), *arguments]
        done = subprocess.run(
            command, env=self.environ, cwd=self.folder, capture_output=True, text=True, check=False
        )
        if done.returncode not in expect:
            raise SystemExit(f"povod {arguments} ended with {done.returncode}:\n{done.stderr}")
        took = json.loads(report.read_text(encoding="utf-8"))
        return (json.loads(done.stdout) if "--json" in arguments else done.stdout), took

    def shop(self, path: str, body: Any = None) -> Any:
        """A control route of the shop: POST with a body, else GET."""
        address = f"/sandbox/shops/{self.host}/{path}"
        return self.world.get(address) if body is None else self.world.post(address, body)

    def prepare(self) -> None:
        """No pauses for this shop."""
        file = self.folder / "profile.yml"
        file.write_text(json.dumps({"policies_override": HASTE}), encoding="utf-8")
        self.povod("sites", "profile", "import", self.host, str(file))

    def crawl(self) -> Pass:
        """The command that is shown."""
        options = [f"--option={name}={json.dumps(value)}" for name, value in OPTIONS.items()]
        address = f"https://{self.host}/sitemap.xml"
        command = ["sites", "run", "--sitemap", address, "--max-urls", "20000", *options]
        began = time.monotonic()
        job, took = self.povod(*command, "--wait", "--yes", "--json", expect=(0, 1))
        return Pass(job, time.monotonic() - began, self._crawl_seconds(job["id"]), took)

    def _crawl_seconds(self, job_id: str) -> float:
        db = Database(self.environ["DATABASE_URL"])
        with db.read() as conn:
            last = sa.select(sa.func.max(pages.c.fetched_at)).where(pages.c.job_id == job_id)
            began = sa.select(jobs.c.started_at).where(jobs.c.id == job_id)
            span = conn.execute(last).scalar_one() - conn.execute(began).scalar_one()
        db.close()
        return float(span.total_seconds())

    def products(self) -> dict[str, dict[str, Any]]:
        """Every product page as it is now, by address."""
        found: dict[str, dict[str, Any]] = {}
        while True:
            address = f"/sandbox/shops/{self.host}/products"
            some = self.world.get(address, offset=str(len(found)), limit="1000")
            found |= {one["url"]: one for one in some["products"]}
            if len(found) >= some["total"] or not some["products"]:
                return found


# -- what must be told ----------------------------------------------------------------------------


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


# -- the run --------------------------------------------------------------------------------------


@dataclass
class Result:
    """Figures and broken bars."""

    figures: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def judge(place: Place, plan: Plan, second: Pass, wanted: dict[Key, frozenset[str]],
          silent: set[tuple[str, str]]) -> Result:  # fmt: skip
    """Hold the diff that the command prints against what was planted."""
    began = time.monotonic()
    read, _ = place.povod("sites", "diff", second.job["id"], "--limit", "10000", "--json")
    command_seconds = time.monotonic() - began
    reading = _reading_seconds(place, second.job["id"])
    told: dict[Key, frozenset[str]] = {}
    for row in read["items"]:
        key = (row["change_type"], row["url"].partition("?")[0], row["variation_id"] or "")
        told[key] = frozenset(row["fields_changed"] or ())
    right = set(told) & set(wanted)
    exact = {key for key in right if key[0] != "MODIFIED" or told[key] == wanted[key]}
    result = Result({
        "planted": plan.changes, "lines_wanted": len(wanted), "lines_told": len(told),
        "precision": round(len(right) / max(len(told), 1), 4),
        "recall": round(len(right) / max(len(wanted), 1), 4),
        "fields_exact": round(len(exact) / max(len(right), 1), 4),
        "by_kind": dict(Counter(key[0] for key in told)),
        "pages_dead": len(plan.dead), "pages_late": len(plan.late),
        "not_checked": second.job["diff"].get("not_checked"),
        "compare_s": round(second.took.get("compare", 0), 2),
        "compare_cpu_s": round(second.took.get("compare_cpu", 0), 2), "read_s": round(reading, 2),
        "diff_command_s": round(command_seconds, 2),
    })  # fmt: skip
    figures, faults = result.figures, result.faults
    for what, some in (
        ("told without reason", set(told) - set(wanted)),
        ("not told", set(wanted) - set(told)),
        ("with other fields", right - exact),
    ):
        if some:
            shown = [(*key, sorted(told.get(key, ())), sorted(wanted.get(key, ())))
                     for key in sorted(some)[:3]]  # fmt: skip
            faults.append(f"{len(some)} {what}: {shown}")
    quiet = _not_seen(place, second.job["id"])
    if quiet != silent or figures["not_checked"] != len(silent):
        differ = sorted(quiet ^ silent)[:3]
        told_of = f"{figures['not_checked']} keys not checked, {len(silent)} were planted"
        faults.append(f"{told_of}: {differ}")
    if second.job["failed_urls"] != len(plan.dead):
        faults.append(f"{second.job['failed_urls']} addresses failed, not {len(plan.dead)}")
    if figures["compare_s"] + figures["read_s"] >= BAR_SECONDS:
        faults.append(f"the diff took {figures['compare_s']} + {figures['read_s']} s")
    return result


def _not_seen(place: Place, job_id: str) -> set[tuple[str, str]]:
    """Keys whose state the job left as it was."""
    query = sa.select(snapshots.c.url, snapshots.c.variant_key).where(
        snapshots.c.last_job_id != job_id, snapshots.c.state == "active"
    )
    db = Database(place.environ["DATABASE_URL"])
    with db.read() as conn:
        found = {(row.url.partition("?")[0], row.variant_key) for row in conn.execute(query)}
    db.close()
    return found


def _reading_seconds(place: Place, job_id: str) -> float:
    """Reading every line of the diff, as its file is made."""
    from povod.sites.exports.diff_rows import diff_out, stored_rows

    db = Database(place.environ["DATABASE_URL"])
    began = time.monotonic()
    for row in stored_rows(db, job_id):
        diff_out(row)
    seconds = time.monotonic() - began
    db.close()
    return seconds


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
    if sys.argv[1:2] == ["--povod"]:
        return timed(Path(sys.argv[2]), sys.argv[3:])
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
