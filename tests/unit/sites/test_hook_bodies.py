"""What a webhook says to each messenger (S128)."""

import json
from typing import Any

import pytest

from povod.sites.hook_bodies import FORMATS, body_of, signature
from povod.sites.hook_events import names_of

JOB = {"domain": "магазин.рф", "status": "partial", "success_urls": 3, "total_urls": 5}
MESSAGE = {
    "id": "1", "event": "job.finished", "created_at": "2026-11-20T12:00:00+00:00", "job": JOB,
    "data": {"reason": "<b> & @everyone", "list": [1], "none": ""},
}  # fmt: skip


def test_json_is_the_message_itself() -> None:
    assert json.loads(body_of("json", MESSAGE)) == MESSAGE


@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "json"])
def test_messengers_get_one_text(format_: str) -> None:
    body = json.loads(body_of(format_, MESSAGE, "42"))
    texts: dict[str, Any] = {"slack": "text", "discord": "content", "telegram": "text"}
    if format_ == "teams":
        text = body["attachments"][0]["content"]["body"][0]["text"]
    else:
        text = body[texts[format_]]
    assert text.splitlines()[:2] == ["job.finished магазин.рф", "partial: 3 of 5 pages"]
    assert ("<b>" in text) is (format_ != "slack")
    assert "none" not in text
    if format_ == "discord":
        assert body["allowed_mentions"] == {"parse": []}
    if format_ == "telegram":
        assert body["chat_id"] == "42"


@pytest.mark.parametrize(("format_", "longest"), [("discord", 2000), ("telegram", 4096)])
def test_no_text_is_longer_than_the_messenger_takes(format_: str, longest: int) -> None:
    long = {**MESSAGE, "data": {"text": "ы" * 9000}}
    found = json.loads(body_of(format_, long))
    assert len(found["content" if format_ == "discord" else "text"]) == longest


def test_the_signature_covers_the_time() -> None:
    """A value made by other means, so that receivers can rely on it."""
    known = "c212c2ff904316a56d033afe19e64ab8831ceb63eb483a7d7281b328c8a39329"
    assert signature("тайна", 1, b"{}") == known
    assert signature("тайна", 2, b"{}") != known
    assert signature("другая", 1, b"{}") != known


@pytest.mark.parametrize(
    ("topic", "kind", "data", "names"),
    [
        ("sites:1", "state", {"from": "queued", "to": "running"}, {"job.started"}),
        ("sites:1", "state", {"from": "running", "to": "partial"}, {"job.finished"}),
        ("sites:1", "state", {"from": "partial", "to": "succeeded"}, set()),
        ("sites:1", "state", {"from": "running", "to": "cancelling"}, set()),
        ("sites:1", "page", {"outcome": "ok"}, set()),
        ("sites:1", "page", {"outcome": "error"}, {"page.failed"}),
        ("sites:1", "budget", {"at": "odd"}, set()),
        ("sites:1", "schedule", {"outcome": "skipped"}, set()),
        ("leads:1", "page", {"outcome": "error"}, set()),
    ],
)
def test_which_news_are_told(topic: str, kind: str, data: Any, names: set[str]) -> None:
    assert names_of({"topic": topic, "kind": kind, "data": data}) == names
