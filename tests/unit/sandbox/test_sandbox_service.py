"""The service's HTTP behaviour that needs no socket."""

import asyncio
import base64
from email.utils import parsedate_to_datetime

import httpx
import pytest
from starlette.applications import Starlette

from povod.sandbox.yandex.errors import GRPC_OF_HTTP, HTTP_OF_GRPC, ApiRefusal

SEARCH = "/yandex/search/v2/web/searchAsync"
FOLDER = "b1gsandbox0000000000"
BODY = {"query": {"searchType": "SEARCH_TYPE_RU", "queryText": "окна"}, "folderId": FOLDER}
KEY = {"Authorization": "Api-Key sandbox-key"}


@pytest.fixture
def call(service):
    async def send(method, path, **options):
        transport = httpx.ASGITransport(Starlette(routes=service.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.request(method, path, **options)

    def run(method="POST", path=SEARCH, *, json=BODY, headers=KEY, **options):
        return asyncio.run(send(method, path, json=json, headers=headers, **options))

    return run


def test_every_answer_carries_the_services_headers(call, still_clock):
    for answer in (call(), call(json={}), call(headers={})):
        assert parsedate_to_datetime(answer.headers["date"]) == still_clock.now()
        assert answer.headers["x-request-id"]
        assert answer.headers["x-server-trace-id"]


def test_a_created_operation_is_never_done(call):
    operation = call().json()
    assert operation.get("done", False) is False
    assert {"id", "description", "createdAt", "createdBy", "modifiedAt"} <= set(operation)


def test_authorisation_comes_before_validation(call):
    assert call(json={"nonsense": 1}, headers={}).status_code == 401
    assert call(json={"nonsense": 1}).status_code == 400


def test_calls_that_are_refused_are_in_the_ledger_but_cost_nothing(call, service):
    call(headers={})
    call(json={})
    call()
    rows = [(e.status, e.accepted, float(e.amount_rub) > 0) for e in service.store.entries()]
    assert rows == [(401, False, False), (400, False, False), (200, True, True)]


def test_reads_and_cancels_are_in_the_ledger_with_their_operation(call, service):
    operation_id = call().json()["id"]
    path = f"/yandex/operation/operations/{operation_id}"
    call("GET", path)
    call("GET", f"{path}:cancel")
    kinds = [(e.kind, e.operation_id) for e in service.store.entries()]
    assert kinds == [(kind, operation_id) for kind in ("create", "read", "cancel")]


def test_token_exchange_answers_in_the_clouds_words(call, service):
    refused = call(path="/yandex/iam/iam/v1/tokens", json={"jwt": "x.y.z"})
    assert (refused.status_code, refused.json()["code"]) == (401, 16)
    assert service.store.entries("iam")[0].auth == "jwt"


@pytest.mark.parametrize("content", [b"", b"not json", b'["list"]'])
def test_a_body_that_is_no_object(call, content):
    answer = call(json=None, content=content)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)


def test_html_replies_are_pages(call):
    body = {**BODY, "responseFormat": "FORMAT_HTML", "groupSpec": {"groupsOnPage": 5}}
    answer = call(path="/yandex/search/v2/web/search", json=body)
    page = base64.b64decode(answer.json()["rawData"])
    assert page.startswith(b"<!DOCTYPE html>")
    assert page.count(b"<li>") == 5


def test_result_faults_reach_the_synchronous_twin(call, service):
    service.faults.add({"kind": "empty_raw"})
    assert call(path="/yandex/search/v2/web/search").json() == {"rawData": ""}


def test_the_region_tree_may_be_asked_ten_times_a_day(call, still_clock):
    path, body = "/yandex/search/v2/wordstat/getRegionsTree", {"folderId": FOLDER}
    statuses = [call(path=path, json=body).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    still_clock.advance(86_400)
    assert call(path=path, json=body).status_code == 200


def test_a_fault_with_text_hits_the_read_of_that_querys_operation(call, service):
    operation_id = call().json()["id"]
    service.faults.add({"kind": "http_503", "match": {"text": "окна", "path": "/operations/"}})
    assert call().status_code == 200
    assert call("GET", f"/yandex/operation/operations/{operation_id}").status_code == 503
    assert call("GET", f"/yandex/operation/operations/{operation_id}").status_code == 200


@pytest.mark.parametrize("code", sorted(HTTP_OF_GRPC))
def test_a_refusal_travels_with_the_status_of_its_code(code):
    answer = ApiRefusal(code, "no", retry_after=2.4).response("r1")
    assert answer.status_code == HTTP_OF_GRPC[code]
    assert answer.headers["retry-after"] == "2"


def test_both_tables_of_codes_agree():
    assert all(HTTP_OF_GRPC[code] == status for status, code in GRPC_OF_HTTP.items())
