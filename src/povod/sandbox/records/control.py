"""`/sandbox/dadata`, `/sandbox/egrul`, `/sandbox/crm`: parties, faults, the set of clients.

GET /sandbox/dadata (INNs with a fate); POST, DELETE /sandbox/dadata/parties; POST, DELETE
/sandbox/dadata/faults, /sandbox/egrul/faults, /sandbox/crm/faults; POST, DELETE /sandbox/crm.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from povod.sandbox.records.crm import Crm
from povod.sandbox.records.dadata import KEY, DaData
from povod.sandbox.records.egrul import Egrul
from povod.sandbox.records.parties import SPECIAL

Handler = Callable[[Request, dict[str, Any]], Any]


def handlers(dadata: DaData, egrul: Egrul, crm: Crm) -> list[tuple[str, str, Handler]]:
    """(method, path, handler) of every control of the registers and the CRM."""
    return [
        ("GET", "/dadata", lambda *_: {"inns": SPECIAL, "key": KEY}),
        ("POST", "/dadata/parties", lambda _, body: dadata.parties.plant(body)),
        ("DELETE", "/dadata/parties", _cleared(dadata.parties.clear)),
        ("POST", "/dadata/faults", lambda _, body: dadata.faults.add(body)),
        ("DELETE", "/dadata/faults", _cleared(dadata.faults.clear)),
        ("POST", "/egrul/faults", lambda _, body: egrul.plan(body)),
        ("DELETE", "/egrul/faults", _cleared(egrul.clear)),
        ("POST", "/crm", lambda _, body: crm.configure(body)),
        ("DELETE", "/crm", _cleared(crm.clear)),
        ("POST", "/crm/faults", lambda _, body: crm.faults.add(body)),
    ]


def _cleared(clear: Callable[[], None]) -> Handler:
    def handler(*_: Any) -> Any:
        clear()
        return {}

    return handler
