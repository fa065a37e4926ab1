"""`/sandbox/sheets/<id>`: what stands in a spreadsheet, and what happens to it."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from povod.sandbox.sheets.service import Sheets

Handler = Callable[[Request, dict[str, Any]], Any]


def handlers(sheets: Sheets) -> list[tuple[str, str, Handler]]:
    """(method, path, handler) of every control of the spreadsheets."""

    def name(request: Request) -> str:
        return str(request.path_params["id"])

    def clear_faults(*_: Any) -> Any:
        sheets.faults.clear()
        return {}

    one = "/sheets/{id}"
    return [
        ("GET", one, lambda request, _: sheets.report(name(request))),
        ("POST", one, lambda request, body: sheets.put(name(request), body)),
        ("POST", f"{one}/faults", lambda _, body: sheets.faults.add(body)),
        ("DELETE", f"{one}/faults", clear_faults),
    ]
