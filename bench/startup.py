"""How long `povod --help` takes, beside a bare interpreter in the same run.

Bar: the median stays under 0.4 s.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

BAR_SECONDS = 0.4
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "povod --help": [sys.executable, "-m", "povod", "--help"],
    "povod leads --help": [sys.executable, "-m", "povod", "leads", "--help"],
}


def seconds(command: list[str]) -> float:
    """One run of `command` as a whole process."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> int:
    """Interleaved rounds, medians, table, one line of JSON; 0 when the bar holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 5 if parser.parse_args().quick else 15
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    medians = {name: statistics.median(found) for name, found in times.items()}
    print(f"{'command':<22}{'median s':>10}{'min s':>9}{'max s':>9}")
    for name, found in times.items():
        print(f"{name:<22}{medians[name]:>10.3f}{min(found):>9.3f}{max(found):>9.3f}")
    held = medians["povod --help"] < BAR_SECONDS
    print(json.dumps({"bench": "startup", "medians": medians, "bar": BAR_SECONDS, "held": held}))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
