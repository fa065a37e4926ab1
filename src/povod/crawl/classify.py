"""What an answer is: an accepted page, or a failure of some class (S58, S62, S69). Pure.

Only status, fields and the beginning of the body are looked at. What needs the parsed page (an app
shell, a silent block, a soft 404) is the extractor's to say.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.result import Response

F = FailureClass

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
JSON_TYPES = frozenset({"application/json", "text/json"})
XML_TYPES = frozenset(
    {"application/xml", "text/xml", "application/rss+xml", "application/atom+xml"}
)

LOOKED_AT = 65_536
"""Marks are sought in this much of the body, as bytes: Latin, or Cyrillic in three charsets."""

SMALL_PAGE = 60_000
"""A page longer than this is no interstitial, whatever its scripts are called."""

BARE_PAGE = 15_000
"""A page that came with 200 and is longer than this is judged by its title only."""

SCRIPT_PAGE = 5_000
TITLE_WITHIN = 20_000
REFUSALS = frozenset({401, 403, 429, 503})
"""Statuses of protections; a 404 or a 500 with a captcha in its feedback form is what it says."""

MAX_WAIT_S = 86_400.0

_STATUS = {
    401: F.HTTP_401,
    402: F.HTTP_402,
    403: F.BOT_BLOCK,
    404: F.GONE,
    408: F.HTTP_408,
    410: F.GONE,
    425: F.HTTP_425,
    429: F.HTTP_429,
    451: F.HTTP_451,
    503: F.HTTP_503,
}


def _words(*phrases: str) -> bytes:
    """The phrases as bytes of the charsets in which Russian sites write."""
    forms = {
        form
        for phrase in phrases
        for spelling in (phrase, phrase.capitalize(), phrase.upper())
        for form in _encoded(spelling)
    }
    return b"|".join(re.escape(form) for form in sorted(forms))


def _encoded(text: str) -> list[bytes]:
    return [text.encode(charset) for charset in ("utf-8", "windows-1251", "koi8-r")]


_TITLE = re.compile(rb"<title[^>]*>(.{0,300}?)</title", re.IGNORECASE | re.DOTALL)
_TITLES = re.compile(
    rb"just a moment|attention required! \| cloudflare|ddos[- ]?guard|ddos protection by"
    rb"|checking your browser|checking if the site connection is secure|one moment, please"
    rb"|verifying you are human|verify you are human|are you a robot|access to this page has been"
    rb"|" + _words("проверка браузера", "проверяем ваш браузер", "проверка безопасности",
                   "подтвердите, что вы не робот", "вы не робот", "доступ ограничен",
                   "один момент"),
)  # fmt: skip
"""For a title in small letters: a pattern that need not fold case is twice as fast."""
_SCRIPTS = re.compile(
    rb"/cdn-cgi/challenge-platform/h/\w/orchestrate|_cf_chl_opt|cf-browser-verification|cf_chl_prog"
    rb"|/\.well-known/ddos-guard/|check\.ddos-guard"
    rb"|_Incapsula_Resource|incapsula incident id|visid_incap"
    rb"|bitrix/tools/captcha_bot|bxprotect|bitrix_antibot|/bitrix/js/security/challenge"
    rb"|servicepipe\.ru|__qrator|qauth_utm|aws-waf-token|px-captcha",
    re.IGNORECASE,
)
_PHRASES = re.compile(
    rb"checking your browser before accessing|please enable javascript and cookies to continue"
    rb"|enable js and disable any ad blocker|ddos protection by cloudflare"
    rb"|" + _words("проверка вашего браузера", "идёт проверка браузера", "идет проверка браузера",
                   "проверяем ваш браузер", "браузер проходит проверку"),
    re.IGNORECASE,
)  # fmt: skip
_HINTS = (
    b"checking your browser", b"javascript and cookies", b"any ad blocker", b"ddos protection",
    *(form for word in ("раузер", "РАУЗЕР") for form in _encoded(word)),
)  # fmt: skip
"""Every phrase holds one of these: a plain search is a hundred times as fast as the pattern."""

_CAPTCHA = re.compile(
    rb"class=[\"'][^\"'>]{0,200}\b(?:g-recaptcha|h-captcha|smart-captcha|cf-turnstile)\b"
    rb"|smartcaptcha\.yandexcloud\.net|showcaptcha|/checkcaptcha|data-sitekey"
    rb"|<(?:input|img)[^>]{0,300}captcha",
    re.IGNORECASE,
)
_CAPTCHA_HINTS = (b"captcha", b"sitekey", b"turnstile")
_FORM = re.compile(rb"<form\b", re.IGNORECASE)


class Verdict(NamedTuple):
    """Why an answer is no page."""

    failure: FailureClass
    detail: str


def classify_response(
    response: Response, accept: Collection[str] = HTML_TYPES | JSON_TYPES
) -> Verdict | None:
    """The failure class of an answer, or None for a page (or 304) to be read.

    Marks of a challenge count at any status; a page that merely loads a captcha for its feedback
    form is a page.
    """
    status = response.status
    if status == 304:
        return None
    head = response.body[:LOOKED_AT]
    wall = _wall(response, head)
    if wall is not None:
        return wall
    if not 200 <= status < 300:
        failure = _STATUS.get(status) or (F.HTTP_5XX if status >= 500 else F.HTTP_4XX)
        return Verdict(failure, f"status {status}")
    return _type_problem(response, head, accept)


def has_challenge_marks(response: Response) -> bool:
    """Whether the answer is an interstitial of a protection (S62)."""
    return _challenge(response, response.body[:LOOKED_AT]) != ""


def retry_after_of(response: Response, now: datetime) -> float | None:
    """`Retry-After` in seconds, at most a day: 0 for a date in the past, None for garbage (S65)."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), MAX_WAIT_S)


