"""Runs and what they tell (G133)."""

import tempfile
from pathlib import Path

from fastapi import APIRouter, Request, Response

from povod.greetings.report_table import write_report
from povod.web.greetings_api.shapes import house_of
from povod.web.greetings_pages.common import page
from povod.web.params import RowId
from povod.web.roles import VIEWER

router = APIRouter(prefix="/runs")


@router.get("", dependencies=[VIEWER])
def runs_page(request: Request) -> Response:
    """The last hundred runs."""
    return page(request, "greetings/runs.html", runs=house_of(request).greetings.runs())


@router.get("/{run_id}", dependencies=[VIEWER])
def run_page(request: Request, run_id: RowId) -> Response:
    """One run with its report."""
    run = house_of(request).greetings.run(run_id)
    report = run["report"] or {}
    texts = report.get("texts", {})
    return page(
        request,
        "greetings/run.html",
        run=run,
        not_greeted=_sorted(report.get("not_greeted", {})),
        by_type=_sorted(report.get("events", {}).get("new", {})),
        by_rule=_sorted(report.get("events", {}).get("by_rule", {})),
        sources=_sorted(texts.get("sources", {})),
        fallbacks=_sorted(texts.get("fallbacks", {})),
        texts=texts,
        waiting=report.get("waiting", {}),
        forecast=[day for day in report.get("forecast", ()) if day["over"]],
        durations=report.get("durations", {}),
        errors=report.get("errors", ()),
    )


@router.get("/{run_id}/report.csv", dependencies=[VIEWER])
def run_table(request: Request, run_id: RowId) -> Response:
    """The report to take away."""
    run = house_of(request).greetings.run(run_id)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.csv"
        write_report(file, run)
        raw = file.read_bytes()
    name = f"povod-run-{run['started_at']:%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(raw, media_type="text/csv; charset=utf-8", headers=headers)


def _sorted(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
