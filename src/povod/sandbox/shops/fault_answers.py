"""What a fault of a shop sends in place of the page."""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from fnmatch import fnmatchcase
from functools import cache

from povod.sandbox.answers import Answer
from povod.sandbox.seeded import code, draw
from povod.sandbox.shops.listing import not_found_page
from povod.sandbox.shops.model import Shop

NEEDS = ("browser_agent", "javascript", "flaresolverr", "firecrawl", "nobody")
CLEARANCE = "cf_clearance"
_HUGE_MEBIBYTES = 50
_BOMB_MEBIBYTES = 1024
_MIB = 1 << 20
_HTML = "text/html; charset=utf-8"
_CHALLENGE = (
    '<!doctype html><html lang="en"><head><title>Just a moment...</title></head><body>'
    '<div id="challenge-running">Checking your browser before accessing the site. '
    "Проверка браузера.</div><script>window._cf_chl_opt={{}};{script}</script>"
    '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/jsch/v1"></script></body></html>'
)
_PASS = "document.cookie='{name}={token}; path=/'; location.reload();"  # noqa: S105 - a script
_CAPTCHA = (
    "<!doctype html><html><head><title>Подтвердите, что вы не робот</title></head><body>"
    '<form method="post" action="/captcha"><div class="g-recaptcha" data-sitekey="6Lsandbox">'
    '</div><div class="smart-captcha"></div><input type="submit" value="Я не робот"></form>'
    "</body></html>"
)
_BLOCKED = (
    "<!doctype html><html><head><title>Доступ ограничен</title></head><body><h1>Доступ ограничен"
    "</h1><p>Ваш запрос похож на автоматический. Попробуйте позже.</p></body></html>"
)


@dataclass
class ShopFault:
    """One planned fault; `used` counts the requests it hit.

    `retry_after` and `retry_after_date` are seconds from now (the second as an HTTP date, negative
    = in the past), `retry_after_text` goes out as it is; `seconds` is the length of `hang`.
    """

    kind: str
    path: str = "*"
    ratio: float = 1
    times: int | None = None
    retry_after: float | None = None
    retry_after_date: float | None = None
    retry_after_text: str | None = None
    seconds: float = 30
    needs: str = "browser_agent"
    to: str = ""
    used: int = 0

    def hits(self, host: str, path: str) -> bool:
        """Whether the fault falls on a request of this path."""
        if self.times is not None and self.used >= self.times:
            return False
        if not fnmatchcase(path, self.path):
            return False
        return self.ratio >= 1 or draw("fault", host, self.kind, path) < self.ratio


def token_of(shop: Shop) -> str:
    """The clearance of a shop."""
    return code("clearance", shop.host, length=32)


def fault_answer(shop: Shop, fault: ShopFault, path: str, now: datetime) -> Answer:
    """The answer of a fault that hit a request; `now` counts for dates in headers."""
    status = status_of(fault.kind)
    if status:
        answer = Answer(status, b"planned fault", {"Content-Type": "text/plain"})
        answer.headers.update(_retry_after(fault, now))
        return answer
    return _MAKERS[fault.kind](shop, fault, path)


def status_of(kind: str) -> int:
    """The status of `http_<status>`, 0 for any other kind."""
    number = kind.removeprefix("http_")
    good = kind.startswith("http_") and number.isdigit() and 400 <= int(number) <= 599
    return int(number) if good else 0


def _page(html: str) -> Answer:
    return Answer(200, html.encode(), {"Content-Type": _HTML})


def _redirect(fault: ShopFault, path: str) -> Answer:
    if fault.kind == "loop":
        bare, _, mark = path.partition("#")
        again = bare.removesuffix("?again") if bare.endswith("?again") else f"{bare}?again"
        return Answer(302, b"", {"Location": again + mark})
    default = {
        "off_domain": "https://other-shop.example/sale",
        "private": "http://169.254.169.254/latest/meta-data/",
    }
    return Answer(302, b"", {"Location": fault.to or default[fault.kind]})


def _challenge(shop: Shop, fault: ShopFault) -> Answer:
    runs = fault.needs in {"browser_agent", "javascript"}
    script = _PASS.format(name=CLEARANCE, token=token_of(shop)) if runs else ""
    headers = {"Content-Type": _HTML, "cf-mitigated": "challenge", "Server": "cloudflare"}
    return Answer(403, _CHALLENGE.format(script=script).encode(), headers)


def _retry_after(fault: ShopFault, now: datetime) -> dict[str, str]:
    if fault.retry_after_text is not None:
        return {"Retry-After": fault.retry_after_text}
    if fault.retry_after_date is not None:
        moment = now.astimezone(UTC) + timedelta(seconds=fault.retry_after_date)
        return {"Retry-After": format_datetime(moment, usegmt=True)}
    return {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}


def _huge() -> Iterator[bytes]:
    block = ("<p>" + "много слов " * 5800).encode()[:_MIB].ljust(_MIB, b" ")
    yield b"<!doctype html><html><body>"
    for _ in range(_HUGE_MEBIBYTES):
        yield block


@cache
def _bomb() -> bytes:
    """About a megabyte that unpacks to a gigabyte: gzip members one after another."""
    return gzip.compress(b" " * (16 * _MIB), 9, mtime=0) * (_BOMB_MEBIBYTES // 16)


_MAKERS: dict[str, Callable[[Shop, ShopFault, str], Answer]] = {
    "challenge": lambda shop, fault, _: _challenge(shop, fault),
    "captcha": lambda *_: _page(_CAPTCHA),
    "soft_404": lambda shop, *_: _page(not_found_page(shop)),
    "silent_block": lambda *_: _page(_BLOCKED),
    "empty": lambda *_: _page(""),
    "slow": lambda *_: Answer(body=b"<p>", headers={"Content-Type": _HTML}, slow=True),
    "hang": lambda _, fault, __: Answer(delay=fault.seconds, reset=True),
    "endless": lambda *_: Answer(
        body=b"<p>more and more</p>" * 3000, headers={"Content-Type": _HTML}, endless=True
    ),
    "huge": lambda *_: Answer(headers={"Content-Type": _HTML}, parts=_huge()),
    "bomb": lambda *_: Answer(
        body=_bomb(), headers={"Content-Type": _HTML, "Content-Encoding": "gzip"}
    ),
    "off_domain": lambda _, fault, path: _redirect(fault, path),
    "loop": lambda _, fault, path: _redirect(fault, path),
    "private": lambda _, fault, path: _redirect(fault, path),
    "reset": lambda *_: Answer(reset=True),
}
KINDS = tuple(_MAKERS)
