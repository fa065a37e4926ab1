"""How long one text takes: a greeting, its guardrails, hostile texts read for addresses.

Bars: a greeting is composed in 5 ms and checked in 3 ms (G158); a hostile text eight times as long
takes at most twenty times as long, so that no page can hold a worker up.

Run: python bench/texts.py [--quick]. The last line is one JSON object; the exit status is 0 only
when the bars hold.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from povod.crawl.extract.contacts.emails import judge_for
from povod.crawl.extract.contacts.obfuscation import find_addresses
from povod.writing.greetings.catalogue import builtin
from povod.writing.greetings.compose import compose_greeting
from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.render import render_greeting
from povod.writing.greetings.text import GreetingText
from povod.writing.guardrails import check

COMPOSE_MS, CHECK_MS, GROWTH = 5.0, 3.0, 20.0
SHORT, LONG = 20_000, 160_000
HOSTILE = ("@", "a@", "a@b.", "(at) ", "info@okna.ru ", "(", "собака ")
FACTS = GreetingFacts(
    first_name="Наталья",
    middle_name="Олеговна",
    gender="f",
    company_name="ООО «Ромашка»",
    occasion="День бухгалтера",
    occasion_instrumental="Днём бухгалтера",
    occasion_kind="professional",
    client_id="17",
    sender_name="Ольга Ветрова",
    sender_company="ООО «Северный мост»",
)
FAMILY = builtin()["professional.warm.ru"]


def best_ms(work: Callable[[int], object], rounds: int) -> float:
    """The least CPU time of one call."""
    times = []
    for number in range(rounds):
        started = time.process_time()
        work(number)
        times.append((time.process_time() - started) * 1000)
    return min(times)


def growth(unit: str, rounds: int) -> float:
    """How much longer eight times the text takes."""

    def read(length: int) -> float:
        text = unit * (length // len(unit))
        return best_ms(lambda _: list(find_addresses(text, judge_for(None))), rounds)

    return read(LONG) / max(read(SHORT), 0.05)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 3 if parser.parse_args().quick else 9
    good = [render_greeting(FAMILY[number], FACTS) for number in (1, 2)]
    long = "\n\n".join(text.body for text in good)[:1200]
    text = GreetingText(good[0].subject, long, good[0].wish)

    def compose(number: int) -> object:
        return compose_greeting(FAMILY, replace(FACTS, client_id=str(number)))

    composed = best_ms(compose, rounds * 5)
    checked = best_ms(lambda _: check(text, FACTS), rounds * 5)
    grown = {unit: growth(unit, rounds) for unit in HOSTILE}
    print(f"compose a greeting    {composed:>8.2f} ms   bar {COMPOSE_MS}")
    print(f"check 1,200 letters   {checked:>8.2f} ms   bar {CHECK_MS}")
    for unit, times in grown.items():
        print(f"8 x {unit!r:<18}{times:>8.1f} x    bar {GROWTH}")
    held = {
        "compose": composed <= COMPOSE_MS,
        "check": checked <= CHECK_MS,
        "growth": max(grown.values()) <= GROWTH,
    }
    found = {"compose_ms": composed, "check_ms": checked, "growth": grown}
    print(json.dumps({"bench": "texts", **found, "held": held}, ensure_ascii=False))
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
