"""What is sent and what is read: query parameters with their limits, and operations (Y17-Y28)."""

import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from povod.kit.settings import Settings
from povod.leads.serp_errors import NOTHING_FOUND, BadBase64, EmptyRaw, FailureKind
from povod.leads.yandex.errors import CallInfo, InvalidParams

MAX_TEXT = 400
MAX_WORDS = 40
MAX_REACH = 1000
RESULT_LIFE = timedelta(hours=12)
EXPIRY_MARGIN = timedelta(minutes=30)
MISSING_FOR = timedelta(minutes=15)
MISSING_TIMES = 3

_LANGUAGES = {"RU": ("RU", "UK", "BE", "KK"), "TR": ("TR",), "COM": ("EN",)}
_ENUMS = {
    "query.searchType": ("RU", "TR", "COM", "KK", "BE", "UZ"),
    "query.familyMode": ("NONE", "MODERATE", "STRICT"),
    "query.fixTypoMode": ("ON", "OFF"),
}
_METADATA_KEY = re.compile(r"[a-z][-_0-9a-z]{0,62}")
_METADATA_VALUE = re.compile(r"[-_0-9a-z]{0,63}")
_CODE_15 = re.compile(r"\b(?:code|код|error|ошибка)\W{1,4}15\b", re.IGNORECASE)

OperationState = Literal["running", "ready", "empty", "failed"]
Missing = Literal["not_found_yet", "lost", "expired"]

_PERMANENT = (3, 5, 9, 11, 12)
_CONFIGURATION = (7, 16)
_GRPC_KINDS: dict[int, FailureKind] = {
    **dict.fromkeys(_PERMANENT, "permanent"),
    **dict.fromkeys(_CONFIGURATION, "configuration"),
}


