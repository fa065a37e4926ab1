"""Judging answers by status, fields and marks, before anything is parsed."""

from datetime import UTC, datetime

import pytest

from povod.crawl.classify import (
    HTML_TYPES,
    XML_TYPES,
    classify_response,
    has_challenge_marks,
    retry_after_of,
)
from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.result import Response

SHOP = "<html><title>Дрель ударная</title><body>" + "<p>Дрель 2 990 ₽</p>" * 40 + "</body></html>"


def answer(
    body: str | bytes = SHOP, status: int = 200, kind: str = "text/html", **headers: str
) -> Response:
    raw = body.encode() if isinstance(body, str) else body
    fields = {"content-type": kind} if kind else {}
    return Response("https://f.ru/", "https://f.ru/", status, {**fields, **headers}, raw)


def failure(*args, **more) -> F | None:
    verdict = classify_response(answer(*args, **more))
    return verdict.failure if verdict else None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, None),
        (203, None),
        (304, None),
        (401, F.HTTP_401),
        (402, F.HTTP_402),
        (403, F.BOT_BLOCK),
        (404, F.GONE),
        (405, F.HTTP_4XX),
        (408, F.HTTP_408),
        (410, F.GONE),
        (418, F.HTTP_4XX),
        (425, F.HTTP_425),
        (429, F.HTTP_429),
        (451, F.HTTP_451),
        (500, F.HTTP_5XX),
        (502, F.HTTP_5XX),
        (503, F.HTTP_503),
        (520, F.HTTP_5XX),
        (302, F.HTTP_4XX),  # a redirect that names no target
    ],
)
def test_status_has_its_class(status: int, expected: F | None) -> None:
    assert failure(status=status) is expected


CHALLENGES = [
    "<title>Just a moment...</title>",
    "<title>Attention Required! | Cloudflare</title>",
    "<html><head><title>DDoS-Guard</title></head>",
    "<script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1'></script>",
    "<script src='/.well-known/ddos-guard/js-challenge/index.js'></script>",
    "<iframe src='/_Incapsula_Resource?SWUDNSAI=31'></iframe>",
    "<title>Проверка браузера</title>",
    "<title>ПРОВЕРКА БРАУЗЕРА</title>",
    "<p>Checking your browser before accessing shop.ru</p>",
    "<h1>Идёт проверка браузера</h1>",
    "<script>window.bxprotect={}</script>",
    "<script src='https://servicepipe.ru/static/checkjs/1.js'></script>",
]


@pytest.mark.parametrize("body", CHALLENGES)
@pytest.mark.parametrize("status", [200, 403, 429, 503])
def test_challenge_is_a_block_at_any_status(body: str, status: int) -> None:
    assert failure(body, status=status) is F.BOT_BLOCK
    assert has_challenge_marks(answer(body, status=status))


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "koi8-r"])
def test_russian_marks_are_seen_in_every_charset(charset: str) -> None:
    body = "<title>Проверка браузера</title><p>Подождите</p>".encode(charset)
    assert failure(body) is F.BOT_BLOCK


def test_missing_page_with_a_feedback_form_is_gone() -> None:
    body = SHOP + "<form><div class='g-recaptcha' data-sitekey='x'></div></form>"
    jsd = "<p>404</p><script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"
    assert failure(body, status=404) is F.GONE
    assert failure(jsd, status=404) is F.GONE
    assert failure(body, status=500) is F.HTTP_5XX
    assert failure(body, status=403) is F.CAPTCHA


def test_header_of_cloudflare_is_a_mark_by_itself() -> None:
    assert failure("", status=503, **{"cf-mitigated": "challenge"}) is F.BOT_BLOCK


@pytest.mark.parametrize(
    "body",
    [
        SHOP + "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>" + SHOP * 6,
        SHOP.replace("<body>", "<body><form id=call><div class='g-recaptcha'></div></form>"),
        "<title>Как проходит проверка браузера: статья</title>" + "<p>слово</p>" * 20_000,
        "<title>Запчасти для роботов</title><p>Checking</p>",
        "<p>Доступ ограничен: только для оптовиков</p>" + SHOP,
    ],
)
def test_page_that_only_mentions_protection_is_a_page(body: str) -> None:
    assert failure(body) is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<title>Ой!</title><form action='/checkcaptcha'><input name=rep></form>", 403),
        ("<form><div class='g-recaptcha' data-sitekey='x'></div></form>", 429),
        ("<title>Just a moment...</title><div class='cf-turnstile'></div>", 403),
        ('<title>Подтвердите, что вы не робот</title><div class="smart-captcha"></div>', 200),
        ("<title>Captcha</title><form><img src='/captcha.php'><input name=code></form>", 200),
        ("<title>Капча</title><form><input name='captcha_word'></form>", 200),
    ],
)
def test_captcha_form_is_for_people(body: str, status: int) -> None:
    assert failure(body, status=status) is F.CAPTCHA


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("text/html; charset=windows-1251", SHOP, None),
        ("application/xhtml+xml", SHOP, None),
        ("application/json", "{}", None),
        ("", SHOP, None),
        ("", "  <!DOCTYPE html><html>", None),
        ("", '{"price": 1}', None),
        ("", "\ufeff<html>", None),
        ("", "%PDF-1.7", F.CONTENT_TYPE),
        ("", "", F.CONTENT_TYPE),
        ("", "<?xml version='1.0'?><urlset/>", F.CONTENT_TYPE),
        ("", "<?xml version='1.0'?><!DOCTYPE html PUBLIC><html xmlns='x'>", None),
        ("application/pdf", SHOP, F.CONTENT_TYPE),
        ("image/png", "x", F.CONTENT_TYPE),
        ("application/xml", "<urlset/>", F.CONTENT_TYPE),
        ("TEXT/HTML", SHOP, None),
    ],
)
def test_type_decides_what_is_read(kind: str, body: str, expected: F | None) -> None:
    assert failure(body, kind=kind) is expected


def test_maps_take_xml() -> None:
    response = answer("<urlset/>", kind="text/xml")
    assert classify_response(response, HTML_TYPES | XML_TYPES) is None


NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Fri, 20 Nov 2026 12:10:00 GMT", 600),
        ("Fri, 20 Nov 2026 11:10:00 GMT", 0),
        ("999999999", 86_400),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("١٢", None),
    ],
)
def test_retry_after_tells_past_from_garbage(text: str, seconds: float | None) -> None:
    assert retry_after_of(answer(**{"retry-after": text}), NOW) == seconds
