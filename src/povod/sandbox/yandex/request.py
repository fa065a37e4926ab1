"""Checks of a search request's body (Y57): names, types, ranges, required fields.

Accepts what the service's JSON mapping accepts: camelCase and snake_case, numbers and numeric
strings. Everything wrong is reported at once, each with its field.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from povod.sandbox.yandex.errors import INVALID_ARGUMENT, ApiRefusal

MAX_WORDS = 40
MAX_METADATA_PAIRS = 64
REGION_TYPES = ("RU", "TR")
L10N_OF_TYPE = {"RU": {"RU", "UK", "BE", "KK"}, "TR": {"TR"}, "COM": {"EN"}}
GROUPS_ON_PAGE = {"XML": range(1, 101), "HTML": range(5, 51)}

Check = Callable[[Any], Any]


class _WrongValueError(ValueError):
    """A single field is wrong; the text becomes its description."""


def _text(longest: int) -> Check:
    def check(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise _WrongValueError("must be a string")
        if len(str(value)) > longest:
            raise _WrongValueError(f"must be at most {longest} characters long")
        return str(value)

    return check


def _choice(prefix: str, names: str) -> Check:
    known = {prefix + name: name for name in names.split()}

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            raise _WrongValueError(f"must be one of {', '.join(known)}")
        return known[value]

    return check


def _integer(low: int, high: int | None = None) -> Check:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,18}", str(value)):
            raise _WrongValueError("must be an integer")
        if int(value) < low or (high is not None and int(value) > high):
            raise _WrongValueError(f"must be between {low} and {'any' if high is None else high}")
        return int(value)

    return check


def _query_text(value: Any) -> str:
    text: str = _text(400)(value)
    if not text.strip():
        raise _WrongValueError("Field is required")
    if len(text.split()) > MAX_WORDS:
        raise _WrongValueError(f"must be at most {MAX_WORDS} words long")
    return text


def _metadata(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MAX_METADATA_PAIRS:
        raise _WrongValueError(f"must be a map of at most {MAX_METADATA_PAIRS} pairs")
    for key, text in value.items():
        if key != "X-Forwarded-For-Y" and not re.fullmatch(r"[a-z][-_0-9a-z]{0,62}", key):
            raise _WrongValueError(f"bad key {key!r}")
        if not isinstance(text, str) or not re.fullmatch(r"[-_0-9a-z.]{0,63}", text):
            raise _WrongValueError(f"bad value of {key!r}")
    return value


FIELDS: dict[str, Check] = {
    "query.searchType": _choice("SEARCH_TYPE_", "RU TR COM KK BE UZ"),
    "query.queryText": _query_text,
    "query.familyMode": _choice("FAMILY_MODE_", "NONE MODERATE STRICT"),
    "query.page": _integer(0),
    "query.fixTypoMode": _choice("FIX_TYPO_MODE_", "ON OFF"),
    "sortSpec.sortMode": _choice("SORT_MODE_", "BY_RELEVANCE BY_TIME"),
    "sortSpec.sortOrder": _choice("SORT_ORDER_", "DESC ASC"),
    "groupSpec.groupMode": _choice("GROUP_MODE_", "DEEP FLAT"),
    "groupSpec.groupsOnPage": _integer(1),
    "groupSpec.docsInGroup": _integer(1, 3),
    "maxPassages": _integer(1, 5),
    "region": _text(100),
    "l10n": _choice("LOCALIZATION_", "RU UK BE KK TR EN"),
    "folderId": _text(50),
    "responseFormat": _choice("FORMAT_", "XML HTML"),
    "userAgent": _text(300),
    "metadata.fields": _metadata,
}
BRANCHES = {path.partition(".")[0] for path in FIELDS if "." in path}
REQUIRED = ("query.searchType", "query.queryText", "folderId")


@dataclass(frozen=True)
class SearchRequest:
    """A checked request; names without their prefixes, defaults of the service filled in."""

    search_type: str
    text: str
    folder_id: str
    page: int = 0
    fix_typo: bool = True
    by_time: bool = False
    ascending: bool = False
    flat: bool = False
    groups_on_page: int = 20
    docs_in_group: int = 1
    max_passages: int = 4
    region: str = ""
    html: bool = False


def parse_json(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object; 400 otherwise."""
    try:
        body = json.loads(raw)
    except ValueError:
        raise ApiRefusal(INVALID_ARGUMENT, "The body is not valid JSON") from None
    if not isinstance(body, dict):
        raise ApiRefusal(INVALID_ARGUMENT, "The body is not a JSON object")
    return body


