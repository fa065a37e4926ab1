"""Who we are to the service: an API key, a service-account key, or a static token (Y8-Y15).

The provider is asked before every call, so that a long run never sends an expired token.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
import jwt
import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from povod.kit.clock import Clock
from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings
from povod.kit.settings.load import read_secret
from povod.leads.yandex.errors import (
    BadRequest,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
    YandexAPIError,
    YandexAuthError,
    YandexForbidden,
    YandexUnavailable,
)
from povod.leads.yandex.protocol import parse_time
from povod.leads.yandex.wire import Call, Sleep, Wire, base_url, retrying

log = structlog.get_logger(__name__)

AuthKind = Literal["api_key", "sa_key", "iam_token"]

TOKEN_MARGIN = timedelta(seconds=60)
JWT_LIFE = timedelta(hours=1)
JWT_BACKDATING = timedelta(seconds=5)
REFRESH_PAUSE = timedelta(seconds=30)
EXCHANGE_WAITS = (1.0, 2.0, 4.0)

_TRANSIENT = (NotSent, OutcomeUnknown, RateLimited, Unavailable)
_REFUSED = (BadRequest, YandexAuthError, YandexForbidden)
_THREE_WAYS = (
    "YANDEX_CLOUD_API_KEY: no credential for the search service is set. Give one of "
    "YANDEX_CLOUD_API_KEY=<key>, YANDEX_CLOUD_SA_KEY_FILE=<path of the key's JSON file> "
    "(or YANDEX_CLOUD_SA_KEY_JSON), YANDEX_CLOUD_IAM_TOKEN=<token, lives 12 hours>"
)


class TokenProvider(Protocol):
    """Gives the `Authorization` header of the next call."""

    kind: AuthKind

    def authorization(self) -> str:
        """Scheme and credential, valid now."""

    def forget(self, authorization: str) -> bool:
        """The service refused this header; True when a fresh one can be had."""


class FixedCredential:
    """An API key or a static token: one header for good, nothing to renew."""

    def __init__(self, kind: AuthKind, secret: SecretStr) -> None:
        self.kind = kind
        self._secret = secret

    def authorization(self) -> str:
        """The same header every time."""
        scheme = "Api-Key" if self.kind == "api_key" else "Bearer"
        return f"{scheme} {self._secret.get_secret_value()}"

    def forget(self, authorization: str) -> bool:
        """There is no other credential to try."""
        return False


@dataclass(frozen=True)
class ServiceAccountKey:
    """An authorized key of a service account; the private part never shows."""

    id: str
    service_account_id: str
    private_key: RSAPrivateKey = field(repr=False)

    @classmethod
    def parse(cls, text: str, variable: str) -> "ServiceAccountKey":
        """Read the key's JSON; `ConfigurationError` names `variable` and the faulty field."""
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError:
            data = None
        if not isinstance(data, dict):
            raise ConfigurationError(
                f"{variable}: expected the JSON object that the cloud gave for the key"
            )
        algorithm = _field(data, "key_algorithm", variable)
        if algorithm not in ("RSA_2048", "RSA_4096"):
            raise ConfigurationError(
                f"{variable}: key_algorithm {algorithm!r} is not supported; make a key with "
                f"RSA_2048 or RSA_4096"
            )
        return cls(
            id=_field(data, "id", variable),
            service_account_id=_field(data, "service_account_id", variable),
            private_key=_private_key(_field(data, "private_key", variable), variable),
        )

    def assertion(self, audience: str, now: datetime) -> str:
        """The signed JWT that is exchanged for a token (Y11)."""
        issued = now - JWT_BACKDATING
        claims = {
            "iss": self.service_account_id,
            "aud": audience,
            "iat": int(issued.timestamp()),
            "exp": int(issued.timestamp()) + int(JWT_LIFE.total_seconds()),
        }
        return jwt.encode(claims, self.private_key, algorithm="PS256", headers={"kid": self.id})


@dataclass(frozen=True)
class _Token:
    authorization: str = field(repr=False)
    expires_at: datetime
    refresh_at: datetime


