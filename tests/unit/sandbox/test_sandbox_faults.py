import base64
import xml.etree.ElementTree as ET

import pytest

from povod.sandbox.yandex.faults import RESULT, TRANSPORT, Call, Fault, Faults, UnknownFault
from povod.sandbox.yandex.request import SearchRequest
from povod.sandbox.yandex.search import raw_data

CREATE = Call("/yandex/search/v2/web/searchAsync", "окна Казань")
READ = Call("/yandex/operation/operations/spp1", "окна Казань", "spp1")
ASKED = SearchRequest("RU", "окна Казань", "folder")


def spoilt(world, kind, **changes) -> bytes:
    return base64.b64decode(raw_data(world, ASKED, Fault(kind, **changes)), validate=True)


def test_a_fault_acts_as_often_as_planned():
    faults = Faults()
    faults.add({"kind": "http_503", "times": 2})
    assert [bool(faults.transport(CREATE)) for _ in range(3)] == [True, True, False]


def test_no_limit_means_for_ever():
    faults = Faults()
    faults.add({"kind": "slow", "times": None})
    assert all(faults.transport(CREATE) for _ in range(20))


@pytest.mark.parametrize(
    ("match", "acts"),
    [
        ({}, True),
        ({"path": "searchAsync"}, True),
        ({"path": "/operations/"}, False),
        ({"text": "Казань"}, True),
        ({"text": "Омск"}, False),
        ({"operation": "spp1"}, False),
        ({"text": "окна", "path": "searchAsync"}, True),
    ],
)
def test_what_a_fault_matches(match, acts):
    faults = Faults()
    faults.add({"kind": "no_id", "match": match})
    assert bool(faults.transport(CREATE)) is acts


def test_operation_id_matches_its_reads():
    faults = Faults()
    faults.add({"kind": "expire_now", "match": {"operation": "spp1"}})
    assert faults.result(CREATE) is None
    assert faults.result(READ).kind == "expire_now"


def test_nth_counts_matching_calls_only():
    faults = Faults()
    faults.add({"kind": "lost_reply", "match": {"path": "searchAsync", "nth": 3}})
    hits = [bool(faults.transport(call)) for call in (READ, CREATE, CREATE, READ, CREATE, CREATE)]
    assert hits == [False, False, False, False, True, False]


def test_families_do_not_use_each_other_up():
    faults = Faults()
    faults.add({"kind": "not_xml"})
    assert faults.transport(CREATE) is None
    assert faults.result(CREATE).kind == "not_xml"


def test_the_first_planned_fault_goes_first_and_clear_forgets():
    faults = Faults()
    faults.add({"kind": "http_429"})
    faults.add({"kind": "http_500"})
    assert faults.transport(CREATE).kind == "http_429"
    assert faults.as_json()[0]["used"] == 1
    faults.clear()
    assert faults.transport(CREATE) is None


@pytest.mark.parametrize(
    "spec",
    [{}, {"kind": "earthquake"}, {"kind": "slow", "wait": 1}, {"kind": "slow", "match": {"x": 1}}],
)
def test_an_unknown_fault_is_explained(spec):
    faults = Faults()
    with pytest.raises(UnknownFault):
        faults.add(spec)
    assert faults.planned == []


def test_the_kinds_of_the_protocol_page_all_exist():
    named = (
        "lost_reply refuse http_429 http_500 http_503 http_504 html_502 slow operation_error "
        "xml_error not_xml bad_base64 empty_raw truncated_xml doctype_bomb control_chars huge "
        "no_id forever_running expire_now unknown_after clock_skew"
    )
    assert set(named.split()) <= TRANSPORT | RESULT


def test_xml_error_with_and_without_documents(tiny_world):
    bare = ET.fromstring(spoilt(tiny_world, "xml_error", code=32))
    assert bare.find("response/error").get("code") == "32"
    assert bare.find(".//doc") is None
    full = ET.fromstring(spoilt(tiny_world, "xml_error", code=55, with_documents=True))
    assert full.find(".//doc") is not None


def test_not_xml_is_a_page():
    class NoWorld:
        seed = 1

        def search(self, text, region):
            return []

        def correction(self, text):
            return None

    assert spoilt(NoWorld(), "not_xml").lower().startswith(b"<!doctype html")


def test_empty_raw_and_bad_base64(tiny_world):
    assert raw_data(tiny_world, ASKED, Fault("empty_raw")) == ""
    with pytest.raises(ValueError):
        spoilt(tiny_world, "bad_base64")


@pytest.mark.parametrize("kind", ["truncated_xml", "control_chars"])
def test_damaged_xml_does_not_parse_but_has_documents(tiny_world, kind):
    data = spoilt(tiny_world, kind)
    assert b"</doc>" in data
    with pytest.raises(ET.ParseError):
        ET.fromstring(data)


def test_the_bomb_has_a_doctype_before_the_root(tiny_world):
    data = spoilt(tiny_world, "doctype_bomb")
    assert 0 < data.index(b"<!DOCTYPE") < data.index(b"<yandexsearch")


def test_huge_has_the_asked_size_and_is_well_formed(tiny_world):
    data = spoilt(tiny_world, "huge", size=100_000)
    assert len(data) > 100_000
    assert ET.fromstring(data).find(".//doc") is not None
