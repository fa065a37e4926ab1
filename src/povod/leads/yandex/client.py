"""Calls to the deferred search service (Y16, Y22-Y31, Y50).

A create is sent once, because it is paid: what to do about a doubtful outcome is the pipeline's
decision. Reads are free and repeated a few times.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Protocol, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
import structlog

from povod.kit.clock import Clock
from povod.kit.settings import Settings
from povod.leads.yandex.auth import TokenProvider
from povod.leads.yandex.errors import (
    Aborted,
    BadRequest,
    CallInfo,
    NotFound,
    NotNow,
    NotSent,
    OperationTimeout,
    OutcomeUnknown,
    TooLarge,
    Unavailable,
    YandexAPIError,
    YandexAuthError,
    YandexUnavailable,
)
from povod.leads.yandex.protocol import (
    DeferredQueryParams,
    OperationResponse,
    decode_raw,
    parse_operation,
)
from povod.leads.yandex.wire import Call, Reply, Sleep, Wire, base_url, retrying

log = structlog.get_logger(__name__)

CREATE_QUOTA = "yandex.create"
POLL_QUOTA = "yandex.poll"
LOGGED_TEXT = 80

Answer = TypeVar("Answer")


class Limiter(Protocol):
    """The engine's shared quotas: returns when one call under `key` may be made (Y46)."""

    def __call__(self, key: str, /) -> None: ...


@dataclass(frozen=True)
class RegionNode:
    """A region of the service with those inside it."""

    id: str
    name: str
    children: tuple["RegionNode", ...] = ()


