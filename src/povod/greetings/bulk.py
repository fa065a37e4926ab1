"""One decision for many drafts; whatever needs a closer look is left out and named (G102)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from povod.delivery.states import Actor
from povod.greetings.actions import Actions
from povod.greetings.parts import Parts
from povod.greetings.views import greeting_ids
from povod.kit.errors import ConflictError, InputError, NotFoundError
from povod.store.bulk import among
from povod.store.tables import clients, greetings

MOST = 200
MOST_BY_FILTER = 5000
ACTIONS = ("approve", "reject", "skip", "regenerate")
VIP, MARKED = "vip", "marked"


class Bulk:
    """Applies an action to drafts one by one, each in its own transaction."""

    def __init__(self, parts: Parts, actions: Actions) -> None:
        self._parts = parts
        self._actions = actions

    def run(
        self,
        action: str,
        actor: Actor,
        ids: Sequence[str],
        filters: Mapping[str, Any],
        expected_count: int | None,
        comment: str,
    ) -> dict[str, Any]:
        """`{"done": ids, "left_out": {id: reason}}`."""
        if action not in ACTIONS:
            raise InputError(f"action: {action!r} is not one of {', '.join(ACTIONS)}")
        wanted = self._wanted(ids, filters, expected_count)
        left_out = self._to_be_opened(wanted) if action == "approve" else {}
        done = []
        for greeting_id in wanted:
            if greeting_id in left_out:
                continue
            try:
                self._act(action, greeting_id, actor, comment)
            except (ConflictError, NotFoundError) as error:
                left_out[greeting_id] = str(error)
            else:
                done.append(greeting_id)
        return {"done": done, "left_out": left_out}

    def _wanted(
        self, ids: Sequence[str], filters: Mapping[str, Any], expected_count: int | None
    ) -> list[str]:
        if ids:
            if len(set(ids)) > MOST:
                raise InputError(f"ids: at most {MOST} at once; use a filter for more")
            return list(dict.fromkeys(ids))
        if expected_count is None:
            raise InputError("give ids, or a filter together with expected_count")
        with self._parts.db.read() as conn:
            found, total = greeting_ids(conn, filters, MOST_BY_FILTER)
        if total != expected_count:
            raise ConflictError(
                f"the filter finds {total} greetings now, not {expected_count}; look at them again"
            )
        return found

    def _to_be_opened(self, ids: Sequence[str]) -> dict[str, str]:
        """Drafts that a person must read one by one: of VIPs, and those with findings."""
        with self._parts.db.read() as conn:
            query = (
                sa.select(greetings.c.id, clients.c.segment, greetings.c.violations)
                .join(clients, clients.c.id == greetings.c.client_id)
                .where(among(conn, greetings.c.id, list(ids)))
            )
            rows = conn.execute(query).all()
        found = {}
        for row in rows:
            if row.segment == VIP:
                found[row.id] = VIP
            elif any(violation["severity"] != "fix" for violation in row.violations or ()):
                found[row.id] = MARKED
        return found

    def _act(self, action: str, greeting_id: str, actor: Actor, comment: str) -> None:
        actions = self._actions
        deeds: dict[str, Callable[[], Any]] = {
            "approve": lambda: actions.approve(greeting_id, actor, note=comment),
            "reject": lambda: actions.reject(greeting_id, actor, comment),
            "skip": lambda: actions.skip(greeting_id, actor, comment),
            "regenerate": lambda: actions.regenerate(greeting_id, actor),
        }
        deeds[action]()
