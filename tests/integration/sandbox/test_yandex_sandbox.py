"""The imitated search service as any client sees it: raw HTTP, no client of Povod."""

import base64
import hashlib
import json
import time
import xml.etree.ElementTree as ET
from email.utils import parsedate_to_datetime

import httpx
import pytest


def raw_data(answer: httpx.Response) -> bytes:
    return base64.b64decode(answer.json()["response"]["rawData"], validate=True)


def test_the_whole_way_with_a_signed_token(api):
    bearer = {"Authorization": f"Bearer {api.token()}"}
    created = api.create(headers=bearer)
    assert created.status_code == 200
    operation = created.json()
    assert operation["id"].startswith("spp")
    assert operation["description"] == "WEB search async"
    path = f"/yandex/operation/operations/{operation['id']}"
    assert "response" not in api.http.get(path, headers=bearer).json()
    api.advance(3600)
    ready = api.http.get(path, headers=bearer)
    assert ready.json()["done"] is True
    root = ET.fromstring(raw_data(ready))
    assert len(root.findall(".//doc")) == 20
    assert {entry["auth"] for entry in api.entries("create")} == {"iam_token"}


def test_error_bodies_have_code_request_id_and_violations(api):
    answer = api.create("", maxPassages="9", headers={"x-client-request-id": "mine"})
    assert answer.status_code == 400
    body = answer.json()
    assert body["code"] == 3
    assert body["details"][0]["requestId"] == answer.headers["x-request-id"] == "mine"
    fields = {violation["field"] for violation in body["details"][1]["fieldViolations"]}
    assert fields == {"query.queryText", "maxPassages"}


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ("", 401, 16),
        ("Bearer t1.stolen", 401, 16),
        ("Api-Key sandbox-key-norole", 403, 7),
        ("api-key sandbox-key", 200, None),
    ],
)
def test_credentials(api, header, status, code):
    answer = api.create(headers={"Authorization": header})
    assert answer.status_code == status
    assert answer.json().get("code") == code


def test_a_strange_folder_is_403_and_costs_nothing(api):
    assert api.create(folderId="b1gstranger").status_code == 403
    [entry] = api.entries("create")
    assert not entry["accepted"]
    assert entry["amount_rub"] == "0"


