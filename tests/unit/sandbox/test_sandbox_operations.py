import base64
import re
from dataclasses import replace

import pytest

from povod.kit.errors import InputError
from povod.sandbox.yandex.errors import ApiRefusal
from povod.sandbox.yandex.settings import ServiceSettings

BODY = {
    "query": {"searchType": "SEARCH_TYPE_RU", "queryText": "окна Казань"},
    "folderId": "b1gsandbox0000000000",
}
CREATE, READ = "/yandex/search/v2/web/searchAsync", "/yandex/operation/operations/x"
HOUR = 3600


def create(service, key="", text="окна Казань"):
    body = {**BODY, "query": {**BODY["query"], "queryText": text}}
    return service.operations.create(body, key, CREATE)


def read(service, operation):
    return service.operations.read(operation.id, READ)


def test_an_operation_becomes_ready_within_its_range(service):
    operation = create(service)
    service.clock.advance(299)
    assert "response" not in read(service, operation)
    service.clock.advance(3600 - 299)
    answer = read(service, operation)
    assert answer["done"] is True
    assert base64.b64decode(answer["response"]["rawData"]).startswith(b"<?xml")
    assert answer["response"]["@type"].endswith("WebSearchResponse")


def test_delays_are_spread_and_repeatable(service):
    waits = {create(service).ready_at - service.clock.now().timestamp() for _ in range(40)}
    assert len(waits) == 40
    assert all(300 <= wait <= 3600 for wait in waits)


def test_the_result_is_the_same_at_every_read(service):
    operation = create(service)
    service.clock.advance(3600)
    assert len({read(service, operation)["response"]["rawData"] for _ in range(3)}) == 1


def test_done_false_is_left_out_in_about_half_of_the_reads(service):
    operation = create(service)
    answers = [read(service, operation) for _ in range(60)]
    left_out = sum("done" not in answer for answer in answers)
    assert 15 < left_out < 45
    assert all(answer.get("done", False) is False for answer in answers)


def test_times_come_with_0_3_6_or_9_fractional_digits(service):
    lengths = set()
    for _ in range(60):
        shown = read(service, create(service))
        match = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?Z", shown["createdAt"])
        lengths.add(len(match[1] or ""))
    assert lengths == {0, 3, 6, 9}


def test_a_result_lives_twelve_hours(service):
    operation = create(service)
    service.clock.advance(12 * HOUR - 1)
    assert "response" in read(service, operation)
    service.clock.advance(1)
    with pytest.raises(ApiRefusal) as refusal:
        read(service, operation)
    assert (refusal.value.grpc, refusal.value.status) == (5, 404)
    service.configure({"expiry": "empty"})
    answer = read(service, operation)
    assert answer["done"] is True
    assert not {"response", "error"} & set(answer)


def test_an_unknown_operation_is_404(service):
    for call in (service.operations.read, service.operations.cancel):
        with pytest.raises(ApiRefusal) as refusal:
            call("spp-nobody", READ)
        assert refusal.value.status == 404


def test_cancelling_stops_a_running_operation_only(service):
    operation = create(service)
    assert service.operations.cancel(operation.id, READ)["error"]["code"] == 1
    service.clock.advance(HOUR)
    assert read(service, operation)["error"]["code"] == 1
    ready = create(service)
    service.clock.advance(HOUR)
    assert "response" in service.operations.cancel(ready.id, READ)


def test_keys_are_ignored_by_default_and_honoured_on_demand(service):
    assert create(service, "k1").id != create(service, "k1").id
    service.configure({"idempotency": "honour"})
    again = create(service, "k2")
    assert create(service, "k2").id == again.id
    with pytest.raises(ApiRefusal) as refusal:
        create(service, "k2", "другие окна")
    assert refusal.value.status == 409
    assert create(service, "").id != create(service, "").id


@pytest.mark.parametrize("done", [True, False])
def test_operation_error_is_shown_at_once(service, done):
    service.faults.add({"kind": "operation_error", "code": 8, "message": "quota", "done": done})
    answer = read(service, create(service))
    assert answer["error"] == {"code": 8, "message": "quota", "details": []}
    assert answer.get("done", False) is done
    assert "response" not in answer


def test_a_result_fault_stays_with_its_operation(service):
    service.faults.add({"kind": "empty_raw", "match": {"text": "Казань"}})
    hit, spared = create(service), create(service)
    service.clock.advance(HOUR)
    assert [read(service, hit)["response"]["rawData"] for _ in range(2)] == ["", ""]
    assert read(service, spared)["response"]["rawData"]


def test_forever_running_and_expire_now(service):
    service.faults.add({"kind": "forever_running"})
    endless = create(service)
    service.clock.advance(11 * HOUR)
    assert "response" not in read(service, endless)
    service.faults.add({"kind": "expire_now"})
    with pytest.raises(ApiRefusal):
        read(service, create(service))


def test_unknown_after_turns_into_404_later(service):
    service.faults.add({"kind": "unknown_after", "seconds": 400})
    operation = create(service)
    service.clock.advance(399)
    assert read(service, operation)["id"] == operation.id
    service.clock.advance(1)
    with pytest.raises(ApiRefusal):
        read(service, operation)


def test_a_fault_can_be_planned_for_an_existing_operation(service):
    operation = create(service)
    service.faults.add({"kind": "expire_now", "match": {"operation": operation.id}})
    with pytest.raises(ApiRefusal):
        read(service, operation)


@pytest.mark.parametrize(
    "wrong",
    [{"expiry": "never"}, {"idempotency": 1}, {"delay": [9, 1]}, {"limits": {"x": []}}, {"a": 1}],
)
def test_wrong_settings_change_nothing(service, wrong):
    before = replace(service.settings)
    with pytest.raises(InputError):
        service.configure({"expiry": "empty", **wrong})
    assert service.settings == before


def test_reset_brings_the_first_settings_back(service):
    service.configure({"delay": [1, 2], "limits": {"create": [[1, 1]]}})
    create(service)
    service.faults.add({"kind": "huge"})
    service.reset()
    assert service.settings == ServiceSettings()
    assert service.store.entries() == []
    assert service.faults.planned == []
