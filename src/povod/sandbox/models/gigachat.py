"""The GigaChat shape: OAuth, chat, models, token count, pictures (G79, G156).

POST /gigachat/api/v2/oauth (Basic, RqUID, scope) gives a token for half an hour of virtual time;
the rest lies under /gigachat/v1 and, as on the older address, under /gigachat/api/v1. Known
clients: `sandbox-client` (scope PERS) and `sandbox-corp` (B2B and CORP), secret `sandbox-secret`.

Behaviours are those of the model's name, as in the other shape; a picture is drawn when the
request has `function_call: "auto"` and the words ask for one. Model `no-image` answers with words
instead, `bad-image` gives a file that is no picture.
"""

import base64
import binascii
import hashlib
import io
import time
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from povod.sandbox.clock import WorldClock
from povod.sandbox.listener import hang_up
from povod.sandbox.models.behaviours import OF_TEXT, OF_WIRE, Misfortune, Said
from povod.sandbox.models.mind import REFUSAL, Mind, Plan
from povod.sandbox.openai import json_of, text_of, tokens

CREDENTIALS = base64.b64encode(b"sandbox-client:sandbox-secret").decode()
CORP_CREDENTIALS = base64.b64encode(b"sandbox-corp:sandbox-secret").decode()
SCOPES = ("GIGACHAT_API_PERS", "GIGACHAT_API_B2B", "GIGACHAT_API_CORP")
TOKEN_LIFE = timedelta(minutes=30)
LONGEST_PROMPT = 400_000
_CLIENTS = {
    CREDENTIALS: frozenset({"GIGACHAT_API_PERS"}),
    CORP_CREDENTIALS: frozenset({"GIGACHAT_API_B2B", "GIGACHAT_API_CORP"}),
}
_BASES = ("/gigachat/v1", "/gigachat/api/v1")
_FINISH = {"refused": "blacklist"}


@dataclass
class Picture:
    """One drawn file and the `X-Client-ID` that may fetch it."""

    owner: str
    content: bytes


