"""What a webhook says, in the words of each messenger, and its signature (S128): pure."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import orjson

EVENTS = (
    "job.started", "job.finished", "job.paused", "page.failed", "diff.ready", "diff.held",
    "alert", "budget.soft", "budget.hard", "breaker.open",
)  # fmt: skip
FORMATS = ("json", "slack", "teams", "discord", "telegram")
_LONGEST = {"discord": 2000, "telegram": 4096}
_USUAL_LONGEST = 8000


def body_of(format_: str, message: Mapping[str, Any], chat_id: str = "") -> bytes:
    """The body to send; messengers get one text."""
    if format_ == "json":
        return orjson.dumps(message)
    text = text_of(message)[: _LONGEST.get(format_, _USUAL_LONGEST)]
    shapes: dict[str, dict[str, Any]] = {
        "slack": {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")},
        "discord": {"content": text, "allowed_mentions": {"parse": []}},
        "telegram": {"chat_id": chat_id, "text": text, "disable_web_page_preview": True},
        "teams": _card(text),
    }
    return orjson.dumps(shapes[format_])


def text_of(message: Mapping[str, Any]) -> str:
    """One line of what happened, then its particulars."""
    job = message.get("job") or {}
    title = " ".join(str(part) for part in (message["event"], job.get("domain", "")) if part)
    lines = [title]
    if job:
        lines.append(f"{job['status']}: {job['success_urls']} of {job['total_urls']} pages")
    lines += [
        f"{name}: {value}"
        for name, value in message["data"].items()
        if isinstance(value, str | int | float) and value != ""
    ]
    return "\n".join(lines)


def headers_of(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The id stays the same on retries; the signature covers the time, so it cannot be replayed."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Povod-Webhook/1",
        "X-Webhook-Id": message_id,
        "X-Webhook-Timestamp": str(timestamp),
        "X-Webhook-Signature-256": f"sha256={signature(secret, timestamp, body)}",
    }


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 of `timestamp.body`."""
    return hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()


def _card(text: str) -> dict[str, Any]:
    block = {"type": "TextBlock", "text": text, "wrap": True}
    card = {"type": "AdaptiveCard", "version": "1.4", "body": [block]}
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}
