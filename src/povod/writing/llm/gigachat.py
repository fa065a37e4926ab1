"""GigaChat through its own package: token, chat, errors in the house's words (G79)."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from gigachat import GigaChat
from gigachat.context import authorization_cvar
from gigachat.exceptions import AuthenticationError, ResponseError
from gigachat.models import ChatCompletion

from povod.kit.clock import Clock
from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings
from povod.writing.llm.base import (
    ChatRequest,
    Completion,
    ModelBadAnswerError,
    ModelError,
    Usage,
)
from povod.writing.llm.failures import failure, silence
from povod.writing.llm.gigachat_token import Token, expiry

_KEYS = "GIGACHAT_CREDENTIALS and GIGACHAT_SCOPE"
_REFUSALS = ("blacklist", "content_filter")
_T = TypeVar("_T")


class GigaChatLink:
    """The package's client with one token; every failure leaves as a `ModelError`."""

    def __init__(self, settings: Settings, clock: Clock, timeout: float) -> None:
        self._options = _options(settings, timeout)
        self._credentials = _credentials(settings)
        self._client = GigaChat(base_url=settings.gigachat_base_url, **self._options)
        self._token = Token(self._fetch, clock)

    def ask(self, call: Callable[[GigaChat], _T]) -> _T:
        """`call` with a valid token; after a 401 once more with a new one."""
        try:
            token = self._token.get()
            try:
                return self._with(token, call)
            except AuthenticationError:
                return self._with(self._token.renew(token), call)
        except ResponseError as error:
            raise _failure(error) from None
        except httpx.HTTPError as error:
            raise silence(error) from None
        except (ValueError, KeyError, TypeError):
            raise ModelBadAnswerError("the model service's answer has no known shape") from None

    def _with(self, token: str, call: Callable[[GigaChat], _T]) -> _T:
        with _set(authorization_cvar, f"Bearer {token}"):
            return call(self._client)

    def _fetch(self) -> tuple[str, datetime]:
        with (
            _set(authorization_cvar, None),
            GigaChat(credentials=self._credentials, **self._options) as client,
        ):
            token = client.get_token()
        if token is None:
            raise ModelBadAnswerError("the token service gave no token")
        return token.access_token, expiry(token.expires_at)


class GigaChatModel:
    """Chat completions of GigaChat; one system turn, one user turn."""

    provider = "gigachat"

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.name = settings.gigachat_model
        self.base_url = settings.gigachat_base_url
        self._temperature = settings.gigachat_temperature
        self._link = GigaChatLink(settings, clock, settings.gigachat_timeout_sec)

    def complete(self, request: ChatRequest) -> Completion:
        """One call; every failure becomes a `ModelError` with its class."""
        payload = self._payload(request)
        answer: ChatCompletion = self._link.ask(lambda client: client.chat(payload))
        if not answer.choices:
            raise ModelBadAnswerError("the model gave no choice")
        choice = answer.choices[0]
        reason = choice.finish_reason or "stop"
        finish = "refused" if reason in _REFUSALS else reason
        usage = Usage(answer.usage.prompt_tokens, answer.usage.completion_tokens)
        return Completion(choice.message.content or "", finish, usage, self.name)

    def models(self) -> list[str]:
        """The names the service offers."""
        return self._link.ask(lambda client: [model.id_ for model in client.get_models().data])

    def _payload(self, request: ChatRequest) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "model": self.name,
            "temperature": self._temperature,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
        }
        if request.max_tokens:
            payload["max_tokens"] = request.max_tokens
        if request.form == "json_schema":
            schema = dict(request.schema)
            payload["response_format"] = {"type": "json_schema", "schema": schema, "strict": True}
        elif request.form == "json_object":
            payload["response_format"] = {"type": "json_object"}
        return payload


@contextmanager
def _set(variable: ContextVar[str | None], value: str | None) -> Iterator[None]:
    before = variable.set(value)
    try:
        yield
    finally:
        variable.reset(before)


def _failure(error: ResponseError) -> ModelError:
    detail = (error.content or b"").decode("utf-8", "replace")
    after = error.headers.get("retry-after", "") if error.headers else ""
    return failure(error.status_code, detail, after, _KEYS)


def _credentials(settings: Settings) -> str:
    key = settings.gigachat_credentials
    if key is None or not key.get_secret_value():
        raise ConfigurationError(
            "GIGACHAT_CREDENTIALS is missing: copy the authorization key from the project's "
            "settings in GigaChat studio"
        )
    return key.get_secret_value()


def _options(settings: Settings, timeout: float) -> dict[str, Any]:
    """Everything the package would otherwise take from the environment by itself is named."""
    verify = settings.gigachat_verify_ssl_certs
    if not verify:
        _only_loopback(settings.gigachat_base_url, settings.gigachat_oauth_url)
    options: dict[str, Any] = {
        "auth_url": settings.gigachat_oauth_url,
        "scope": settings.gigachat_scope,
        "timeout": timeout,
        "verify_ssl_certs": verify,
        "max_retries": 0,
    }
    if verify and settings.gigachat_ca_bundle_file:
        options["ssl_context"] = _context(str(settings.gigachat_ca_bundle_file))
    return options


def _context(bundle: str) -> ssl.SSLContext:
    """The usual roots and the national one beside them."""
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(cafile=bundle)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"GIGACHAT_CA_BUNDLE_FILE={bundle} cannot be read as certificates ({error}); "
            "give the PEM file of the national root"
        ) from None
    return context


def _only_loopback(*urls: str) -> None:
    for url in urls:
        if not _is_loopback(urlsplit(url).hostname or ""):
            raise ConfigurationError(
                f"GIGACHAT_VERIFY_SSL_CERTS=false is not accepted for {url}: only servers on "
                "this machine may go unverified; set GIGACHAT_CA_BUNDLE_FILE instead"
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
