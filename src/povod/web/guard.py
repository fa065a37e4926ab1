"""The door of the console: strangers stay out, every answer is protected, no error escapes."""

import structlog
from fastapi import Request
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from povod.kit.ids import new_id
from povod.web import problems
from povod.web.session import SessionKeeper

log = structlog.get_logger()

# Everything comes from this host: no request of a page may leave it.
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers would send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """ASGI middleware around the whole application, streams included."""

    def __init__(self, app: ASGIApp, sessions: SessionKeeper) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        request.state.request_id = new_id()
        is_static = request.url.path.startswith("/static/")
        started = False

        async def protected(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request.state.request_id
                _protect(headers, is_static)
            await send(message)

        try:
            refusal = None
            if not is_static:
                refusal = await run_in_threadpool(self._sessions.refusal, request)
            await (refusal or self._app)(scope, receive, protected)
        except Exception as error:  # the boundary of a request
            log.exception(
                "request failed",
                path=request.url.path,
                method=request.method,
                request_id=request.state.request_id,
            )
            if started:
                raise
            status = 503 if isinstance(error, OperationalError) else 500
            await problems.answer(request, status, _EXCUSES[status])(scope, receive, protected)


_EXCUSES = {
    500: "something in Povod failed; the log says what",
    503: "the database cannot be used at the moment; try again in a minute",
}


def _protect(headers: MutableHeaders, is_static: bool) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    # A changed style sheet must be seen at once; asking again costs a 304.
    headers.setdefault("Cache-Control", "no-cache" if is_static else "no-store")
