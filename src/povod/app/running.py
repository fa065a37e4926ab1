"""Working until nothing is due, and letting time pass where time can be made to pass."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from types import FrameType

import structlog

from povod.app.house import House
from povod.engine.runner import RunSummary
from povod.engine.work import NewWork
from povod.kit.clock import ShiftedClock
from povod.kit.errors import InputError

log = structlog.get_logger()

Tell = Callable[[str], None]
Summary = dict[str, dict[str, int]]
NAP_SECONDS = 0.05
MOST_ROUNDS = 2000
FARTHEST_JUMP = timedelta(days=8)


def until_idle(
    house: House,
    *,
    steps: Sequence[str] = (),
    jump: bool = True,
    approve: bool = False,
    tell: Tell | None = None,
) -> Summary:
    """Work until nothing is due at this instant; what each step counted, by kind.

    On the sandbox's clock, with `jump`, waiting times pass at once, so this ends when there is
    nothing left to wait for either.
    """
    wanted = _kinds(house, steps)
    first_event = house.events.latest_id()
    jumping = jump and not steps and isinstance(house.clock, ShiftedClock)
    approved: set[str] = set()
    while True:
        if not _work_off(house, wanted):
            break
        waiting = set(house.waiting_for_approval()) - approved if approve else set()
        for message_id in sorted(waiting):
            house.approve(message_id, actor="operator")
        approved |= waiting
        if waiting:
            continue
        if not jumping or not _pass_time(house, wanted, tell):
            break
    house.events.flush()
    return _counts(house, first_event)


def _kinds(house: House, steps: Sequence[str]) -> list[str]:
    """Full kinds of the named steps (`submit` or `leads.submit`); all when none is named.

    Raises `InputError` for a name that no step has.
    """
    named = set(steps)
    known = {name for step in house.steps for name in (step.kind, step.kind.partition(".")[2])}
    if named - known:
        kinds = ", ".join(step.kind for step in house.steps)
        raise InputError(f"there is no step {', '.join(sorted(named - known))}; steps are: {kinds}")
    return [
        step.kind
        for step in house.steps
        if not named or step.kind in named or step.kind.partition(".")[2] in named
    ]


def _work_off(house: House, kinds: Sequence[str]) -> bool:
    """Rounds of all due steps until none is due; waits for the leases of a dead worker.

    False when a work failed for good, or when what is due cannot be worked off.
    """
    runner = house.runner()
    patience = house.settings.work_lease_seconds + 5
    idle_since = time.monotonic()
    for _ in range(MOST_ROUNDS):
        if not _order_due(house, kinds):
            return True
        summary = runner.run_until_idle()
        if _had_effect(summary):
            idle_since = time.monotonic()
        elif summary.failed:
            return False
        elif time.monotonic() - idle_since > patience:
            break
        else:
            time.sleep(NAP_SECONDS)
    log.warning("run.stuck", due=[s.kind for s in house.steps if s.is_due(house.clock)])
    return False


def _order_due(house: House, kinds: Sequence[str]) -> bool:
    """Put what is due into the ledger; False when nothing is due at all."""
    due = [step for step in house.steps if step.kind in kinds and step.is_due(house.clock)]
    with house.db.tx() as conn:
        for step in due:
            work = NewWork(step.queue, step.kind, dedup_key=step.kind)
            if house.ledger.enqueue(conn, work) is None:
                house.ledger.hasten(conn, step.kind)
    waiting = house.ledger.next_due()
    return bool(due) or (waiting is not None and waiting <= house.clock.now())


def _had_effect(summary: RunSummary) -> bool:
    return bool(summary.done or summary.retried or summary.put_back)


def _pass_time(house: House, kinds: Sequence[str], tell: Tell | None) -> bool:
    """Jump to the next work; False when there is none, or none in sight."""
    clock = house.clock
    moment = house.next_due(kinds)
    assert isinstance(clock, ShiftedClock)
    if moment is None or moment - clock.now() > FARTHEST_JUMP:
        return False
    if tell is not None and moment - clock.now() > timedelta(hours=1):
        tell(f"  … {_span(moment - clock.now())} pass, it is {_local(house, moment)}")
    clock.advance_to(moment)
    return True


def _span(time_left: timedelta) -> str:
    hours = time_left.total_seconds() / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _local(house: House, moment: datetime) -> str:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(house.settings.app_timezone)
    return f"{moment.astimezone(zone):%a %d %b, %H:%M}"


def _counts(house: House, first_event: int) -> Summary:
    """Sums of what the steps reported since `first_event`."""
    total: dict[str, Counter[str]] = {}
    last = first_event
    while events := house.events.read(last):
        for event in events:
            numbers = {name: n for name, n in event.data.items() if type(n) is int and n}
            total.setdefault(event.topic, Counter()).update(numbers)
        last = events[-1].id
    return {topic: dict(counts) for topic, counts in total.items() if counts}


def loop(house: House, steps: Sequence[str] = (), queues: Sequence[str] = ()) -> None:
    """Schedules and workers until SIGTERM or SIGINT, then end within ten seconds."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    house.ensure_schedules(_kinds(house, steps))
    house.runner(queues).run_forever(stop)
