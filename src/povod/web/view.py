"""Rendering pages: Jinja with escaping on, the person's language, numbers and dates their way."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from povod.kit.i18n import Translate, choose_language, translator
from povod.kit.url import to_unicode_host
from povod.web import badges

if TYPE_CHECKING:
    from povod.app.house import House
    from povod.web.session import Person

HERE = Path(__file__).parent
LANGUAGE_COOKIE = "povod_language"
THEME_COOKIE = "povod_theme"
THEMES = ("light", "dark")
NOTHING = "–"
# Heading of a section, then its pages: address, name, icon.
Menu = tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]
MENU: Menu = (
    ("", (("/", "Overview", "overview"),)),
    (
        "Leads",
        (
            ("/companies", "Companies", "companies"),
            ("/letters", "Letters", "letters"),
        ),
    ),
    (
        "Sites",
        (
            ("/sites", "Crawls", "crawls"),
            ("/products", "Products", "products"),
            ("/changes", "Changes", "changes"),
            ("/schedules", "Schedules", "schedules"),
            ("/sites/profiles", "Profiles of sites", "profiles"),
            ("/proxies", "Proxies", "proxies"),
        ),
    ),
    (
        "Clients",
        (
            ("/clients", "Clients", "clients"),
            ("/clients/import", "Import", "import"),
        ),
    ),
    (
        "Greetings",
        (
            ("/greetings/dashboard", "Dashboard", "dashboard"),
            ("/greetings", "Greetings", "greetings"),
            ("/calendar", "Calendar", "calendar"),
            ("/events", "Occasions", "events"),
            ("/runs", "Runs", "runs"),
            ("/settings/holidays", "Holidays", "holidays"),
        ),
    ),
    (
        "Settings",
        (
            ("/settings/users", "Users", "users"),
            ("/settings/budgets", "Budgets", "budgets"),
            ("/settings/webhooks", "Webhooks", "webhooks"),
        ),
    ),
)

# Pages of the menu that not everybody may open.
NEEDED_ROLES = {
    "/clients/import": "operator",
    "/proxies": "operator",
    "/settings/budgets": "operator",
    "/settings/users": "admin",
    "/settings/webhooks": "admin",
}


class Renderer:
    """Turns a template and its values into an answer."""

    def __init__(self, house: "House") -> None:
        self._language = house.settings.ui_language
        self._zone = ZoneInfo(house.settings.app_timezone)
        self._is_sandbox = bool(house.settings.sandbox_url)
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "host": to_unicode_host,
            "tone": badges.tone,
            "phone": phone,
            "web_address": web_address,
            "short_address": short_address,
        }

    def page(self, request: Request, template: str, /, **values: Any) -> HTMLResponse:
        """A whole page."""
        return HTMLResponse(self.text(request, template, **values))

    def text(self, request: Request, template: str, /, **values: Any) -> str:
        """A template as text: a page, or the part of it that an event carries."""
        language = self.language(request)
        say = translator(HERE / "locale", language)
        theme = request.cookies.get(THEME_COOKIE, "")
        return self._environment.get_template(template).render(
            _=say,
            word=(word := _words(say)),
            who=lambda actor: _who(actor, word),
            lang=language,
            theme=theme if theme in THEMES else "",
            person=getattr(request.state, "person", None),
            path=request.url.path,
            menu=_menu(getattr(request.state, "person", None)),
            current=_current(request.url.path),
            sandbox=self._is_sandbox,
            here=_here(request),
            link=lambda **changes: _link(request, changes),
            **self._formats(language),
            **values,
        )

    def _formats(self, language: str) -> dict[str, Callable[..., str]]:
        """How this language writes numbers, shares, dates and instants."""
        return {
            "number": lambda value: format_decimal(value or 0, locale=language),
            "share": lambda part, whole: share(part, whole, language),
            "date_label": lambda day: _date(day, language),
            "full_date": lambda day: _date(day, language, "d MMM y") if day else NOTHING,
            "month_label": lambda day: _date(day, language, "LLLL y"),
            "weekday": lambda day: _date(day, language, "EEEEEE"),
            "when": lambda moment: self._when(moment, language),
        }

    def language(self, request: Request) -> str:
        """The person's own choice, else the setting, else the browser's wish."""
        wanted = request.cookies.get(LANGUAGE_COOKIE, "")
        fixed = "" if self._language == "auto" else self._language
        return choose_language(wanted, fixed or request.headers.get("accept-language", ""))

    def _when(self, moment: datetime | None, language: str) -> str:
        if moment is None:
            return NOTHING
        local = moment.astimezone(self._zone)
        return format_datetime(local, "d MMM y, HH:mm", locale=language)


def _menu(person: "Person | None") -> Menu:
    """The sections with the pages that this person may open."""
    if person is None or person.may("admin"):
        return MENU
    opens = (
        (heading, tuple(page for page in pages if person.may(NEEDED_ROLES.get(page[0], "viewer"))))
        for heading, pages in MENU
    )
    return tuple((heading, pages) for heading, pages in opens if pages)


def _current(path: str) -> str:
    """The page of the menu that this one belongs to: the longest address it begins with."""
    targets = [target for _, pages in MENU for target, _, _ in pages]
    inside = [target for target in targets if f"{path}/".startswith(f"{target.rstrip('/')}/")]
    best = max(inside, key=len, default="")
    return best if best != "/" or path == "/" else ""


def _words(say: Translate) -> Callable[[str, str], str]:
    """`word("state", "sent")`: the text for a code; a code without one is shown as it is."""

    def word(group: str, code: str) -> str:
        key = f"{group}:{code}"
        said = say(key)
        return code if said == key else said

    return word


def _who(actor: str, word: Callable[[str, str], str]) -> str:
    """`approver:anna` → `anna (approver)`; a role alone is just named."""
    role, _, name = actor.partition(":")
    return f"{name} ({word('role', role)})" if name else word("role", role)


def share(part: int, whole: int, language: str) -> str:
    """`part` of `whole` in per cent; a dash when there is no whole."""
    return format_percent(part / whole, "#,##0 %", locale=language) if whole else NOTHING


def _date(day: date, language: str, pattern: str = "d MMM") -> str:
    return format_date(day, pattern, locale=language)


def phone(value: str) -> str:
    """A stored number (E.164, extension after `;ext=`) as people read it."""
    number, _, extension = value.partition(";ext=")
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return value
    shown = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return f"{shown} ({extension})" if extension else shown


def web_address(text: str) -> str:
    """An address that may stand in a link: http or https only, else empty."""
    return text if text.lower().startswith(("http://", "https://")) else ""


def short_address(text: str) -> str:
    """An address for reading: host and path, Cyrillic hosts in Cyrillic."""
    try:
        parts = urlsplit(text)
        host = to_unicode_host(parts.hostname or "")
    except ValueError:
        return text
    if not host:
        return text
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path.rstrip('/')}{query}"


def _here(request: Request) -> str:
    """Where a switch returns to: this page with its query; never the target of a form."""
    return _link(request, {}) if request.method == "GET" else "/"


def _link(request: Request, changes: Mapping[str, Any]) -> str:
    """This page's address with some of its query changed; empty values drop out."""
    query = {**dict(request.query_params), **changes}
    kept = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path
