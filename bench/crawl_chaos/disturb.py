"""What happens to a job: nothing, a cancellation, or one death after another."""

import random
import time
from collections.abc import Callable
from functools import partial

from crawl_chaos.job import FINAL, Crawl, wait_until
from crawl_chaos.outcome import Outcome

END = float("inf")
"""Later than every address: the last phase."""
Disturb = Callable[[Crawl, int, Outcome, random.Random], Outcome]


def undisturbed(crawl: Crawl, _kills: int, _reference: Outcome, _dice: random.Random) -> Outcome:
    """The run that all others are held against."""
    crawl.employ()
    wait_until(lambda: bool(crawl.at_work()))
    began = time.monotonic()
    wait_until(lambda: crawl.job().phase == "finalize" or crawl.job().status in FINAL)
    finishing = time.monotonic()
    outcome = crawl.result(began)
    outcome.work_seconds = finishing - began
    outcome.finish_seconds = time.monotonic() - finishing
    return outcome


def cancelled(crawl: Crawl, _kills: int, reference: Outcome, dice: random.Random) -> Outcome:
    """Cancelled between a quarter and three quarters, then resumed."""
    began = time.monotonic()
    crawl.employ()
    share = dice.uniform(0.25, 0.75)
    wait_until(lambda: crawl.done() >= share * len(reference.rows))
    crawl.look()
    crawl.house.sites.command(crawl.job_id, "cancel", "bench")
    asked = time.monotonic()
    wait_until(lambda: crawl.job().status in FINAL)
    let_go = time.monotonic() - asked
    was = crawl.job().status
    crawl.look()
    crawl.excused.update(set(crawl.counts()))  # what was in flight is broken off
    crawl.house.sites.command(crawl.job_id, "resume", "bench")
    outcome = crawl.result(began)
    if was != "cancelled":
        outcome.faults.append(f"the cancelled job was {was}")
    if let_go > 30:
        outcome.faults.append(f"it took {let_go:.0f} s to cancel")
    return outcome


def killed(crawl: Crawl, kills: int, reference: Outcome, dice: random.Random) -> Outcome:
    """A worker killed at random moments; the last two of the kills meet the last phase."""
    began = time.monotonic()
    hands = 2 if crawl.environ.get("REDIS_URL") else 1
    whole, late = len(reference.rows), min(2, kills // 3)
    moments = sorted(dice.uniform(0, 0.95) * whole for _ in range(kills - late))
    for _ in range(hands):
        crawl.employ()
    made = 0
    for moment in [*moments, *[END] * late]:
        # Counting ten thousand addresses a hundred times a second would disturb it otherwise.
        wait_until(partial(_is_reached, crawl, moment), nap=0.05 if moment < END else 0.01)
        span = 0.4 if moment < END else reference.finish_seconds * 0.6
        time.sleep(dice.uniform(0, span))
        if crawl.job().status in FINAL:
            break
        crawl.kill(dice.choice(crawl.at_work()))
        made += 1
        crawl.employ()
    outcome = crawl.result(began)
    outcome.kills = made
    if made < kills - late:
        outcome.faults.append(f"only {made} of {kills} kills met the job alive")
    return outcome


def _is_reached(crawl: Crawl, moment: float) -> bool:
    """Whether somebody is at work and so many addresses are finished."""
    job = crawl.job()
    if job.status in FINAL:
        return True
    if not crawl.at_work():
        return False
    return bool(job.phase == "finalize" or (moment < END and crawl.done() >= moment))