class YandexDeferredClient:
    """The search service. Safe to use from several threads; close it, or use it with `with`.

    `limiter` is asked before every create and read. `transport` replaces the network.
    """

    def __init__(
        self,
        settings: Settings,
        token_provider: TokenProvider,
        clock: Clock,
        limiter: Limiter,
        transport: httpx.BaseTransport | None = None,
        *,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._search_url = base_url(settings, "yandex_search_url")
        self._operation_url = base_url(settings, "yandex_operation_url")
        self._folder_id = settings.yandex_cloud_folder_id
        self._first_poll = timedelta(seconds=settings.yandex_first_poll_seconds)
        self._waits = [float(2**nth) for nth in range(settings.max_retries)]
        self._wire = Wire(settings, transport)
        self._tokens = token_provider
        self._clock = clock
        self._limiter = limiter
        self._sleep = sleep

    def __enter__(self) -> "YandexDeferredClient":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._wire.close()

    def create(
        self,
        params: DeferredQueryParams,
        *,
        idempotency_key: str | None = None,
        row: str = "",
    ) -> OperationResponse:
        """Order a search; paid once accepted. Sent once, except after an expired token.

        `idempotency_key` is stored by the caller before the call; `row` names the caller's row
        in messages. Raises `OutcomeUnknown` when it may have been accepted, any other
        `YandexAPIError` when it was not.
        """
        call = self._search_call("create", "/v2/web/searchAsync", params, idempotency_key, row)
        reply = self._authorized(call, CREATE_QUOTA)
        return self._operation(call, reply)

    def get_operation(self, operation_id: str, *, row: str = "") -> OperationResponse:
        """The state of an operation. Raises `Unavailable` when no answer came in several tries,
        `NotFound` for an unknown or expired one."""
        call = self._operation_call("poll", "GET", operation_id, row)
        return self._patiently(lambda: self._operation(call, self._authorized(call, POLL_QUOTA)))

    def cancel(self, operation_id: str) -> None:
        """Ask to stop an operation: best effort, the answer is only logged (Y29)."""
        try:
            try:
                self._cancel(operation_id, "GET")
            except (NotFound, BadRequest) as refusal:
                if refusal.http_status not in (404, 405):
                    raise
                self._cancel(operation_id, "POST")
        except YandexAPIError as failure:
            log.info("yandex.cancel_failed", operation=operation_id, reason=failure.message)

    def search_now(self, params: DeferredQueryParams) -> bytes:
        """The synchronous twin at the full tariff, for a probe by hand; the decoded reply."""
        call = self._search_call("search", "/v2/web/search", params, None, "")
        raw = self._authorized(call, CREATE_QUOTA).data.get("rawData")
        return decode_raw(raw if isinstance(raw, str) else None)

    def wait(
        self,
        operation_id: str,
        timeout: float = 10_800,
        interval: float = 60,
        *,
        created_at: datetime | None = None,
    ) -> OperationResponse:
        """Poll until the operation is over, for the command line; times in seconds.

        With `created_at` the first poll waits for the minimum processing time (Y27).
        """
        deadline = self._clock.now() + timedelta(seconds=timeout)
        if created_at is not None:
            early = created_at + self._first_poll - self._clock.now()
            self._sleep(max(0.0, early.total_seconds()))
        while True:
            pause = interval
            try:
                operation = self.get_operation(operation_id)
                if operation.state != "running":
                    return operation
            except NotNow as failure:
                pause = max(interval, failure.pause_seconds(1))
            if self._clock.now() + timedelta(seconds=pause) > deadline:
                raise OperationTimeout(f"operation {operation_id}: not ready in {timeout:.0f} s")
            self._sleep(pause)

    def regions_tree(self) -> list[RegionNode]:
        """The service's own regions (a preview method of theirs, 10 calls a day)."""
        url = f"{self._search_url}/v2/wordstat/getRegionsTree"
        call = Call("regions", "POST", url, body={"folderId": self._folder_id})
        return _regions(self._authorized(call, None).data.get("regions"))

    def check_access(self) -> CallInfo:
        """A free call that shows whether the credential works and what time the server has."""
        try:
            reply = self._authorized(
                self._operation_call("check", "GET", "povod-check", ""), POLL_QUOTA
            )
        except (NotFound, BadRequest) as expected:
            return expected.info
        return reply.info

    def _search_call(
        self,
        name: str,
        path: str,
        params: DeferredQueryParams,
        idempotency_key: str | None,
        row: str,
    ) -> Call:
        return Call(
            name,
            "POST",
            self._search_url + path,
            body=params.body(),
            headers={"Idempotency-Key": idempotency_key or str(uuid4())},
            subject=row,
            notes={"query": params.query_text[:LOGGED_TEXT]},
        )

    def _operation_call(self, name: str, method: str, operation_id: str, row: str) -> Call:
        verb = ":cancel" if name == "cancel" else ""
        return Call(
            name,
            method,
            f"{self._operation_url}/operations/{quote(operation_id, safe='')}{verb}",
            subject=row or operation_id,
            notes={"operation": operation_id},
        )

    def _cancel(self, operation_id: str, method: str) -> None:
        self._authorized(self._operation_call("cancel", method, operation_id, ""), POLL_QUOTA)

    def _authorized(self, call: Call, quota: str | None) -> Reply:
        """Send with the current credential; once more with a fresh one after a 401 (Y15)."""
        authorization = self._tokens.authorization()
        try:
            return self._send(call, authorization, quota)
        except YandexAuthError:
            if not self._tokens.forget(authorization):
                raise
        return self._send(call, self._tokens.authorization(), quota)

    def _send(self, call: Call, authorization: str, quota: str | None) -> Reply:
        started = time.monotonic()
        if quota is not None:
            self._limiter(quota)
        waited = round((time.monotonic() - started) * 1000)
        ids = {"Authorization": authorization, "x-client-request-id": str(uuid4())}
        return self._wire.exchange(
            replace(
                call,
                headers={**call.headers, **ids},
                secrets=[authorization, authorization.partition(" ")[2]],
                notes={**call.notes, "quota_wait_ms": waited},
            )
        )

    def _operation(self, call: Call, reply: Reply) -> OperationResponse:
        try:
            return parse_operation(reply.data, reply.info)
        except ValueError as problem:
            raise OutcomeUnknown(f"{call}: {problem}", info=reply.info) from None

    def _patiently(self, send: Callable[[], Answer]) -> Answer:
        """A read: repeated while the service stumbles, once while it gives up midway (Y30)."""
        try:
            return retrying(lambda: _stumbling(send), (_StumbleError,), self._waits, self._sleep)
        except _StumbleError as last:
            raise Unavailable(last.message, info=last.info, payload=last.payload) from None


class _StumbleError(YandexAPIError):
    """A read that may be repeated."""


def _stumbling(send: Callable[[], Answer], *, once_more: bool = True) -> Answer:
    try:
        return send()
    except (TooLarge, YandexUnavailable):
        raise  # a large reply stays large, and tokens have had their own tries
    except (NotSent, OutcomeUnknown, Unavailable) as failure:
        raise _StumbleError(failure.message, info=failure.info, payload=failure.payload) from None
    except Aborted:
        if not once_more:
            raise
    return _stumbling(send, once_more=False)


def _regions(data: Any) -> list[RegionNode]:
    """Rows with id and name; the reference calls the name `label`, its example `name`."""
    found = []
    for row in data if isinstance(data, list) else []:
        if isinstance(row, Mapping) and (name := row.get("label") or row.get("name")):
            children = tuple(_regions(row.get("children")))
            found.append(RegionNode(str(row.get("id")), str(name), children))
    return found
