"""Troubles planned for the next calls of a small service."""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from povod.kit.errors import InputError
from povod.sandbox.listener import hang_up


@dataclass
class Trouble:
    """`kind` is `http_<status>`, `slow` (waits `seconds`, then answers) or `drop`.

    `times` is how many calls are hit, None = all; `contains` limits it to bodies or paths with
    this text; `retry_after` is sent as it is.
    """

    kind: str
    times: int | None = 1
    contains: str = ""
    seconds: float = 5
    retry_after: str = ""

    @property
    def status(self) -> int:
        """The status to answer with, 0 for a trouble without one."""
        return int(self.kind.removeprefix("http_")) if self.kind.startswith("http_") else 0


class Troubles:
    """The planned troubles of one service; the first that fits acts."""

    def __init__(self) -> None:
        self._planned: list[Trouble] = []

    def add(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Plan one from its JSON form; `InputError` says what is possible."""
        try:
            trouble = Trouble(**spec)
            fits = trouble.kind in {"slow", "drop"} or 400 <= trouble.status <= 599
        except (TypeError, ValueError, AttributeError) as error:
            raise InputError(f"fault: {error}") from None
        if not fits:
            raise InputError(f"kind: http_<status>, slow or drop expected, got {trouble.kind!r}")
        self._planned.append(trouble)
        return asdict(trouble)

    def clear(self) -> None:
        """All is well again."""
        self._planned.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """What is planned, with the calls that are left."""
        return [asdict(trouble) for trouble in self._planned]

    async def hit(self, request: Request, raw: bytes, body: Any = None) -> Response | None:
        """What happens to a call: an answer in place of the real one, or nothing (any more).

        `body(status)` makes the JSON of an error in the service's own shape.
        """
        trouble = self._next(request, raw)
        if trouble is None:
            return None
        if trouble.kind == "drop":
            return await hang_up(request)
        if trouble.kind == "slow":
            await asyncio.sleep(trouble.seconds)
            return None
        content = body(trouble.status) if body else {"error": f"planned fault {trouble.status}"}
        headers = {"Retry-After": trouble.retry_after} if trouble.retry_after else {}
        return JSONResponse(content, trouble.status, headers)

    def _next(self, request: Request, raw: bytes) -> Trouble | None:
        whole = f"{request.url.path}?{request.url.query} {raw.decode('utf-8', 'replace')}"
        for trouble in self._planned:
            if trouble.contains in whole and trouble.times != 0:
                if trouble.times is not None:
                    trouble.times -= 1
                return trouble
        return None
