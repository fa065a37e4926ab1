"""What is being killed: `povod work`, with short leases and a mark when it begins.

Run: python worker.py
"""

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

LEASE_S, RENEW_S, RING_AGAIN_S = 6.0, 1.5, 3.0


def main() -> int:
    """Work until somebody kills it."""
    from povod.app import working
    from povod.cli.main import main as povod
    from povod.crawl.frontier import claiming, model, turns
    from povod.engine.dispatch import rq
    from povod.sites import runner

    for part in (model, claiming, turns):
        part.LEASE = timedelta(seconds=LEASE_S)  # type: ignore[attr-defined]
    runner.RENEW_SECONDS = RENEW_S  # type: ignore[attr-defined]
    rq.RING_AGAIN = timedelta(seconds=RING_AGAIN_S)
    inner = working.work_forever

    def marked(*args: Any, **kwargs: Any) -> None:
        Path(f"working-{os.getpid()}").touch()
        inner(*args, **kwargs)

    working.work_forever = marked
    sys.argv = ["povod", "work", "--queues", "scraping"]
    povod()
    return 0


if __name__ == "__main__":
    sys.exit(main())
