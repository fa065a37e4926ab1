import gzip
import re
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from povod.kit.errors import InputError
from povod.sandbox.shops.truth import url_of

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def client(open_shop):
    return open_shop("plain", 200)


def plan(client, kind, **spec):
    return client.shop.faults.add({"kind": kind, **spec})


def test_a_share_of_the_pages_fails_and_always_the_same(client):
    plan(client, "http_503", ratio=0.25, path="/catalog/*.html", retry_after=120)
    urls = [url_of(client.shop.shop, n) for n in range(200)]
    hit = {url for url in urls if client.get(url).status == 503}
    assert 25 < len(hit) < 75
    assert {url for url in urls if client.get(url).status == 503} == hit
    assert client.get("/").status == 200
    assert client.get(min(hit)).headers["Retry-After"] == "120"
    assert client.shop.faults.as_json()[0]["used"] == 2 * len(hit) + 1
    client.shop.faults.clear()
    assert client.get(min(hit)).status == 200


def test_retry_after_as_a_date_a_past_date_and_garbage(client):
    plan(client, "http_429", retry_after_date=90, times=1)
    when = parsedate_to_datetime(client.get("/").headers["Retry-After"])
    assert when == NOON + timedelta(seconds=90)
    plan(client, "http_429", retry_after_date=-90, times=1)
    assert parsedate_to_datetime(client.get("/").headers["Retry-After"]) < NOON
    plan(client, "http_429", retry_after_text="soon", times=1)
    assert client.get("/").headers["Retry-After"] == "soon"
    plan(client, "http_429", times=1)
    assert "Retry-After" not in client.get("/").headers
    assert client.get("/").status == 200


def test_a_challenge_lets_browsers_through(client):
    plan(client, "challenge")
    plain = client.get("/", User_Agent="PovodBot/1.0")
    assert plain.status == 403
    assert plain.headers["cf-mitigated"] == "challenge"
    assert b"Just a moment" in plain.body
    passed = client.get("/", User_Agent=CHROME)
    assert passed.status == 200
    cookie = passed.headers["Set-Cookie"].split(";")[0]
    assert client.get("/", Cookie=cookie, User_Agent=CHROME).status == 200
    assert client.get("/", Cookie=cookie, User_Agent="PovodBot/1.0").status == 403


@pytest.mark.parametrize(
    ("needs", "agent", "flaresolverr", "firecrawl"),
    [
        ("browser_agent", 200, 200, 200),
        ("javascript", 403, 200, 200),
        ("flaresolverr", 403, 200, 403),
        ("firecrawl", 403, 403, 200),
        ("nobody", 403, 403, 403),
    ],
)
def test_who_passes(client, needs, agent, flaresolverr, firecrawl):
    plan(client, "challenge", needs=needs)
    assert client.get("/", User_Agent=CHROME).status == agent
    for helper, status in (("flaresolverr", flaresolverr), ("firecrawl", firecrawl)):
        answer = client.get("/", User_Agent=CHROME, X_Sandbox_Via=helper)
        assert answer.status == status


def test_the_page_s_own_script_gives_the_cookie_that_passes(client):
    plan(client, "challenge", needs="javascript")
    page = client.text("/", User_Agent=CHROME)
    cookie = re.search(r"document\.cookie='(cf_clearance=\w+)", page)[1]
    assert client.get("/", User_Agent=CHROME, Cookie=cookie).status == 200
    client.shop.faults.clear()
    plan(client, "challenge", needs="nobody")
    assert client.get("/", User_Agent=CHROME, Cookie=cookie).status == 403
    assert "document.cookie" not in client.text("/", User_Agent=CHROME)


def test_a_broken_cookie_is_no_clearance(client):
    plan(client, "challenge", needs="javascript")
    assert client.get("/", User_Agent=CHROME, Cookie='a="\x01;;=').status == 403


@pytest.mark.parametrize(
    ("kind", "mark"),
    [("captcha", "g-recaptcha"), ("soft_404", "не найдена"), ("silent_block", "Доступ ограничен")],
)
def test_pages_that_pretend_to_be_good(client, kind, mark):
    plan(client, kind)
    answer = client.get("/")
    assert answer.status == 200
    assert mark in answer.body.decode()


def test_bodies_without_an_end(client):
    plan(client, "endless", times=1)
    assert client.get("/").endless
    plan(client, "slow", times=1)
    assert client.get("/").slow
    plan(client, "empty", times=1)
    assert client.get("/").body == b""
    plan(client, "huge", times=1)
    sizes = [len(part) for part in client.get("/").parts]
    assert sum(sizes) > 50 << 20
    assert max(sizes) == 1 << 20


def test_a_bomb_is_small_on_the_wire_and_a_gigabyte_unpacked(client):
    plan(client, "bomb")
    body = client.get("/").body
    assert len(body) < 2 << 20
    first = zlib.decompressobj(31)
    unpacked = len(first.decompress(body))
    members = len(body) / (len(body) - len(first.unused_data))
    assert unpacked * members == 1 << 30
    assert gzip.decompress(body[: len(body) // 64]).count(b" ") == unpacked


def test_redirects(client):
    plan(client, "private", times=1)
    assert client.get("/").headers["Location"].startswith("http://169.254.169.254/")
    plan(client, "private", to="http://[::1]/x", times=1)
    assert client.get("/").headers["Location"] == "http://[::1]/x"
    plan(client, "off_domain", times=1)
    assert client.get("/").headers["Location"].startswith("https://other-shop.example/")
    plan(client, "loop")
    there = client.get("/catalog/").headers["Location"]
    assert client.get(there).headers["Location"] == "/catalog/"


def test_hanging_up(client):
    plan(client, "reset", times=1)
    assert client.get("/").reset
    plan(client, "hang", seconds=7, times=1)
    answer = client.get("/")
    assert (answer.reset, answer.delay) == (True, 7)


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "flood"},
        {"kind": "http_200"},
        {"kind": "challenge", "needs": "magic"},
        {"kind": "slow", "colour": 1},
        {},
    ],
)
def test_unknown_faults_are_refused(client, spec):
    with pytest.raises(InputError):
        client.shop.faults.add(spec)


def test_a_whole_host_of_404(client):
    plan(client, "http_404")
    assert {client.get(path).status for path in ("/", "/sitemap.xml", "/robots.txt")} == {404}
