"""The night tariff: 00:00:00 to 07:59:59 at fixed UTC+3, whatever zone people see (L28-L30).

Guard seconds are kept free at both ends of the window, against clocks that disagree.
"""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Literal

from povod.kit.errors import PovodError
from povod.kit.settings import Settings

TARIFF_ZONE = timezone(timedelta(hours=3), "UTC+3")
NIGHT_LENGTH = timedelta(hours=8)

WindowTag = Literal["night", "day"]


class NightWindowViolation(PovodError):  # noqa: N818 - the name is a public contract
    """A search was about to be ordered at the day tariff; `opens_at` is the next night (UTC)."""

    def __init__(self, moment: datetime, opens_at: datetime) -> None:
        local = opens_at.astimezone(TARIFF_ZONE)
        super().__init__(
            f"{moment.astimezone(TARIFF_ZONE):%d.%m %H:%M:%S} UTC+3 is outside the night tariff; "
            f"the window opens {local:%d.%m at %H:%M:%S}. To search by day use --now or set "
            f"YANDEX_ENFORCE_NIGHT_WINDOW=false"
        )
        self.opens_at = opens_at


def is_night(moment: datetime, guard_seconds: float = 0) -> bool:
    """Whether `moment` (timezone-aware) lies in the window less its guard."""
    return guard_seconds <= _into_night(moment).total_seconds() < _closing(guard_seconds)


def next_open(moment: datetime, guard_seconds: float = 0) -> datetime:
    """`moment` itself when it lies in the window, else the next opening; in UTC."""
    if is_night(moment, guard_seconds):
        return moment.astimezone(UTC)
    passed = _into_night(moment)
    opening = moment.astimezone(UTC) - passed + timedelta(seconds=guard_seconds)
    if passed.total_seconds() >= guard_seconds:
        opening += timedelta(days=1)
    return opening


def next_slot(
    now: datetime, last: datetime | None, spacing_seconds: float, guard_seconds: float = 0
) -> datetime:
    """The first free instant of a night, `spacing_seconds` after the last one given (L28)."""
    earliest = now if last is None else max(now, last + timedelta(seconds=spacing_seconds))
    return next_open(earliest, guard_seconds)


def require_night(moment: datetime, guard_seconds: float = 0) -> None:
    """The gate before a create; raises `NightWindowViolation` by day."""
    if not is_night(moment, guard_seconds):
        raise NightWindowViolation(moment, next_open(moment, guard_seconds))


def window_tag(server_date: datetime | None, our_clock: datetime) -> WindowTag:
    """The tariff of a create: the server's `Date` decides when there is one (Y52)."""
    return "night" if is_night(server_date or our_clock) else "day"


def create_price(settings: Settings, tag: WindowTag) -> Decimal:
    """Roubles for one deferred query."""
    per_thousand = (
        settings.yandex_price_night_rub_1000
        if tag == "night"
        else settings.yandex_price_day_rub_1000
    )
    return per_thousand / 1000


def _into_night(moment: datetime) -> timedelta:
    """Time since midnight in the tariff's zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without zone has no place in the night; give an aware datetime")
    local = moment.astimezone(TARIFF_ZONE)
    return local - local.replace(hour=0, minute=0, second=0, microsecond=0)


def _closing(guard_seconds: float) -> float:
    return NIGHT_LENGTH.total_seconds() - guard_seconds
