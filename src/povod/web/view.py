"""Rendering pages: Jinja with escaping on, the person's language, numbers and dates their way."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from povod.kit.i18n import choose_language, translator
from povod.kit.url import to_unicode_host
from povod.web import badges

if TYPE_CHECKING:
    from povod.app.house import House

HERE = Path(__file__).parent
LANGUAGE_COOKIE = "povod_language"
THEME_COOKIE = "povod_theme"
MENU = (
    ("/", "Overview"),
    ("/companies", "Companies"),
    ("/letters", "Letters"),
)


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
        self._environment.filters["host"] = to_unicode_host
        self._environment.filters["tone"] = badges.tone

    def page(self, request: Request, template: str, /, **values: Any) -> HTMLResponse:
        """A page, or the part of it that a live update asks for."""
        return HTMLResponse(self.text(request, template, **values))

    def text(self, request: Request, template: str, /, **values: Any) -> str:
        """The same as text, for one event of a stream."""
        language = self.language(request)
        say = translator(HERE / "locale", language)
        return self._environment.get_template(template).render(
            _=say,
            lang=language,
            theme=request.cookies.get(THEME_COOKIE, ""),
            person=getattr(request.state, "person", None),
            path=request.url.path,
            menu=MENU,
            sandbox=self._is_sandbox,
            when=lambda moment: self._when(moment, language),
            date_label=lambda day: format_date(day, "d MMM", locale=language),
            number=lambda value: format_decimal(value or 0, locale=language),
            link=lambda **changes: _link(request, changes),
            **values,
        )

    def language(self, request: Request) -> str:
        """The setting, else the person's own choice, else the browser's."""
        if self._language != "auto":
            return self._language
        wanted = request.cookies.get(LANGUAGE_COOKIE, "")
        return choose_language(wanted, request.headers.get("accept-language", ""))

    def _when(self, moment: datetime | None, language: str) -> str:
        if moment is None:
            return "–"
        local = moment.astimezone(self._zone)
        return format_datetime(local, "d MMM y, HH:mm", locale=language)


def _link(request: Request, changes: Mapping[str, Any]) -> str:
    """This page's address with some of its query changed; empty values drop out."""
    query = {**dict(request.query_params), **changes}
    kept = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path
