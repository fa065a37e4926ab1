"""`.env.example`: every setting with what it is and where its value comes from.

The file is made from the model, so it cannot go out of date: `povod doctor --env-example`.
"""

from collections.abc import Iterator
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from povod.kit.settings.model import Settings
from povod.kit.settings.types import Limit, Span

_HEAD = """\
# Settings of Povod. Copy this file to .env and remove the # before what you change.
# What stands here is the default; nothing needs to be set to try Povod.
# Any setting X may come from a file instead: X_FILE=/run/secrets/x

# --- docker-compose.yml only

# password of the database in the stack: make one up, e.g. openssl rand -hex 24
POSTGRES_PASSWORD=
# port of the console on this host: free choice, listens on 127.0.0.1
# POVOD_PORT=8000
"""

_TITLES = {
    "HouseSettings": "the house: store, workers, console",
    "YandexSettings": "search service",
    "LeadsSettings": "niches, company sites, letters",
    "DeliverySettings": "sending: switches, hours, caps",
    "MailboxSettings": "mailboxes",
    "RoutingSettings": "choice of the mailbox by the recipient's mail server",
    "SitesSettings": "watched sites",
    "CalendarSettings": "greetings: calendar and hours",
    "GreetingTextSettings": "greetings: texts, cards, approval",
    "ClientDataSettings": "clients: company register, CRM",
}

# The longest beginning of a name decides.
_SOURCES = {
    "": "your choice",
    "DATABASE_URL": "your database server; docker-compose.yml sets it",
    "REDIS_URL": "your Redis; docker-compose.yml sets it",
    "SECRET_KEY": "made at first start",
    "SECRET_KEY_PREVIOUS": "the SECRET_KEY before the last change",
    "SUPPRESSION_KEY": "made at first start",
    "ADMIN_TOKEN": "made at first start",
    "ALERT_WEBHOOK_URL": "your chat or monitoring",
    "SANDBOX_URL": "printed by povod sandbox",
    "YANDEX_CLOUD_": "Yandex Cloud console",
    "YANDEX_USER": "your Yandex mailbox",
    "YANDEX_PASS": "Yandex ID, app passwords",
    "YANDEX_FROM": "your Yandex mailbox",
    "GMAIL_USER": "your Google mailbox",
    "GMAIL_PASS": "Google account, app passwords",
    "GMAIL_FROM": "your Google mailbox",
    "SMTP_": "your mail provider",
    "SMTP_ALLOW": "your choice",
    "GOOGLE_SHEET_": "address and tab of the sheet",
    "GOOGLE_SA_": "Google Cloud console, service accounts",
    "OPENAI_API_KEY": "key page of the model's vendor",
    "OPENAI_BASE_URL": "documentation of the model's vendor",
    "OPENAI_PRICE_": "price list of the model's vendor",
    "GIGACHAT_CREDENTIALS": "GigaChat studio",
    "GIGACHAT_SCOPE": "your GigaChat contract",
    "GIGACHAT_PRICE_": "price list of GigaChat",
    "GIGACHAT_CA_": "page of the national certificate authority",
    "DADATA_API_KEY": "DaData, profile page",
    "FIRECRAWL_API_KEY": "Firecrawl dashboard",
    "FLARESOLVERR_URL": "your FlareSolverr; http://flaresolverr:8191 in the stack",
    "S3_": "your object store; http://minio:9000 in the stack",
    "CRM_SYNC_": "your CRM",
    "SENDER_LEGAL_NAME": "register entry of your company",
    "PUBLIC_BASE_URL": "your domain",
    "MESSAGE_ID_DOMAIN": "your domain",
}


def env_example() -> str:
    """The whole file, groups in the order of `Settings`."""
    return _HEAD + "".join(_group(group) for group in Settings.__bases__)


def _group(group: type[BaseModel]) -> str:
    lines = [f"\n# --- {_TITLES[group.__name__]}\n"]
    lines += ["\n".join(_setting(name, field)) for name, field in _fields(group)]
    return "\n".join(lines) + "\n"


def _fields(group: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    own = group.__annotations__
    return ((name, field) for name, field in group.model_fields.items() if name in own)


def _setting(name: str, field: FieldInfo) -> Iterator[str]:
    example = f"; for example {_text(field.examples[0])}" if field.examples else ""
    yield f"# {field.description}{example} [{_source(name.upper())}]"
    yield f"# {name.upper()}={_text(field.get_default(call_default_factory=True))}"


def _source(name: str) -> str:
    """Where a value comes from, in a few words."""
    return _SOURCES[max(filter(name.startswith, _SOURCES), key=len)]


def _text(value: Any) -> str:
    match value:
        case None | SecretStr():
            return ""
        case bool():
            return str(value).lower()
        case time():
            return f"{value:%H:%M}"
        case Span():
            return f"{value.low:g}-{value.high:g}"
        case list():
            return ",".join(_text(item) for item in value)
        case Limit():
            return f"{value.count}/{value.seconds:g}s"
        case str() | int() | float() | Decimal() | Path():
            return str(value)
        case _:
            raise TypeError(f"no text for {value!r}")
