"""A reference file of one's own, read row by row into the cache (G119)."""

import codecs
import csv
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from povod.book.enrich.cache import Cache
from povod.book.enrich.party import Party, iso_day, state_of
from povod.kit.errors import InputError
from povod.kit.inn import is_valid_inn, is_valid_ogrn, normalize_inn
from povod.kit.tabular.model import CellProblem
from povod.kit.text import clean

COLUMNS = ("inn", "ogrn", "kpp", "name", "okved", "director", "post", "status", "registered_on")
BATCH = 2000
MAX_PROBLEMS = 100


class CsvProvider:
    """Answers from what was loaded: a company that is not in the file is not known."""

    name = "csv"

    def lookup(self, inn: str) -> Party | None:
        """Nothing more than the cache, which was asked before."""
        return None


def load_reference(path: Path, cache: Cache) -> tuple[int, list[CellProblem]]:
    """Take every row of the file into the cache; how many, and the first rows at fault.

    `InputError` when the file cannot be read or has no column `inn`. Reading it again changes
    nothing but the date. A million rows are never in memory at once.
    """
    loaded, problems = 0, list[CellProblem]()
    for parties, faults in _chunks(path):
        cache.put(parties)
        loaded += len(parties)
        problems += faults[: MAX_PROBLEMS - len(problems)]
    return loaded, problems


def _chunks(path: Path) -> Iterator[tuple[list[Party], list[CellProblem]]]:
    try:
        encoding = _encoding(path)
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            delimiter = _delimiter(file.readline())
            file.seek(0)
            reader = csv.DictReader(file, delimiter=delimiter)
            if "inn" not in (reader.fieldnames or ()):
                raise InputError(f"{path.name}: has no column inn; columns: {', '.join(COLUMNS)}")
            numbered = enumerate(reader, 2)
            while chunk := list(islice(numbered, BATCH)):
                yield _read(path.name, chunk)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def _read(
    file: str, rows: list[tuple[int, dict[str, str]]]
) -> tuple[list[Party], list[CellProblem]]:
    parties, problems = dict[str, Party](), list[CellProblem]()
    for number, row in rows:
        inn = normalize_inn(row.get("inn") or "")
        if is_valid_inn(inn):
            parties[inn] = _party(inn, row)
        else:
            problems.append(CellProblem(file, number, "inn", f"{inn[:20]!r} is no INN"))
    return list(parties.values()), problems


def _party(inn: str, row: Mapping[str, str]) -> Party:
    cell = {name: clean(row.get(name) or "") for name in COLUMNS}
    ogrn = cell["ogrn"]
    return Party(
        inn=inn,
        name=cell["name"],
        kind="INDIVIDUAL" if len(inn) == 12 else "LEGAL",
        ogrn=ogrn if is_valid_ogrn(ogrn) else "",
        kpp=cell["kpp"],
        okved=cell["okved"],
        director=cell["director"],
        director_post=cell["post"],
        status=state_of(cell["status"]),
        registered_on=iso_day(cell["registered_on"]),
        source="csv",
    )


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(64 * 1024)
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1251"
    return "utf-8"


def _delimiter(header: str) -> str:
    return max(";,\t|", key=header.count)
