"""Files of a job: columns, dialects, formulas, long tables, kills (S114-S122, N33-N37)."""

import csv
import hashlib
import io
import json

import pytest
from finish_shop import product, variant
from openpyxl import load_workbook

from povod.crawl.urlkey import url_key
from povod.kit.errors import InputError, NotFoundError
from povod.kit.ids import new_id
from povod.sites.exports import in_order
from povod.sites.exports import make as make_module
from povod.sites.exports.columns import COLUMNS
from povod.sites.exports.diff_rows import stored_rows
from povod.sites.exports.write import Kind, write_file

EVIL = '=HYPERLINK("http://x","y")'


def read(shop, job, kind, **options):
    row = shop.maker.make(job, kind, **options)
    with shop.store.open(row["path"]) as file:
        raw = file.read()
    assert (len(raw), hashlib.sha256(raw).hexdigest()) == (row["size_bytes"], row["sha256"])
    return raw, row


def table(raw, encoding="utf-8", delimiter=","):
    return list(csv.reader(io.StringIO(raw.decode(encoding), newline=""), delimiter=delimiter))


@pytest.fixture
def job(shop):
    crumbs = [{"name": "Каталог", "url": "/"}, {"name": "Краски", "url": None}]
    seen = {
        "/a": product("Краска «Белая»", "1250.5", stock=4, sku="A-1", breadcrumbs=crumbs,
                      images=["https://i/1|2.jpg", "https://i/3.jpg"], attrs={"Цвет": "белый"}),
        "/b": product("Плитка", "100", variants=[variant("к", "90", 2), variant("с", "110", 0)]),
        "/c": "gone",
        "/d": "error",
        "/e": product(EVIL, None),
    }  # fmt: skip
    return shop.run(seen)


def test_the_usual_files_are_made(shop, job):
    made = {(row["type"], row["format"]) for row in shop.maker.list(job)}
    assert made == {(t, f) for t in ("full", "seo", "diff") for f in ("csv", "xlsx", "json")} | {
        ("errors", "csv")
    }
    assert all(shop.store.size(row["path"]) for row in shop.maker.list(job))


def test_full_has_the_columns_asked_for_and_a_row_per_variant(shop, job):
    raw, row = read(shop, job, Kind("full", "csv"))
    header, *rows = table(raw)
    assert tuple(header) == COLUMNS["full", "standard"]
    assert row["rows"] == len(rows) == 5
    first = dict(zip(header, rows[0], strict=True))
    assert first["price"] == "1250.5"
    assert first["stock_value"] == "5002.0"
    assert first["breadcrumbs"] == "Каталог > Краски"
    assert first["images"] == "https://i/1%7C2.jpg|https://i/3.jpg"
    assert json.loads(first["attrs_json"]) == {"Цвет": "белый"}
    assert first["fetched_at"].endswith("Z")
    second, third = (dict(zip(header, line, strict=True)) for line in rows[1:3])
    assert [second["variation_id"], third["variation_id"]] == ["к", "с"]
    assert (second["stock_value"], third["variation_in_stock"]) == ("180", "false")
    gone = dict(zip(header, rows[3], strict=True))
    assert (gone["http_status"], gone["title"]) == ("404", "")


def test_the_compact_layout_is_the_one_first_asked_for(shop, job):
    raw, _ = read(shop, job, Kind("full", "csv", "compact"))
    header, *rows = table(raw)
    assert header == [
        "url", "final_url", "http_status", "fetched_at", "title", "h1", "price", "currency",
        "availability", "sku", "brand", "category", "breadcrumbs", "images", "attrs_json",
        "text_hash",
    ]  # fmt: skip
    assert [row[0] for row in rows].count("https://shop.ru/b") == 1
    assert len(COLUMNS["seo", "compact"]) == 14
    assert len(COLUMNS["diff", "compact"]) == 11


def test_the_canonical_dialect(shop, job):
    raw, _ = read(shop, job, Kind("full", "csv"))
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n")


def test_the_russian_dialect(shop, job):
    raw, _ = read(shop, job, Kind("full", "csv", dialect="excel-ru"))
    assert raw.startswith(b"\xef\xbb\xbf")
    header, *rows = table(raw, "utf-8-sig", ";")
    assert rows[0][header.index("price")] == "1250,5"


