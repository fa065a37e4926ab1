"""What is sent is exact, what is wrong is refused before sending, what is read is judged."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.leads.serp import BadBase64, EmptyRaw
from povod.leads.yandex.errors import CallInfo, InvalidParams
from povod.leads.yandex.protocol import (
    DeferredQueryParams,
    decode_raw,
    judge_missing,
    parse_operation,
    parse_time,
)

PARAMS = DeferredQueryParams("стоматология Казань", "b1g0000000000000000", region="43")
NOW = datetime(2026, 11, 21, 21, tzinfo=UTC)


def test_the_body_is_exactly_that_of_the_contract():
    assert PARAMS.body() == {
        "query": {
            "searchType": "SEARCH_TYPE_RU",
            "queryText": "стоматология Казань",
            "familyMode": "FAMILY_MODE_MODERATE",
            "page": "0",
            "fixTypoMode": "FIX_TYPO_MODE_ON",
        },
        "sortSpec": {"sortMode": "SORT_MODE_BY_RELEVANCE", "sortOrder": "SORT_ORDER_DESC"},
        "groupSpec": {
            "groupMode": "GROUP_MODE_DEEP",
            "groupsOnPage": "100",
            "docsInGroup": "1",
        },
        "maxPassages": "3",
        "region": "43",
        "l10n": "LOCALIZATION_RU",
        "folderId": "b1g0000000000000000",
        "responseFormat": "FORMAT_XML",
    }


def test_settings_give_everything_but_text_region_and_page(settings):
    changed = settings.model_copy(
        update={
            "yandex_cloud_folder_id": "b1gfolder",
            "yandex_search_type": "TR",
            "yandex_l10n": "TR",
            "yandex_family_mode": "NONE",
            "yandex_fix_typo": "OFF",
            "yandex_groups_on_page": 50,
            "yandex_docs_in_group": 2,
            "yandex_max_passages": 5,
            "yandex_user_agent": "agent",
        }
    )
    params = DeferredQueryParams.from_settings(changed, "окна", "11508", page=2)
    assert params == DeferredQueryParams(
        "окна", "b1gfolder", "11508", 2, "TR", "NONE", "OFF", 50, 2, 5, "TR", "agent"
    )
    assert params.body()["userAgent"] == "agent"


@pytest.mark.parametrize(
    ("search_type", "l10n", "present"),
    [
        ("RU", "UK", {"region", "l10n"}),
        ("TR", "TR", {"region", "l10n"}),
        ("COM", "EN", {"l10n"}),
        ("KK", "RU", set()),
        ("UZ", "RU", set()),
    ],
)
def test_region_and_language_go_only_where_they_belong(search_type, l10n, present):
    body = replace(PARAMS, search_type=search_type, l10n=l10n).body()
    assert {"region", "l10n"} & set(body) == present


def test_optional_fields_are_left_out_or_sent():
    assert "region" not in replace(PARAMS, region=None).body()
    body = replace(PARAMS, metadata={"batch-1": "a_b"}).body()
    assert body["metadata"] == {"fields": {"batch-1": "a_b"}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"query_text": " \t"}, "query.queryText"),
        ({"query_text": "я" * 401}, "query.queryText"),
        ({"query_text": "я " * 41}, "query.queryText"),
        ({"query_text": "a // b"}, "query.queryText"),
        ({"search_type": "DE"}, "query.searchType"),
        ({"family_mode": "moderate"}, "query.familyMode"),
        ({"fix_typo": ""}, "query.fixTypoMode"),
        ({"page": -1}, "query.page"),
        ({"page": 10}, "query.page"),
        ({"groups_on_page": 0}, "groupSpec.groupsOnPage"),
        ({"groups_on_page": 101}, "groupSpec.groupsOnPage"),
        ({"docs_in_group": 4}, "groupSpec.docsInGroup"),
        ({"max_passages": 6}, "maxPassages"),
        ({"region": "Казань"}, "region"),
        ({"region": "²"}, "region"),
        ({"region": ""}, "region"),
        ({"region": "1" * 101}, "region"),
        ({"l10n": "EN"}, "l10n"),
        ({"folder_id": ""}, "folderId"),
        ({"folder_id": "b" * 51}, "folderId"),
        ({"user_agent": "a" * 301}, "userAgent"),
        ({"metadata": {"X-Forwarded-For-Y": "1"}}, "metadata.fields"),
        ({"metadata": {"a": "Б"}}, "metadata.fields"),
        ({"metadata": {f"k{n}": "v" for n in range(65)}}, "metadata.fields"),
    ],
)
def test_what_the_service_would_refuse_is_refused_here(change, field):
    with pytest.raises(InvalidParams, match=field) as caught:
        replace(PARAMS, **change)
    assert (caught.value.field, caught.value.kind) == (field, "permanent")


@pytest.mark.parametrize(
    "change",
    [
        {"query_text": "я" * 400},
        {"query_text": ("я " * 40).strip()},
        {"query_text": "окна -site:avito.ru"},
        {"page": 9},
        {"page": 19, "groups_on_page": 50},
        {"metadata": {"a" * 63: "b" * 63}},
    ],
)
def test_the_limits_themselves_are_allowed(change):
    assert replace(PARAMS, **change).body()


def test_the_hash_names_the_wish_and_not_the_folder():
    assert PARAMS.request_hash == replace(PARAMS, folder_id="other").request_hash
    canonical = (
        '{"groupSpec":{"docsInGroup":"1","groupMode":"GROUP_MODE_DEEP","groupsOnPage":"100"},'
        '"l10n":"LOCALIZATION_RU","maxPassages":"3","query":{"familyMode":"FAMILY_MODE_MODERATE",'
        '"fixTypoMode":"FIX_TYPO_MODE_ON","page":"0","queryText":"стоматология Казань",'
        '"searchType":"SEARCH_TYPE_RU"},"region":"43","responseFormat":"FORMAT_XML",'
        '"sortSpec":{"sortMode":"SORT_MODE_BY_RELEVANCE","sortOrder":"SORT_ORDER_DESC"}}'
    )
    assert PARAMS.request_hash == hashlib.sha256(canonical.encode()).hexdigest()
    assert PARAMS.request_hash != replace(PARAMS, page=1).request_hash


def operation(**fields: object) -> object:
    return parse_operation({"id": "spp1", **fields})


READY = {"done": True, "response": {"@type": "x", "rawData": "0J4="}}


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "running"),
        ({"done": False}, "running"),
        ({"done": "true"}, "running"),
        (READY, "ready"),
        ({**READY, "done": False}, "running"),
        ({"done": True}, "failed"),
        ({"done": True, "response": {}}, "failed"),
        ({"done": True, "response": {"rawData": ""}}, "ready"),
        ({"error": {"code": 8, "message": "m"}}, "failed"),
        ({"error": {"code": 8}, **READY}, "failed"),
        ({"error": "odd", "done": True}, "failed"),
        ({"error": {}, **READY}, "ready"),
        ({"error": None, "done": True, "response": None}, "failed"),
        ({"error": {"code": 15, "message": "data loss"}}, "failed"),
        ({"error": {"code": 5, "message": "search error code 15: nothing"}}, "empty"),
        ({"error": {"code": 5, "message": 'xml <error code="15">'}}, "empty"),
        ({"error": {"code": 5, "message": "", "details": [{"a": {"code": "15"}}]}}, "empty"),
        ({"error": {"code": 5, "message": "", "details": ["Ошибка 15"]}}, "empty"),
        ({"error": {"code": 5, "message": "code 150"}}, "failed"),
    ],
)
def test_state_of_an_operation(fields, state):
    assert operation(**fields).state == state


def test_a_failed_operation_says_why_and_how_bad():
    failed = operation(done=True, error={"code": 8, "message": "quota", "details": [{"a": 1}]})
    assert (failed.failure_reason, failed.failure_kind) == ("operation error 8: quota", "retry")
    assert failed.error.details == ({"a": 1},)
    assert operation(error={"code": 3}).failure_kind == "permanent"
    assert operation(error={"code": 7}).failure_kind == "configuration"
    empty = operation(done=True)
    assert (empty.failure_reason, empty.failure_kind) == ("empty_operation", "retry")
    assert operation().failure_reason == ""


def test_error_and_result_are_both_kept():
    both = operation(error={"code": 13}, **READY)
    assert (both.error.code, both.decode()) == (13, "О".encode())


def test_the_rest_of_an_operation():
    info = CallInfo(http_status=200)
    found = parse_operation(
        {
            "id": "spp1",
            "description": "WEB search async",
            "createdAt": "2026-11-21T21:00:45Z",
            "modifiedAt": "2026-11-21T21:00:45.120999999Z",
            "createdBy": "aje1",
            "metadata": {"a": 1},
            "surprise": 1,
        },
        info,
    )
    assert found.created_at == datetime(2026, 11, 21, 21, 0, 45, tzinfo=UTC)
    assert found.modified_at == datetime(2026, 11, 21, 21, 0, 45, 120999, tzinfo=UTC)
    assert (found.description, found.created_by) == ("WEB search async", "aje1")
    assert (found.metadata, found.info) == ({"a": 1}, info)


@pytest.mark.parametrize("data", [{}, {"id": ""}, {"id": 5}, {"id": "x" * 101}, [], None, "id"])
def test_an_answer_without_id_is_no_operation(data):
    with pytest.raises(ValueError, match="no id"):
        parse_operation(data)


@given(st.integers(0, 999_999_999), st.integers(0, 9))
def test_fractions_of_any_length_are_cut_to_microseconds(nanoseconds, digits):
    fraction = f".{nanoseconds:09d}"[: digits + 1] if digits else ""
    moment = parse_time(f"2026-11-21T21:00:45{fraction}z")
    kept = fraction[1:7].ljust(6, "0")
    assert moment == datetime(2026, 11, 21, 21, 0, 45, int(kept), tzinfo=UTC)


def test_odd_times():
    assert parse_time("2026-11-22T00:00:45+03:00") == datetime(2026, 11, 21, 21, 0, 45, tzinfo=UTC)
    assert [parse_time(text) for text in ("", None, 5, "soon", "2026-11-21T21:00:45")] == [None] * 5


@given(st.binary(min_size=1, max_size=90))
def test_base64_with_white_space_is_read(raw):
    packed = base64.b64encode(raw).decode()
    assert decode_raw("\n ".join(packed[n : n + 7] for n in range(0, len(packed), 7))) == raw


@pytest.mark.parametrize(
    "raw", ["a", "ab=c", "====", "PD94=bWwg", "щи", "PD-_", "PD94bWwg=", "PD94bWwg===="]
)
def test_bad_base64(raw):
    with pytest.raises(BadBase64) as caught:
        decode_raw(raw)
    assert (caught.value.kind, caught.value.raw) == ("retry", raw.encode())


@pytest.mark.parametrize("raw", [None, "", " \n"])
def test_nothing_to_decode(raw):
    with pytest.raises(EmptyRaw):
        decode_raw(raw)


def test_the_reply_does_not_show_in_the_operations_repr():
    assert "0J4=" not in repr(operation(**READY))


@pytest.mark.parametrize(
    ("age", "missing_minutes", "misses", "verdict"),
    [
        (timedelta(minutes=6), 0, 1, "not_found_yet"),
        (timedelta(hours=1), 20, 3, "not_found_yet"),
        (timedelta(hours=1), 14, 9, "not_found_yet"),
        (timedelta(hours=1), 15, 4, "lost"),
        (timedelta(hours=11, minutes=29), 15, 4, "lost"),
        (timedelta(hours=11, minutes=30), 0, 1, "expired"),
        (timedelta(hours=13), 0, 1, "expired"),
    ],
)
def test_a_missing_operation_is_judged_by_its_age(age, missing_minutes, misses, verdict):
    first = NOW - timedelta(minutes=missing_minutes)
    assert judge_missing(NOW - age, first, misses, NOW) == verdict
