"""A new job from the form: looked at, started, refused, and nothing that was typed is lost."""

import sqlalchemy as sa
from console_client import HERE
from fastapi.testclient import TestClient
from sites_rows import DOMAIN, SiteRows
from test_sites_pages import parsed, texts

from povod.app.house import House
from povod.sites.jobs import FIRECRAWL_KEY, get_secret
from povod.store.tables import job_urls, jobs

LIST = "\n".join(f"https://novy.ru/tovar/{number}" for number in range(130))
RIGHT = {"rights": "on", "do": "start"}
FORM = {"only_uploaded": "on", "max_urls": "500", "include": "/tovar/*", "do": "start"}


def started(house: House, location: str) -> dict[str, object]:
    with house.db.read() as conn:
        query = sa.select(jobs).where(jobs.c.id == location.rpartition("/")[2])
        return dict(conn.execute(query).mappings().one())


def test_a_list_is_looked_at_before_it_starts(own_client: TestClient, house: House) -> None:
    given = {**FORM, "urls": f"{LIST}\nhttps://chuzhoy.ru/1\nпросто слова", "do": "preview"}
    answer = own_client.post("/sites/new", data=given)
    assert answer.status_code == 200
    page = parsed(answer)
    stats = texts(page, ".stat")
    assert "130" in stats[0]
    assert "other domain: 1" in stats[1]
    assert all("estimate" in stat for stat in stats[2:])
    assert len(page.css("tbody tr")) == 100
    assert page.css_first("textarea[name=urls]").text().startswith("https://novy.ru/tovar/0")
    assert page.css_first("input[name=max_urls]").attributes["value"] == "500"
    with house.db.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(jobs)).scalar() == 0


def test_a_list_starts_a_job_with_its_settings(own_client: TestClient, house: House) -> None:
    answer = own_client.post(
        "/sites/new",
        data={**FORM, "urls": LIST, "rights": "on", "enable_firecrawl": "on", "label": "осень",
              "firecrawl_api_key": "fc-geheim"},
    )  # fmt: skip
    assert answer.status_code == 303
    job = started(house, answer.headers["location"])
    assert (job["domain"], job["status"], job["rights_how"]) == ("novy.ru", "queued", "ui")
    options = job["options"]
    assert isinstance(options, dict)
    assert (options["max_urls"], options["include"]) == (500, ["/tovar/*"])
    assert options["only_uploaded"] is True
    assert options["keep_html"] is False
    assert "geheim" not in str(job)
    with house.db.read() as conn:
        deps = house.sites.deps
        assert get_secret(conn, deps.sealer, str(job["id"]), FIRECRAWL_KEY) == "fc-geheim"
        count = sa.select(sa.func.count()).select_from(job_urls)
        assert conn.execute(count).scalar() == 130
    shown = own_client.get(answer.headers["location"]).text
    assert "Firecrawl key given" in shown
    assert "geheim" not in shown


def test_the_right_must_be_confirmed_and_what_was_typed_stays(
    own_client: TestClient, house: House
) -> None:
    answer = own_client.post(
        "/sites/new", data={**FORM, "urls": LIST, "firecrawl_api_key": "fc-geheim"}
    )
    assert answer.status_code == 400
    page = parsed(answer)
    assert "Confirm the right" in texts(page, '[role="alert"]')[0]
    assert page.css_first("textarea[name=urls]").text().strip() == LIST
    assert page.css_first("textarea[name=include]").text() == "/tovar/*"
    assert "geheim" not in answer.text
    with house.db.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(jobs)).scalar() == 0


def test_what_is_wrong_is_named(own_client: TestClient, sites: SiteRows) -> None:
    cases = [
        ({}, 400, "Say what to read"),
        ({"urls": LIST, "sitemap_url": "https://novy.ru/map.xml"}, 400, "Give one source only"),
        ({"urls": LIST, "max_urls": "0"}, 422, "A field is not valid"),
        ({"urls": LIST, "allow_residential": "on"}, 403, "forbids residential"),
        ({"urls": "https://idet.ru/1"}, 409, "being crawled already"),
        ({"sitemap_url": "http://127.0.0.1/map.xml"}, 400, "must not be asked for"),
    ]
    for given, status, said in cases:
        answer = own_client.post("/sites/new", data={**RIGHT, **given})
        assert answer.status_code == status, (given, answer.status_code)
        assert said in " ".join(texts(parsed(answer), '[role="alert"]')), given
    wrong = parsed(own_client.post("/sites/new", data={**RIGHT, "urls": LIST, "max_urls": "0"}))
    assert wrong.css_first("[aria-invalid]").attributes["name"] == "max_urls"


def test_a_file_is_kept_between_look_and_start(own_client: TestClient, house: House) -> None:
    file = {"sitemap_file": ("map.txt", LIST.encode(), "text/plain")}
    page = parsed(own_client.post("/sites/new", data={**FORM, "do": "preview"}, files=file))
    assert "130" in texts(page, ".stat")[0]
    upload = page.css_first("input[name=upload_id]").attributes["value"]
    answer = own_client.post("/sites/new", data={**FORM, "upload_id": upload, "rights": "on"})
    assert answer.status_code == 303
    job = started(house, answer.headers["location"])
    assert (job["input_kind"], job["input_ref"]) == ("sitemap_file", upload)
    # A file that came with a mistake elsewhere need not be chosen again either.
    kept = parsed(own_client.post("/sites/new", data={**FORM, "max_urls": "0"}, files=file))
    assert kept.css_first("input[name=upload_id]").attributes["value"]


def test_a_file_that_is_none_and_a_form_that_is_none(own_client: TestClient) -> None:
    file = {"sitemap_file": ("x.png", b"\x89PNG\r\n\x1a\n" + bytes(200), "image/png")}
    answer = own_client.post("/sites/new", data={**FORM, "rights": "on"}, files=file)
    assert answer.status_code in (415, 422)
    headers = {"content-type": "multipart/form-data; boundary=x", "origin": HERE}
    broken = own_client.post("/sites/new", content=b"--x\r\nnothing", headers=headers)
    assert broken.status_code == 400


def test_a_site_alone_is_searched_for_its_map(own_client: TestClient, house: House) -> None:
    answer = own_client.post(
        "/sites/new", data={"domain": "https://www.Окна.рф/", "rights": "on", "do": "start"}
    )
    job = started(house, answer.headers["location"])
    assert (job["domain"], job["input_kind"]) == ("xn--80atjc.xn--p1ai", "discover")


def test_a_job_is_repeated_with_its_settings(
    own_client: TestClient, house: House, sites: SiteRows
) -> None:
    page = parsed(own_client.get(f"/sites/new?clone={sites.second}"))
    assert page.css_first("input[name=clone_of]").attributes["value"] == sites.second
    assert page.css_first("input[name=domain]").attributes["value"] == DOMAIN
    named = page.css_first("input[name=sitemap_url]").attributes["value"]
    assert named == f"https://{DOMAIN}/sitemap.xml"
    given = {"clone_of": sites.second, "domain": DOMAIN, "sitemap_url": named, "rights": "on"}
    answer = own_client.post("/sites/new", data={**given, "do": "start", "only_uploaded": "on"})
    job = started(house, answer.headers["location"])
    assert (job["clone_of"], job["input_kind"]) == (sites.second, "sitemap_url")
