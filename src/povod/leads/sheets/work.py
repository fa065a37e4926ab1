"""The sync of the sheet as background work: repeats while SHEET_SYNC_ENABLED (L16)."""

from datetime import datetime
from typing import Any

import structlog

from povod.engine.handlers import Handlers, Run
from povod.leads.search_deps import SearchDeps
from povod.leads.sheets.sync import sheet_sync

log = structlog.get_logger(__name__)

KIND = "leads.sheet"
QUEUE = "search"
ROLE = "scheduler"


def register(handlers: Handlers, deps: SearchDeps) -> None:
    """Make the sync known to the runner."""

    def handle(run: Run) -> dict[str, Any]:
        report = sheet_sync(deps).run(deps.settings.sheet_sync_batch_tag)
        if report.owed:
            log.warning("sheet.owed", reason=report.owed)
        shown = report.as_dict()
        run.progress({name: value for name, value in shown.items() if type(value) is int})
        return shown | {"problems": report.problems[:100], "vanished": report.vanished[:100]}

    handlers.register(KIND, handle, queue=QUEUE)


def next_due(deps: SearchDeps) -> datetime | None:
    """Now, when the automatic sync is on and its interval has passed."""
    return sheet_sync(deps).next_due()
