"""Making files and keeping account of them: at the end of a job, and on request (S114, S11a)."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from povod.engine.handlers import Run
from povod.kit.clock import Clock
from povod.kit.errors import InputError, NotFoundError
from povod.kit.ids import new_id
from povod.sites.exports.artifacts import ArtifactStore
from povod.sites.exports.columns import REPORTS_VERSION, TYPES
from povod.sites.exports.diff_rows import diff_out, field_rows, stored_rows
from povod.sites.exports.rows import OutRow, error_rows, full_rows, seo_rows
from povod.sites.exports.write import DIALECTS, FORMATS, LAYOUTS, Kind, write_file
from povod.store.db import Database
from povod.store.tables import exports, jobs
from povod.store.upsert import upsert

USUAL = [
    *(Kind(name, form) for name in ("full", "seo", "diff") for form in FORMATS),
    Kind("errors", "csv"),
]
"""Made at the end of every job; a failed one has only its errors."""

FINAL = ("cancelled", "succeeded", "partial", "failed")
CONFLICT = ["job_id", "type", "format", "layout", "dialect", "partial"]
_CHANGED = ["path", "size_bytes", "sha256", "rows", "reports_version", "created_by", "expired_at"]
COUNTS = ("added", "removed", "modified", "unchanged", "not_checked")
Issues = Callable[[Database, str, str], Iterator[OutRow]]


@dataclass(frozen=True)
class ExportMaker:
    """Files of jobs; making one again gives the same bytes and the same row."""

    db: Database
    clock: Clock
    store: ArtifactStore
    scratch: Path
    issues: Issues | None = None

    def make(
        self,
        job_id: str,
        kind: Kind,
        *,
        is_final: bool | None = None,
        include_unchanged: bool = False,
        by: str = "system",
    ) -> dict[str, Any]:
        """Write one file, keep it, register it; the row of `exports`."""
        check_kind(kind)
        job = self._job(job_id)
        partial = job["status"] not in FINAL if is_final is None else not is_final
        name = f"partial.{kind.file_name}" if partial else kind.file_name
        key = f"jobs/{job_id}/{name}"
        self.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / name
            rows = self._rows(job, kind, include_unchanged)
            count = write_file(path, kind, rows, self._meta(job))
            self.store.put(key, path)
            row = {
                "id": new_id(),
                "job_id": job_id,
                "type": kind.type,
                "format": kind.format,
                "layout": kind.layout,
                "dialect": kind.dialect,
                "partial": partial,
                "path": key,
                "size_bytes": path.stat().st_size,
                "sha256": _sha256(path),
                "rows": count,
                "reports_version": REPORTS_VERSION,
                "created_by": by,
                "expired_at": None,
            }
        with self.db.tx() as conn:
            upsert(conn, exports, [row], CONFLICT, _CHANGED)
        return self._find(row)

    def work(self, _deps: object, run: Run) -> dict[str, Any]:
        """A file that somebody asked for, as work of the ledger."""
        args = run.args
        kind = Kind(args["type"], args["format"], args["layout"], args["dialect"])
        unchanged = bool(args.get("include_unchanged"))
        row = self.make(args["job_id"], kind, include_unchanged=unchanged, by=args.get("by", ""))
        return {"export_id": str(row["id"])}

    def list(self, job_id: str) -> list[dict[str, Any]]:
        """The files of a job, in the order of their making."""
        query = sa.select(exports).where(exports.c.job_id == job_id).order_by(exports.c.id)
        with self.db.read() as conn:
            return [dict(row) for row in conn.execute(query).mappings()]

    def _rows(self, job: RowMapping, kind: Kind, include_unchanged: bool) -> Iterator[OutRow]:
        job_id, domain = job["id"], job["domain"]
        match kind.type:
            case "full":
                by_variant = kind.layout == "standard"
                return full_rows(self.db, job_id, domain, by_variant=by_variant)
            case "seo":
                return seo_rows(self.db, job_id, domain)
            case "errors":
                return error_rows(self.db, job_id, domain)
            case "diff":
                return map(diff_out, stored_rows(self.db, job_id, include_unchanged))
            case "diff_fields":
                return field_rows(stored_rows(self.db, job_id, include_unchanged))
            case "issues" if self.issues is not None:
                return self.issues(self.db, job_id, domain)
        raise InputError(f"files of type {kind.type} are not made", code="invalid_option")

    def _meta(self, job: RowMapping) -> dict[str, Any]:
        diff = {name: job[name] for name in COUNTS}
        return {
            "job": {"id": job["id"], "domain": job["domain"], **diff},
            "generated_at": f"{self.clock.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }

    def _job(self, job_id: str) -> RowMapping:
        with self.db.read() as conn:
            row = conn.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().first()
        if row is None:
            raise NotFoundError(f"there is no job {job_id}")
        return row

    def _find(self, made: dict[str, Any]) -> dict[str, Any]:
        same = (exports.c[name] == made[name] for name in CONFLICT)
        with self.db.read() as conn:
            return dict(conn.execute(sa.select(exports).where(*same)).mappings().one())


def check_kind(kind: Kind) -> None:
    """`InputError` names what is not known of a wish for a file."""
    for field, value, allowed in (
        ("type", kind.type, TYPES),
        ("format", kind.format, FORMATS),
        ("layout", kind.layout, LAYOUTS),
        ("dialect", kind.dialect, DIALECTS),
    ):
        if value not in allowed:
            message = f"{value!r} is not known; use one of {', '.join(allowed)}"
            raise InputError(
                f"{field}: {message}",
                code="invalid_option",
                errors=[{"field": field, "message": message}],
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def expire(maker: ExportMaker, before: datetime) -> int:
    """Forget files made before that day; their rows stay and say so (S127)."""
    query = sa.select(exports.c.id, exports.c.path).where(
        exports.c.created_at < before, exports.c.expired_at.is_(None)
    )
    with maker.db.read() as conn:
        old = conn.execute(query).all()
    for row in old:
        maker.store.delete(row.path)
        gone = sa.update(exports).where(exports.c.id == row.id)
        with maker.db.tx() as conn:
            conn.execute(gone.values(expired_at=maker.clock.now()))
    return len(old)
