"""Planned misbehaviour (Y61): which call is hit, by what, how often.

Two families. *Transport* faults change how one call is answered. *Result* faults are bound to an
operation, at its creation or at a read, whichever matches first, and stay with it: a broken
result is as broken at the second read as at the first.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from povod.kit.errors import InputError
from povod.sandbox.yandex.errors import GRPC_OF_HTTP

TRANSPORT = frozenset(
    {"lost_reply", "refuse", "html_502", "slow", "no_id", "clock_skew"}
    | {f"http_{status}" for status in GRPC_OF_HTTP}
)
RESULT = frozenset(
    {
        "operation_error",
        "xml_error",
        "not_xml",
        "bad_base64",
        "empty_raw",
        "truncated_xml",
        "doctype_bomb",
        "control_chars",
        "huge",
        "forever_running",
        "expire_now",
        "unknown_after",
    }
)


class UnknownFault(InputError):  # noqa: N818 - reads as the event it is
    """The control endpoint was given a fault that does not exist; the message lists them."""


@dataclass
class Fault:
    """One planned fault.

    `match` holds any of `path` (part of the path), `text` (part of the query), `operation` (its
    id) and `nth` (only the n-th matching call). `times` is how many calls it acts on, None = for
    ever. `seconds` is used by slow (real seconds), clock_skew and unknown_after (virtual); `code`
    and `message` by operation_error and xml_error; `done` by operation_error; `accepted` by
    http_5xx and html_502 (the call takes effect all the same); `size` in bytes by huge.
    """

    kind: str
    match: dict[str, Any] = field(default_factory=dict)
    times: int | None = 1
    seconds: float = 0
    code: int = 0
    message: str = ""
    done: bool = True
    accepted: bool = False
    with_documents: bool = False
    retry_after: float | None = None
    size: int = 26_000_000
    seen: int = 0
    used: int = 0

    def hits(self, call: "Call") -> bool:
        """True if the fault acts on this call; counts the call if it matches."""
        if self.times is not None and self.used >= self.times:
            return False
        if self.match.get("path", "") not in call.path:
            return False
        if self.match.get("text", "") not in call.text:
            return False
        if self.match.get("operation", call.operation_id) != call.operation_id:
            return False
        self.seen += 1
        if self.seen != self.match.get("nth", self.seen):
            return False
        self.used += 1
        return True


@dataclass(frozen=True)
class Call:
    """What a fault can be matched against: path, query text, operation id."""

    path: str
    text: str = ""
    operation_id: str = ""


class Faults:
    """The list of planned faults; the first one that matches acts."""

    def __init__(self) -> None:
        self.planned: list[Fault] = []

    def add(self, spec: dict[str, Any]) -> Fault:
        """Plan a fault from its JSON form; `UnknownFault` says what is possible."""
        spec = dict(spec)
        kind = spec.pop("kind", None)
        if kind not in TRANSPORT | RESULT:
            known = ", ".join(sorted(TRANSPORT | RESULT))
            raise UnknownFault(f"kind: {kind!r} is not a fault of the sandbox; known are {known}")
        strange = set(spec.get("match", {})) - {"path", "text", "operation", "nth"}
        try:
            fault = Fault(kind, **spec)
        except TypeError as error:
            raise UnknownFault(f"fault {kind}: {error}") from None
        if strange:
            raise UnknownFault(f"match: {sorted(strange)} unknown; use path, text, operation, nth")
        self.planned.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all planned faults; operations keep what is bound to them."""
        self.planned.clear()

    def transport(self, call: Call) -> Fault | None:
        """The transport fault that acts on this call, if any."""
        return self._first(TRANSPORT, call)

    def result(self, call: Call) -> Fault | None:
        """The result fault that is to be bound to this call's operation, if any."""
        return self._first(RESULT, call)

    def _first(self, family: frozenset[str], call: Call) -> Fault | None:
        return next((f for f in self.planned if f.kind in family and f.hits(call)), None)

    def as_json(self) -> list[dict[str, Any]]:
        """The planned faults with their counters."""
        return [asdict(fault) for fault in self.planned]
