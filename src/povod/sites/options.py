"""The options of a job (S16): checked at the door, kept as given, secrets apart."""

from collections.abc import Mapping
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from povod.crawl.policies import FetcherName
from povod.kit.errors import InputError

SECRETS = ("firecrawl_api_key",)


class InvalidOption(InputError):  # noqa: N818 - the name says it as the API does
    """An option is unknown or out of its range; `field` names it."""

    code = "invalid_option"

    def __init__(self, field: str, message: str) -> None:
        name = f"options.{field}"
        super().__init__(f"{name}: {message}", errors=[{"field": name, "message": message}])
        self.field = field


class JobOptions(BaseModel):
    """How one job reads its list, crawls, and what it may cost."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    domain: str = Field("", max_length=255)
    max_urls: int = Field(10_000, ge=1, le=200_000)
    max_concurrency: int = Field(2, ge=1, le=10)
    allow_residential: bool = False
    enable_firecrawl: bool = False
    firecrawl_api_key: SecretStr | None = Field(None, repr=False)
    firecrawl_max_requests: int = Field(20, ge=0, le=1000)
    traffic_budget_mb: float = Field(100, ge=1)
    residential_limit_mb: float = Field(50, ge=0)
    url_timeout_s: float = Field(45, ge=5, le=120)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    sort: Literal["priority", "lastmod", "file"] = "priority"
    only_uploaded: bool = True
    discover: bool = False
    list_is_complete: bool | None = None
    verify_removed: int = Field(200, ge=0, le=5000)
    proxy_strategy: Literal["auto", "none", "list"] = "auto"
    proxy_tags: tuple[str, ...] = ()
    fetchers: tuple[FetcherName, ...] = ()
    incremental: bool = True
    trust_lastmod: bool = False
    compare: tuple[str, ...] = ()
    min_coverage: float = Field(0.95, ge=0, le=1)
    deadline_min: int = Field(1440, ge=1)
    keep_html: bool = False
    label: str = Field("", max_length=120)
    notify: tuple[str, ...] = ()

    @classmethod
    def parse(cls, given: Mapping[str, Any], *, strict: bool = False) -> "JobOptions":
        """The options as given, aliases resolved; `InvalidOption` names what is wrong.

        With `strict` a number must be a number, as in JSON; else the text of one will do.
        """
        plain = _without_aliases(given)
        try:
            if strict:
                return cls.model_validate_json(orjson.dumps(plain), strict=True)
            return cls.model_validate(plain)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = ".".join(str(part) for part in first["loc"]) or "options"
            raise InvalidOption(name, _said(first["type"], first["msg"])) from None

    def stored(self) -> dict[str, Any]:
        """What is kept in `jobs.options`: everything but secrets."""
        return self.model_dump(mode="json", exclude=set(SECRETS))

    def public(self, *, firecrawl_key_set: bool) -> dict[str, Any]:
        """What the API shows."""
        return {**self.stored(), "firecrawl_key_set": firecrawl_key_set}

    def is_complete_by_default(self, input_kind: str) -> bool:
        """Whether keys absent from the list count as removed (S16, S43)."""
        if self.list_is_complete is None:
            return input_kind != "list"
        return self.list_is_complete


_ALIASES = {"mb": "traffic_budget_mb", "concurrency": "max_concurrency"}


def _without_aliases(given: Mapping[str, Any]) -> dict[str, Any]:
    """`limits: {mb, concurrency}` as the two options that it stands for."""
    plain = dict(given)
    limits = plain.pop("limits", None)
    if limits is None:
        return plain
    if not isinstance(limits, Mapping):
        raise InvalidOption("limits", 'give an object such as {"mb": 100, "concurrency": 2}')
    for name, value in limits.items():
        option = _ALIASES.get(str(name))
        if option is None:
            raise InvalidOption(f"limits.{name}", "unknown; it may hold mb and concurrency")
        if option in plain and plain[option] != value:
            raise InvalidOption(f"limits.{name}", f"differs from {option}; give one of them")
        plain[option] = value
    return plain


def _said(kind: str, message: str) -> str:
    return "unknown option" if kind == "extra_forbidden" else message
