"""CPU per page of a whole crawl (frontier, robots, budget, extraction, store), beside three (S149).

One shop on loopback, served by a process of its own from pages rendered beforehand: 5000 product
pages of 30 to 60 KB. Every contestant crawls all of it in a process of its own, ten requests at
once, robots.txt obeyed, no delay, and keeps the fields of each page in SQLite:

- povod: a job by one worker, as `povod work` runs it;
- bare: a loop of aiohttp, the same extraction function and SQLite, and nothing else;
- scrapy, crawlee: their HTTP crawlers with the same fields taken with parsel.

Two tables. `pages`: everybody extracts as described. `path`: everybody calls the same light
extraction (title and heading through selectolax), so that the frameworks themselves are compared:
that is what the bars are about. Figures are CPU seconds (user and system) of the client process
per 1000 pages, imports and set-up aside, and its peak memory; the median of rounds that take turns.

Run: python bench/crawl.py [--quick]. The last line is one JSON object; the exit status is 0 only
when the bars hold: at most 2.2 times bare, at most 0.4 times Scrapy, no more than Crawlee. Scrapy
and Crawlee come from requirements-bench.lock; without them the exit status is 2.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "crawl_clients"
BARS = {"bare": 2.2, "scrapy": 0.4, "crawlee": 1.0}
AIMS = {"bare": 1.5, "scrapy": 0.2}
CLIENTS = ("povod", "bare", "scrapy", "crawlee")
INSTALL = "pip install --require-hashes -r requirements-bench.lock"


@contextmanager
def shop(pages: int) -> Iterator[int]:
    """The shop's process; gives its port."""
    command = [sys.executable, str(FOLDER / "shop.py"), str(pages)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield int(server.stdout.readline())
        server.stdin.close()


def crawl(client: str, port: int, pages: int, extraction: str) -> dict[str, float]:
    """One contestant crawls the whole shop in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(FOLDER / "run.py"), client, str(port), str(pages), folder]
        done = subprocess.run([*command, extraction], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{client} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if figures["pages"] != pages:
        raise SystemExit(f"{client} kept {figures['pages']} of {pages} pages")
    return figures


def measure(extraction: str, pages: int, rounds: int) -> dict[str, dict[str, float]]:
    """The medians of all contestants."""
    found: dict[str, list[dict[str, float]]] = {client: [] for client in CLIENTS}
    with shop(pages) as port:
        for number in range(rounds):
            turn = CLIENTS[number % len(CLIENTS) :] + CLIENTS[: number % len(CLIENTS)]
            for client in turn:
                found[client].append(crawl(client, port, pages, extraction))
    return {
        client: {
            "cpu_per_1000": statistics.median(run["cpu"] for run in runs) / pages * 1000,
            "pages_per_second": pages / statistics.median(run["wall"] for run in runs),
            "peak_mb": statistics.median(run["peak_mb"] for run in runs),
        }
        for client, runs in found.items()
    }


def show(title: str, table: dict[str, dict[str, float]]) -> None:
    """Print one table, with Povod's share of each."""
    print(f"{title:<12}{'CPU s/1000':>12}{'pages/s':>10}{'peak MB':>10}{'povod is':>12}")
    own = table["povod"]["cpu_per_1000"]
    for client, row in table.items():
        share = f"{own / row['cpu_per_1000']:.2f} x" if client != "povod" else ""
        print(
            f"{client:<12}{row['cpu_per_1000']:>12.2f}{row['pages_per_second']:>10.0f}"
            f"{row['peak_mb']:>10.0f}{share:>12}"
        )


def ratios(table: dict[str, dict[str, float]]) -> dict[str, float]:
    """Povod's CPU as a share of each contestant's."""
    own = table["povod"]["cpu_per_1000"]
    return {client: round(own / table[client]["cpu_per_1000"], 3) for client in BARS}


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer pages, under a minute")
    given = parser.parse_args()
    missing = [name for name in ("scrapy", "crawlee") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"{', '.join(missing)} not installed: {INSTALL}", file=sys.stderr)
        return 2
    pages, rounds = (1000 if given.quick else 5000), 3
    tables = {
        "path": measure("path", pages, rounds),
        "pages": measure("pages", *((pages // 4, 1) if given.quick else (pages, rounds))),
    }
    for name, table in tables.items():
        show(name, table)
    got = ratios(tables["path"])
    held = {client: got[client] <= bar for client, bar in BARS.items()}
    for client, aim in AIMS.items():
        print(f"aim {aim} x {client}: {got[client]:.2f} ({got[client] / aim:.2f} of it)")
    report: dict[str, Any] = {
        "bench": "crawl", "pages": pages, "rounds": rounds, "tables": tables, "ratios": got,
        "ratios_pages": ratios(tables["pages"]), "bars": BARS, "held": held,
    }  # fmt: skip
    print(json.dumps(report))
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