def test_no_text_becomes_a_formula(shop, job):
    raw, _ = read(shop, job, Kind("full", "csv"))
    assert f"'{EVIL}" in {cell for row in table(raw) for cell in row}
    raw, _ = read(shop, job, Kind("full", "xlsx"))
    sheet = load_workbook(io.BytesIO(raw)).active
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert not sheet._hyperlinks


def test_the_workbook_is_frozen_filtered_and_typed(shop, job):
    raw, _ = read(shop, job, Kind("full", "xlsx"))
    sheet = load_workbook(io.BytesIO(raw)).active
    header = [cell.value for cell in sheet[1]]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref
    row = dict(zip(header, sheet[2], strict=True))
    assert row["price"].value == 1250.5
    assert row["fetched_at"].is_date


def test_json_has_types_and_its_counts(shop, job):
    raw, row = read(shop, job, Kind("full", "json"))
    found = json.loads(raw)
    assert found["meta"]["rows"] == len(found["rows"]) == row["rows"] == 5
    assert found["meta"]["job"]["added"] == 5
    assert found["rows"][0]["price"] == 1250.5
    assert found["rows"][0]["images"] == ["https://i/1|2.jpg", "https://i/3.jpg"]
    assert found["rows"][2]["variation_in_stock"] is False


def test_seo(shop):
    job = shop.run({"/a": product("А", seo={"hreflang": [{"lang": "en", "url": "https://e"}]})})
    raw, _ = read(shop, job, Kind("seo", "csv"))
    header, row = table(raw)
    assert tuple(header) == COLUMNS["seo", "standard"]
    assert row[header.index("hreflang")] == "en=https://e"
    assert row[header.index("title")] == "А"


def test_pages_that_answered_not_modified_are_told_from_the_state(shop):
    shop.run({"/a": product("А", variants=[variant("к", "90", 2)])})
    job = shop.run({"/a": "not_modified"})
    raw, _ = read(shop, job, Kind("full", "csv"))
    header, row = table(raw)
    line = dict(zip(header, row, strict=True))
    assert (line["title"], line["variation_price"], line["http_status"]) == ("А", "90", "304")
    raw, _ = read(shop, job, Kind("seo", "csv"))
    assert table(raw)[1][2] == "А"


def test_errors_hold_what_nobody_saw(shop, job):
    raw, row = read(shop, job, Kind("errors", "csv"))
    header, line = table(raw)
    assert row["rows"] == 1
    assert dict(zip(header, line, strict=True))["outcome"] == "error"
    full, _ = read(shop, job, Kind("full", "csv"))
    assert "https://shop.ru/d" not in full.decode()


def test_the_diff_names_both_sides(shop, job):
    seen = {
        "/a": product("Краска «Белая»", "1300", stock=4, sku="A-1"),
        "/b": product("Плитка", "100", variants=[variant("к", "95", 2), variant("с", "110", 0)]),
        "/e": product(EVIL, None),
    }
    second = shop.run(seen, input_kind="list")
    raw, row = read(shop, second, Kind("diff", "csv"))
    header, *rows = table(raw)
    lines = [dict(zip(header, line, strict=True)) for line in rows]
    assert row["rows"] == 2
    assert (lines[0]["price_prev"], lines[0]["price_curr"]) == ("1250.5", "1300")
    assert (lines[1]["variation_id"], lines[1]["fields_changed"]) == ("к", "price")
    assert lines[0]["prev_crawl_at"] < lines[0]["curr_crawl_at"]
    raw, _ = read(shop, second, Kind("diff_fields", "csv"))
    fields = table(raw)
    assert fields[1][2:6] == ["MODIFIED", "price", "1250.5", "1300"]
    with_same, row = read(shop, second, Kind("diff", "csv"), include_unchanged=True)
    assert row["rows"] == 5
    assert with_same.count(b"UNCHANGED") == 3


