"""What the pages show, without JavaScript and on both databases."""

import re
from datetime import timedelta

import pytest
from console_client import client_of
from console_rows import HOSTILE, STORY_SUBJECT, Rows, fill
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser

from povod.app.house import House
from povod.store.tables import outreach_messages

NOWHERE = "01900000-0000-7000-8000-000000000000"


def parsed(answer: object) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)  # type: ignore[attr-defined]


def texts(page: LexborHTMLParser, selector: str) -> list[str]:
    return [" ".join(node.text(separator=" ").split()) for node in page.css(selector)]


def test_every_page_on_both_databases(any_house: House) -> None:
    rows = fill(any_house)
    client = client_of(any_house)
    paths = ["/", "/companies", "/letters", "/login"]
    paths += [f"/companies/{rows.companies[0]}", f"/companies/{rows.duplicate}"]
    paths += [f"/letters/{rows.story}", f"/letters/{rows.doubtful}"]
    for path in paths:
        for language in ("ru", "en"):
            answer = client.get(path, headers={"accept-language": language})
            assert answer.status_code == 200, path
            page = parsed(answer)
            assert page.css_first("html").attributes["lang"] == language
            assert len(page.css("h1")) == 1


def test_lists_answer_to_every_sort_filter_and_search(any_house: House) -> None:
    fill(any_house)
    client = client_of(any_house)
    for sort in ("name", "-name", "site", "city", "-niche", "state", "-hits", "-seen"):
        assert client.get("/companies", params={"sort": sort}).status_code == 200
    found = client.get(
        "/companies", params={"q": "вектор", "city": "Казань", "status": "contacted"}
    )
    assert texts(parsed(found), "tbody th a") == ["Вектор 0", "Вектор 12"]
    assert "Ничего" not in found.text
    one = client.get("/letters", params={"q": "идея ДЛЯ", "status": "replied"})
    assert texts(parsed(one), "tbody th > a") == [STORY_SUBJECT]


@pytest.mark.parametrize("text", ["окна.рф", "https://www.окна.рф/", "XN--80ATJC"])
def test_a_cyrillic_domain_is_found_as_people_write_it(
    text: str, client: TestClient, rows: Rows
) -> None:
    page = parsed(client.get("/companies", params={"q": text}))
    assert texts(page, "tbody th small") == ["окна.рф"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "\x00", "1' OR '1'='1", "👍" * 60])
def test_odd_searches_find_nothing_and_break_nothing(any_house: House, text: str) -> None:
    fill(any_house, 8)
    client = client_of(any_house)
    for path in ("/companies", "/letters", "/api/companies", "/api/letters"):
        assert client.get(path, params={"q": text}).status_code == 200


def test_paging_keeps_the_filter_in_the_address(client: TestClient, house: House) -> None:
    fill(house, 120)
    first = parsed(client.get("/companies", params={"city": "Казань", "sort": "-hits"}))
    assert not first.css('a[rel="next"]')
    first = parsed(client.get("/companies", params={"sort": "-hits"}))
    following = first.css_first('a[rel="next"]').attributes["href"]
    assert following == "/companies?sort=-hits&page=2"
    second = parsed(client.get(following))
    assert not set(texts(first, "tbody th a")) & set(texts(second, "tbody th a"))
    assert second.css_first('a[rel="prev"]').attributes["href"] == "/companies?sort=-hits"
    last = client.get("/companies", params={"page": 999})
    assert "101–121" in last.text


def test_sorting_says_its_direction_and_offers_the_other(client: TestClient, rows: Rows) -> None:
    page = parsed(client.get("/companies"))
    head = page.css_first('[aria-sort="ascending"]')
    assert head.css_first("a").attributes["href"] == "/companies?sort=-name"
    names = texts(page, "tbody th a")
    assert names == sorted(names)


def test_the_overview_counts_and_draws(client: TestClient, rows: Rows) -> None:
    page = parsed(client.get("/", headers={"accept-language": "en"}))
    assert texts(page, ".waits li") == [
        "letters to approve 1",
        "letters in doubt 1",
        "pairs of companies that may be one 1",
    ]
    assert texts(page, ".work li") == [
        "Search queries 1 / 2",
        "Company sites 24 / 25",
        "Letters sent 17 / 17",
    ]
    assert len(page.css("rect.sent")) == 9
    assert len(page.css("rect.replied")) == 5
    assert texts(page, ".chart title")[-1] == "20 Nov: 1"


def test_an_empty_house_has_an_overview_too(client: TestClient) -> None:
    page = parsed(client.get("/", headers={"accept-language": "en"}))
    assert "Nothing waits for you." in page.text()
    assert "–" in texts(page, ".stat.good")[0]
    assert not page.css("rect")


def test_a_letter_shows_its_whole_chain(client: TestClient, rows: Rows) -> None:
    page = parsed(client.get(f"/letters/{rows.story}", headers={"accept-language": "ru"}))
    assert texts(page, ".chain h3") == [
        "Ниша", "Поисковый запрос", "Операция Яндекса", "Найдено в поиске", "Прочитана страница",
        "Контакт", "Факт", "Текст", "Одобрение", "Запланировано", "Отправка", "Отправка", "Ответ",
    ]  # fmt: skip
    chain = " ".join(texts(page, ".chain"))
    for word in ("строка: 7", "olga (одобряет письма)", "250 2.0.0 OK", "давайте созвонимся"):
        assert word in chain
    assert page.css_first(f'a[href="/companies/{rows.companies[0]}"]')
    moments = [node.attributes["datetime"] for node in page.css(".chain time")]
    assert all(moment.endswith("+00:00") for moment in moments)


