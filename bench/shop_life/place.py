"""A folder with a database, a shop in the local world, and the product's own command."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from povod.app.worlds import world_environ
from povod.sandbox.process import SandboxProcess
from povod.store.db import Database
from povod.store.tables import jobs, pages

COMMAND = Path(__file__).parent / "command.py"
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
        command = [sys.executable, str(COMMAND), str(report), *arguments]
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
