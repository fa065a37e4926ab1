"""An OpenAI-shaped model: chat completions and responses, well-behaved unless told otherwise.

Modes are the replies of L105, or the behaviours of G156. A mode is planned by the control
endpoint for the next calls, asked for by the model's name, or falls on a fixed share of prompts,
chosen by the prompt's hash and therefore repeatable.
"""

import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from povod.sandbox.listener import hang_up
from povod.sandbox.models.behaviours import OF_TEXT, OF_WIRE, Misfortune, Said
from povod.sandbox.models.mind import ANSWERS, MODES, REFUSAL, SPOILT, Mind, Plan
from povod.sandbox.seeded import code

__all__ = ["ANSWERS", "BAD_KEY", "MODES", "SPOILT", "Model", "Plan", "text_of"]

BAD_KEY = "sandbox-openai-badkey"
_FINISH = {"refused": "stop", "blacklist": "content_filter"}
_INCOMPLETE = {"length": "max_output_tokens", "blacklist": "content_filter"}
_KINDS = {401: "invalid_api_key", 429: "rate_limit_exceeded", 500: "server_error"}


class Model(Mind):
    """The model with its plans and its log of calls."""

    def routes(self) -> list[Route]:
        """The model's routes, under `/openai/v1`."""
        base, watched = "/openai/v1", self.journal.watched
        return [
            Route(f"{base}/chat/completions", watched("openai", self._chat), methods=["POST"]),
            Route(f"{base}/responses", watched("openai", self._responses), methods=["POST"]),
            Route(f"{base}/models", watched("openai", self._models), methods=["GET"]),
        ]

    async def _models(self, _: Request) -> Response:
        names = ("sandbox-letters", *OF_TEXT, *OF_WIRE)
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "sandbox"} for name in names
        ]
        return JSONResponse({"object": "list", "data": data})

    async def _chat(self, request: Request) -> Response:
        return await self._answer(request, "messages", _chat_shape)

    async def _responses(self, request: Request) -> Response:
        return await self._answer(request, "input", _response_shape)

    async def _answer(self, request: Request, source: str, shape: Any) -> Response:
        body = await json_of(request)
        if body is None or not body.get("model") or source not in body:
            return _error(400, f"model and {source} are required", "invalid_request_error")
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key or key == BAD_KEY:
            return _error(401, "Incorrect API key provided", "invalid_api_key")
        prompt = text_of([body.get("instructions"), body[source]])
        plan, said = await self.think(request.url.path, body, prompt, _form_of(body))
        if isinstance(said, Misfortune):
            return await hang_up(request) if said.drop else _planned_error(plan, said)
        return JSONResponse(shape(said, body["model"], prompt))


def _form_of(body: dict[str, Any]) -> Any:
    """The asked format of the answer, in the place where either protocol has it."""
    text = body.get("text")
    return body.get("response_format") or (text.get("format") if isinstance(text, dict) else None)


def _chat_shape(answer: Said, model: str, prompt: str) -> dict[str, Any]:
    tokens_in, tokens_out = tokens(prompt), tokens(answer.text)
    refused = answer.finish == "refused"
    content = None if refused else answer.text
    refusal = REFUSAL if refused else None
    message = {"role": "assistant", "content": content, "refusal": refusal}
    finish = _FINISH.get(answer.finish, answer.finish)
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


def _response_shape(answer: Said, model: str, prompt: str) -> dict[str, Any]:
    tokens_in, tokens_out = tokens(prompt), tokens(answer.text)
    reason = _INCOMPLETE.get(answer.finish)
    status = "incomplete" if reason else "completed"
    part: dict[str, Any] = {"type": "output_text", "text": answer.text, "annotations": []}
    if answer.finish == "refused":
        part = {"type": "refusal", "refusal": REFUSAL}
    message = {"type": "message", "role": "assistant", "status": status, "content": [part]}
    return {
        "id": "resp_" + code(prompt, length=24),
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
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


def _planned_error(plan: Plan, trouble: Misfortune) -> Response:
    kind = _KINDS.get(trouble.status, "invalid_request_error")
    response = _error(trouble.status, trouble.message, kind)
    if trouble.status == 429:
        response.headers["Retry-After"] = f"{plan.retry_after:g}"
    return response


def _error(status: int, message: str, kind: str) -> Response:
    error = {"message": message, "type": kind, "param": None, "code": kind}
    return JSONResponse({"error": error}, status)


async def json_of(request: Request) -> dict[str, Any] | None:
    """The body as an object, `None` for anything else."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def text_of(value: Any) -> str:
    """All texts of messages, whatever shape their content has, one after another."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(filter(None, map(text_of, value)))
    if isinstance(value, dict):
        return text_of(value.get("content", value.get("text")))
    return ""


def tokens(text: str) -> int:
    """About how many tokens a text has."""
    return len(text) // 3 + 1