@dataclass
class GigaChat(Mind):
    """The whole imitated service; tokens end on the virtual clock."""

    clock: WorldClock = field(default_factory=WorldClock)
    tokens: dict[str, float] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    issued: int = 0

    def routes(self) -> list[Route]:
        """The service's routes, under `/gigachat`."""
        watched = self.journal.watched
        routes = [
            Route("/gigachat/api/v2/oauth", watched("gigachat", self._oauth), methods=["POST"])
        ]
        for base in _BASES:
            routes += [
                self._route("POST", f"{base}/chat/completions", self._chat),
                self._route("GET", f"{base}/models", self._models),
                self._route("POST", f"{base}/tokens/count", self._count),
                self._route("GET", f"{base}/files/{{id}}/content", self._file),
            ]
        return routes

    def clear(self) -> None:
        """Well-behaved again; tokens and pictures are forgotten too."""
        super().clear()
        self.tokens.clear()
        self.pictures.clear()
        self.issued = 0

    def expire(self) -> None:
        """Every token given so far answers 401 from now on."""
        self.tokens.clear()

    def _route(self, method: str, path: str, action: Any) -> Route:
        async def endpoint(request: Request) -> Response:
            problem = self._unauthorised(request)
            return problem or await action(request)

        return Route(path, self.journal.watched("gigachat", endpoint), methods=[method])

    async def _oauth(self, request: Request) -> Response:
        try:
            UUID(request.headers.get("RqUID", ""))
        except ValueError:
            return _oauth_error(400, 4, "Bad request: header RqUID must be a uuid4")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic" or not _is_base64(given):
            return _oauth_error(400, 4, "Can't decode 'Authorization' header")
        scope = str((await request.form()).get("scope", ""))
        if not scope:
            return _oauth_error(400, 5, "scope is empty")
        if scope not in SCOPES:
            return _oauth_error(400, 1, "scope data format invalid")
        if given not in _CLIENTS:
            return _oauth_error(401, 6, "credentials doesn't match db data")
        if scope not in _CLIENTS[given]:
            return _oauth_error(400, 7, "scope from db not fully includes consumed scope")
        token = f"sandbox.{uuid4()}"
        ends = (self.clock.now() + TOKEN_LIFE).timestamp()
        self.tokens[token] = ends
        self.issued += 1
        return JSONResponse({"access_token": token, "expires_at": int(ends * 1000)})

    def _unauthorised(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        ends = self.tokens.get(token, 0) if scheme.lower() == "bearer" else 0
        if ends > self.clock.now().timestamp():
            return None
        return _error(401, "Token has expired" if ends else "Unauthorized")

    async def _chat(self, request: Request) -> Response:
        body = await json_of(request)
        problem = _problem(body)
        if body is None or problem:
            return _error(422 if body is not None else 400, problem or "Invalid JSON")
        prompt = text_of(body["messages"])
        if len(prompt) > LONGEST_PROMPT:
            return _error(413, "Payload too large")
        if body.get("function_call") == "auto" and _asks_for_a_picture(prompt):
            return self._draw(request, body, prompt)
        form = body.get("response_format")
        plan, said = await self.think(request.url.path, body, prompt, form)
        if isinstance(said, Misfortune):
            return await hang_up(request) if said.drop else _planned_error(plan, said)
        return JSONResponse(_shape(said, body["model"], prompt))

    def _draw(self, request: Request, body: dict[str, Any], prompt: str) -> Response:
        """An `<img>` with the number of a file, or words in its place."""
        self.log.append({"path": request.url.path, "mode": "picture", "prompt": prompt})
        if body["model"] == "no-image":
            said = Said("Сейчас я не могу нарисовать картинку.")
        else:
            number = str(uuid4())
            content = b"not a picture" if body["model"] == "bad-image" else _jpeg(prompt)
            owner = request.headers.get("X-Client-ID", "")
            self.pictures[number] = Picture(owner, content)
            said = Said(f'Вот картинка: <img src="{number}" fuse="true"/>')
        return JSONResponse(_shape(said, body["model"], prompt))

    async def _file(self, request: Request) -> Response:
        picture = self.pictures.get(request.path_params["id"])
        if picture is None or picture.owner != request.headers.get("X-Client-ID", ""):
            return _error(404, "No such file")
        return Response(picture.content, media_type="image/jpg")

    async def _models(self, _: Request) -> Response:
        names = ("GigaChat", "GigaChat-Pro", "GigaChat-Max", *OF_TEXT, *OF_WIRE)
        data = [
            {"id": name, "object": "model", "owned_by": "salutedevices", "type": "chat"}
            for name in names
        ]
        return JSONResponse({"object": "list", "data": data})

    async def _count(self, request: Request) -> Response:
        body = await json_of(request) or {}
        texts = body.get("input")
        if not body.get("model") or not isinstance(texts, list):
            return _error(422, "model and input are required")
        counted = [
            {"object": "tokens", "tokens": tokens(str(text)), "characters": len(str(text))}
            for text in texts
        ]
        return JSONResponse(counted)


def _problem(body: dict[str, Any] | None) -> str:
    """Why the service refuses a body; empty when it does not."""
    if body is None:
        return ""
    if not body.get("model"):
        return "model is required"
    messages = body.get("messages")
    if not isinstance(messages, list) or not all(isinstance(item, dict) for item in messages):
        return "messages is required"
    if not messages:
        return "messages must not be empty"
    if any(item.get("role") == "system" for item in messages[1:]):
        return "system message must be the first message"
    return ""


def _shape(answer: Said, model: str, prompt: str) -> dict[str, Any]:
    tokens_in, tokens_out = tokens(prompt), tokens(answer.text)
    content = REFUSAL if answer.finish == "refused" else answer.text
    return {
        "choices": [
            {
                "message": {"role": "assistant", "content": content},
                "index": 0,
                "finish_reason": _FINISH.get(answer.finish, answer.finish),
            }
        ],
        "created": int(time.time()),
        "model": f"{model}:sandbox",
        "object": "chat.completion",
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
            "precached_prompt_tokens": 0,
        },
    }


def _planned_error(plan: Plan, trouble: Misfortune) -> Response:
    response = _error(trouble.status, trouble.message)
    if trouble.status == 429:
        response.headers["Retry-After"] = f"{plan.retry_after:g}"
    return response


def _error(status: int, message: str) -> Response:
    return JSONResponse({"status": status, "message": message}, status)


def _oauth_error(status: int, number: int, message: str) -> Response:
    return JSONResponse({"code": number, "message": message}, status)


def _is_base64(text: str) -> bool:
    try:
        return b":" in base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False


def _asks_for_a_picture(prompt: str) -> bool:
    words = prompt.casefold()
    return any(stem in words for stem in ("нарису", "картин", "изображ", "draw", "picture"))


def _jpeg(prompt: str) -> bytes:
    """A soft gradient in colours that depend on the prompt."""
    return _gradient(hashlib.sha256(prompt.encode()).digest()[:6])


@cache
def _gradient(colours: bytes) -> bytes:
    from PIL import Image

    first, last = colours[:3], colours[3:]
    strip = Image.new("RGB", (1, 2))
    strip.putpixel((0, 0), (first[0], first[1], first[2]))
    strip.putpixel((0, 1), (last[0], last[1], last[2]))
    packed = io.BytesIO()
    strip.resize((1024, 1024), Image.Resampling.BILINEAR).save(packed, "JPEG", quality=80)
    return packed.getvalue()
