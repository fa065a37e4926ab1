"""Policies: every number of fetching, politeness and budgets in one file (S81).

The shipped file is complete. A file of the operator, an overlay by environment and a section of a
site's profile change single keys; a key that is none is refused by its name.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

import structlog
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from povod.crawl.fetch.failures import FailureClass
from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings

log = structlog.get_logger()

SEMVER = r"^\d+\.\d+\.\d+$"
FetcherName = Literal["http", "http_tls", "browser", "flaresolverr", "firecrawl"]
TierName = Literal["direct", "dc", "isp", "residential", "mobile"]


class PolicyError(ConfigurationError):
    """The policies cannot be used; the message names the file and the key."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FetchPolicy(_Section):
    """Order of steps, times and hops of one fetch (S51, S60)."""

    fetchers: tuple[FetcherName, ...] = Field(min_length=1)
    tiers: tuple[TierName, ...] = Field(min_length=1)
    connect_timeout_s: float = Field(gt=0, le=60)
    read_timeout_s: float = Field(gt=0, le=120)
    url_timeout_s: float = Field(gt=0, le=120)
    service_timeout_s: float = Field(gt=0, le=300)
    max_redirects: int = Field(ge=0, le=20)


class LadderNumbers(_Section):
    """How often and after which delay an address is tried again (S57-S59)."""

    max_attempts: int = Field(ge=1, le=6)
    delay_base_s: float = Field(ge=0)
    delay_base_429_s: float = Field(ge=0)
    delay_max_s: float = Field(ge=0)
    jitter_min: float = Field(ge=1)
    jitter_max: float = Field(ge=1)
    dns_retry_s: float = Field(ge=0)
    tries: Mapping[FailureClass, int]


class HintPolicy(_Section):
    """When a host starts at a dearer step (S61)."""

    urls_in_row: int = Field(ge=1)
    hours: float = Field(gt=0)
    cheapest_every: int = Field(ge=2)


class AntibotPolicy(_Section):
    """When a host that lets nobody through is left alone (S62)."""

    failed_bypasses: int = Field(ge=1)
    cooldown_s: float = Field(ge=0)


class BrowserPolicy(_Section):
    """The browser step (S54)."""

    at_once: int = Field(ge=1, le=8)
    wait_s: float = Field(gt=0, le=120)


class FlareSolverrPolicy(_Section):
    """The FlareSolverr step (S55)."""

    at_once: int = Field(ge=1, le=16)
    session_ttl_s: float = Field(gt=0)
    retries: int = Field(ge=0, le=3)
    probe_every_s: float = Field(gt=0)
    probe_failures: int = Field(ge=1)
    off_s: float = Field(ge=0)


class FirecrawlPolicy(_Section):
    """The Firecrawl step (S56)."""

    max_age_ms: int = Field(ge=0)


class PolitenessPolicy(_Section):
    """robots.txt, delays and what a host asks for (S63-S67)."""

    robots_cache_h: float = Field(gt=0)
    robots_max_bytes: int = Field(ge=1000)
    robots_max_redirects: int = Field(ge=0)
    robots_stale_days: float = Field(ge=0)
    robots_retry_s: tuple[float, ...]
    min_delay_ms: int = Field(ge=0)
    max_delay_s: float = Field(gt=0)
    crawl_delay_min_s: float = Field(ge=0)
    crawl_delay_max_s: float = Field(gt=0)
    retry_after_wait_s: float = Field(ge=0)
    retry_after_max_s: float = Field(ge=0)
    max_concurrency: int = Field(ge=1, le=10)
    slow_window: int = Field(ge=1)
    slow_p95_s: float = Field(gt=0)
    slow_factor: float = Field(gt=0, le=1)
    faster_every_pages: int = Field(ge=1)


class BreakerPolicy(_Section):
    """When a host that does not answer gets no more requests (S66)."""

    refusals: int = Field(ge=1)
    timeouts: int = Field(ge=1)
    open_s: float = Field(gt=0)
    max_open_s: float = Field(gt=0)
    trials: int = Field(ge=1)
    successes: int = Field(ge=1)
    openings: int = Field(ge=1)


class ContentPolicy(_Section):
    """What counts as a page (S69, S71, S72)."""

    body_max_bytes: int = Field(ge=10_000)
    js_text_chars: int = Field(ge=0)
    block_page_chars: int = Field(ge=0)
    thin_text_chars: int = Field(ge=0)
    shrunk_ratio: float = Field(ge=0, le=1)
    removed_after_misses: int = Field(ge=1)


class BudgetPolicy(_Section):
    """Bytes that may be spent (S74-S76)."""

    reserve_kb: int = Field(ge=1)
    reserve_min_kb: int = Field(ge=1)
    soft_ratio: float = Field(gt=0, le=1)
    all_soft_mb: float = Field(ge=0)
    all_hard_mb: float = Field(ge=0)
    site_soft_mb: float = Field(ge=0)
    site_hard_mb: float = Field(ge=0)
    site_residential_mb: float = Field(ge=0)
    residential_month_soft_mb: float = Field(ge=0)
    residential_month_hard_mb: float = Field(ge=0)
    residential_provider_mb: float = Field(ge=0)
    soft_concurrency: int = Field(ge=1)
    soft_off: tuple[FetcherName, ...]


class ResidentialPolicy(_Section):
    """How sparingly residential addresses are used (S78, S79)."""

    enabled: bool
    burst: int = Field(ge=1)
    cooldown_s: float = Field(ge=0)
    cooldown_factor: float = Field(ge=1)
    cooldown_max_s: float = Field(ge=0)
    per_host_day: int = Field(ge=0)


