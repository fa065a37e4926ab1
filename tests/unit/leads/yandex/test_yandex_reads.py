"""Reads: what is repeated and what is not; cancelling, waiting, regions, the doctor."""

import base64
import json
from decimal import Decimal

import httpx
import pytest

from povod.leads.serp import EmptyRaw
from povod.leads.yandex.client import RegionNode
from povod.leads.yandex.doctor import examine
from povod.leads.yandex.errors import (
    Aborted,
    BadRequest,
    NotFound,
    OperationTimeout,
    RateLimited,
    Unavailable,
    YandexForbidden,
)
from povod.leads.yandex.protocol import DeferredQueryParams

PARAMS = DeferredQueryParams("стоматология Казань", "b1gfolder", region="43")
RUNNING = {"id": "spp1", "done": False, "createdAt": "2026-11-21T21:00:00Z"}
READY = {"id": "spp1", "done": True, "response": {"rawData": "0J4="}}

STUMBLES = [
    httpx.ReadTimeout("x"),
    httpx.ConnectError("x"),
    httpx.Response(200, content=b"<html>"),
    {"done": False},
    500,
    502,
    503,
    504,
]


@pytest.mark.parametrize("step", STUMBLES, ids=str)
def test_one_bad_poll_is_repeated(world, step):
    world.plan(step, READY)
    assert world.client.get_operation("spp1").decode() == "О".encode()
    assert world.quotas == ["yandex.poll"] * 2
    assert world.pauses == [pytest.approx(1, abs=0.2)]


def test_a_poll_gives_up_after_three_repetitions(world):
    world.plan(503)
    with pytest.raises(Unavailable, match="poll spp1"):
        world.client.get_operation("spp1")
    assert world.pauses == [pytest.approx(wait, rel=0.2) for wait in (1, 2, 4)]
    assert len(world.service.seen) == 4


def test_an_aborted_poll_is_repeated_once(world):
    world.plan(409, READY)
    assert world.client.get_operation("spp1").state == "ready"
    world.plan(409)
    with pytest.raises(Aborted):
        world.client.get_operation("spp1")
    assert len(world.service.seen) == 4


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotFound), (429, RateLimited), (400, BadRequest)]
)
def test_what_a_repetition_cannot_mend_is_raised_at_once(world, status, error):
    world.plan(status)
    with pytest.raises(error):
        world.client.get_operation("spp1")
    assert len(world.service.seen) == 1


def test_an_operation_id_is_escaped_in_the_path(world):
    world.plan({"id": "x"})
    world.client.get_operation("../a?b")
    assert world.service.paths == ["GET /operations/..%2Fa%3Fb"]


@pytest.mark.parametrize(
    ("steps", "paths"),
    [
        ([READY], ["GET"]),
        ([404, READY], ["GET", "POST"]),
        ([405, 500], ["GET", "POST"]),
        ([400], ["GET"]),
        ([httpx.ConnectError("x")], ["GET"]),
    ],
)
def test_cancel_tries_both_ways_and_never_fails(world, steps, paths):
    world.plan(*steps)
    world.client.cancel("spp1")
    assert world.service.paths == [f"{method} /operations/spp1:cancel" for method in paths]


def test_the_synchronous_twin_gives_the_decoded_reply(world):
    world.plan({"rawData": base64.b64encode(b"<a/>").decode()})
    assert world.client.search_now(PARAMS) == b"<a/>"
    assert world.service.paths == ["POST /v2/web/search"]
    world.plan({"rawData": None})
    with pytest.raises(EmptyRaw):
        world.client.search_now(PARAMS)


def test_waiting_starts_late_and_outlives_bad_polls(world):
    world.plan(RUNNING, 429, RUNNING, READY)
    assert world.client.wait("spp1", created_at=world.clock.now()).state == "ready"
    assert world.pauses == [300, 60, 60, 60]


def test_waiting_ends(world):
    world.plan(RUNNING)
    with pytest.raises(OperationTimeout, match="not ready in 200 s"):
        world.client.wait("spp1", timeout=200, interval=60)
    assert sum(world.pauses) <= 200
    world.plan({"id": "spp1", "error": {"code": 8}, "done": False})
    assert world.client.wait("spp1").state == "failed"


def test_regions_are_read_under_either_name(world):
    tree = {
        "regions": [
            {"id": "225", "label": "Россия", "children": [{"id": 43, "name": "Казань"}, "x", {}]}
        ]
    }
    world.plan(tree)
    assert world.client.regions_tree() == [
        RegionNode("225", "Россия", (RegionNode("43", "Казань"),))
    ]
    assert json.loads(world.service.seen[0].content) == {"folderId": "b1gfolder"}
    world.plan({"regions": None})
    assert world.client.regions_tree() == []


@pytest.mark.parametrize(
    ("date", "skew", "level"),
    [
        ("Sat, 21 Nov 2026 21:00:03 GMT", -3, "ok"),
        ("Sat, 21 Nov 2026 20:59:54 GMT", 6, "warning"),
        ("Sat, 21 Nov 2026 21:01:01 GMT", -61, "error"),
        ("yesterday", None, "unknown"),
    ],
)
def test_doctor_compares_the_clocks(world, date, skew, level):
    world.plan(httpx.Response(404, headers={"date": date}))
    report = examine(world.settings, world.tokens, world.client, world.clock)
    assert (report.clock_skew, report.skew_level) == (skew, level)
    assert (report.auth_kind, report.price_night_rub_1000) == ("sa_key", Decimal("25.41"))
    assert report.create_limits[0].count == 10


def test_doctor_passes_a_refusal_on(world):
    world.plan(403)
    with pytest.raises(YandexForbidden, match=r"search-api\.webSearch\.user.*yc\.search-api"):
        examine(world.settings, world.tokens, world.client, world.clock)
    world.plan(RUNNING)
    assert examine(world.settings, world.tokens, world.client, world.clock).clock_skew is None
