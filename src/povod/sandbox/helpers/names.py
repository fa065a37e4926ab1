"""Names that answer by a plan: other addresses at each question, as a rebinding name does.

POST /sandbox/dns `{"name", "answers": [["127.0.0.1"], ["10.0.0.7"]]}`: one answer per question,
the last one for ever; an empty one is NXDOMAIN. DELETE /sandbox/dns forgets all plans. The shop or
company of the same name goes on answering HTTP.
"""

from typing import Any

from povod.kit.errors import InputError


class PlannedNames:
    """Planned answers by host name."""

    def __init__(self) -> None:
        self._plans: dict[str, list[list[str]]] = {}

    def plan(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Plan a name's answers; `InputError` for anything but lists of addresses."""
        name, answers = str(spec.get("name", "")).lower(), spec.get("answers")
        fits = isinstance(answers, list) and all(isinstance(one, list) for one in answers)
        if not name or not answers or not fits:
            raise InputError('dns: expected a name and answers such as [["127.0.0.1"], []]')
        self._plans[name] = [[str(address) for address in one] for one in answers]
        return {"name": name, "answers": self._plans[name]}

    def answer(self, name: str) -> list[str] | None:
        """The next planned answer of a name; `None` when nothing is planned for it."""
        plan = self._plans.get(name.lower().rstrip("."))
        if plan is None:
            return None
        return plan.pop(0) if len(plan) > 1 else plan[0]

    def clear(self) -> dict[str, Any]:
        """Names answer as the world says again."""
        self._plans.clear()
        return {}
