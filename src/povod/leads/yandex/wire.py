"""One HTTP exchange with the service: sent once, read within limits, judged by status.

Shared by the token exchange and the search client. Secrets are taken out of everything that
comes back before anyone else sees it.
"""

import random
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from typing import Any, NoReturn, TypeVar

import httpx
import orjson
import structlog

from povod import __version__
from povod.kit.errors import ConfigurationError
from povod.kit.log import mask
from povod.kit.retry_after import retry_after_seconds
from povod.kit.settings import Settings
from povod.leads.yandex.errors import (
    Aborted,
    BadRequest,
    CallInfo,
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    TooLarge,
    Unavailable,
    UnexpectedRedirect,
    YandexAPIError,
    YandexAuthError,
    YandexForbidden,
)

log = structlog.get_logger(__name__)

MAX_REPLY_BYTES = 32 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
CONNECT_SECONDS = 5.0
KEPT_TEXT = 2000

_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_BY_STATUS: dict[int, type[YandexAPIError]] = {
    401: YandexAuthError,
    403: YandexForbidden,
    404: NotFound,
    408: OutcomeUnknown,
    409: Aborted,
    429: RateLimited,
    499: Aborted,
    501: Aborted,
    503: Unavailable,
}

Answer = TypeVar("Answer")
Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Call:
    """A request to make. `name` and `subject` say in logs and messages what it is for."""

    name: str
    method: str
    url: str
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)
    subject: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name} {self.subject}".strip()


@dataclass(frozen=True)
class Reply:
    """A JSON object that came with status 200."""

    data: dict[str, Any] = field(repr=False)
    info: CallInfo


class Wire:
    """The pooled connections of this process; never follows a redirect, never reads the proxy
    variables of the environment."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        self._seconds = settings.yandex_http_timeout_seconds
        self._http = httpx.Client(
            verify=_trusted(),
            transport=transport,
            proxy=None if transport else settings.yandex_http_proxy or None,
            timeout=httpx.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds)),
            headers={"User-Agent": f"povod/{__version__}"},
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def exchange(self, call: Call) -> Reply:
        """Send once. Anything but status 200 with a JSON object raises a `YandexAPIError`."""
        started = time.monotonic()
        try:
            status, headers, body = self._send(call, started + self._seconds)
        except httpx.RequestError as failure:
            _log_call(call, CallInfo(milliseconds=_since(started)), type(failure).__name__)
            _raise_unanswered(call, failure)
        info = _info(status, headers, _since(started))
        _log_call(call, info)
        if status != 200:
            raise _refusal(call, info, body)
        return Reply(_json_object(call, info, body), info)

    def _send(self, call: Call, deadline: float) -> tuple[int, httpx.Headers, bytes]:
        with self._http.stream(
            call.method, call.url, json=call.body, headers=dict(call.headers)
        ) as response:
            if response.status_code == 200:
                return 200, response.headers, _read(response, deadline, MAX_REPLY_BYTES + 1)
            try:
                body = _read(response, deadline, MAX_ERROR_BYTES)
            except httpx.RequestError:
                body = b""  # the status alone tells enough
            return response.status_code, response.headers, body


@cache
def _trusted() -> ssl.SSLContext:
    """The usual authorities; reading them takes longer than a call, so once is enough."""
    return httpx.create_ssl_context(trust_env=False)


def base_url(settings: Settings, name: str) -> str:
    """The address in setting `name`, without a final slash; plain http only to this host (Y5)."""
    text = str(getattr(settings, name))
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL("")
    secure = url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.host))
    if not url.host or not secure or url.userinfo or url.query or url.fragment:
        raise ConfigurationError(
            f"{name.upper()}: expected an https address without login, query or fragment (http "
            f"only to this host). Example: {name.upper()}={Settings.model_fields[name].default}"
        )
    return text.rstrip("/")


def retrying(
    send: Callable[[], Answer],
    retry_on: tuple[type[YandexAPIError], ...],
    waits: Sequence[float],
    sleep: Sleep,
) -> Answer:
    """Repeat `send` after each of `waits` (seconds, give or take 20 %), then let the error out."""
    for wait in waits:
        try:
            return send()
        except retry_on as failure:
            log.debug("yandex.retry", reason=type(failure).__name__, wait=wait)
        sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
    return send()


def scrub(text: str, secrets: Sequence[str]) -> str:
    """The text without the given secrets and without anything that looks like one."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return str(mask(text))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(response: httpx.Response, deadline: float, limit: int) -> bytes:
    """At most `limit` bytes; a server that trickles runs into the request's deadline."""
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) >= limit:
            break
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the reply took too long")
    return bytes(body[:limit])


