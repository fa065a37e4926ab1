"""Server-sent events over a real connection: replay by id, and the live part of the overview."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from console_rows import fill
from console_server import serving
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser

from povod.app.house import House
from povod.store.tables import serp_queries

Event = dict[str, str]


@contextmanager
def listening(address: str, **headers: str) -> Iterator[Iterator[Event]]:
    """Events of a stream, one by one."""
    with (
        httpx.Client(trust_env=False, timeout=10) as client,
        client.stream("GET", address, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


def _events(answer: httpx.Response) -> Iterator[Event]:
    event: Event = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name in ("id", "event", "data"):
            event[name] = f"{event[name]}\n{value}" if name in event else value
        elif not line and event:
            yield event
            event = {}


def take(events: Iterator[Event], count: int) -> list[Any]:
    return [json.loads(next(events)["data"])["number"] for _ in range(count)]


def test_a_stream_goes_on_where_the_client_stopped(any_house: House) -> None:
    for number in range(5):
        any_house.events.emit("leads", "progress", {"number": number})
    with serving(any_house) as console:
        with listening(f"{console}/api/stream") as events:
            first = [next(events) for _ in range(2)]
        assert [event["event"] for event in first] == ["progress", "progress"]
        with listening(f"{console}/api/stream", **{"Last-Event-ID": first[-1]["id"]}) as events:
            assert take(events, 3) == [2, 3, 4]
            any_house.events.emit("leads", "progress", {"number": 5})
            assert take(events, 1) == [5]


def test_a_stream_can_follow_one_topic(house: House) -> None:
    for number, topic in enumerate(["leads", "mail", "leads", "mail"]):
        house.events.emit(topic, "progress", {"number": number})
    with serving(house) as console, listening(f"{console}/api/stream?topic=mail") as events:
        assert take(events, 2) == [1, 3]


def test_the_overview_is_sent_again_only_after_a_change(house: House) -> None:
    fill(house, 8)
    with serving(house) as console:
        with listening(f"{console}/live/overview", **{"Accept-Language": "en"}) as events:
            before = next(events)
            assert "<b>1 / 2</b>" in before["data"]
            assert "event" not in before  # htmx swaps in what has no name
            with house.db.tx() as conn:
                conn.execute(serp_queries.update().values(status="completed"))
            assert "<b>2 / 2</b>" in next(events)["data"]


@pytest.mark.parametrize("last", ["-1", "x", "9" * 40])
def test_a_broken_event_id_is_refused(client: TestClient, last: str) -> None:
    answer = client.get("/api/stream", headers={"Last-Event-ID": last})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].lower() == "last-event-id"


def test_live_parts_wait_for_no_script(client: TestClient) -> None:
    """A deferred htmx begins before a late extension is there; then nothing ever moves."""
    page = LexborHTMLParser(client.get("/").text)
    scripts = {str(node.attributes["src"]): node.attributes for node in page.css("script[src]")}
    assert [path.rsplit("/", 1)[1] for path in scripts] == ["htmx.min.js", "hx-sse.min.js"]
    for attributes in scripts.values():
        assert not {"defer", "async", "type"} & set(attributes)