def test_the_reason_of_a_state_is_said_in_words(client: TestClient, rows: Rows) -> None:
    for path in (f"/letters/{rows.doubtful}", "/letters?status=uncertain"):
        page = client.get(path, headers={"accept-language": "ru"}).text
        assert "ответ сервера потерян" in page
        assert "no_reply" not in page


def test_a_letter_shows_which_links_hold(house: House) -> None:
    rows = fill(house, 4)
    client, path = client_of(house), f"/letters/{rows.story}"
    page = parsed(client.get(path, headers={"accept-language": "en"}))
    assert texts(page, ".chain .text .proof, .chain .approval .proof") == ["verified", "verified"]
    assert not page.css(".chain .niche .proof")
    assert not page.css(".flash.bad")
    with house.db.tx() as conn:
        conn.execute(outreach_messages.update().values(body="Another text"))
    page = parsed(client.get(path, headers={"accept-language": "en"}))
    assert texts(page, ".chain .text .proof, .chain .approval .proof")[0] == "does not hold"
    assert "does not hold any more" in texts(page, ".flash.bad")[0]


def test_a_message_id_opens_its_letter(client: TestClient, rows: Rows) -> None:
    assert STORY_SUBJECT in client.get("/letters/<story@povod.test>").text
    assert STORY_SUBJECT in client.get("/letters/story@povod.test").text


def test_a_duplicate_points_to_the_company_that_is_kept(client: TestClient, rows: Rows) -> None:
    page = parsed(client.get(f"/companies/{rows.duplicate}"))
    assert page.css_first(f'.flash a[href="/companies/{rows.companies[0]}"]')
    kept = parsed(client.get(f"/companies/{rows.companies[0]}"))
    assert kept.css_first(f'a[href="/companies/{rows.duplicate}"]')


def test_hostile_names_stay_text(client: TestClient, rows: Rows) -> None:
    for path in ("/companies", f"/companies/{rows.hostile}"):
        answer = client.get(path, params={"q": HOSTILE} if path == "/companies" else {})
        page = parsed(answer)
        assert HOSTILE in page.text()
        assert not page.css("img[onerror]")
        assert all(
            node.attributes.get("src", "").startswith("/static/") for node in page.css("script")
        )
    assert "javascript:" not in answer.text
    search = client.get("/letters", params={"q": '"><script>alert(1)</script>'})
    assert parsed(search).css_first('input[name="q"]').attributes["value"].startswith('">')


def test_pages_hold_no_inline_code_and_name_no_other_host(client: TestClient, rows: Rows) -> None:
    for path in ("/", "/companies", "/letters", f"/letters/{rows.story}", "/login", "/nowhere"):
        page = parsed(client.get(path))
        assert not page.css("[style], style, [onclick], [onload], iframe")
        for node in page.css("[src], link[href], form[action]"):
            named = node.attributes
            target = named.get("src") or named.get("href") or named.get("action")
            assert target.startswith("/"), target
            assert not target.startswith("//")


def test_forms_and_tables_are_named(client: TestClient, rows: Rows) -> None:
    for path in ("/", "/companies", "/letters", f"/letters/{rows.waiting}", "/login"):
        page = parsed(client.get(path))
        for field in page.css("input:not([type=hidden]), select"):
            parent = field.parent
            assert parent is not None
            assert parent.tag == "label"
        for cell in page.css("th"):
            assert cell.attributes.get("scope") in ("col", "row")
        for form in page.css("form[method=post]"):
            assert form.css("button")
        ids = [node.attributes["id"] for node in page.css("[id]")]
        assert len(ids) == len(set(ids))
        for node in page.css("[aria-labelledby]"):
            assert node.attributes["aria-labelledby"] in ids


def test_days_are_those_of_the_house_not_of_greenwich(any_house: House) -> None:
    """A letter sent at 22:30 in Greenwich went out at 1:30 of the next day in Moscow."""
    from datetime import UTC, date, datetime
    from zoneinfo import ZoneInfo

    from povod.web.overview import last_days

    rows = fill(any_house, 8)
    late = datetime(2026, 11, 17, 22, 30, tzinfo=UTC)
    with any_house.db.tx() as conn:
        conn.execute(outreach_messages.update().values(sent_at=None))
        one = outreach_messages.c.id == rows.story
        conn.execute(outreach_messages.update().where(one).values(sent_at=late))
        days = last_days(conn, any_house.clock.now(), ZoneInfo("Europe/Moscow"))
    assert len(days) == 30
    assert [day.day for day in days if day.sent] == [date(2026, 11, 18)]
    assert days[-1].day - days[0].day == timedelta(days=29)


@pytest.mark.parametrize("path", ["/nowhere", "/companies/none", f"/companies/{NOWHERE}"])
def test_what_is_not_there_is_404_in_both_shapes(any_house: House, path: str) -> None:
    client = client_of(any_house)
    page = client.get(path)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert re.search(r"Не найдено|Not found", page.text)
    answer = client.get(f"/api{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == f"/api{path}"