class ServiceAccountTokens:
    """Tokens of a service account: exchanged when needed, kept in memory, one exchange at a time.

    A failed refresh keeps the old token while that lives for more than a minute.
    """

    kind: AuthKind = "sa_key"

    def __init__(
        self,
        settings: Settings,
        key: ServiceAccountKey,
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._url = base_url(settings, "yandex_iam_url") + "/iam/v1/tokens"
        self._audience = settings.yandex_iam_audience
        self._max_age = timedelta(seconds=settings.yandex_iam_max_age_seconds)
        self._wire = Wire(settings, transport)
        self._key = key
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._token: _Token | None = None

    def authorization(self) -> str:
        """A header with a token that lives for at least a minute."""
        with self._lock:
            now = self._clock.now()
            if self._token is None or now >= self._token.refresh_at:
                self._token = self._refreshed(self._token, now)
            return self._token.authorization

    def forget(self, authorization: str) -> bool:
        """Drop the token that was refused; the next call exchanges a fresh one."""
        with self._lock:
            # another thread may have renewed it already
            if self._token is not None and self._token.authorization == authorization:
                self._token = None
        return True

    def _refreshed(self, old: _Token | None, now: datetime) -> _Token:
        try:
            return self._exchange()
        except YandexAPIError as failure:
            if old is None or old.expires_at - now <= TOKEN_MARGIN:
                raise
            log.warning("yandex.token_kept", reason=failure.message, expires_at=old.expires_at)
            again = min(now + REFRESH_PAUSE, old.expires_at - TOKEN_MARGIN)
            return _Token(old.authorization, old.expires_at, again)

    def _exchange(self) -> _Token:
        try:
            return retrying(self._ask, _TRANSIENT, EXCHANGE_WAITS, self._sleep)
        except _REFUSED as failure:
            raise YandexAuthError(
                failure.message,
                info=failure.info,
                grpc_code=failure.grpc_code,
                payload=failure.payload,
            ) from None
        except _TRANSIENT as failure:
            raise YandexUnavailable(
                failure.message, info=failure.info, payload=failure.payload
            ) from None

    def _ask(self) -> _Token:
        now = self._clock.now()
        assertion = self._key.assertion(self._audience, now)
        call = Call("token", "POST", self._url, body={"jwt": assertion}, secrets=[assertion])
        reply = self._wire.exchange(call)
        token, expires_at = reply.data.get("iamToken"), parse_time(reply.data.get("expiresAt"))
        if not isinstance(token, str) or not token or not _fits_header(token) or expires_at is None:
            raise OutcomeUnknown("token: no usable iamToken and expiresAt came", info=reply.info)
        refresh_at = min(expires_at - TOKEN_MARGIN, now + self._max_age)
        return _Token(f"Bearer {token}", expires_at, refresh_at)


def make_token_provider(
    settings: Settings,
    clock: Clock,
    transport: httpx.BaseTransport | None = None,
    sleep: Sleep = time.sleep,
) -> TokenProvider:
    """The provider that YANDEX_AUTH asks for; `auto` takes the first credential present (Y9).

    Raises `ConfigurationError`; called only where the service is needed, so that a broken key
    does not stop other work.
    """
    kind = _chosen_kind(settings)
    log.info("yandex.auth", kind=kind)
    if kind == "api_key":
        return FixedCredential(kind, _needed(settings.yandex_cloud_api_key, "API_KEY", kind))
    if kind == "iam_token":
        return FixedCredential(kind, _needed(settings.yandex_cloud_iam_token, "IAM_TOKEN", kind))
    return ServiceAccountTokens(settings, _account_key(settings), clock, transport, sleep)


def _chosen_kind(settings: Settings) -> AuthKind:
    if settings.yandex_auth != "auto":
        return settings.yandex_auth
    if settings.yandex_cloud_api_key:
        return "api_key"
    if settings.yandex_cloud_sa_key_file or settings.yandex_cloud_sa_key_json:
        return "sa_key"
    if settings.yandex_cloud_iam_token:
        return "iam_token"
    raise ConfigurationError(_THREE_WAYS)


def _needed(secret: SecretStr | None, name: str, kind: AuthKind) -> SecretStr:
    if not secret:
        raise ConfigurationError(
            f"YANDEX_CLOUD_{name}: needed because YANDEX_AUTH={kind}. Give it, or set "
            f"YANDEX_AUTH=auto"
        )
    if kind != "sa_key" and not _fits_header(secret.get_secret_value()):
        raise ConfigurationError(
            f"YANDEX_CLOUD_{name}: has white space or characters other than ASCII inside; "
            f"copy it again"
        )
    return secret


def _fits_header(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text and text != ""


def _account_key(settings: Settings) -> ServiceAccountKey:
    path = settings.yandex_cloud_sa_key_file
    if path is not None:
        return ServiceAccountKey.parse(_file_text(path), "YANDEX_CLOUD_SA_KEY_FILE")
    text = _needed(settings.yandex_cloud_sa_key_json, "SA_KEY_FILE", "sa_key")
    return ServiceAccountKey.parse(text.get_secret_value(), "YANDEX_CLOUD_SA_KEY_JSON")


def _file_text(path: Path) -> str:
    try:
        return read_secret("YANDEX_CLOUD_SA_KEY", path)
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"YANDEX_CLOUD_SA_KEY_FILE: {path} is not UTF-8 text; is it the right file?"
        ) from None


def _field(data: dict[str, Any], name: str, variable: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(
            f"{variable}: the key has no {name}; download the authorized key again"
        )
    return value.strip()


def _private_key(pem: str, variable: str) -> RSAPrivateKey:
    """The cloud puts a line of warning before the PEM block, which is cut off (Y10)."""
    start = max(pem.find("-----BEGIN"), 0)
    try:
        key = load_pem_private_key(pem[start:].encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(
            f"{variable}: private_key is no readable RSA key in PEM form; download it again"
        )
    return key
