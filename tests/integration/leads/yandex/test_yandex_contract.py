"""The client against a server that speaks the same protocol (Y64).

Always against the sandbox process; the tests of `service` also against the real service when
YANDEX_LIVE_TESTS=1 and keys are given. Those make one deferred query, whose price is printed first.
"""

import threading
from decimal import Decimal

import pytest
from pydantic import SecretStr

from povod.leads.night import create_price, window_tag
from povod.leads.serp import parse_serp
from povod.leads.yandex.doctor import examine
from povod.leads.yandex.errors import (
    BadRequest,
    InvalidParams,
    NotSent,
    YandexAuthError,
    YandexForbidden,
)
from povod.leads.yandex.protocol import DeferredQueryParams

TEXT = "стоматология Казань"
REGION = "43"


def test_a_query_goes_the_whole_way(service):
    created = service.create()
    assert created.state == "running"
    assert created.created_at is not None
    assert created.info.date is not None
    reply = parse_serp(service.finished(created).decode())
    assert reply.found
    assert len(reply.docs) > 10
    assert [doc.position for doc in reply.docs] == sorted(doc.position for doc in reply.docs)
    assert all(doc.url_raw and "<" not in doc.title for doc in reply.docs)


def test_the_doctor_finds_a_working_service(service):
    report = examine(service.settings, service.tokens, service.client, service.clock)
    assert report.skew_level in ("ok", "warning")


def test_a_wrong_credential_is_told_as_such(service):
    stranger = service.changed(
        yandex_auth="iam_token", yandex_cloud_iam_token=SecretStr("t1.wrong-token-000")
    )
    with pytest.raises(YandexAuthError) as caught:
        stranger.client.get_operation("spp0000000000000000")
    assert "wrong-token" not in str(caught.value)


def test_what_is_paid_is_what_the_servers_ledger_says(sandbox):
    paid = Decimal(0)
    for hours in (0, 7, 7, 7):
        if hours:
            sandbox.advance(hours * 3600)
        operation = sandbox.create()
        tag = window_tag(operation.info.date, sandbox.clock.now())
        paid += create_price(sandbox.settings, tag)
    ledger = sandbox.sandbox.get("/sandbox/yandex/ledger")
    assert Decimal(ledger["summary"]["amount_rub"]) == paid
    assert {entry["tariff"] for entry in ledger["entries"] if entry["kind"] == "create"} == {
        "night",
        "day",
    }


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"yandex_cloud_api_key": SecretStr("sandbox-key-norole")}, YandexForbidden),
        ({"yandex_cloud_api_key": SecretStr("stranger")}, YandexAuthError),
        ({"yandex_cloud_folder_id": "b1gstranger"}, YandexForbidden),
        ({"yandex_iam_audience": "https://elsewhere.example"}, YandexAuthError),
        ({"yandex_search_url": "http://127.0.0.1:9"}, NotSent),
    ],
)
def test_who_may_not_search(sandbox, change, error):
    with pytest.raises(error):
        sandbox.changed(**change).create()


def test_an_api_key_needs_no_token(sandbox):
    assert sandbox.changed(yandex_cloud_api_key=SecretStr("sandbox-key")).create().id
    assert sandbox.calls("iam") == []


def test_a_long_run_never_sends_an_expired_token(sandbox):
    operation = sandbox.create()
    for _ in range(4):
        sandbox.advance(2 * 3600)
        assert sandbox.client.get_operation(operation.id).id == operation.id
    assert [entry["status"] for entry in sandbox.calls("read")] == [200] * 4
    assert len(sandbox.calls("iam")) == 5


def test_a_token_that_the_server_forgot_is_renewed_unseen(sandbox):
    sandbox.create()
    sandbox.sandbox.post("/sandbox/yandex/reset")
    assert sandbox.create().id
    assert [entry["status"] for entry in sandbox.calls("create")] == [401, 200]


def test_pages_continue_the_positions(sandbox):
    first = sandbox.reply()
    small = sandbox.settings.model_copy(update={"yandex_groups_on_page": 10})
    pages = []
    for page in (0, 1):
        params = DeferredQueryParams.from_settings(small, TEXT, REGION, page)
        operation = sandbox.client.create(params)
        pages.append(parse_serp(sandbox.finished(operation).decode()))
    assert [reply.page for reply in pages] == [0, 1]
    listed = [doc.url_raw for reply in pages for doc in reply.docs]
    assert listed == [doc.url_raw for doc in first.docs][: len(listed)]
    assert pages[1].docs[0].position == len(pages[0].docs) + len(pages[0].skipped) + 1


def test_cancelled_operations(sandbox):
    operation = sandbox.create()
    sandbox.client.cancel(operation.id)
    assert [entry["accepted"] for entry in sandbox.calls("cancel")] == [True]
    sandbox.client.cancel("spp-unknown")


def test_the_same_wish_has_the_same_hash_and_reply(sandbox):
    first, second = sandbox.params(), sandbox.params()
    assert first.request_hash == second.request_hash
    now = sandbox.client.search_now(first)
    assert now == sandbox.client.search_now(second)
    assert now == sandbox.finished(sandbox.create()).decode()


def test_an_idempotency_key_may_be_honoured_or_not(sandbox):
    for mode, operations in (("ignore", 2), ("honour", 1)):
        sandbox.sandbox.post("/sandbox/yandex/settings", {"idempotency": mode})
        found = {
            sandbox.client.create(sandbox.params(), idempotency_key=f"key-{mode}").id
            for _ in range(2)
        }
        assert len(found) == operations


def test_the_region_tree_of_the_service(sandbox):
    (russia,) = sandbox.client.regions_tree()
    assert russia.id == "225"
    assert all(city.id.isdigit() and city.name for city in russia.children)


def test_what_is_refused_here_would_be_refused_there(sandbox):
    too_long = "я" * 401
    with pytest.raises(InvalidParams):
        sandbox.params(too_long)
    params = sandbox.params()
    object.__setattr__(params, "query_text", too_long)
    with pytest.raises(BadRequest, match="queryText"):
        sandbox.client.create(params)


def test_threads_share_the_client(sandbox):
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(sandbox.create(f"окна {n}").id))
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 6
    assert len(sandbox.calls("iam")) == 1
