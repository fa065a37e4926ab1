"""`povod book`: clients from a table and back, the register, pairs of companies."""

import pytest

from povod.book.enrich.stub import PARTIES
from povod.kit.ids import new_id
from povod.store.tables import companies

TABLE = """имя;почта;сегмент;инн;цвет
Анна;a@firma.ru;VIP;;синий
Борис;не адрес;обычный;;
Вера;v@firma.ru;vip2;;
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "clients.csv"
    path.write_text(TABLE, encoding="cp1251")
    return path


def test_clients_are_imported_with_what_is_wrong_by_place(povod, table):
    result = povod("book", "import", str(table), "--basis", "existing_client")
    assert result.code == 0, result.err
    assert "clients.csv, row 3, column B: email" in result.err
    assert "row 4: segment" in result.err
    assert "columns left out: цвет" in result.err
    assert "new       2" in result.out


def test_a_dry_run_changes_nothing(povod, table):
    counts = povod("book", "import", str(table), "--dry-run", "--json").json
    assert (counts["new"], counts["refused"][0]["row"]) == (2, 4)
    again = povod("book", "import", str(table), "--json").json
    assert again["new"] == 2
    twice = povod("book", "import", str(table), "--json").json
    assert (twice["new"], twice["same"]) == (0, 2)


def test_a_table_that_is_none_is_wrong_use(povod, tmp_path):
    assert povod("book", "import", str(tmp_path / "none.csv")).code == 2
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04")
    assert povod("book", "import", str(broken)).code == 2
    assert povod("book", "import", str(broken), "--basis", "дружба").code == 2


def test_an_export_can_be_imported(povod, table, tmp_path):
    povod("book", "import", str(table))
    out = tmp_path / "out.xlsx"
    assert "2 clients" in povod("book", "export", str(out)).out
    counts = povod("book", "import", str(out), "--json").json
    assert (counts["new"], counts["changed"], counts["same"]) == (0, 0, 2)


def test_the_register_is_asked_by_inn(povod):
    inn = next(iter(PARTIES))
    found = povod("book", "enrich", "--inn", inn, "--json").json
    assert found["okved"] == "41.20"
    assert povod("book", "enrich", "--inn", "7707083894").code == 2
    batch = povod("book", "enrich", "--json").json
    assert batch["asked"] == 0
    assert povod("book", "enrich", "--reference").code == 2


@pytest.fixture
def firms(house):
    """Two rows of one company."""
    now, ids = house.clock.now(), (new_id(), new_id())
    with house.db.tx() as conn:
        for number, company in enumerate(ids):
            names = {"name": f"Ромашка {number}", "canonical_domain": f"r{number}.ru"}
            seen = {"first_seen_at": now, "last_seen_at": now}
            conn.execute(companies.insert().values(id=company, **names, **seen))
    return ids


def test_companies_are_joined_and_parted_again(povod, firms):
    assert povod("book", "merge", *firms).out.startswith("merge ")
    assert povod("book", "merge", *firms).out == "they are one company already\n"
    [done] = povod("book", "merges", "--json").json
    assert (done["kept"], done["joined"], done["reason"]) == ("Ромашка 0", "Ромашка 1", "manual")
    assert done["id"] in povod("book", "merges").out
    assert povod("book", "unmerge", done["id"]).out == f"merge {done['id']}: undone\n"
    assert povod("book", "merges", "--json").json == []
    again = povod("book", "unmerge", done["id"])
    assert (again.code, "was undone at" in again.err) == (1, True)


def test_what_is_not_there_is_neither_joined_nor_parted(povod, firms):
    nobody = new_id()
    assert "povod book merges" in povod("book", "unmerge", nobody).err
    assert nobody in povod("book", "merge", firms[0], nobody).err
