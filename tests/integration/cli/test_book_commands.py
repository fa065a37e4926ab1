"""`povod book`: clients from a table and back, the register, pairs of companies."""

import pytest

from povod.book.enrich.stub import PARTIES

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
