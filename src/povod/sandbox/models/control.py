"""`/sandbox/gigachat/*` and `/sandbox/journal`.

POST, DELETE /sandbox/gigachat/mode; GET /sandbox/gigachat/log; POST /sandbox/gigachat/expire.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from povod.sandbox.helpers.journal import Journal
from povod.sandbox.models.gigachat import GigaChat

Handler = Callable[[Request, dict[str, Any]], Any]


def handlers(model: GigaChat, journal: Journal) -> list[tuple[str, str, Handler]]:
    """(method, path, handler) of every control of the second model and of the journal."""

    def clear(*_: Any) -> Any:
        model.clear()
        return {}

    def expire(*_: Any) -> Any:
        model.expire()
        return {}

    def read(request: Request, _: dict[str, Any]) -> Any:
        asked = request.query_params
        entries = journal.read(asked.get("service", ""), asked.get("contains", ""))
        return {"total": len(entries), "entries": entries}

    def forget(*_: Any) -> Any:
        journal.clear()
        return {}

    return [
        ("POST", "/gigachat/mode", lambda _, body: model.plan(body)),
        ("DELETE", "/gigachat/mode", clear),
        ("GET", "/gigachat/log", lambda *_: {"entries": model.log, "tokens": model.issued}),
        ("POST", "/gigachat/expire", expire),
        ("GET", "/journal", read),
        ("DELETE", "/journal", forget),
    ]
