"""A worker in a process of its own: `crawl_process.py DATABASE_URL FOLDER`, till nothing is due."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from crawl_house import House

from povod.kit import log
from povod.kit.clock import SystemClock
from povod.store.db import Database

if __name__ == "__main__":
    log.configure("WARNING", "json")
    clock = SystemClock()
    house = House(Database(sys.argv[1], clock), clock, Path(sys.argv[2]))
    print("ready", flush=True)
    house.run()
