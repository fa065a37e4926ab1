"""Every way a create can end, by fault injection; the protocol itself is tested on the sandbox."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from structlog.testing import capture_logs

from povod.kit.errors import ExternalError
from povod.leads.yandex import wire
from povod.leads.yandex.client import YandexDeferredClient
from povod.leads.yandex.errors import (
    Aborted,
    BadRequest,
    NotFound,
    NotNow,
    NotSent,
    OperationTimeout,
    OutcomeUnknown,
    RateLimited,
    TooLarge,
    Unavailable,
    UnexpectedRedirect,
    YandexAPIError,
    YandexAuthError,
    YandexForbidden,
    YandexUnavailable,
)
from povod.leads.yandex.protocol import DeferredQueryParams

PARAMS = DeferredQueryParams("стоматология Казань", "b1gfolder", region="43")
RUNNING = {"id": "spp1", "done": False, "createdAt": "2026-11-21T21:00:00Z"}
READY = {"id": "spp1", "done": True, "response": {"rawData": "0J4="}}
SECRET = "t1.secret-token"

UNKNOWN = [
    httpx.ReadTimeout("x"),
    httpx.WriteError("x"),
    httpx.RemoteProtocolError("x"),
    httpx.Response(200, content=b"<html>"),
    httpx.Response(200, content=b'["a"]'),
    httpx.Response(200, content=b"[" * 100_000),
    httpx.Response(202, json=RUNNING),
    {"done": False},
    {"id": ""},
    500,
    502,
    504,
    408,
]


def test_a_create_sends_body_and_headers(world):
    world.plan(RUNNING)
    operation = world.client.create(PARAMS, idempotency_key="key-1", row="query 7")
    (request,) = world.service.seen
    assert str(request.url) == "https://searchapi.api.cloud.yandex.net/v2/web/searchAsync"
    assert json.loads(request.content) == PARAMS.body()
    assert request.headers["authorization"] == f"Bearer {SECRET}0"
    assert request.headers["idempotency-key"] == "key-1"
    assert request.headers["user-agent"].startswith("povod/")
    assert len(request.headers["x-client-request-id"]) == 36
    assert (operation.id, operation.state, world.quotas) == ("spp1", "running", ["yandex.create"])


def test_reply_headers_are_kept(world):
    headers = {
        "x-request-id": "r1",
        "x-server-trace-id": "t1",
        "date": "Sat, 21 Nov 2026 21:00:02 GMT",
    }
    world.plan(httpx.Response(200, json=RUNNING, headers=headers))
    info = world.client.create(PARAMS).info
    assert (info.request_id, info.trace_id) == ("r1", "t1")
    assert info.date == datetime(2026, 11, 21, 21, 0, 2, tzinfo=UTC)


@pytest.mark.parametrize("step", UNKNOWN, ids=str)
def test_a_create_that_may_have_been_accepted_is_unknown_and_not_repeated(world, step):
    world.plan(step)
    with pytest.raises(OutcomeUnknown):
        world.client.create(PARAMS, row="query 7")
    assert len(world.service.seen) == 1


@pytest.mark.parametrize(
    "step", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.ProxyError("x")], ids=str
)
def test_a_create_that_never_left_is_safe(world, step):
    world.plan(step)
    with pytest.raises(NotSent, match=r"query 7.*safe to send again"):
        world.client.create(PARAMS, row="query 7")
    assert len(world.service.seen) == 1


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, BadRequest, "permanent"),
        (403, YandexForbidden, "configuration"),
        (404, NotFound, "permanent"),
        (405, BadRequest, "permanent"),
        (409, Aborted, "retry"),
        (499, Aborted, "retry"),
        (501, Aborted, "retry"),
        (429, RateLimited, "retry"),
        (503, Unavailable, "retry"),
        (302, UnexpectedRedirect, "configuration"),
    ],
)
def test_each_refusal_has_its_class(world, status, error, kind):
    world.plan(httpx.Response(status, headers={"location": "https://evil.example/"}))
    with pytest.raises(error) as caught:
        world.client.create(PARAMS)
    assert type(caught.value) is error
    assert (caught.value.http_status, caught.value.kind) == (status, kind)
    assert isinstance(caught.value, ExternalError)
    assert len(world.service.seen) == 1


def test_a_refusal_explains_itself_without_secrets(world):
    body = {
        "code": 3,
        "message": f"bad header Authorization: Bearer {SECRET}0",
        "details": [
            {"@type": "RequestInfo", "requestId": SECRET + "0"},
            {"fieldViolations": [{"field": "query.page", "description": "too far"}, 5]},
        ],
    }
    world.plan(httpx.Response(400, json=body, headers={"x-request-id": "r9"}))
    with pytest.raises(BadRequest, match=r"query\.page: too far") as caught:
        world.client.create(PARAMS, row="query 7")
    error = caught.value
    assert (error.grpc_code, error.request_id) == (3, "r9")
    assert error.payload["details"][1]["fieldViolations"][0]["field"] == "query.page"
    assert SECRET not in f"{error}{error!r}{error.payload}{error.message}{vars(error)}"
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize(
    "body", [b"<html>", b"\xff" * 5000, b'["a"]', b'{"details": 5, "code": "x"}']
)
def test_an_error_body_of_any_form_is_kept_short(world, body):
    world.plan(httpx.Response(400, content=body))
    with pytest.raises(BadRequest) as caught:
        world.client.create(PARAMS)
    assert len(str(caught.value.payload)) <= 2000
    assert caught.value.grpc_code is None


class Broken(httpx.SyncByteStream):
    def __iter__(self):
        yield b'{"code"'
        raise httpx.ReadError("cut")


def test_a_cut_error_body_does_not_hide_the_status(world):
    world.plan(httpx.Response(429, stream=Broken()))
    with pytest.raises(RateLimited):
        world.client.create(PARAMS)
    world.plan(httpx.Response(200, stream=Broken()))
    with pytest.raises(OutcomeUnknown):
        world.client.create(PARAMS)


def test_a_reply_past_the_limit_is_unknown_on_create_and_final_on_poll(world, monkeypatch):
    monkeypatch.setattr(wire, "MAX_REPLY_BYTES", 100)
    world.plan({**READY, "filler": "a" * 100})
    with pytest.raises(OutcomeUnknown):
        world.client.create(PARAMS)
    with pytest.raises(TooLarge) as caught:
        world.client.get_operation("spp1")
    assert (caught.value.kind, len(world.service.seen)) == ("permanent", 2)


def test_a_trickling_reply_runs_into_the_deadline(world, monkeypatch):
    seconds = iter(range(0, 10_000, 20))
    monkeypatch.setattr(wire.time, "monotonic", lambda: float(next(seconds)))

    class Trickle(httpx.SyncByteStream):
        def __iter__(self):
            for _ in range(100):
                yield b" "

    world.plan(httpx.Response(200, stream=Trickle()))
    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        world.client.create(PARAMS)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("Sat, 21 Nov 2026 21:01:30 GMT", 90),
        ("Sat, 21 Nov 2026 20:00:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(world, value, seconds):
    headers = {"retry-after": value, "date": "Sat, 21 Nov 2026 21:00:00 GMT"}
    world.plan(httpx.Response(429, headers=headers))
    with pytest.raises(RateLimited) as caught:
        world.client.create(PARAMS)
    assert caught.value.retry_after == seconds
    assert caught.value.pause_seconds(1) == (seconds or 60)


def test_pauses_double_up_to_a_quarter_of_an_hour():
    assert [RateLimited("").pause_seconds(n) for n in (1, 2, 3, 4, 5, 99)] == [
        60, 120, 240, 480, 900, 900,
    ]  # fmt: skip
    assert Unavailable("").pause_seconds(1) == 30
    assert issubclass(RateLimited, NotNow)


def test_a_401_is_answered_with_a_fresh_token_once(world):
    world.tokens.renewals = 1
    world.plan(401, RUNNING)
    assert world.client.create(PARAMS, idempotency_key="k").id == "spp1"
    first, second = world.service.seen
    assert second.headers["authorization"] == f"Bearer {SECRET}1"
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == "k"
    assert world.quotas == ["yandex.create"] * 2


@pytest.mark.parametrize(("renewals", "calls"), [(1, 2), (0, 1)])
def test_a_second_401_or_one_with_a_fixed_credential_is_final(world, renewals, calls):
    world.tokens.renewals = renewals
    world.plan(401)
    with pytest.raises(YandexAuthError, match="povod doctor"):
        world.client.get_operation("spp1")
    assert len(world.service.seen) == calls


def test_a_failed_token_exchange_means_that_nothing_was_sent(world):
    world.tokens.failure = YandexUnavailable("token: down")
    world.plan(RUNNING)
    with pytest.raises(Unavailable):
        world.client.create(PARAMS)
    with pytest.raises(YandexUnavailable):
        world.client.get_operation("spp1")
    assert (world.service.seen, world.pauses, world.quotas) == ([], [], [])


def test_a_limiter_that_refuses_stops_the_call(world):
    class NoQuotaError(Exception): ...

    def refuse(key: str) -> None:
        raise NoQuotaError(key)

    client = YandexDeferredClient(world.settings, world.tokens, world.clock, refuse, world.service)
    with pytest.raises(NoQuotaError, match=r"yandex\.create"):
        client.create(PARAMS)
    assert world.service.seen == []


def test_one_log_line_per_call_without_secrets_or_reply(world):
    world.tokens.renewals = 1
    world.plan(401, httpx.Response(200, json=READY, headers={"x-request-id": "r1"}))
    params = DeferredQueryParams("слово " * 30, "b1gfolder")
    with capture_logs() as logs:
        world.client.create(params, row="query 7")
    lines = [line for line in logs if line["event"] == "yandex.call"]
    assert [line["status"] for line in lines] == [401, 200]
    assert lines[1] == {
        "event": "yandex.call",
        "log_level": "debug",
        "kind": "create",
        "subject": "query 7",
        "status": 200,
        "ms": lines[1]["ms"],
        "request_id": "r1",
        "failure": None,
        "quota_wait_ms": 0,
        "query": params.query_text[:80],
    }
    assert SECRET not in repr(logs)
    assert "0J4=" not in repr(logs)


def test_every_failure_of_a_call_is_in_one_tree():
    for error in (NotSent, OutcomeUnknown, NotNow, Aborted, OperationTimeout):
        assert issubclass(error, YandexAPIError)