def test_the_ledger_names_body_key_and_price(api):
    body = {"query": {"searchType": "SEARCH_TYPE_RU", "queryText": "окна", "page": "0"}}
    api.create(headers={"Idempotency-Key": "key-1"})
    [entry] = api.entries("create")
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert entry["body_hash"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert entry["idempotency_key"] == "key-1"
    assert entry["tariff"] in {"night", "day"}
    assert float(entry["amount_rub"]) in {0.02541, 0.0305}
    assert entry["at_virtual"] >= entry["at_real"]


def test_date_is_the_virtual_time(api):
    before = api.control("GET", "/clock")["shift_seconds"]
    api.advance(7200)
    date = parsedate_to_datetime(api.read("x").headers["date"]).timestamp()
    assert date == pytest.approx(time.time() + before + 7200, abs=3)


def test_clock_skew_moves_only_the_date_header(api):
    api.fault("clock_skew", seconds=600)
    skewed, straight = api.create(), api.create()
    moments = [parsedate_to_datetime(a.headers["date"]).timestamp() for a in (skewed, straight)]
    assert moments[0] - moments[1] == pytest.approx(600, abs=2)
    assert skewed.status_code == 200


def test_a_lost_reply_was_accepted_and_charged(api):
    api.fault("lost_reply", match={"path": "searchAsync"})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        api.create()
    [entry] = api.entries("create")
    assert entry["accepted"]
    assert entry["fault"] == "lost_reply"
    assert api.read(entry["operation_id"]).status_code == 200


def test_a_refused_call_never_reaches_the_service(api):
    api.fault("refuse")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        api.create()
    assert api.entries() == []


def test_the_third_of_five_creates_is_lost(api):
    api.fault("lost_reply", match={"path": "searchAsync", "nth": 3})
    outcomes = []
    for n in range(5):
        try:
            outcomes.append(api.create(f"окна {n}").status_code)
        except httpx.HTTPError:
            outcomes.append(None)
    assert outcomes == [200, 200, None, 200, 200]
    assert sum(entry["accepted"] for entry in api.entries("create")) == 5


@pytest.mark.parametrize(
    ("status", "code"), [(429, 8), (500, 13), (503, 14), (504, 4), (404, 5), (409, 10)]
)
def test_planned_http_errors(api, status, code):
    api.fault(f"http_{status}", retry_after=7)
    answer = api.create()
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["retry-after"] == "7"
    assert not api.entries("create")[0]["accepted"]
    assert api.create().status_code == 200


def test_a_500_can_hide_an_accepted_create(api):
    api.fault("http_500", accepted=True)
    assert api.create().status_code == 500
    assert api.entries("create")[0]["accepted"]


def test_a_gateways_page_is_not_json(api):
    api.fault("html_502")
    answer = api.create()
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")


def test_no_id_is_a_200_that_says_nothing(api):
    api.fault("no_id")
    answer = api.create()
    assert answer.status_code == 200
    assert "id" not in answer.json()
    assert api.entries("create")[0]["accepted"]


def test_slow_outlasts_the_callers_patience(api):
    api.fault("slow", seconds=1)
    with pytest.raises(httpx.ReadTimeout):
        api.http.get("/yandex/operation/operations/x", timeout=0.2)


def test_huge_is_larger_than_any_sane_body(api):
    api.fault("huge")
    operation_id = api.create().json()["id"]
    api.advance(3600)
    path = f"/yandex/operation/operations/{operation_id}"
    headers = {"Authorization": "Api-Key sandbox-key"}
    with api.http.stream("GET", path, headers=headers) as answer:
        assert int(answer.headers["content-length"]) > 32 * 1024 * 1024


@pytest.mark.parametrize(
    ("kind", "spec", "sign"),
    [
        ("xml_error", {"code": 32}, b'<error code="32">'),
        ("not_xml", {}, b"<!DOCTYPE html>"),
        ("doctype_bomb", {}, b"<!ENTITY"),
        ("control_chars", {}, b"\x0b"),
    ],
)
def test_spoilt_results_arrive_as_planned(api, kind, spec, sign):
    api.fault(kind, **spec)
    operation_id = api.create().json()["id"]
    api.advance(3600)
    assert sign in raw_data(api.read(operation_id))


def test_cancel_by_get_and_by_post(api):
    for method in ("GET", "POST"):
        operation_id = api.create().json()["id"]
        assert api.read(operation_id, ":cancel", method).json()["error"]["code"] == 1
    assert api.read("spp-nobody", ":cancel").status_code == 404


def test_too_many_creates_in_a_second_are_429(api):
    answers = [api.create(f"окна {n}") for n in range(14)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:10] == [200] * 10
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["code"] == 8
    assert int(refused[0].headers["retry-after"]) >= 1
    assert sum(entry["accepted"] for entry in api.entries("create")) == statuses.count(200)


def test_quotas_can_be_lowered(api):
    api.control("POST", "/yandex/settings", {"limits": {"create": [[1, 3600]]}})
    assert [api.create().status_code for _ in range(2)] == [200, 429]
    api.advance(3600)
    assert api.create().status_code == 200


def test_the_synchronous_twin_answers_at_once(api):
    body = {
        "query": {"searchType": "SEARCH_TYPE_RU", "queryText": "окна"},
        "folderId": "b1gsandbox0000000000",
    }
    headers = {"Authorization": "Api-Key sandbox-key"}
    answer = api.http.post("/yandex/search/v2/web/search", json=body, headers=headers)
    assert ET.fromstring(base64.b64decode(answer.json()["rawData"])).find(".//doc") is not None
    assert float(api.entries("search_now")[0]["amount_rub"]) in {0.366, 0.488}


def test_region_tree(api):
    headers = {"Authorization": "Api-Key sandbox-key"}
    path, folder = "/yandex/search/v2/wordstat/getRegionsTree", "b1gsandbox0000000000"
    answer = api.http.post(path, json={"folderId": folder}, headers=headers)
    assert answer.json()["regions"][0]["id"] == "225"
    assert api.http.post(path, json={}, headers=headers).status_code == 403


def test_state_outlives_the_server(start_api):
    first = start_api()
    operation_id = first.api.create().json()["id"]
    first.api.advance(3600)
    ready = first.api.read(operation_id).json()
    first.stop()
    second = start_api(port=httpx.URL(first.url).port)
    assert second.url == first.url
    assert second.api.read(operation_id).json() == ready
    assert [entry["operation_id"] for entry in second.api.entries("create")] == [operation_id]
    assert second.api.create().json()["id"] != operation_id


def test_the_real_openai_client_reads_both_protocols(api):
    from openai import OpenAI, RateLimitError

    client = OpenAI(api_key="sandbox", base_url=f"{api.url}/openai/v1", max_retries=0)
    prompt = json.dumps({"facts": [{"id": "f1", "quote": "Работаем 12 лет"}]}, ensure_ascii=False)
    chat = client.chat.completions.create(
        model="gpt-4.1-mini", messages=[{"role": "user", "content": prompt}]
    )
    assert json.loads(chat.choices[0].message.content)["claims"][0]["fact_id"] == "f1"
    answer = client.responses.create(model="gpt-4.1-mini", input=prompt)
    assert json.loads(answer.output_text)["claims"][0]["quote"] == "Работаем 12 лет"
    api.control("POST", "/openai/mode", {"mode": "http_429"})
    with pytest.raises(RateLimitError):
        client.responses.create(model="gpt-4.1-mini", input=prompt)
