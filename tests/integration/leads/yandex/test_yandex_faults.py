"""What the pipeline is told when the service misbehaves; every fault comes from the sandbox."""

import logging
from pathlib import Path

import pytest
import structlog

from povod.kit import log as house_log
from povod.leads.serp import (
    BadBase64,
    BadXml,
    EmptyRaw,
    ForbiddenDtd,
    NotXml,
    SerpError,
    parse_serp,
)
from povod.leads.yandex.doctor import examine
from povod.leads.yandex.errors import (
    Aborted,
    BadRequest,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    TooLarge,
    Unavailable,
    YandexAPIError,
)
from povod.leads.yandex.protocol import judge_missing


def test_nothing_found_is_an_empty_reply(sandbox):
    sandbox.fault("xml_error", code=15, message="Искомая комбинация слов нигде не встречается")
    assert sandbox.reply().docs == []


@pytest.mark.parametrize(
    ("code", "kind"), [(1, "permanent"), (32, "defer"), (55, "retry"), (48, "configuration")]
)
def test_an_xml_error_with_status_200_is_never_an_empty_reply(sandbox, code, kind):
    sandbox.fault("xml_error", code=code, message="слова", with_documents=code == 55)
    with pytest.raises(SerpError) as caught:
        sandbox.reply()
    assert (caught.value.code, caught.value.kind) == (code, kind)
    assert bool(caught.value.documents) is (code == 55)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("not_xml", NotXml),
        ("bad_base64", BadBase64),
        ("empty_raw", EmptyRaw),
        ("doctype_bomb", ForbiddenDtd),
    ],
)
def test_unreadable_results_are_told_apart(sandbox, kind, error):
    sandbox.fault(kind)
    with pytest.raises(error):
        sandbox.reply()


@pytest.mark.parametrize(("size", "error"), [(22_000_000, BadXml), (26_000_000, TooLarge)])
def test_a_result_too_large_to_be_one_is_given_up(sandbox, size, error):
    sandbox.fault("huge", size=size)
    with pytest.raises(error):
        sandbox.reply()


@pytest.mark.parametrize("kind", ["truncated_xml", "control_chars"])
def test_damaged_results_keep_their_good_documents(sandbox, kind):
    whole = {doc.url_raw for doc in sandbox.reply().docs}
    sandbox.fault(kind)
    damaged = sandbox.reply()
    assert damaged.recovered
    assert damaged.docs
    assert {doc.url_raw for doc in damaged.docs} <= whole


@pytest.mark.parametrize("done", [True, False])
def test_an_operation_error_ends_the_operation_at_once(sandbox, done):
    sandbox.fault("operation_error", code=8, message="quota", done=done)
    operation = sandbox.create()
    sandbox.advance(3700)
    found = sandbox.client.get_operation(operation.id)
    assert (found.state, found.failure_kind) == ("failed", "retry")
    assert "quota" in found.failure_reason


def test_a_lost_reply_is_unknown_and_was_paid(sandbox):
    sandbox.fault("lost_reply", match={"path": "searchAsync"})
    with pytest.raises(OutcomeUnknown):
        sandbox.create()
    (entry,) = sandbox.calls("create")
    assert entry["accepted"]


@pytest.mark.parametrize("kind", ["refuse", "no_id", "html_502", "http_500", "http_504"])
def test_doubtful_creates_are_unknown(sandbox, kind):
    sandbox.fault(kind, match={"path": "searchAsync"})
    with pytest.raises(OutcomeUnknown):
        sandbox.create()


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("http_400", BadRequest),
        ("http_409", Aborted),
        ("http_429", RateLimited),
        ("http_503", Unavailable),
    ],
)
def test_clear_refusals_are_not_unknown(sandbox, kind, error):
    sandbox.fault(kind, match={"path": "searchAsync"}, retry_after=7)
    with pytest.raises(error) as caught:
        sandbox.create()
    assert caught.value.request_id
    if error is RateLimited:
        assert (caught.value.retry_after, caught.value.grpc_code) == (7, 8)


def test_an_answer_that_comes_too_late_is_unknown(sandbox):
    sandbox.fault("slow", seconds=1, match={"path": "searchAsync"})
    hasty = sandbox.changed(yandex_http_timeout_seconds=0.3)
    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        hasty.create()


@pytest.mark.parametrize("kind", ["http_503", "http_500", "html_502", "refuse", "lost_reply"])
def test_one_bad_poll_loses_nothing(sandbox, kind):
    operation = sandbox.create()
    sandbox.advance(3700)
    sandbox.fault(kind, match={"path": "/operations/"})
    assert parse_serp(sandbox.client.get_operation(operation.id).decode()).docs


@pytest.mark.parametrize(("hours", "verdict"), [(11.4, None), (12.02, "expired")])
def test_a_result_lives_twelve_hours(sandbox, hours, verdict):
    operation = sandbox.create()
    sandbox.advance(hours * 3600)
    if verdict is None:
        assert sandbox.client.get_operation(operation.id).state == "ready"
        return
    with pytest.raises(NotFound):
        sandbox.client.get_operation(operation.id)
    now = sandbox.clock.now()
    assert judge_missing(operation.created_at, now, 1, now) == verdict


def test_a_result_removed_but_shown_as_done_is_a_failed_operation(sandbox):
    sandbox.sandbox.post("/sandbox/yandex/settings", {"expiry": "empty"})
    operation = sandbox.create()
    sandbox.advance(12.1 * 3600)
    assert sandbox.client.get_operation(operation.id).failure_reason == "empty_operation"


def test_an_operation_that_vanishes_is_not_found(sandbox):
    sandbox.fault("expire_now")
    operation = sandbox.create()
    with pytest.raises(NotFound):
        sandbox.client.get_operation(operation.id)


def test_an_operation_may_never_end(sandbox):
    sandbox.fault("forever_running")
    operation = sandbox.create()
    sandbox.advance(11 * 3600)
    assert sandbox.client.get_operation(operation.id).state == "running"


def test_the_tariff_follows_a_skewed_server_clock(sandbox):
    sandbox.fault("clock_skew", seconds=300, match={"path": "/operations/"})
    report = examine(sandbox.settings, sandbox.tokens, sandbox.client, sandbox.clock)
    assert report.skew_level == "error"
    assert report.clock_skew == pytest.approx(-300, abs=5)


def test_no_secret_reaches_logs_or_exceptions(process, sandbox, capfd, monkeypatch):
    """A run with faults, with every log line of every library turned on."""
    root = logging.getLogger()
    before = (root.handlers, root.level, structlog.get_config())
    house_log.configure("DEBUG", "json")
    for noisy in ("httpx", "httpcore"):
        monkeypatch.setattr(logging.getLogger(noisy), "level", logging.DEBUG)
    texts = []
    for kind in ("lost_reply", "http_500", "http_429", "http_400"):
        sandbox.fault(kind)
        try:
            sandbox.create()
        except YandexAPIError as failure:
            structlog.get_logger().exception("test.failed")
            texts += [str(failure), repr(failure), repr(vars(failure))]
    sandbox.sandbox.post("/sandbox/yandex/reset")
    sandbox.create()
    secret = sandbox.tokens.authorization().removeprefix("Bearer ")
    pem = (Path(process.state_dir) / "demo-sa-key.json").read_text().partition("BEGIN PRIVATE")[2]
    seen = "".join([*texts, *capfd.readouterr()])
    root.handlers, root.level = before[0], before[1]
    structlog.configure(**before[2])
    assert "yandex.call" in seen
    assert secret not in seen
    assert "eyJ" not in seen
    assert pem[50:90] not in seen
