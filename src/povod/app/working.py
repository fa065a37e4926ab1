"""Workers as processes of their own: on the ledger alone, or woken through Redis."""

from collections.abc import Sequence

from povod.app.house import House
from povod.app.running import loop
from povod.kit.errors import InputError

ROLES = ("app", "scheduler", "worker")


def work_forever(house: House, roles: Sequence[str] = (), queues: Sequence[str] = ()) -> None:
    """Work until a signal comes; with REDIS_URL through RQ, else on the ledger."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        raise InputError(f"there is no role {', '.join(unknown)}; roles are: {', '.join(ROLES)}")
    kinds = [step.kind for step in house.steps if not roles or step.role in roles]
    if house.settings.redis_url:
        from povod.engine.dispatch.rq import run_rq_worker

        house.ensure_schedules(kinds)
        run_rq_worker(
            house.settings.redis_url,
            list(queues) or house.handlers.queues(),
            house.ledger,
            house.handlers,
            house.clock,
            events=house.events,
            schedules=house.schedules,
        )
        return
    loop(house, kinds, queues)
