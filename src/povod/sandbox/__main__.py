"""`python -m povod.sandbox`: the local world as one process."""

import argparse
import asyncio
import os
from pathlib import Path

from povod.sandbox.server import Options, run


def _span(text: str) -> tuple[float, float]:
    low, _, high = text.partition("-")
    span = (float(low), float(high or low))
    if not 0 <= span[0] <= span[1]:
        raise argparse.ArgumentTypeError("expected a range of seconds such as 300-3600")
    return span


def parse_options(arguments: list[str] | None = None) -> Options:
    """Command line to options; `SANDBOX_*` variables give the defaults."""
    env = os.environ
    parser = argparse.ArgumentParser(prog="python -m povod.sandbox", description=__doc__)
    add = parser.add_argument
    add("--seed", type=int, default=7, help="the same seed gives the same world")
    add("--sites", type=int, default=60, help="number of company sites")
    add("--state-dir", type=Path, required=True, help="keys, truth.json and state live here")
    add("--port", type=int, default=0, help="port of the API server; 0 = any free one")
    add("--time-scale", type=float, default=env.get("SANDBOX_TIME_SCALE", "1"))
    add("--yandex-delay", type=_span, default=env.get("SANDBOX_YANDEX_DELAY", "300-3600"))
    add("--iam-ttl", type=float, default=env.get("SANDBOX_IAM_TTL", "43200"))
    add("--ready-file", type=Path, help="written when all servers listen")
    add("--exit-with-parent", type=int, nargs="?", const=os.getppid(), metavar="PID")
    given = parser.parse_args(arguments)
    return Options(**vars(given))


if __name__ == "__main__":
    asyncio.run(run(parse_options()))
