"""Life of a deferred search on the virtual clock (Y58): created, running, ready, gone."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from povod.sandbox.clock import WorldClock
from povod.sandbox.seeded import code, draw
from povod.sandbox.world.model import World
from povod.sandbox.yandex.errors import NOT_FOUND, ApiRefusal
from povod.sandbox.yandex.faults import Call, Fault, Faults
from povod.sandbox.yandex.iam import ACCOUNT_ID
from povod.sandbox.yandex.request import body_hash, parse_request
from povod.sandbox.yandex.search import raw_data
from povod.sandbox.yandex.settings import ServiceSettings
from povod.sandbox.yandex.store import Operation, Store

RESULT_LIFE_SECONDS = 12 * 3600
RESPONSE_TYPE = "type.googleapis.com/yandex.cloud.searchapi.v2.WebSearchResponse"
ALREADY_EXISTS = 6
CANCELLED = 1


@dataclass
class Operations:
    """Creates, shows and cancels operations."""

    world: World
    clock: WorldClock
    store: Store
    faults: Faults
    settings: ServiceSettings

    def create(self, body: dict[str, Any], idempotency_key: str, path: str) -> Operation:
        """A new operation for a checked body, or the old one under a key that is honoured."""
        request = parse_request(body)
        digest = body_hash(body)
        if self.settings.idempotency == "honour" and idempotency_key:
            known = self.store.operation_by_key(idempotency_key)
            if known is not None:
                return _same_wish(known, digest)
        number = self.store.next_number()
        now = self.clock.now().timestamp()
        low, high = self.settings.delay
        operation = Operation(
            id="spp" + code(self.world.seed, number),
            number=number,
            body=body,
            text=request.text,
            body_hash=digest,
            idempotency_key=idempotency_key,
            created_at=now,
            ready_at=now + low + (high - low) * draw(self.world.seed, digest, number),
        )
        self._bind(operation, path)
        self.store.save_operation(operation)
        return operation

    def read(self, operation_id: str, path: str) -> dict[str, Any]:
        """The operation as it stands now; `ApiRefusal` 404 when unknown or expired."""
        operation = self.store.operation(operation_id)
        if operation is None:
            raise _not_found(operation_id)
        operation.reads += 1
        self._bind(operation, path)
        self.store.save_operation(operation)
        fault = Fault(**operation.fault) if operation.fault else None
        kind = fault.kind if fault else ""
        now = self.clock.now().timestamp()
        age = now - operation.created_at
        if fault and kind == "unknown_after" and age >= fault.seconds:
            raise _not_found(operation_id)
        if kind == "expire_now" or age >= RESULT_LIFE_SECONDS:
            return self._expired(operation)
        if fault and kind == "operation_error":
            error = {"code": fault.code or 13, "message": fault.message or "internal error"}
            return self.view(operation, done=fault.done, error={**error, "details": []})
        if operation.cancelled_at is not None:
            error = {"code": CANCELLED, "message": "operation was cancelled", "details": []}
            return self.view(operation, done=True, error=error)
        if kind == "forever_running" or now < operation.ready_at:
            return self.view(operation, done=False)
        return self._ready(operation, fault)

    def cancel(self, operation_id: str, path: str) -> dict[str, Any]:
        """Stop an operation that is not ready yet; shows what became of it."""
        operation = self.store.operation(operation_id)
        if operation is None:
            raise _not_found(operation_id)
        now = self.clock.now().timestamp()
        if now < operation.ready_at and operation.cancelled_at is None:
            operation.cancelled_at = now
            self.store.save_operation(operation)
        return self.read(operation_id, path)

    def _bind(self, operation: Operation, path: str) -> None:
        """Tie the first matching result fault to the operation, for good."""
        if operation.fault is None:
            fault = self.faults.result(Call(path, operation.text, operation.id))
            operation.fault = asdict(fault) if fault else None

    def _expired(self, operation: Operation) -> dict[str, Any]:
        if self.settings.expiry == "gone":
            raise _not_found(operation.id)
        return self.view(operation, done=True)

    def _ready(self, operation: Operation, fault: Fault | None) -> dict[str, Any]:
        raw = raw_data(self.world, parse_request(operation.body), fault)
        return self.view(operation, done=True, response={"@type": RESPONSE_TYPE, "rawData": raw})

    def view(self, operation: Operation, *, done: bool, **outcome: Any) -> dict[str, Any]:
        """The operation as JSON; a `done` of false is left out in half of the reads (Y25)."""
        modified = operation.ready_at if done else operation.created_at
        shown: dict[str, Any] = {
            "id": operation.id,
            "description": "WEB search async",
            "createdAt": _rfc3339(operation.created_at, operation.id, "created"),
            "createdBy": ACCOUNT_ID,
            "modifiedAt": _rfc3339(modified, operation.id, "modified"),
        }
        if done or draw(operation.id, operation.reads) < 0.5:
            shown["done"] = done
        return shown | outcome


def _rfc3339(moment: float, *key: str) -> str:
    """RFC 3339 in UTC with 0, 3, 6 or 9 fractional digits, chosen by `key`."""
    at = datetime.fromtimestamp(moment, UTC)
    digits = (0, 3, 6, 9)[int(draw(*key) * 4)]
    fraction = f".{at:%f}000"[: digits + 1] if digits else ""
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _same_wish(known: Operation, digest: str) -> Operation:
    if known.body_hash != digest:
        raise ApiRefusal(ALREADY_EXISTS, "Idempotency-Key was used with another body")
    return known


def _not_found(operation_id: str) -> ApiRefusal:
    return ApiRefusal(NOT_FOUND, f"Operation with id {operation_id} not found")
