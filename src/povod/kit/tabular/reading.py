"""From bytes to rows: the kind of a file is told by its content, not by its name."""

from pathlib import Path

from povod.kit.tabular.csv_text import read_csv
from povod.kit.tabular.model import NICHE_LIMITS, Limits, Table, TableError
from povod.kit.tabular.workbook import read_xlsx

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_table(
    source: Path | bytes,
    name: str | None = None,
    *,
    tab: str | None = None,
    delimiters: str = ",;\t",
    limits: Limits = NICHE_LIMITS,
) -> Table:
    """The rows of a CSV or XLSX file (L14); empty rows are left out, their numbers are not.

    A row with a cell that is too long, or with a quote that never closes, is kept with its
    problems. TableError when the whole file cannot be used: too large, of another kind, broken.
    """
    shown = name or (source.name if isinstance(source, Path) else "table")
    raw = _bytes_of(source, shown, limits)
    if raw.startswith(_OLD_EXCEL):
        raise TableError(
            shown, "is an old .xls or an encrypted workbook; save it as .xlsx without a password"
        )
    if raw.startswith(_ZIP):
        return read_xlsx(raw, shown, tab, limits)
    return read_csv(raw, shown, delimiters, limits)


def _bytes_of(source: Path | bytes, name: str, limits: Limits) -> bytes:
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > limits.max_bytes:
            mebibytes = limits.max_bytes // 1024**2
            raise TableError(name, f"is larger than {mebibytes} MiB; split it into several files")
        return source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise TableError(name, f"cannot be opened: {error.strerror}") from error
