"""What an import did or would do, in counts and words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from povod.book.importing.columns import Header
from povod.book.importing.reading import ClientRow

MAX_KEPT = 1000
COUNTS = ("new", "changed", "same", "warnings", "refused")


@dataclass
class ImportResult:
    """Counts of an import, and what was said about its rows; `refused_rows` keeps their cells."""

    new: int = 0
    changed: int = 0
    same: int = 0
    warnings: int = 0
    refused: int = 0
    problems: list[str] = field(default_factory=list)
    refused_rows: list[dict[str, Any]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """For JSON and the row of the import."""
        return {name: getattr(self, name) for name in COUNTS}

    def warn(self, row: ClientRow) -> None:
        """Some cells of a row were left out."""
        self.warnings += bool(row.warnings)
        self.problems = [*self.problems, *map(str, row.warnings)][:MAX_KEPT]

    def refuse(self, row: ClientRow) -> None:
        """A row as a whole was left out."""
        self.refused += 1
        if len(self.refused_rows) < MAX_KEPT:
            self.problems.append(f"row {row.number}: {row.refusal}")
            kept = {"row": row.number, "reason": row.refusal, "cells": list(row.cells)}
            self.refused_rows.append(kept)


@dataclass(frozen=True)
class Preview:
    """What an import would do: nothing was written but the file itself."""

    import_id: str
    header: Header
    first_rows: Sequence[Mapping[str, str]]
    result: ImportResult
