"""How long a card takes, how large it is and what it needs in memory (G106, G159).

Run: python bench/cards.py [--quick]. The last line is one JSON object; the exit status is 0
only when all bars hold.
"""

import argparse
import json
import resource
import statistics
import sys
import time

from povod.writing.cards import THEMES, Card, render
from povod.writing.cards.render import GROUNDS

BARS = {"median_ms": 150, "largest_kb": 150, "second_floral": 0.7, "peak_mb": 150}
NAMES = ("Наталья Олеговна", "Уважаемый Иван Петрович", "Гейдар Алирза оглы", "Анна-Мария Рильке")
TITLES = (
    "С днём рождения!",
    "С Днём строителя!",
    "С наступающим Международным женским днём!",
    "С Днём работников бытового обслуживания населения и жилищно-коммунального хозяйства!",
)
WISHES = (
    "Пусть каждое начатое дело завершается так, как задумано.",
    "Желаем уверенности в решениях, ясных целей и времени для близких. Пусть партнёры держат "
    "слово, команда растёт вместе с задачами, а каждый новый проект радует результатом и людьми.",
)


def card(number: int, theme: str) -> Card:
    """One of many different cards."""
    return Card(
        occasion=TITLES[number % len(TITLES)],
        address=f"{NAMES[number // 2 % len(NAMES)]} {'абвгдежз'[number % 8].upper()}.",
        wish=WISHES[number % len(WISHES)],
        signature="Анна Орлова\nООО «Ромашка»",
        theme=theme,
    )


def timed(number: int, theme: str) -> tuple[float, int]:
    """Milliseconds and bytes of one card."""
    start = time.perf_counter()
    made = render(card(number, theme))
    return (time.perf_counter() - start) * 1000, len(made.data)


def second_floral(runs: int) -> float:
    """The second card of a theme against the first, which has to paint the ground."""
    ratios = []
    for number in range(runs):
        GROUNDS.clear()
        first, _ = timed(number, "floral")
        second, _ = timed(number, "floral")
        ratios.append(second / first)
    return statistics.median(ratios)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer cards")
    quick = options.parse_args().quick
    render(card(0, "plain"))  # fonts are read once
    ratio = second_floral(3 if quick else 7)
    each = 8 if quick else 84  # 504 cards in all
    all_ms, largest = [], 0
    print(f"{'theme':<16}{'first ms':>10}{'median ms':>11}{'largest KB':>12}")
    for theme in THEMES:
        GROUNDS.clear()
        first, _ = timed(0, theme)
        found = [timed(number, theme) for number in range(each)]
        times, size = [ms for ms, _ in found], max(size for _, size in found)
        print(f"{theme:<16}{first:>10.0f}{statistics.median(times):>11.0f}{size / 1024:>12.0f}")
        all_ms += times
        largest = max(largest, size)
    figures = {
        "median_ms": round(statistics.median(all_ms), 1),
        "largest_kb": round(largest / 1024, 1),
        "second_floral": round(ratio, 2),
        "peak_mb": round(peak_mb()),
    }
    passed = all(figures[name] <= bar for name, bar in BARS.items())
    print(
        json.dumps({"bench": "cards", "cards": len(all_ms), **figures, "bars": BARS, "ok": passed})
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
