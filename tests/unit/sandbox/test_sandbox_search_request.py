import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.sandbox.yandex.errors import ApiRefusal
from povod.sandbox.yandex.request import body_hash, parse_json, parse_request

FULL = {
    "query": {
        "searchType": "SEARCH_TYPE_RU",
        "queryText": "окна Казань",
        "familyMode": "FAMILY_MODE_MODERATE",
        "page": "1",
        "fixTypoMode": "FIX_TYPO_MODE_OFF",
    },
    "sortSpec": {"sortMode": "SORT_MODE_BY_TIME", "sortOrder": "SORT_ORDER_ASC"},
    "groupSpec": {
        "groupMode": "GROUP_MODE_FLAT",
        "groupsOnPage": "100",
        "docsInGroup": "1",
    },
    "maxPassages": "3",
    "region": "43",
    "l10n": "LOCALIZATION_RU",
    "folderId": "b1gsandbox0000000000",
    "responseFormat": "FORMAT_XML",
}
SMALL = {
    "query": {"searchType": "SEARCH_TYPE_RU", "queryText": "окна"},
    "folderId": "b1gsandbox0000000000",
}


def changed(path: str, value, base=FULL):
    body = copy.deepcopy(base)
    *branches, leaf = path.split(".")
    target = body
    for branch in branches:
        target = target.setdefault(branch, {})
    target[leaf] = value
    return body


def violations(body):
    with pytest.raises(ApiRefusal) as refusal:
        parse_request(body)
    assert (refusal.value.grpc, refusal.value.status) == (3, 400)
    return dict(refusal.value.violations)


def test_a_full_request_is_understood():
    request = parse_request(FULL)
    assert (request.text, request.page, request.region) == ("окна Казань", 1, "43")
    assert (request.groups_on_page, request.docs_in_group, request.max_passages) == (100, 1, 3)
    assert request.by_time
    assert request.ascending
    assert request.flat
    assert not request.fix_typo


def test_defaults_of_the_service_are_filled_in():
    request = parse_request(SMALL)
    assert (request.groups_on_page, request.docs_in_group, request.max_passages) == (20, 1, 4)
    assert request.fix_typo
    assert (request.by_time, request.flat, request.html) == (False, False, False)


def test_snake_case_numbers_and_other_spelling_of_l10n_are_accepted():
    body = {
        "query": {"search_type": "SEARCH_TYPE_RU", "query_text": "окна", "page": 2},
        "group_spec": {"groups_on_page": 50, "docs_in_group": 2},
        "max_passages": 1,
        "l10N": "LOCALIZATION_UK",
        "folder_id": "b1gsandbox0000000000",
    }
    request = parse_request(body)
    assert (request.page, request.groups_on_page, request.docs_in_group) == (2, 50, 2)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("query.searchType", "SEARCH_TYPE_FR"),
        ("query.searchType", "RU"),
        ("query.searchType", 1),
        ("query.queryText", ""),
        ("query.queryText", "   "),
        ("query.queryText", "я" * 401),
        ("query.queryText", "а " * 41),
        ("query.queryText", ["окна"]),
        ("query.page", "-1"),
        ("query.page", "1.5"),
        ("query.page", True),
        ("query.familyMode", "MODERATE"),
        ("query.fixTypoMode", "ON"),
        ("query.language", "ru"),
        ("groupSpec.groupsOnPage", "0"),
        ("groupSpec.groupsOnPage", "101"),
        ("groupSpec.docsInGroup", "4"),
        ("maxPassages", "6"),
        ("maxPassages", "three"),
        ("region", "1" * 101),
        ("l10n", "LOCALIZATION_EN"),
        ("folderId", "b" * 51),
        ("responseFormat", "FORMAT_JSON"),
        ("userAgent", "x" * 301),
        ("metadata.fields", {"Bad": "x"}),
        ("metadata.fields", {"good": "НЕТ"}),
        ("metadata.fields", {f"k{n}": "v" for n in range(65)}),
        ("surprise", 1),
        ("query", "окна"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(path, value):
    assert path in violations(changed(path, value))


@pytest.mark.parametrize("path", ["query.searchType", "query.queryText", "folderId"])
def test_a_missing_required_field_is_named(path):
    assert violations(changed(path, None))[path] == "Field is required"


def test_all_violations_come_at_once():
    body = changed("maxPassages", "9", changed("region", "x" * 200))
    assert set(violations(body)) == {"maxPassages", "region"}


@pytest.mark.parametrize("kind", ["COM", "KK", "BE", "UZ"])
def test_region_goes_with_ru_and_tr_only(kind):
    body = changed("query.searchType", f"SEARCH_TYPE_{kind}", changed("l10n", None))
    assert "region" in violations(body)


def test_html_has_its_own_range_of_groups():
    body = changed("responseFormat", "FORMAT_HTML")
    assert "groupSpec.groupsOnPage" in violations(body)
    assert parse_request(changed("groupSpec.groupsOnPage", "50", body)).html


@pytest.mark.parametrize("text", ["я" * 400, "а " * 40, "окна -site:a.ru"])
def test_texts_at_the_limit_pass(text):
    assert parse_request(changed("query.queryText", text)).text == text


def test_known_metadata_passes():
    fields = {"trace-id": "a_1-b", "X-Forwarded-For-Y": "10.0.0.1"}
    assert parse_request(changed("metadata.fields", fields))


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff"])
def test_a_body_that_is_no_object_is_refused(raw):
    with pytest.raises(ApiRefusal) as refusal:
        parse_json(raw)
    assert refusal.value.status == 400


def test_the_hash_ignores_folder_and_order_but_no_other_field():
    reordered = json.loads(json.dumps(dict(reversed(FULL.items()))))
    assert body_hash(reordered) == body_hash(FULL)
    assert body_hash(changed("folderId", "another")) == body_hash(FULL)
    assert body_hash(changed("region", "2")) != body_hash(FULL)


KEYS = ["query", "queryText", "page", "region", "metadata", "fields", "groupSpec", "z"]
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4))
def test_any_object_without_its_required_fields_is_refused_politely(body):
    assert "folderId" in violations(body)
