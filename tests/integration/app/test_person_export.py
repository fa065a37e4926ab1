"""A person asks what is kept about them: all of it, in a ZIP (D101)."""

import csv
import io
import json
import zipfile
from pathlib import Path

from person_house import (
    ADDRESS,
    COLLEAGUE,
    SURNAME,
    Known,
    PersonHouse,
)

from povod.store.tables import (
    audit_log,
)


def unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_the_export_holds_what_an_erasure_empties(
    house: PersonHouse, known: Known, tmp_path: Path
) -> None:
    path = tmp_path / "person.zip"
    outline = house.personal.outline(ADDRESS)
    shown = house.personal.export(ADDRESS, path, "root")
    assert shown == outline.rows
    done = house.personal.forget(ADDRESS, "root")
    assert set(done.rows) - {"opt_out_registry"} <= set(shown)  # the new refusal is no past
    found = unpacked(path)
    for table, count in shown.items():
        assert len(json.loads(found[f"{table}.json"])) == count
        rows = list(csv.reader(io.StringIO(found[f"{table}.csv"].decode("utf-8-sig"))))
        assert len(rows) == count + 1


def test_the_export_has_letters_answers_and_cards(
    house: PersonHouse, known: Known, tmp_path: Path
) -> None:
    path = tmp_path / "person.zip"
    house.personal.export(ADDRESS, path, "root")
    found = unpacked(path)
    kinds = {name.partition("/")[0] for name in found if "/" in name}
    assert kinds == {"sent", "received", "cards", "pages"}
    assert any(name.endswith(".eml") and b"Message-ID" in raw for name, raw in found.items())
    text = b"".join(found.values()).decode("utf-8", "replace")
    assert SURNAME in text
    assert "other@x.ru" not in text
    assert COLLEAGUE not in text


def test_the_same_export_twice_is_the_same_bytes(
    house: PersonHouse, known: Known, tmp_path: Path
) -> None:
    one, other = tmp_path / "1.zip", tmp_path / "2.zip"
    house.personal.export(ADDRESS, one, "root")
    first = unpacked(one)
    with house.db.tx() as conn:
        conn.execute(audit_log.delete().where(audit_log.c.action == "person.export"))
    house.personal.export(ADDRESS, other, "root")
    assert unpacked(other) == first
    assert one.read_bytes() == other.read_bytes()


def test_an_export_is_in_the_audit(house: PersonHouse, known: Known, tmp_path: Path) -> None:
    house.personal.export(ADDRESS, tmp_path / "person.zip", "root")
    [row] = house.rows(audit_log, audit_log.c.action == "person.export")
    assert row["data"]["rows"]["clients"] == 1
    assert ADDRESS not in str(row)
