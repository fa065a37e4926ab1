"""`povod leads`: tables in, numbers and tables out."""

import csv
import json

import pytest

OFFER = {
    "sender_name": "Анна",
    "sender_company": "Студия",
    "value": "сайт за неделю",
    "call_to_action": "ответьте на письмо",
}


def write_niches(folder, *rows):
    path = folder / "niches.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("ниша", "город"), *rows])
    return path.name


def test_import_counts_and_names_what_is_wrong(povod, tmp_path):
    name = write_niches(tmp_path, ("Стоматология", "Казань"), ("", "Самара"))
    done = povod("leads", "import", name)
    assert done.code == 0
    assert "1 rows, 1 new queries, 0 already known, 1 rows not usable" in done.out
    assert "row 3" in done.err
    assert "niche is empty" in done.err
    again = povod("leads", "import", name, "--json").json
    assert (again["rows"], again["inserted"], again["duplicates"]) == (1, 0, 1)


def read_result(folder, name="niches.result.csv"):
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_result_file_says_what_became_of_each_row(povod, tmp_path):
    name = write_niches(tmp_path, ("Стоматология", "Казань"), ("", "Самара"), ("=Окна", "Омск"))
    before = (tmp_path / name).read_bytes()
    done = povod("leads", "import", name)
    assert "what became of each row: niches.result.csv" in done.out
    good, bad, odd = read_result(tmp_path)
    assert (good["ниша"], good["status"], good["db_inserted_count"]) == (
        "Стоматология",
        "done",
        "1",
    )
    assert good["db_first_scheduled_for"]
    assert (bad["город"], bad["status"]) == ("Самара", "error")
    assert "niche is empty" in bad["last_error"]
    assert odd["ниша"] == "'=Окна", "nothing becomes a formula"
    assert (tmp_path / name).read_bytes() == before, "the file itself is left alone"
    again = povod("leads", "import", "niches.result.csv", "--json").json
    assert (again["inserted"], again["result_file"]) == (0, "niches.result.csv")
    assert read_result(tmp_path)[0] == good, "known rows keep what was said of them"


def test_the_result_in_the_file_itself_or_nowhere(povod, tmp_path):
    name = write_niches(tmp_path, ("Стоматология", "Казань"))
    assert povod("leads", "import", name, "--no-result", "--json").json["result_file"] is None
    assert not (tmp_path / "niches.result.csv").exists()
    povod("leads", "import", name, "--in-place")
    assert read_result(tmp_path, name)[0]["status"] in ("done", "skipped")
    book = povod("leads", "import", "niches.xlsx", "--in-place")
    assert (book.code, "other sheets" in book.err) == (2, True)


def test_a_table_without_one_usable_row_is_a_failure(povod, tmp_path):
    done = povod("leads", "import", write_niches(tmp_path, ("", "Самара"), ("?", "")))
    assert done.code == 1
    assert "2 rows not usable" in done.out


@pytest.mark.parametrize("content", [None, b"", b"a,b\n1,2\n", b"PK\x03\x04 broken"])
def test_what_is_no_table_of_niches_is_wrong_use(povod, tmp_path, content):
    if content is not None:
        (tmp_path / "bad.csv").write_bytes(content)
    done = povod("leads", "import", "bad.csv")
    assert done.code == 2
    assert done.err.startswith("povod: ")
    assert "bad.csv" in done.err


def test_report_of_an_empty_house(povod):
    answer = povod("leads", "report", "--json").json
    assert set(answer["funnel"].values()) == {0}
    assert answer["cost_rub"] == {"search": "0", "model": "0"}
    done = povod("leads", "report")
    assert "cost, RUB" in done.out


def test_report_counts_what_was_imported(povod, tmp_path):
    povod("leads", "import", write_niches(tmp_path, ("Окна", "Самара"), ("Двери", "Пенза")))
    assert povod("leads", "report", "--json").json["funnel"]["queries"] == 2


