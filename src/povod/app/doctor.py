"""`povod doctor`: what is configured, what is missing, and how to mend it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from povod.app.clocks import make_clock
from povod.delivery.mailboxes import is_loopback
from povod.delivery.stop import standing
from povod.kit.errors import ConfigurationError, PovodError
from povod.kit.settings import Settings, load_settings
from povod.store.db import Database
from povod.store.migrate import is_current

GIGABYTE = 2**30


@dataclass(frozen=True)
class Finding:
    """One line: ok, warn or fail; what was seen; what to do."""

    level: str
    what: str
    seen: str
    remedy: str = ""

    def cells(self) -> tuple[str, str, str, str]:
        """For a table."""
        return (self.level, self.what, self.seen, self.remedy)


def examine(*, online: bool = False) -> list[Finding]:
    """Look at everything; never raises, because a finding is what a doctor gives.

    `online` also asks the services that are set up; nothing that costs money.
    """
    try:
        settings = load_settings()
    except ConfigurationError as error:
        return [Finding("fail", "settings", str(error), "correct the variable named here")]
    looks: list[Callable[[Settings], Iterator[Finding]]] = [
        _database,
        _disk,
        _redis,
        _search,
        _sheet,
        _sandbox,
        _sending,
        _stopped,
        _model,
        _greetings,
        _browser,
    ]
    if online:
        from povod.app.doctor_online import ask_services

        looks.append(ask_services)
    return [finding for look in looks for finding in look(settings)]


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        db = Database(settings.database_url)
        current = is_current(db)
        db.close()
    except (PovodError, SQLAlchemyError) as error:
        text = str(error).splitlines()[0]
        yield Finding("fail", "database", text, "check DATABASE_URL and that the server runs")
        return
    if current:
        yield Finding("ok", "database", f"{db.dialect}, schema up to date")
    else:
        yield Finding("warn", "database", f"{db.dialect}, old schema", "run `povod db upgrade`")


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir if settings.data_dir.exists() else Path()
    free = shutil.disk_usage(folder).free / GIGABYTE
    level = "ok" if free > 1 else "warn"
    yield Finding(level, "disk", f"{free:.1f} GB free", "" if level == "ok" else "free some space")


def _redis(settings: Settings) -> Iterator[Finding]:
    if not settings.redis_url:
        yield Finding("ok", "workers", "embedded: the ledger alone, no broker needed")
        return
    try:
        from povod.engine.dispatch.rq import check
    except ImportError:
        yield Finding("fail", "redis", "client not installed", "install the extra: povod[server]")
        return
    try:
        check(settings.redis_url)
    except ConfigurationError as error:
        seen, _, advice = str(error).removeprefix("REDIS_URL: ").rpartition(". ")
        yield Finding("fail", "redis", seen, f"{advice} (REDIS_URL)")
    else:
        yield Finding("ok", "redis", "answers")


def _search(settings: Settings) -> Iterator[Finding]:
    keys = (
        settings.yandex_cloud_api_key,
        settings.yandex_cloud_sa_key_file,
        settings.yandex_cloud_sa_key_json,
        settings.yandex_cloud_iam_token,
    )
    if not settings.yandex_cloud_folder_id:
        remedy = "set YANDEX_CLOUD_FOLDER_ID (cloud console, overview page)"
        yield Finding("warn", "search", "no folder id", remedy)
    path = settings.yandex_cloud_sa_key_file
    if path is not None and not path.is_file():
        seen = f"{path} is a directory" if path.is_dir() else f"{path} is not there"
        yield Finding(
            "fail", "search key", seen, "put the key file there (YANDEX_CLOUD_SA_KEY_FILE)"
        )
    elif not any(keys):
        remedy = "set YANDEX_CLOUD_SA_KEY_FILE or YANDEX_CLOUD_API_KEY"
        yield Finding("warn", "search key", "none", remedy)
    else:
        yield Finding("ok", "search key", "present; needs role search-api.webSearch.user")


def _sheet(settings: Settings) -> Iterator[Finding]:
    if not settings.google_sheet_id and not settings.sheet_sync_enabled:
        yield Finding("ok", "sheet", "not used (GOOGLE_SHEET_ID); niches come from files")
        return
    from povod.leads.sheets.google import open_tab

    try:
        tab = open_tab(settings, waits=())
    except ConfigurationError as error:
        variable, _, seen = str(error).partition(": ")
        yield Finding("fail", "sheet", seen, f"correct {variable}")
    except PovodError as error:
        yield Finding("warn", "sheet", str(error), "check the connection to Google and try again")
    else:
        yield Finding("ok", "sheet", f"tab {tab.title} is there for {tab.account}")


def _sandbox(settings: Settings) -> Iterator[Finding]:
    if not settings.sandbox_url:
        return
    try:
        make_clock(settings)
    except ConfigurationError:
        seen = f"no sandbox answers at {settings.sandbox_url}"
        yield Finding("fail", "sandbox", seen, "start it with `povod sandbox`")
    else:
        yield Finding("ok", "sandbox", settings.sandbox_url)


def _sending(settings: Settings) -> Iterator[Finding]:
    if not settings.email_sending_enabled:
        yield Finding("ok", "sending", "off: letters wait (EMAIL_SENDING_ENABLED=false)")
    elif settings.send_mode != "smtp":
        yield Finding("ok", "sending", f"on, channel {settings.send_mode}")
    elif not settings.smtp_host:
        yield Finding("fail", "sending", "no mail server", "set SMTP_HOST, SMTP_FROM_EMAIL, …")
    elif not (_stays_here(settings) or _some_recipient(settings)):
        remedy = "list domains in SMTP_ALLOWLIST_DOMAINS, or SMTP_ALLOW_ALL_RECIPIENTS=true"
        yield Finding("warn", "sending", "nobody may be written to yet", remedy)
    else:
        yield Finding("ok", "sending", f"on, through {settings.smtp_host}:{settings.smtp_port}")


def _stays_here(settings: Settings) -> bool:
    """The mail server of the sandbox: no list of recipients is asked for."""
    return bool(settings.sandbox_url and is_loopback(settings.smtp_host))


def _some_recipient(settings: Settings) -> bool:
    return bool(settings.smtp_allow_all_recipients or settings.smtp_allowlist_domains)


def _stopped(settings: Settings) -> Iterator[Finding]:
    try:
        db = Database(settings.database_url)
        with db.read() as conn:
            stop = standing(conn)
        db.close()
    except (PovodError, SQLAlchemyError):
        return  # told above
    if stop is not None:
        seen = f"stopped by {stop.by} at {stop.since:%Y-%m-%d %H:%M} UTC: {stop.reason}"
        yield Finding("warn", "sending", seen, "`povod deliver resume` when it is mended")


def _model(settings: Settings) -> Iterator[Finding]:
    if settings.letters_provider in ("auto", "openai") and settings.openai_api_key:
        yield Finding("ok", "letters", f"model {settings.openai_email_model}, template behind it")
    elif settings.letters_provider == "openai":
        yield Finding("warn", "letters", "model wanted, no key", "set OPENAI_API_KEY")
    else:
        yield Finding("ok", "letters", "template, no key needed")


def _greetings(settings: Settings) -> Iterator[Finding]:
    if settings.llm_mode == "template":
        yield Finding("ok", "greetings", "templates write (LLM_MODE=template)")
        return
    from povod.writing.llm.build import missing_key

    if key := missing_key(settings):
        seen = f"LLM_MODE={settings.llm_mode} without a key: templates write"
        yield Finding("warn", "greetings", seen, f"set {key}")
        return
    name = getattr(settings, f"{settings.llm_mode}_model")
    yield Finding("ok", "greetings", f"model {name}, template behind it; --online asks it")


def _browser(settings: Settings) -> Iterator[Finding]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found:
        yield Finding("ok", "browser", found)
    elif settings.enrich_browser == "always":
        yield Finding("fail", "browser", "no Chromium", "install chromium, or ENRICH_BROWSER=auto")
