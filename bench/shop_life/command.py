"""`povod`, with a few functions of its last phase timed from outside; nothing else is changed.

Run: python command.py REPORT ARGUMENT...
"""

import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from povod.cli.main import main as povod
from povod.sites.exports.make import ExportMaker
from povod.sites.finish.finalize import Finisher


def timed(report: Path, arguments: list[str]) -> int:
    """`povod` with these arguments; what its last phase took goes to `report`."""
    seconds: defaultdict[str, float] = defaultdict(float)

    def watch(owner: Any, name: str, what: str) -> None:
        inner: Callable[..., Any] = getattr(owner, name)

        def outer(*args: Any, **kwargs: Any) -> Any:
            began, worked = time.monotonic(), time.thread_time()
            try:
                return inner(*args, **kwargs)
            finally:
                seconds[what] += time.monotonic() - began
                seconds[f"{what}_cpu"] += time.thread_time() - worked

        setattr(owner, name, outer)

    watch(Finisher, "_compare", "compare")
    watch(ExportMaker, "make", "files")
    sys.argv = ["povod", *arguments]
    try:
        povod()
    finally:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        report.write_text(json.dumps({**seconds, "peak_mb": round(peak)}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(timed(Path(sys.argv[1]), sys.argv[2:]))
