"""User templates: `{{field}}` and `{{field|filter}}`, nothing else (D73).

No expressions, loops or attribute access; values are never taken for templates.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date

from povod.kit.errors import InputError

_MARK = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
_TAG = re.compile(r"\{\{\s*([a-z_]+)\s*(?:\|\s*([a-z_]+)(?::([^}|]*))?\s*)?\}\}")


class TemplateError(InputError):
    """A template names a field or filter that does not exist."""


def _date(value: object, argument: str) -> str:
    if not isinstance(value, date):
        raise TemplateError(f"filter date needs a date, got {value!r}")
    return value.strftime(argument or "%d.%m.%Y")


_FILTERS: dict[str, Callable[[object, str], str]] = {
    "upper": lambda value, _: str(value).upper(),
    "lower": lambda value, _: str(value).lower(),
    "title": lambda value, _: str(value)[:1].upper() + str(value)[1:],
    "default": lambda value, argument: str(value) if value else argument,
    "date": _date,
}


def render(template: str, values: Mapping[str, object]) -> str:
    """Fill every tag; `TemplateError` names the unknown field or filter and what exists."""

    def fill(match: re.Match[str]) -> str:
        name, filter_name, argument = match[1], match[2], match[3] or ""
        if name not in values:
            raise TemplateError(f"unknown field {name!r}; there are: {', '.join(sorted(values))}")
        if not filter_name:
            return str(values[name])
        if filter_name not in _FILTERS:
            known = ", ".join(sorted(_FILTERS))
            raise TemplateError(f"unknown filter {filter_name!r}; there are: {known}")
        return _FILTERS[filter_name](values[name], argument)

    return _TAG.sub(fill, template)


def check_template(template: str, fields: Collection[str]) -> None:
    """Refuse what `render` could not fill, naming line and reason (G60)."""
    position = 0
    while mark := _MARK.search(template, position):
        tag = _TAG.match(template, mark.start())
        problem = _problem(tag, mark[0], fields)
        if problem or tag is None:
            line = template.count("\n", 0, mark.start()) + 1
            raise TemplateError(f"line {line}: {problem}")
        position = tag.end()


def _problem(tag: re.Match[str] | None, mark: str, fields: Collection[str]) -> str:
    if tag is None:
        if mark in ("{%", "%}", "{#", "#}"):
            return "loops, conditions and comments are not possible in templates"
        return f"{mark!r} is unclosed or holds no plain field; write {{{{field}}}}"
    if tag[1] not in fields:
        return f"unknown field {tag[1]!r}; there are: {', '.join(sorted(fields))}"
    if tag[2] and tag[2] not in _FILTERS:
        return f"unknown filter {tag[2]!r}; there are: {', '.join(sorted(_FILTERS))}"
    return ""


def unfilled(text: str) -> list[str]:
    """Marks of a template that nobody filled."""
    return re.findall(r"\{\{.*?\}\}|\{%.*?%\}|\[\[.*?\]\]", text)
