"""What can be changed about the imitated service while it runs."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

from povod.kit.errors import InputError
from povod.sandbox.yandex.quotas import LIMITS

Window = tuple[int, float]


@dataclass
class ServiceSettings:
    """Settings of the imitated service.

    `delay` is the range of virtual seconds until a result is ready; `expiry` what a read answers
    12 hours after the creation: 404 (`gone`) or "done" without a response (`empty`);
    `idempotency` whether the Idempotency-Key means anything (Y63); `limits` the quotas per kind
    of call, as (count, seconds).
    """

    delay: tuple[float, float] = (300, 3600)
    expiry: Literal["gone", "empty"] = "gone"
    idempotency: Literal["ignore", "honour"] = "ignore"
    limits: dict[str, list[Window]] = field(default_factory=lambda: deepcopy(LIMITS))

    def change(self, changes: dict[str, Any]) -> None:
        """Take over the given settings, all or none; `InputError` names the wrong one."""
        for name, value in changes.items():
            problem = _problem(name, value)
            if problem:
                raise InputError(f"{name}: {problem}, got {value!r}")
        for name, value in changes.items():
            if name == "limits":
                self.limits.update(value)
            else:
                setattr(self, name, value)


def _problem(name: str, value: Any) -> str:
    """Why a setting cannot have this value; empty when it can."""
    match name:
        case "expiry":
            return "" if value in {"gone", "empty"} else "expected gone or empty"
        case "idempotency":
            return "" if value in {"ignore", "honour"} else "expected ignore or honour"
        case "delay":
            good = isinstance(value, (list, tuple)) and len(value) == 2 and value[0] <= value[1]
            return "" if good else "expected a range of seconds such as [300, 3600]"
        case "limits":
            good = isinstance(value, dict) and set(value) <= set(LIMITS)
            return "" if good else 'expected limits such as {"create": [[10, 1]]}'
    return "no such setting of the sandbox's search service"