def test_an_empty_diff_says_so(shop):
    shop.run({"/a": product("А")})
    job = shop.run({"/a": product("А")})
    raw, row = read(shop, job, Kind("diff", "csv"))
    assert row["rows"] == 0
    assert table(raw)[1][0] == "No changes detected"
    raw, _ = read(shop, job, Kind("diff", "json"))
    found = json.loads(raw)
    assert (found["rows"], found["meta"]["job"]["unchanged"]) == ([], 1)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_made_again_a_file_has_the_same_bytes(shop, job, form):
    first, row = read(shop, job, Kind("full", form))
    second, again = read(shop, job, Kind("full", form))
    assert first == second
    assert row["id"] == again["id"]


def test_a_file_of_an_unfinished_job_is_partial(shop):
    job = shop.crawl({"/a": product("А")})
    _, row = read(shop, job, Kind("full", "csv"))
    assert row["partial"]
    shop.finish(job)
    kept = [one["partial"] for one in shop.maker.list(job) if one["type"] == "full"]
    assert sorted(kept) == [False, False, False, True]


@pytest.mark.parametrize(
    "kind",
    [Kind("fool", "csv"), Kind("full", "pdf"), Kind("full", "csv", "wide"),
     Kind("full", "csv", dialect="latin")],
)  # fmt: skip
def test_an_unknown_wish_is_named(shop, job, kind):
    with pytest.raises(InputError) as caught:
        shop.maker.make(job, kind)
    assert caught.value.errors[0]["field"] in ("type", "format", "layout", "dialect")


def test_a_job_that_is_not_there(shop):
    with pytest.raises(NotFoundError):
        shop.maker.make(new_id(), Kind("full", "csv"))


def test_seventy_thousand_addresses_fit_into_a_workbook(tmp_path):
    path = tmp_path / "full.xlsx"
    rows = ({"url": f"https://shop.ru/p{n}", "title": "т"} for n in range(70_000))
    assert write_file(path, Kind("full", "xlsx", "compact"), rows, {}) == 70_000
    sheet = load_workbook(path, read_only=True).active
    urls = {row[0] for row in sheet.iter_rows(min_row=2, max_col=1, values_only=True)}
    assert len(urls) == 70_000


def test_a_kill_while_writing_leaves_the_old_file_or_none(shop, job, monkeypatch):
    raw, row = read(shop, job, Kind("full", "csv"))

    def dying(*_args, **_options):
        yield {"url": "https://shop.ru/a"}
        raise KeyboardInterrupt

    monkeypatch.setattr(make_module, "full_rows", dying)
    with pytest.raises(KeyboardInterrupt):
        shop.maker.make(job, Kind("full", "csv"))
    with shop.store.open(row["path"]) as file:
        assert file.read() == raw
    assert not list((shop.tmp / "scratch").iterdir())


def test_files_expire_and_their_rows_say_so(shop, job):
    from datetime import timedelta

    later = shop.clock.now() + timedelta(days=1)
    assert make_module.expire(shop.maker, later) == 10
    assert all(row["expired_at"] for row in shop.maker.list(job))
    assert not list(shop.store.list("jobs/"))
    assert make_module.expire(shop.maker, later) == 0


def test_a_key_never_leaves_the_folder(shop):
    with pytest.raises(NotFoundError):
        shop.store.open("../../secret.key")
    with pytest.raises(NotFoundError):
        shop.store.open("jobs/none.csv")


def test_a_diff_of_many_batches_is_in_order(shop, monkeypatch):
    """By address and variant, each line once, wherever a batch ends."""
    monkeypatch.setattr(in_order, "BATCH", 2)
    paths = ["/б", "/а", "/e", "/d", "/c"]
    seen = {path: product(variants=[variant("2"), variant("1")]) for path in paths}
    job_id = shop.run(seen)
    found = [(row.url, row.variant_key) for row in stored_rows(shop.db, job_id)]
    assert len(found) == len(set(found)) == 15
    assert [key for _, key in found] == ["", "1", "2"] * 5
    keys = [url_key(url) for url, _ in found]
    assert keys == sorted(keys)
    again = shop.run({path: product(variants=[variant("2"), variant("1")]) for path in paths})
    assert list(stored_rows(shop.db, again)) == []
    same = [(row.url, row.variant_key, row.kind) for row in stored_rows(shop.db, again, True)]
    assert same == [(*one, "UNCHANGED") for one in found]