def _wall(response: Response, head: bytes) -> Verdict | None:
    """A captcha or a challenge in place of the page."""
    mark = _challenge(response, head)
    if (mark or response.status in REFUSALS) and _asks_captcha(head):
        return Verdict(F.CAPTCHA, mark or f"captcha form at status {response.status}")
    if mark:
        return Verdict(F.BOT_BLOCK, mark)
    if response.status < 300 and len(response.body) < BARE_PAGE and _is_captcha_page(head):
        return Verdict(F.CAPTCHA, "nothing but a captcha form")
    return None


def _challenge(response: Response, head: bytes) -> str:
    """The mark of a protection that the answer bears, or nothing."""
    if "cf-mitigated" in response.headers:
        return "cf-mitigated"
    if not head or len(response.body) > SMALL_PAGE:
        return ""
    title = _TITLE.search(head, 0, TITLE_WITHIN)
    named = _TITLES.search(title[1].lower()) if title else None
    if title and named:
        return f"title: {_shown(title[1][named.start() : named.end()])}"
    refused = response.status in REFUSALS
    if not refused and len(response.body) >= BARE_PAGE:
        return ""
    lowered = head.lower()
    phrase = _PHRASES.search(head) if any(hint in lowered for hint in _HINTS) else None
    if phrase:
        return f"phrase: {_shown(phrase[0])}"
    # Protections leave their scripts on pages that they let through, so a script alone says
    # nothing about a page that has come with 200 and has a body of its own.
    if not refused and len(response.body) >= SCRIPT_PAGE:
        return ""
    script = _SCRIPTS.search(head)
    return f"script: {_shown(script[0])}" if script else ""


def _asks_captcha(head: bytes) -> bool:
    lowered = head.lower()
    return any(hint in lowered for hint in _CAPTCHA_HINTS) and _CAPTCHA.search(head) is not None


def _is_captcha_page(head: bytes) -> bool:
    """A short page of 200 whose only form is the captcha's and which has no heading of its own."""
    title = _TITLE.search(head, 0, TITLE_WITHIN)
    if title is None or _ROBOT.search(title[1]) is None:
        return False
    return len(_FORM.findall(head)) <= 1 and _asks_captcha(head)


_ROBOT = re.compile(rb"captcha|robot|" + _words("капча", "робот", "проверка"), re.IGNORECASE)


def _type_problem(response: Response, head: bytes, accept: Collection[str]) -> Verdict | None:
    declared = response.content_type.partition(";")[0].strip()
    kind = declared or _sniffed(head)
    if kind in accept:
        return None
    return Verdict(F.CONTENT_TYPE, declared or "no type given, and it looks like no page")


def _sniffed(head: bytes) -> str:
    """The type of an answer that declares none."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if start.startswith((b"{", b"[")):
        return "application/json"
    if start.startswith(b"<?xml") and b"<html" not in start and b"xhtml" not in start:
        return "application/xml"
    return "text/html" if start.startswith(b"<") else ""


def _shown(mark: bytes) -> str:
    return mark.decode("utf-8", "replace")[:60]