def parse_request(body: dict[str, Any]) -> SearchRequest:
    """The checked request; `ApiRefusal` 400/3 with one violation per wrong field."""
    values: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for path, value in _flat(body):
        check = FIELDS.get(path)
        try:
            if check is None:
                raise _WrongValueError("unknown field")
            values[path] = check(value)
        except _WrongValueError as error:
            wrong.append((path, str(error)))
    named = {path for path, _ in wrong}
    absent = [path for path in REQUIRED if not values.get(path) and path not in named]
    wrong += [(path, "Field is required") for path in absent]
    wrong += _conflicts(values)
    if wrong:
        message = "; ".join(f"{field}: {text}" for field, text in wrong)
        raise ApiRefusal(INVALID_ARGUMENT, f"Request validation error: {message}", violations=wrong)
    return _request(values)


def _flat(body: dict[str, Any]) -> list[tuple[str, Any]]:
    """Dotted camelCase paths with their values; null means absent, as in the JSON mapping."""
    pairs: list[tuple[str, Any]] = []
    for key, value in body.items():
        name = _camel(key)
        if name in BRANCHES and isinstance(value, dict):
            pairs += [(f"{name}.{_camel(k)}", v) for k, v in value.items()]
        else:
            pairs.append((name, value))
    return [(path, value) for path, value in pairs if value is not None]


def _camel(name: str) -> str:
    if name == "l10N":
        return "l10n"
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _conflicts(values: dict[str, Any]) -> list[tuple[str, str]]:
    """What is allowed one by one but not together."""
    wrong = []
    kind = values.get("query.searchType", "RU")
    if values.get("region") and kind not in REGION_TYPES:
        wrong.append(("region", f"not supported for SEARCH_TYPE_{kind}"))
    if "l10n" in values and values["l10n"] not in L10N_OF_TYPE.get(kind, {values["l10n"]}):
        wrong.append(("l10n", f"not supported for SEARCH_TYPE_{kind}"))
    groups, form = values.get("groupSpec.groupsOnPage"), values.get("responseFormat", "XML")
    allowed = GROUPS_ON_PAGE[form]
    if groups is not None and groups not in allowed:
        wrong.append(("groupSpec.groupsOnPage", f"must be {allowed[0]}..{allowed[-1]} for {form}"))
    return wrong


def _request(values: dict[str, Any]) -> SearchRequest:
    return SearchRequest(
        search_type=values["query.searchType"],
        text=values["query.queryText"],
        folder_id=values["folderId"],
        page=values.get("query.page", 0),
        fix_typo=values.get("query.fixTypoMode", "ON") == "ON",
        by_time=values.get("sortSpec.sortMode") == "BY_TIME",
        ascending=values.get("sortSpec.sortOrder") == "ASC",
        flat=values.get("groupSpec.groupMode") == "FLAT",
        groups_on_page=values.get("groupSpec.groupsOnPage", 20),
        docs_in_group=values.get("groupSpec.docsInGroup", 1),
        max_passages=values.get("maxPassages", 4),
        region=values.get("region", ""),
        html=values.get("responseFormat") == "HTML",
    )


def body_hash(body: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON without the folder: identifies one wish (Y21)."""
    wish = {key: value for key, value in body.items() if _camel(key) != "folderId"}
    text = json.dumps(wish, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
