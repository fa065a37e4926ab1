"""Faults of the pages of a job, computed from its rows (S14, S99, S120)."""

import csv
import io
import json
from dataclasses import replace

import pytest
import sqlalchemy as sa
from finish_shop import DOMAIN, product
from openpyxl import load_workbook

from povod.crawl.extract.issues import PageRow, issues_between
from povod.crawl.urlkey import url_key
from povod.kit.errors import InputError
from povod.kit.ids import new_id
from povod.sites.exports import issue_list, seen_pages
from povod.sites.exports.columns import COLUMNS
from povod.sites.exports.issue_list import IssueList, codes_of
from povod.sites.exports.issue_rows import found_issues, issue_rows
from povod.sites.exports.seen_pages import seo_fields
from povod.sites.exports.write import Kind
from povod.store.tables import job_urls, pages, site_profiles, snapshots

HOME = f"https://{DOMAIN}"
BETWEEN = {
    *("redirect_in_map", "http_4xx_in_map", "http_5xx_in_map", "robots_blocked_in_map"),
    *("canonical_chain", "hreflang_no_return"),
}


def good(path, **more):
    """Fields of SEO in which there is no fault."""
    said = {"title": f"Краска белая {path}", "h1": "Краска", "h1_count": 1, "word_count": 300}
    said["meta_description"] = f"Краска с доставкой по всей России за два или три дня: {path}"
    said |= {"canonical": f"{HOME}{path}", "json_ld_types": ["Product"]}
    return {**said, **more}


def page(path, name="Краска", price="100", **seo):
    more = seo.pop("page", {})
    return product(name, price, seo=good(path, **seo), page=more)


def put(shop, job, path, **columns):
    """Change the line of an address."""
    with shop.db.tx() as conn:
        where = (job_urls.c.job_id == job, job_urls.c.url == f"{HOME}{path}")
        conn.execute(sa.update(job_urls).where(*where).values(**columns))


def put_all(shop, job, **columns):
    with shop.db.tx() as conn:
        conn.execute(sa.update(job_urls).where(job_urls.c.job_id == job).values(**columns))


def issues(shop, job, **more):
    found = found_issues(shop.db, job, DOMAIN, **more)
    return [(one.url.removeprefix(HOME), one.issue.code, one.issue.evidence) for one in found]


def codes(shop, job, **more):
    return {(path, code) for path, code, _ in issues(shop, job, **more)}


@pytest.fixture
def job(shop):
    """Faults of all pages together, each by itself."""
    links = [{"lang": "de", "url": f"{HOME}/de"}, {"lang": "ru", "url": f"{HOME}/ru"}]
    said = "Краска с доставкой по всей России за два или три дня, а за МКАД за четыре"
    seen = {
        "/same1": page("/same1", title="Одинаковый Заголовок", meta_description=said),
        "/same2": page("/same2", title="ОДИНАКОВЫЙ заголовок", meta_description=said.upper()),
        "/same3": page("/same3", title="Одинаковый заголовок"),
        "/moved": page("/moved", page={"final_url": f"{HOME}/there"}, canonical=f"{HOME}/there"),
        "/chain1": page("/chain1", canonical=f"{HOME}/chain2"),
        "/chain2": page("/chain2", canonical=f"{HOME}/last"),
        "/last": page("/last"),
        "/ru": page("/ru", hreflang=links),
        "/de": page("/de", hreflang=[{"lang": "en", "url": f"{HOME}/en"}]),
        "/gone": "gone",
        "/broken": "error",
        "/refused": "blocked",
        "/closed": "skipped",
        "/good": page("/good"),
    }
    made = shop.crawl(seen)
    put_all(shop, made, source="sitemap")
    put(shop, made, "/broken", step_log=[{"status": 503}])
    put(shop, made, "/refused", step_log=[{"status": 403}])
    put(shop, made, "/closed", reason="robots")
    return made


EXPECTED = {
    ("/same1", "title_duplicate"), ("/same2", "title_duplicate"), ("/same3", "title_duplicate"),
    ("/same1", "description_duplicate"), ("/same2", "description_duplicate"),
    ("/moved", "redirect_in_map"), ("/chain1", "canonical_chain"),
    ("/chain1", "canonical_elsewhere"), ("/chain2", "canonical_elsewhere"),
    ("/ru", "hreflang_no_return"), ("/gone", "http_4xx_in_map"), ("/broken", "http_5xx_in_map"),
    ("/closed", "robots_blocked_in_map"),
}  # fmt: skip


