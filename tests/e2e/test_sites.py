"""A job of sites as its users order it: over HTTP from a running server, and as one command."""

import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from povod.app.worlds import world_environ
from povod.sandbox.process import SandboxProcess

SHOP = "dom-uyut.ru"
TOKEN = "token-of-the-test"
EXAMPLE = Path(__file__).parents[2] / "examples" / "sample-sitemap.xml"
PATIENCE = 60.0


@contextmanager
def running(folder: Path, environ: dict[str, str], **headers: str) -> Iterator[httpx.Client]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    kept |= {n: v for n, v in os.environ.items() if n.startswith(("COV_CORE", "COVERAGE"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "povod", "up", "--port", "0"],
        cwd=folder,
        env={**kept, "LOG_LEVEL": "ERROR", **environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = (line for line in process.stdout if line.startswith("console: "))
        address = next(lines).split()[1]
        with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client:
            yield client
    finally:
        process.terminate()
        process.wait(20)


def two_pages(world: SandboxProcess) -> list[str]:
    found = world.get(f"/sandbox/shops/{SHOP}/products", limit="2")
    return [product["url"] for product in found["products"]]


def ended(client: httpx.Client, job_id: str) -> Any:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        job = client.get(f"/api/jobs/{job_id}").raise_for_status().json()
        if job["status"] not in ("queued", "running"):
            return job
        time.sleep(0.1)
    raise AssertionError(f"the job did not end: {job}")


@pytest.mark.parametrize("auth", ["on", "off"])
def test_two_pages_become_files(world: SandboxProcess, tmp_path: Path, auth: str) -> None:
    """The scenario that was asked for, with a token and unchanged without sign-in."""
    environ = {**world_environ(world), "WEB_AUTH": auth, "ADMIN_TOKEN": TOKEN}
    headers = {"X-Admin-Token": TOKEN}
    with running(tmp_path, environ, **headers) as client:
        options = {"domain": SHOP, "max_concurrency": 1}
        order = {"sitemap_urls": two_pages(world), "options": options}
        made = client.post("/api/jobs", json=order)
        assert made.status_code == 201, made.text
        job_id = made.json()["id"]
        assert made.headers["Location"] == f"/api/jobs/{job_id}"
        job = ended(client, job_id)
        assert (job["status"], job["success_urls"]) == ("succeeded", 2), job
        files = client.get(f"/api/jobs/{job_id}/exports").json()
        by_kind = {(file["type"], file["format"]): file for file in files}
        assert {("full", "csv"), ("seo", "csv")} <= set(by_kind)
        text = client.get(by_kind["full", "csv"]["url"]).text
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {row["url"] for row in rows} == set(order["sitemap_urls"])
        assert all(row["title"] and float(row["price"]) > 0 for row in rows)
        lines = client.get(f"/api/jobs/{job_id}/stream").text
        assert "event: complete" in lines


def test_one_command_makes_all_files(povod: Any, tmp_path: Path) -> None:
    """The smoke of S130."""
    done = povod("sites", "run", "--sitemap", str(EXAMPLE), "--max-urls", "5", "--wait", "--yes")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "data" / "jobs").rglob("*.*")}
    usual = {
        f"{kind}.{form}" for kind in ("full", "seo", "diff") for form in ("csv", "xlsx", "json")
    }
    assert names >= usual | {"errors.csv"}
    assert "succeeded" in done.stdout
