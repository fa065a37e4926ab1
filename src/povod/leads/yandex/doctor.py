"""Is the search service reachable with what is configured? (Y53, behind `povod doctor`)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from povod.kit.clock import Clock
from povod.kit.settings import Settings
from povod.kit.settings.types import Limit
from povod.leads.yandex.auth import AuthKind, TokenProvider
from povod.leads.yandex.client import YandexDeferredClient

SKEW_WARNING = 5.0
SKEW_ERROR = 60.0


@dataclass(frozen=True)
class ServiceReport:
    """What a healthy service shows. `clock_skew` is ours minus theirs, in seconds."""

    auth_kind: AuthKind
    clock_skew: float | None
    skew_level: Literal["ok", "warning", "error", "unknown"]
    create_limits: list[Limit]
    poll_limits: list[Limit]
    price_night_rub_1000: Decimal
    price_day_rub_1000: Decimal


def examine(
    settings: Settings, tokens: TokenProvider, client: YandexDeferredClient, clock: Clock
) -> ServiceReport:
    """Exchange a token if one is needed and make one free call; any failure raises its
    `YandexAPIError`, whose message says what to do."""
    info = client.check_access()
    skew = None if info.date is None else (clock.now() - info.date).total_seconds()
    return ServiceReport(
        auth_kind=tokens.kind,
        clock_skew=skew,
        skew_level=_level(skew),
        create_limits=settings.yandex_create_limits,
        poll_limits=settings.yandex_poll_limits,
        price_night_rub_1000=settings.yandex_price_night_rub_1000,
        price_day_rub_1000=settings.yandex_price_day_rub_1000,
    )


def _level(skew: float | None) -> Literal["ok", "warning", "error", "unknown"]:
    if skew is None:
        return "unknown"
    if abs(skew) > SKEW_ERROR:
        return "error"
    return "warning" if abs(skew) > SKEW_WARNING else "ok"
