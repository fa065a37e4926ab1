"""The API server's socket and protocol: loopback only, and able to hang up on a caller."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import cast

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HOST = "127.0.0.1"


class _HangingUp(H11Protocol):
    """Hands each request its own transport, so that a fault can close the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows the base class the same way
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


async def hang_up(request: Request) -> Response:
    """Close the caller's connection without an answer; the returned response goes nowhere."""
    transport = cast(asyncio.Transport, request.state.transport)
    transport.abort()
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response()


class Listener(uvicorn.Server):
    """A server whose port is known before it starts and which leaves signals to its owner."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_HangingUp,
                ws="none",
                lifespan="off",
                date_header=False,
                access_log=False,
                log_config=None,
                timeout_graceful_shutdown=1,
            )
        )
        self._socket = socket.create_server((HOST, port), reuse_port=False, backlog=512)
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self._running: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: the process stops all its servers itself."""
        yield

    async def begin(self) -> None:
        """Return when the server answers."""
        self._running = asyncio.create_task(self.serve(sockets=[self._socket]))
        while not self.started and not self._running.done():
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        """Stop answering and wait for the end."""
        self.should_exit = True
        if self._running is not None:
            await self._running