class ProxyPolicy(_Section):
    """Choice and health of proxies (S83)."""

    sticky_s: float = Field(ge=0)
    fails_to_rest: int = Field(ge=1)
    rest_s: float = Field(ge=0)
    degraded_ratio: float = Field(ge=0, le=1)
    degraded_after_uses: int = Field(ge=1)
    degraded_latency_ms: float = Field(gt=0)
    rests_to_burn: int = Field(ge=1)
    idle_check_s: float = Field(gt=0)
    latency_floor_ms: float = Field(gt=0)


class TargetPolicy(_Section):
    """What the dashboard watches (S80)."""

    without_residential: float = Field(ge=0, le=1)
    jobs_with_residential: float = Field(ge=0, le=1)
    connect_timeouts: float = Field(ge=0, le=1)
    connect_timeouts_window_s: float = Field(gt=0)


class Policies(_Section):
    """All policies of a process. Build with `load_policies`."""

    version: str = Field(pattern=SEMVER)
    reports_version: str = Field(pattern=SEMVER)
    fetch: FetchPolicy
    ladder: LadderNumbers
    hint: HintPolicy
    antibot: AntibotPolicy
    browser: BrowserPolicy
    flaresolverr: FlareSolverrPolicy
    firecrawl: FirecrawlPolicy
    politeness: PolitenessPolicy
    breaker: BreakerPolicy
    content: ContentPolicy
    budgets: BudgetPolicy
    residential: ResidentialPolicy
    proxies: ProxyPolicy
    targets: TargetPolicy

    @model_validator(mode="after")
    def _jitter_is_a_range(self) -> Self:
        if self.ladder.jitter_max < self.ladder.jitter_min:
            raise ValueError("ladder.jitter_max is less than ladder.jitter_min")
        return self

    def overridden(self, changes: Mapping[str, Any]) -> "Policies":
        """These policies with the keys of a site's `policies_override` (S81)."""
        if not changes:
            return self
        fixed = sorted({"version", "reports_version"} & set(changes))
        if fixed:
            raise PolicyError(f"policies_override: {fixed[0]} cannot be changed by a profile")
        data = _merged(self.model_dump(mode="json"), changes)
        policies = _checked(data, "policies_override")
        if self.residential.enabled or not policies.residential.enabled:
            return policies
        # What the house has switched off no profile switches on.
        off = policies.residential.model_copy(update={"enabled": False})
        return policies.model_copy(update={"residential": off})

    def diff(self, other: "Policies") -> dict[str, tuple[Any, Any]]:
        """Keys (dotted) that differ, with the value here and there."""
        ours, theirs = flat(self.model_dump(mode="json")), flat(other.model_dump(mode="json"))
        keys = sorted({*ours, *theirs})
        return {
            key: (ours.get(key), theirs.get(key))
            for key in keys
            if ours.get(key) != theirs.get(key)
        }


def shipped_policies(env: str = "") -> Policies:
    """The policies of the package, with its overlay for `env` if one is named."""
    data = _shipped("policies.yml")
    return _checked(_merged(data, _shipped(f"policies.{env}.yml")) if env else data, "policies.yml")


def load_policies(settings: Settings) -> Policies:
    """The policies that the settings ask for, with a line in the log; see `read_policies`."""
    policies = read_policies(settings)
    log.info(f"Loaded policies version {policies.version}")
    return policies


def read_policies(settings: Settings) -> Policies:
    """The policies that the settings ask for; `PolicyError` names file and key.

    Later wins: shipped file, the overlay of its environment, POVOD_POLICIES_FILE, its overlay.
    """
    env, own = settings.povod_env, settings.povod_policies_file
    data = _merged(_shipped("policies.yml"), _shipped(f"policies.{env}.yml"))
    if own is not None:
        data = _with_own(data, own, env)
    if env != "prod":
        data = _merged(data, _shipped(f"policies.{env}.yml"))  # no file may switch this on (S81)
    return _checked(data, str(own or "policies.yml"))


def _with_own(data: dict[str, Any], own: Path, env: str) -> dict[str, Any]:
    given = _read(own)
    for name in ("version", "reports_version"):
        if name not in given:
            raise PolicyError(f"{own}: {name} is missing. Example: {name}: 1.0.0")
    data = _merged(data, given)
    overlay = own.with_name(f"{own.stem}.{env}{own.suffix}")
    return _merged(data, _read(overlay)) if overlay.is_file() else data


def flat(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def _shipped(name: str) -> dict[str, Any]:
    text = resources.files("povod.crawl").joinpath(name).read_text(encoding="utf-8")
    return _parsed(text, name)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(
            f"POVOD_POLICIES_FILE: cannot read {path}: {error}. Give a UTF-8 file."
        ) from None
    return _parsed(text, str(path))


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PolicyError(f"{name}: is not YAML: {error}") from None
    if not isinstance(data, dict):
        raise PolicyError(f"{name}: expected keys such as `version: 1.0.0`")
    return data


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`changes` over `base`, section by section."""
    result = dict(base)
    for key, value in changes.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = _merged(below, value)
        else:
            result[key] = value
    return result


def _checked(data: Mapping[str, Any], name: str) -> Policies:
    try:
        return Policies.model_validate(data)
    except ValidationError as error:
        problems = []
        for problem in error.errors(include_url=False):
            key = ".".join(str(part) for part in problem["loc"] if part != "[key]")
            problems.append(f"{name}: {key}: {_said(problem['type'], problem['msg'])}")
        raise PolicyError("\n".join(problems)) from None


def _said(kind: str, message: str) -> str:
    unknown = "unknown key; `povod sites config check` lists the known ones"
    return unknown if kind == "extra_forbidden" else message
