"""A loopback server that speaks both model protocols and keeps every byte it was sent.

Written for these tests from the wire facts (G79), so that the clients are not judged by the
sandbox alone. A `script` gives one reply after another; the last one repeats.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from povod.writing.llm import ChatModel

Make = Callable[..., ChatModel]

BODY = (
    "Примите самые тёплые поздравления с этим днём.\n\n"
    "Пусть работа приносит радость, а вечера остаются для близких.\n\n"
    "Желаем сил, вдохновения и добрых вестей."
)
WISH = "Пусть всё задуманное сбывается легко и вовремя."


def greeting(**changes: Any) -> str:
    """The JSON of a good answer, with changes."""
    data = {"tone": "warm", "subject": "Поздравляем с праздником", "body": BODY, "wish": WISH}
    return json.dumps(data | changes, ensure_ascii=False)


@dataclass
class Reply:
    """What the server says to one chat call."""

    text: str = ""
    status: int = 200
    finish: str = "stop"
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    seconds: float = 0
    drop: bool = False
    tokens: tuple[int, int] = (400, 300)
    refusal: str | None = None


@dataclass
class Seen:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.body)
        return data


class ModelServer:
    """Both services on one port."""

    def __init__(self) -> None:
        self.script: list[Reply | Callable[[dict[str, Any]], Reply]] = [Reply(greeting())]
        self.seen: list[Seen] = []
        self.tokens: list[str] = []
        self.token_ms = 30 * 60 * 1000
        self.now_ms: Callable[[], int] = lambda: int(time.time() * 1000)
        self.refuse_tokens: set[str] = set()
        self.oauth_status = 200
        self.picture: bytes = b""
        self.models: list[str] | None = ["gpt-4.1-mini", "GigaChat"]
        self.models_status = 404
        self.owner = ""
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer.handle(self)

            def do_GET(self) -> None:
                outer.handle(self)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator["ModelServer"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def chats(self) -> list[Seen]:
        """The chat calls alone."""
        return [
            seen for seen in self.seen if seen.path.endswith(("/chat/completions", "/responses"))
        ]

    def oauths(self) -> list[Seen]:
        """The token calls alone."""
        return [seen for seen in self.seen if seen.path.endswith("/oauth")]

    def everything(self) -> str:
        """All bytes of all requests, to search."""
        return "\n".join(
            f"{seen.path} {seen.headers} {seen.body.decode('utf-8', 'replace')} "
            f"{json.dumps(_decoded(seen.body), ensure_ascii=False)}"
            for seen in self.seen
        )

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        size = int(handler.headers.get("Content-Length") or 0)
        seen = Seen(handler.path, dict(handler.headers), handler.rfile.read(size))
        with self._lock:
            self.seen.append(seen)
        if handler.path.endswith("/oauth"):
            self._oauth(handler, seen)
        elif handler.path.endswith("/models"):
            self._models(handler)
        elif "/files/" in handler.path:
            self._file(handler, seen)
        else:
            self._chat(handler, seen)

    def _oauth(self, handler: BaseHTTPRequestHandler, seen: Seen) -> None:
        form = parse_qs(seen.body.decode())
        headers = {name.lower(): value for name, value in seen.headers.items()}
        if "rquid" not in headers or "scope" not in form:
            _send(handler, 400, {"code": 1, "message": "RqUID or scope missing"})
        elif self.oauth_status != 200 or not headers.get("authorization", "").startswith("Basic "):
            _send(handler, self.oauth_status, {"code": 6, "message": "credentials"})
        else:
            token = f"token-{len(self.tokens) + 1}"
            self.tokens.append(token)
            until = self.now_ms() + self.token_ms
            _send(handler, 200, {"access_token": token, "expires_at": until})

    def _models(self, handler: BaseHTTPRequestHandler) -> None:
        if self.models is None:
            _send(handler, self.models_status, {"status": self.models_status, "message": "no"})
            return
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "x"} for name in self.models
        ]
        _send(handler, 200, {"object": "list", "data": data})

    def _file(self, handler: BaseHTTPRequestHandler, seen: Seen) -> None:
        if seen.headers.get("X-Client-ID", seen.headers.get("x-client-id")) != self.owner:
            _send(handler, 404, {"status": 404, "message": "no such file"})
            return
        _send_bytes(handler, 200, self.picture, "image/jpeg", {})

    def _chat(self, handler: BaseHTTPRequestHandler, seen: Seen) -> None:
        bearer = seen.headers.get("Authorization", seen.headers.get("authorization", ""))
        if bearer.removeprefix("Bearer ") in self.refuse_tokens:
            _send(handler, 401, {"status": 401, "message": "Token has expired"})
            return
        self.owner = seen.headers.get("X-Client-ID", seen.headers.get("x-client-id", ""))
        with self._lock:
            entry = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        reply = entry if isinstance(entry, Reply) else entry(seen.json)
        time.sleep(reply.seconds)
        if reply.drop:
            handler.close_connection = True
            handler.connection.close()
        elif reply.raw is not None or reply.status != 200:
            raw = reply.raw if reply.raw is not None else b'{"status": 0, "message": "planned"}'
            _send_bytes(handler, reply.status, raw, "application/json", reply.headers)
        else:
            shape = _response if handler.path.endswith("/responses") else _completion
            _send(handler, 200, shape(reply, seen.json["model"]))


def _completion(reply: Reply, model: str) -> dict[str, Any]:
    content = None if reply.refusal else reply.text
    message = {"role": "assistant", "content": content}
    if reply.refusal:
        message["refusal"] = reply.refusal
    used = {"prompt_tokens": reply.tokens[0], "completion_tokens": reply.tokens[1]}
    return {
        "id": "c-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
        "usage": {**used, "total_tokens": sum(reply.tokens)},
    }


def _response(reply: Reply, model: str) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "output_text", "text": reply.text, "annotations": []}
    if reply.refusal:
        part = {"type": "refusal", "refusal": reply.refusal}
    cut = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(reply.finish)
    return {
        "id": "r-1",
        "object": "response",
        "created_at": 1,
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": cut} if cut else None,
        "model": model,
        "output": [
            {
                "id": "m-1",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [part],
            }
        ],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": reply.tokens[0],
            "output_tokens": reply.tokens[1],
            "total_tokens": sum(reply.tokens),
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
    }


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _send(handler: BaseHTTPRequestHandler, status: int, data: dict[str, Any]) -> None:
    raw = json.dumps(data, ensure_ascii=False).encode()
    _send_bytes(handler, status, raw, "application/json", {})


def _send_bytes(
    handler: BaseHTTPRequestHandler, status: int, raw: bytes, kind: str, headers: dict[str, str]
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(raw)))
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(raw)