def test_status_names_every_step(povod):
    rows = povod("leads", "status", "--json").json
    steps = [row["step"] for row in rows]
    assert "leads.submit" in steps
    shown = povod("leads", "status").out
    assert all(step in shown for step in steps)


def test_status_tells_when_the_next_query_is_due(povod, tmp_path):
    povod("leads", "import", write_niches(tmp_path, ("Окна", "Самара")))
    rows = {row["step"]: row["next"] for row in povod("leads", "status", "--json").json}
    assert rows["leads.submit"] is not None


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_export_writes_the_rows(povod, tmp_path, form):
    povod("leads", "import", write_niches(tmp_path, ("Окна", "Самара")))
    out = tmp_path / "new" / f"queries.{form}"
    done = povod("leads", "export", "queries", "--out", str(out), "--format", form)
    assert done.code == 0, done.err
    assert done.out.strip().endswith("1 rows")
    assert out.stat().st_size > 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("letters", "--out", "x.csv"), "choose one of companies"),
        (("queries", "--out", "x.pdf", "--format", "pdf"), "choose one of csv"),
        (("queries", "--out", "x.csv", "--delimiter", "|"), "delimited by"),
        (("queries",), "--out"),
    ],
)
def test_export_of_what_there_is_not(povod, tmp_path, args, said):
    done = povod("leads", "export", *args)
    assert done.code == 2
    assert said in done.err
    assert not list(tmp_path.glob("x.*"))


def test_export_to_a_place_that_cannot_be_written(povod, tmp_path):
    (tmp_path / "file").write_text("")
    done = povod("leads", "export", "queries", "--out", "file/x.csv")
    assert done.code == 2
    assert "file" in done.err


def test_an_offer_gets_a_version(povod, tmp_path):
    (tmp_path / "offer.json").write_text(json.dumps(OFFER, ensure_ascii=False), "utf-8")
    assert "offer default: version 1" in povod("leads", "offers", "import", "offer.json").out
    done = povod("leads", "offers", "import", "offer.json")
    assert "offer default: version 2" in done.out
    other = povod("leads", "offers", "import", "offer.json", "--key", "other")
    assert "offer other: version 1" in other.out


@pytest.mark.parametrize("name", sorted(OFFER))
def test_an_offer_without_a_field_is_refused_by_its_name(povod, tmp_path, name):
    (tmp_path / "offer.json").write_text(json.dumps({**OFFER, name: " "}), "utf-8")
    done = povod("leads", "offers", "import", "offer.json")
    assert done.code == 2
    assert f"fill in {name}" in done.err


@pytest.mark.parametrize("content", [None, "{", "[1]", "x" * 300_000])
def test_what_is_no_offer(povod, tmp_path, content):
    if content is not None:
        (tmp_path / "offer.json").write_text(content)
    done = povod("leads", "offers", "import", "offer.json")
    assert done.code == 2
    assert "offer.json" in done.err


def test_run_does_nothing_in_an_empty_house(povod):
    answer = povod("leads", "run", "--json", "--no-jump").json
    assert set(answer["funnel"].values()) == {0}


def test_run_knows_two_modes(povod):
    done = povod("leads", "run", "--mode", "sometimes")
    assert done.code == 2
    assert "once or loop" in done.err


def test_retry_needs_names_or_all(povod):
    assert povod("leads", "retry").code == 2
    assert povod("leads", "retry", "x", "--all").code == 2
    assert "0 queries" in povod("leads", "retry", "--all").out
    done = povod("leads", "retry", "x")
    assert done.code == 1
    assert "no query x" in done.err


def test_reparse_of_nothing(povod):
    assert povod("leads", "reparse", "--json", "--since", "2026-01-02").json["replies"] == 0
    assert povod("leads", "reparse").code == 0
    assert povod("leads", "reparse", "--operation", "x").code == 1
