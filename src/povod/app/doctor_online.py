"""What the doctor learns by asking services: one free request each (G155, Y53)."""

from collections.abc import Iterator

from povod.app.clocks import make_clock
from povod.app.doctor import Finding
from povod.kit.clock import Clock, SystemClock
from povod.kit.errors import ConfigurationError, PovodError
from povod.kit.masking import mask
from povod.kit.settings import Settings

SKEWED = {"warning": "warn", "error": "fail"}


def ask_services(settings: Settings) -> Iterator[Finding]:
    """The search service and the model of greetings, those that are set up."""
    clock = _clock(settings)
    yield from _search(settings, clock)
    yield from _greeting_model(settings, clock)


def _clock(settings: Settings) -> Clock:
    try:
        return make_clock(settings)
    except ConfigurationError:
        return SystemClock()  # the sandbox is away, which was told


def _search(settings: Settings, clock: Clock) -> Iterator[Finding]:
    if not settings.yandex_cloud_folder_id:
        return
    from povod.leads.yandex.auth import make_token_provider
    from povod.leads.yandex.client import YandexDeferredClient
    from povod.leads.yandex.doctor import examine

    try:
        tokens = make_token_provider(settings, clock)
        with YandexDeferredClient(settings, tokens, clock, lambda _: None) as client:
            report = examine(settings, tokens, client, clock)
    except PovodError as error:
        yield Finding(
            "fail", "search service", mask(str(error)), "mend what is named and ask again"
        )
        return
    limits = ", ".join(str(limit) for limit in report.create_limits)
    seen = f"answers by {report.auth_kind}; quotas {limits}; night {report.price_night_rub_1000} "
    seen += f"and day {report.price_day_rub_1000} RUB per 1000"
    yield Finding("ok", "search service", seen)
    if report.skew_level in SKEWED:
        seen = f"{report.clock_skew:+.0f} s against the search service"
        yield Finding(SKEWED[report.skew_level], "clock", seen, "let the machine keep time by NTP")


def _greeting_model(settings: Settings, clock: Clock) -> Iterator[Finding]:
    if settings.llm_mode == "template":
        return
    from povod.writing.llm.probe import probe_model

    found = probe_model(settings, clock)
    remedy = "" if found.ok else "mend the variables of the model; templates write meanwhile"
    yield Finding("ok" if found.ok else "warn", "model of greetings", mask(found.message), remedy)
