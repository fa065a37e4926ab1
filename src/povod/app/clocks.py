"""Which clock the house runs by: the machine's, or the sandbox's, whose nights can be short."""

from datetime import timedelta

import httpx

from povod.kit.clock import Clock, ShiftedClock, SystemClock
from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings

TIMEOUT_SECONDS = 10


def make_clock(settings: Settings) -> Clock:
    """The machine's clock, or one that shares its shift with the sandbox.

    Raises `ConfigurationError` when `SANDBOX_URL` is set and nothing answers there.
    """
    if not settings.sandbox_url:
        return SystemClock()
    address = f"{settings.sandbox_url}/sandbox/clock"
    client = httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS)
    try:
        answer = client.get(address).raise_for_status().json()
        shift = float(answer["shift_seconds"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(
            f"SANDBOX_URL: no sandbox answers at {settings.sandbox_url} ({type(error).__name__}). "
            "Start one with `povod sandbox`, or clear the variable."
        ) from None

    def publish(ahead: timedelta) -> None:
        body = {"shift_seconds": ahead.total_seconds()}
        client.post(address, json=body).raise_for_status()

    return ShiftedClock(timedelta(seconds=shift), publish)
