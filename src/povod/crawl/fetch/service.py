"""A small JSON client for services that the operator has named (FlareSolverr, Firecrawl).

Their addresses come from the configuration, so the guard does not apply to them (S133).
"""

from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
import orjson

from povod.kit.errors import ExternalError

MAX_ANSWER = 16 * 1024 * 1024


class ServiceError(ExternalError):
    """The service did not answer, or not in JSON."""


class ServiceAnswer(NamedTuple):
    """Status and decoded body."""

    status: int
    data: dict[str, Any]


class ServiceClient:
    """One session for all services; an async context manager."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(
        self, url: str, body: dict[str, Any], *, timeout_s: float, key: str = ""
    ) -> ServiceAnswer:
        """POST JSON, get JSON; `ServiceError` for anything else."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return await self._ask("POST", url, timeout_s, json=body, headers=headers)

    async def get(self, url: str, *, timeout_s: float) -> ServiceAnswer:
        """GET JSON."""
        return await self._ask("GET", url, timeout_s)

    async def _ask(self, method: str, url: str, timeout_s: float, **options: Any) -> ServiceAnswer:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.request(method, url, timeout=timeout, **options) as answer:
                raw = await answer.content.read(MAX_ANSWER + 1)
                while len(raw) <= MAX_ANSWER and not answer.content.at_eof():
                    raw += await answer.content.read(MAX_ANSWER)
                return ServiceAnswer(answer.status, _object(raw))
        except TimeoutError:
            raise ServiceError(f"{url}: no answer in {timeout_s:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise ServiceError(f"{url}: {error or type(error).__name__}") from None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return data if isinstance(data, dict) else {}
