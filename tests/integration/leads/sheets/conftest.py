"""The real client library against the imitated Google, one sandbox for all tests here."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from povod.kit.ids import new_id
from povod.kit.settings import load_settings
from povod.leads.sheets.google import open_tab
from povod.leads.sheets.sync import SheetSync
from povod.sandbox.process import SandboxProcess, start_sandbox
from povod.store.db import Database

TAB = "NICHES_INPUT"


@pytest.fixture(scope="session")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("google"), sites=2) as running:
        yield running


class Sheet:
    """A tab as people see and change it."""

    def __init__(self, box: SandboxProcess) -> None:
        self.box = box
        self.id = f"own-{new_id()}"
        self.waits: list[float] = []
        box.delete(f"/sandbox/sheets/{self.id}/faults")
        box.delete("/sandbox/journal")

    def put(self, *rows: list[str], **more: Any) -> None:
        self.box.post(f"/sandbox/sheets/{self.id}", {"tab": TAB, "values": list(rows), **more})

    def fault(self, kind: str, **more: Any) -> None:
        self.box.post(f"/sandbox/sheets/{self.id}/faults", {"kind": kind, **more})

    def heal(self) -> None:
        self.box.delete(f"/sandbox/sheets/{self.id}/faults")

    def rows(self) -> list[list[Any]]:
        return self.box.get(f"/sandbox/sheets/{self.id}")["tabs"][TAB]

    def shown(self) -> list[dict[str, Any]]:
        """Each row by the names of its columns."""
        header, *rows = self.rows()
        return [dict(zip(header, row, strict=False)) for row in rows]

    def calls(self) -> list[str]:
        """Method and path of what Google was asked."""
        entries = self.box.get("/sandbox/journal", service="google")["entries"]
        return [f"{entry['method']} {entry['path']}" for entry in entries]


@pytest.fixture
def sheet(google: SandboxProcess) -> Sheet:
    return Sheet(google)


@pytest.fixture
def make_sync(db: Database, google: SandboxProcess, sheet: Sheet, tmp_path: Path) -> Callable:
    def make(**given: Any) -> SheetSync:
        environ = google.sheet_environ() | {"GOOGLE_SHEET_ID": sheet.id}
        settings = load_settings(environ, None, data_dir=tmp_path / "data", **given)
        opened = partial(open_tab, settings, sheet.waits.append)
        return SheetSync(db, db.clock, settings, opened)

    return make


@pytest.fixture
def sync(make_sync: Callable) -> SheetSync:
    return make_sync()