def test_each_fault_is_found_with_its_evidence(shop, job):
    assert codes(shop, job) == EXPECTED
    evidence = {(path, code): said for path, code, said in issues(shop, job)}
    assert evidence["/same1", "title_duplicate"] == f"3: {HOME}/same3"
    assert evidence["/same3", "title_duplicate"] == f"3: {HOME}/same1"
    assert evidence["/ru", "hreflang_no_return"] == f"de: {HOME}/de"
    assert evidence["/broken", "http_5xx_in_map"] == "503"


def test_parts_in_memory_change_nothing(shop, job, monkeypatch):
    """A page and what it names may stand in different parts."""
    whole = issues(shop, job)
    monkeypatch.setattr(seen_pages, "BATCH", 1)
    assert issues(shop, job) == whole
    assert [path for path, _, _ in whole] == sorted(path for path, _, _ in whole)


def test_between_pages_the_same_as_over_all_at_once(shop, job):
    with shop.db.read() as conn:
        lines = conn.execute(
            sa.select(job_urls, pages.c.final_url, pages.c.http_status, pages.c.data_seo)
            .outerjoin(pages, (pages.c.job_id == job) & (pages.c.url_key == job_urls.c.url_key))
            .where(job_urls.c.job_id == job, job_urls.c.outcome != "blocked")
        ).all()
    rows = [
        PageRow(
            one.url, seo_fields(one.data_seo), one.http_status or (one.step_log or [{}])[-1].get(
            "status"), one.final_url, blocked_by_robots=one.reason == "robots",
        )
        for one in lines
    ]  # fmt: skip
    expected = {(url.removeprefix(HOME), one.code) for url, one in issues_between(rows, url_key)}
    assert {one for one in codes(shop, job) if one[1] in BETWEEN} == expected


def test_only_addresses_of_a_sitemap_are_faults_of_it(shop, job):
    put_all(shop, job, source="list")
    assert not {code for _, code in codes(shop, job) if code.endswith("_in_map")}


def test_each_page_by_itself(shop):
    slow = {"duration_ms": 3001}
    job = shop.crawl(
        {"/a": page("/a", price=None, title=None, page=slow), "/b": page("/b", robots="noindex")}
    )
    assert [found[:2] for found in issues(shop, job)] == [
        ("/a", "title_missing"), ("/a", "slow_page"), ("/a", "product_no_price"),
        ("/b", "noindex"),
    ]  # fmt: skip


def test_a_page_that_has_not_changed_keeps_its_faults(shop):
    """304: what it says stands in the snapshot, also for what others share with it."""
    title = "Одинаковый заголовок"
    first = shop.run({"/a": page("/a", title=title, h1_count=2), "/b": page("/b")})
    assert codes(shop, first) == {("/a", "h1_multiple")}
    second = shop.crawl({"/a": "not_modified", "/b": page("/b", title=title)})
    assert codes(shop, second) == {
        ("/a", "h1_multiple"), ("/a", "title_duplicate"), ("/b", "title_duplicate"),
    }  # fmt: skip
    with shop.db.tx() as conn:
        conn.execute(sa.delete(snapshots))
    assert codes(shop, second) == set()


def test_parameters_that_choose_nothing_make_no_chain(shop):
    same = f"{HOME}/a?sort=1"
    job = shop.crawl({"/a": page("/a", canonical=f"{HOME}/b"), "/b": page("/b", canonical=same)})
    assert ("/a", "canonical_chain") in codes(shop, job)
    job_two = shop.crawl({"/b": page("/b", canonical=f"{HOME}/b?sort=1"),
                          "/c": page("/c", canonical=f"{HOME}/b")}, domain=DOMAIN,
                         status="succeeded")  # fmt: skip
    assert ("/c", "canonical_chain") in codes(shop, job_two)
    profile = {"id": new_id(), "domain": DOMAIN, "data": {"drop_params": ["sort"]}}
    with shop.db.tx() as conn:
        conn.execute(sa.insert(site_profiles).values(**profile))
    assert ("/c", "canonical_chain") not in codes(shop, job_two)