def _raise_unanswered(call: Call, failure: httpx.RequestError) -> NoReturn:
    """The cause is cut off: it holds the request with its headers."""
    name = type(failure).__name__
    if isinstance(failure, _NEVER_SENT):
        raise NotSent(f"{call}: could not be sent ({name})") from None
    raise OutcomeUnknown(f"{call}: sent, but no answer came ({name})") from None


def _json_object(call: Call, info: CallInfo, body: bytes) -> dict[str, Any]:
    if len(body) > MAX_REPLY_BYTES:
        raise TooLarge(f"{call}: the answer has more than {MAX_REPLY_BYTES} bytes", info=info)
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        raise OutcomeUnknown(f"{call}: the answer with status 200 is no JSON object", info=info)
    return data


def _refusal(call: Call, info: CallInfo, body: bytes) -> YandexAPIError:
    """The error class of a status other than 200, with the service's own words."""
    text = scrub(body.decode("utf-8", "replace"), call.secrets)
    try:
        payload = orjson.loads(text)
    except orjson.JSONDecodeError:
        payload = None
    if not isinstance(payload, dict):
        payload = text[:KEPT_TEXT]
        code, words = None, "no explanation"
    else:
        code, words = payload.get("code"), _explanation(payload)
    error = _error_class(info.http_status or 0)
    return error(
        f"{call}: HTTP {info.http_status}: {words}",
        info=info,
        grpc_code=code if isinstance(code, int) else None,
        payload=payload,
    )


def _error_class(status: int) -> type[YandexAPIError]:
    """Below 500 the request was refused; from 500 on, and for an odd 2xx, who knows."""
    if 300 <= status < 400:
        return UnexpectedRedirect
    return _BY_STATUS.get(status, BadRequest if 400 <= status < 500 else OutcomeUnknown)


def _explanation(payload: dict[str, Any]) -> str:
    """The message and the fields that the service complains about."""
    details = payload.get("details")
    violations = [
        f"{violation.get('field')}: {violation.get('description')}"
        for detail in (details if isinstance(details, list) else [])
        if isinstance(detail, dict) and isinstance(detail.get("fieldViolations"), list)
        for violation in detail["fieldViolations"]
        if isinstance(violation, dict)
    ]
    words = str(payload.get("message") or "no explanation")
    return "; ".join([words, *violations])[:KEPT_TEXT]


def _info(status: int, headers: httpx.Headers, milliseconds: int) -> CallInfo:
    date = _http_date(headers.get("date"))
    return CallInfo(
        http_status=status,
        request_id=headers.get("x-request-id"),
        trace_id=headers.get("x-server-trace-id"),
        retry_after=retry_after_seconds(headers.get("retry-after", ""), date) or None,
        date=date,
        milliseconds=milliseconds,
    )


def _http_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _log_call(call: Call, info: CallInfo, failure: str | None = None) -> None:
    log.debug(
        "yandex.call",
        kind=call.name,
        subject=call.subject,
        status=info.http_status,
        ms=info.milliseconds,
        request_id=info.request_id,
        failure=failure,
        **call.notes,
    )