@dataclass(frozen=True)
class DeferredQueryParams:
    """One search query; a value that the service would refuse raises `InvalidParams` at once.

    Enumerations are given without their wire prefix (`RU`, `MODERATE`). `region` is the
    service's region number; it is only sent for the search types RU and TR.
    """

    query_text: str
    folder_id: str
    region: str | None = None
    page: int = 0
    search_type: str = "RU"
    family_mode: str = "MODERATE"
    fix_typo: str = "ON"
    groups_on_page: int = 100
    docs_in_group: int = 1
    max_passages: int = 3
    l10n: str = "RU"
    user_agent: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_settings(
        cls, settings: Settings, query_text: str, region: str | None, page: int = 0
    ) -> "DeferredQueryParams":
        """A query with everything else as it is configured."""
        return cls(
            query_text=query_text,
            folder_id=settings.yandex_cloud_folder_id,
            region=region,
            page=page,
            search_type=settings.yandex_search_type,
            family_mode=settings.yandex_family_mode,
            fix_typo=settings.yandex_fix_typo,
            groups_on_page=settings.yandex_groups_on_page,
            docs_in_group=settings.yandex_docs_in_group,
            max_passages=settings.yandex_max_passages,
            l10n=settings.yandex_l10n,
            user_agent=settings.yandex_user_agent,
        )

    def __post_init__(self) -> None:
        self._check_text()
        self._check_choices()
        self._check_numbers()
        self._check_account()

    def _check_text(self) -> None:
        words = len(self.query_text.split())
        _require("query.queryText", words > 0, "the text is blank")
        _require(
            "query.queryText",
            len(self.query_text) <= MAX_TEXT and words <= MAX_WORDS,
            f"{len(self.query_text)} characters and {words} words, at most {MAX_TEXT} and "
            f"{MAX_WORDS} are allowed",
        )
        _require(
            "query.queryText",
            "//" not in self.query_text,
            "two slashes in a row are a syntax error; replace them with a space",
        )

    def _check_choices(self) -> None:
        chosen = (self.search_type, self.family_mode, self.fix_typo)
        for (name, allowed), value in zip(_ENUMS.items(), chosen, strict=True):
            _require(name, value in allowed, f"{value!r} is none of {', '.join(allowed)}")
        languages = _LANGUAGES.get(self.search_type, (self.l10n,))
        _require(
            "l10n",
            self.l10n in languages,
            f"{self.l10n!r} does not go with search type {self.search_type}; "
            f"set YANDEX_L10N to one of {', '.join(languages)}",
        )

    def _check_numbers(self) -> None:
        _require("query.page", self.page >= 0, f"{self.page} is negative")
        _in_range("groupSpec.groupsOnPage", self.groups_on_page, 100)
        _in_range("groupSpec.docsInGroup", self.docs_in_group, 3)
        _in_range("maxPassages", self.max_passages, 5)
        reach = (self.page + 1) * self.groups_on_page
        _require("query.page", reach <= MAX_REACH, f"reaches result {reach} of {MAX_REACH}")
        _require(
            "region",
            self.region is None or (self.region.isascii() and self.region.isdigit()),
            f"{self.region!r} is not a region number",
        )
        _require("region", len(self.region or "") <= 100, "more than 100 digits")

    def _check_account(self) -> None:
        _require(
            "folderId",
            0 < len(self.folder_id) <= 50,
            "set YANDEX_CLOUD_FOLDER_ID to the id of your folder (1 to 50 characters)",
        )
        _require("userAgent", len(self.user_agent) <= 300, "more than 300 characters")
        _require("metadata.fields", len(self.metadata) <= 64, "more than 64 pairs")
        for key, value in self.metadata.items():
            fits = _METADATA_KEY.fullmatch(key) and _METADATA_VALUE.fullmatch(value)
            _require("metadata.fields", bool(fits), f"{key!r}: {value!r} does not fit the pattern")

    def body(self) -> dict[str, Any]:
        """The JSON body: camelCase names, 64-bit numbers as strings."""
        sent: dict[str, Any] = {
            "query": {
                "searchType": f"SEARCH_TYPE_{self.search_type}",
                "queryText": self.query_text,
                "familyMode": f"FAMILY_MODE_{self.family_mode}",
                "page": str(self.page),
                "fixTypoMode": f"FIX_TYPO_MODE_{self.fix_typo}",
            },
            "sortSpec": {"sortMode": "SORT_MODE_BY_RELEVANCE", "sortOrder": "SORT_ORDER_DESC"},
            "groupSpec": {
                "groupMode": "GROUP_MODE_DEEP",
                "groupsOnPage": str(self.groups_on_page),
                "docsInGroup": str(self.docs_in_group),
            },
            "maxPassages": str(self.max_passages),
            "folderId": self.folder_id,
            "responseFormat": "FORMAT_XML",
        }
        return sent | self._optional()

    def _optional(self) -> dict[str, Any]:
        """What is left out when empty or when the search type does not know it (Y19)."""
        given: dict[str, Any] = {
            "region": self.region if self.search_type in ("RU", "TR") else None,
            "l10n": f"LOCALIZATION_{self.l10n}" if self.search_type in _LANGUAGES else None,
            "userAgent": self.user_agent,
            "metadata": {"fields": dict(self.metadata)} if self.metadata else None,
        }
        return {name: value for name, value in given.items() if value}

    @property
    def request_hash(self) -> str:
        """SHA-256 of the canonical body without the folder: the name of this wish (Y21)."""
        wish = {name: value for name, value in self.body().items() if name != "folderId"}
        canonical = json.dumps(wish, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def _require(name: str, holds: bool, problem: str) -> None:
    if not holds:
        raise InvalidParams(name, problem)


def _in_range(name: str, value: int, most: int) -> None:
    _require(name, 1 <= value <= most, f"{value} is not between 1 and {most}")


@dataclass(frozen=True)
class OperationError:
    """The error an operation ended with; `code` is a gRPC code."""

    code: int | None
    message: str
    details: tuple[Any, ...] = ()

    @property
    def kind(self) -> FailureKind:
        """The failure class; an unknown code is worth another try."""
        return _GRPC_KINDS.get(self.code or 0, "retry")

    @property
    def is_nothing_found(self) -> bool:
        """Whether text or details carry the search's code 15 (the gRPC code 15 means data loss)."""
        return bool(_CODE_15.search(self.message)) or _holds_code_15(self.details)


@dataclass(frozen=True)
class OperationResponse:
    """An operation as the service shows it; times are None when missing or unreadable."""

    id: str
    done: bool = False
    created_at: datetime | None = None
    modified_at: datetime | None = None
    description: str = ""
    created_by: str = ""
    error: OperationError | None = None
    raw_data: str | None = field(default=None, repr=False)
    metadata: Any = None
    info: CallInfo = field(default_factory=CallInfo)

    @property
    def state(self) -> OperationState:
        """An error counts even before `done`; `empty` is an error that says nothing was found."""
        if self.error is not None:
            return "empty" if self.error.is_nothing_found else "failed"
        if not self.done:
            return "running"
        return "failed" if self.raw_data is None else "ready"

    @property
    def failure_reason(self) -> str:
        """Why it failed, for people; empty when it did not."""
        if self.state != "failed":
            return ""
        if self.error is None:
            return "empty_operation"
        return f"operation error {self.error.code}: {self.error.message}"

    @property
    def failure_kind(self) -> FailureKind:
        """The failure class of a failed operation."""
        return "retry" if self.error is None else self.error.kind

    def decode(self) -> bytes:
        """The reply's bytes; `EmptyRaw` or `BadBase64` when there are none."""
        return decode_raw(self.raw_data)


def parse_operation(data: Any, info: CallInfo | None = None) -> OperationResponse:
    """Read an operation; `ValueError` when it has no usable id. Unknown fields are ignored."""
    given = data if isinstance(data, dict) else {}
    name = given.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= 100:
        raise ValueError("the answer is no operation: it has no id")
    response = given.get("response")
    raw = response.get("rawData") if isinstance(response, dict) else None
    return OperationResponse(
        id=name,
        done=given.get("done") is True,
        created_at=parse_time(given.get("createdAt")),
        modified_at=parse_time(given.get("modifiedAt")),
        description=str(given.get("description") or ""),
        created_by=str(given.get("createdBy") or ""),
        error=_operation_error(given.get("error")),
        raw_data=raw if isinstance(raw, str) else None,
        metadata=given.get("metadata"),
        info=info or CallInfo(),
    )


def _operation_error(data: Any) -> OperationError | None:
    if not data:
        return None
    if not isinstance(data, dict):
        return OperationError(None, str(data)[:2000])
    code, details = data.get("code"), data.get("details")
    return OperationError(
        code=code if isinstance(code, int) else None,
        message=str(data.get("message") or ""),
        details=tuple(details) if isinstance(details, list) else (),
    )


def _holds_code_15(value: Any) -> bool:
    if isinstance(value, dict):
        return str(value.get("code")) == str(NOTHING_FOUND) or any(
            _holds_code_15(part) for part in value.values()
        )
    if isinstance(value, (list, tuple)):
        return any(_holds_code_15(part) for part in value)
    return isinstance(value, str) and bool(_CODE_15.search(value))


def parse_time(text: Any) -> datetime | None:
    """RFC 3339 with any number of fractional digits, cut to microseconds; None when unreadable."""
    try:
        moment = datetime.fromisoformat(text.upper())
    except (AttributeError, ValueError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def decode_raw(raw: str | None) -> bytes:
    """Strict Base64 in which white space is allowed (Y34)."""
    packed = "".join((raw or "").split())
    if not packed:
        raise EmptyRaw("the operation is done, but its reply is empty")
    try:
        if len(packed) % 4 or packed.endswith("==="):  # the library overlooks surplus padding
            raise ValueError
        return binascii.a2b_base64(packed, strict_mode=True)
    except ValueError:
        raise BadBase64("the reply is not valid Base64", packed.encode()) from None


def judge_missing(
    created_at: datetime, first_missed_at: datetime, misses: int, now: datetime
) -> Missing:
    """What a 404 means: too early, lost, or past the 12 hours that a result lives (Y33).

    `misses` counts the 404s in a row, this one included.
    """
    if now - created_at >= RESULT_LIFE - EXPIRY_MARGIN:
        return "expired"
    patient = misses > MISSING_TIMES and now - first_missed_at >= MISSING_FOR
    return "lost" if patient else "not_found_yet"