def test_addresses_that_are_none_are_borne(shop):
    odd = [{"lang": "de", "url": "http://["}]
    job = shop.crawl({"/a": page("/a", canonical="javascript:0", hreflang=odd)})
    assert codes(shop, job) == {("/a", "canonical_elsewhere")}


def walk(shop, job, size, **more):
    """All parts of a list, and the totals they told."""
    lists, after, found, totals = IssueList(shop.db), None, [], set()
    while True:
        part = lists.part(shop.job(job), size, after=after, **more)
        found += [(row["url"].removeprefix(HOME), row["code"]) for row in part.items]
        totals.add(part.total)
        after = part.after
        if after is None:
            return found, totals


@pytest.mark.parametrize("size", [1, 3, 500])
def test_parts_of_a_list_have_everything_once(shop, job, size):
    found, totals = walk(shop, job, size)
    assert (set(found), len(found), totals) == (EXPECTED, len(EXPECTED), {len(EXPECTED)})


def test_choices(shop, job):
    found, totals = walk(shop, job, 2, codes=codes_of("title_duplicate"))
    assert (len(found), totals) == (3, {3})
    found, totals = walk(shop, job, 1, codes=codes_of(severity="error"), q="CHAIN")
    assert (found, totals) == ([("/chain1", "canonical_chain")], {1})
    assert walk(shop, job, 1, codes=codes_of("title_duplicate", "error")) == ([], {0})


def test_what_all_parts_need_is_remembered_once_a_job_has_ended(shop, job, monkeypatch):
    lists = IssueList(shop.db)
    assert lists.part(shop.job(job), 1).total == len(EXPECTED)
    put(shop, job, "/gone", source="list")
    assert lists.part(shop.job(job), 1).total == len(EXPECTED) - 1, "it goes on"
    ended = {**shop.job(job), "status": "succeeded"}
    first = lists.part(ended, 500)
    assert first.total == len(first.items) == len(EXPECTED) - 1
    put(shop, job, "/gone", source="sitemap")
    monkeypatch.setattr(issue_list, "find_shared", lambda *_: pytest.fail("read again"))
    again = lists.part(ended, 500)
    assert (again.total, len(again.items)) == (first.total, len(EXPECTED))


def test_only_the_newest_are_remembered():
    newest, made = issue_list._Newest(2), []
    for key in ("a", "b", "a", "c", "a", "b"):
        assert newest.get(key, lambda key=key: made.append(key) or key) == key
    assert made == ["a", "b", "c", "b"]


def read(shop, job, form, language="ru"):
    maker = replace(shop.maker, issues=issue_rows(language))
    row = maker.make(job, Kind("issues", form))
    with shop.store.open(row["path"]) as file:
        return file.read(), row


def test_the_file_read_back(shop, job):
    raw, row = read(shop, job, "csv")
    head, *rows = csv.reader(io.StringIO(raw.decode(), newline=""))
    assert tuple(head) == COLUMNS["issues", "standard"]
    assert row["rows"] == len(rows) == len(EXPECTED)
    assert {(url.removeprefix(HOME), code) for url, code, *_ in rows} == EXPECTED
    gone = [f"{HOME}/gone", "http_4xx_in_map", "error", "адрес из карты сайта отвечает ошибкой 4xx"]
    assert [*gone, "404"] in rows
    assert read(shop, job, "csv")[0] == raw, "the same bytes again"


def test_the_other_formats(shop, job):
    said = json.loads(read(shop, job, "json", "en")[0])
    assert said["meta"]["rows"] == len(said["rows"]) == len(EXPECTED)
    messages = {row["code"]: row["message"] for row in said["rows"]}
    assert messages["redirect_in_map"] == "an address of the sitemap redirects"
    sheet = load_workbook(io.BytesIO(read(shop, job, "xlsx")[0])).active
    assert [cell.value for cell in sheet[1]] == list(COLUMNS["issues", "standard"])
    assert sheet.max_row == len(EXPECTED) + 1


def test_without_faults_there_are_only_names_of_columns(shop):
    job = shop.crawl({"/a": page("/a")})
    raw, row = read(shop, job, "csv")
    assert (row["rows"], raw.decode().strip()) == (0, "url,code,severity,message,evidence")


def test_a_house_that_does_not_look_for_them_says_so(shop, job):
    with pytest.raises(InputError):
        shop.maker.make(job, Kind("issues", "csv"))
