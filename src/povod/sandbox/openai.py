"""An OpenAI-shaped model: chat completions and responses, well-behaved unless told otherwise.

Modes are the replies of L105. A mode is planned by the control endpoint for the next calls, or
falls on a fixed share of prompts, chosen by the prompt's hash and therefore repeatable.
"""

import asyncio
import json
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from povod.kit.errors import InputError
from povod.sandbox.letterwriter import Brief, compose, read_brief, spoil
from povod.sandbox.seeded import code, draw

BAD_KEY = "sandbox-openai-badkey"
SPOILT = ("invented_number", "quote_not_on_page", "foreign_link", "obeys_order")
ANSWERS = ("correct", *SPOILT, "wrong_json", "empty", "refusal", "truncated", "slow")
MODES = (*ANSWERS, "http_401", "http_429", "http_500")
_REFUSAL = "Извините, я не могу помочь с этой просьбой."


@dataclass
class Plan:
    """The next `times` calls behave by `mode`; None = all. `seconds` is the length of slow."""

    mode: str
    times: int | None = 1
    seconds: float = 0
    retry_after: float = 1


@dataclass
class Answer:
    """What the model says, before it is put into either protocol's shape."""

    text: str = ""
    refusal: str | None = None
    cut: bool = False


@dataclass
class Model:
    """The model with its plans and its log of calls."""

    plans: list[Plan] = field(default_factory=list)
    share: dict[str, float] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)

    def routes(self) -> list[Route]:
        """The model's routes, under `/openai/v1`."""
        return [
            Route("/openai/v1/chat/completions", self._chat, methods=["POST"]),
            Route("/openai/v1/responses", self._responses, methods=["POST"]),
            Route("/openai/v1/models", self._models, methods=["GET"]),
        ]

    def plan(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Plan `{"mode", "times", "seconds"}` or set `{"share": {mode: 0..1}}`."""
        share = spec.get("share", {})
        named = {*share, spec.get("mode", "correct")}
        if not named <= set(MODES):
            raise InputError(f"mode: one of {', '.join(MODES)} expected, got {sorted(named)}")
        self.share.update(share)
        if "mode" in spec:
            try:
                self.plans.append(Plan(**{k: v for k, v in spec.items() if k != "share"}))
            except TypeError as error:
                raise InputError(f"mode: {error}") from None
        return {"plans": [asdict(plan) for plan in self.plans], "share": self.share}

    def clear(self) -> None:
        """Well-behaved again, with an empty log."""
        self.plans.clear()
        self.share.clear()
        self.log.clear()

    async def _models(self, _: Request) -> Response:
        model = {"id": "sandbox-letters", "object": "model", "created": 0, "owned_by": "sandbox"}
        return JSONResponse({"object": "list", "data": [model]})

    async def _chat(self, request: Request) -> Response:
        return await self._answer(request, "messages", _chat_shape)

    async def _responses(self, request: Request) -> Response:
        return await self._answer(request, "input", _response_shape)

    async def _answer(self, request: Request, source: str, shape: Any) -> Response:
        body = await _json(request)
        if body is None or not body.get("model") or source not in body:
            return _error(400, f"model and {source} are required", "invalid_request_error")
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key or key == BAD_KEY:
            return _error(401, "Incorrect API key provided", "invalid_api_key")
        prompt = _text_of([body.get("instructions"), body[source]])
        plan = self._next_plan(prompt)
        self.log.append({"path": request.url.path, "mode": plan.mode, "prompt": prompt})
        if plan.mode.startswith("http_"):
            return _planned_error(plan)
        await asyncio.sleep(plan.seconds)
        answer = answer_for(plan.mode, prompt)
        return JSONResponse(shape(answer, body["model"], prompt))

    def _next_plan(self, prompt: str) -> Plan:
        for plan in self.plans:
            if plan.times is None:
                return plan
            if plan.times > 0:
                plan.times -= 1
                return plan
        place = draw("mode", prompt)
        for mode, share in self.share.items():
            if place < share:
                return Plan(mode)
            place -= share
        return Plan("correct")


def answer_for(mode: str, prompt: str) -> Answer:
    """What the model says to a prompt in a mode."""
    brief: Brief = read_brief(prompt)
    letter = compose(brief)
    text = json.dumps(letter, ensure_ascii=False)
    match mode:
        case "empty":
            return Answer("")
        case "refusal":
            return Answer("", refusal=_REFUSAL)
        case "wrong_json":
            return Answer(f"Вот письмо:\n{letter['subject']}\n{letter['body']}")
        case "truncated":
            return Answer(text[: len(text) // 2], cut=True)
    if mode in SPOILT:
        return Answer(json.dumps(spoil(letter, mode, brief), ensure_ascii=False))
    return Answer(text)


def _chat_shape(answer: Answer, model: str, prompt: str) -> dict[str, Any]:
    tokens_in, tokens_out = _tokens(prompt), _tokens(answer.text)
    content = None if answer.refusal else answer.text
    message = {"role": "assistant", "content": content, "refusal": answer.refusal}
    finish = "length" if answer.cut else "stop"
    return {
        "id": "chatcmpl-" + code(prompt, length=24),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
        },
    }


def _response_shape(answer: Answer, model: str, prompt: str) -> dict[str, Any]:
    tokens_in, tokens_out = _tokens(prompt), _tokens(answer.text)
    status = "incomplete" if answer.cut else "completed"
    part: dict[str, Any] = {"type": "output_text", "text": answer.text, "annotations": []}
    if answer.refusal:
        part = {"type": "refusal", "refusal": answer.refusal}
    message = {"type": "message", "role": "assistant", "status": status, "content": [part]}
    return {
        "id": "resp_" + code(prompt, length=24),
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if answer.cut else None,
        "model": model,
        "output": [{"id": "msg_" + code("message", prompt, length=24), **message}],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": tokens_in,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": tokens_out,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": tokens_in + tokens_out,
        },
    }


def _planned_error(plan: Plan) -> Response:
    status = int(plan.mode.removeprefix("http_"))
    kinds = {401: "invalid_api_key", 429: "rate_limit_exceeded", 500: "server_error"}
    response = _error(status, f"planned fault {status}", kinds[status])
    if status == 429:
        response.headers["Retry-After"] = f"{plan.retry_after:g}"
    return response


def _error(status: int, message: str, kind: str) -> Response:
    error = {"message": message, "type": kind, "param": None, "code": kind}
    return JSONResponse({"error": error}, status)


async def _json(request: Request) -> dict[str, Any] | None:
    try:
        body = json.loads(await request.body())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _text_of(value: Any) -> str:
    """All texts of messages, whatever shape their content has, one after another."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(filter(None, map(_text_of, value)))
    if isinstance(value, dict):
        return _text_of(value.get("content", value.get("text")))
    return ""


def _tokens(text: str) -> int:
    return len(text) // 3 + 1
