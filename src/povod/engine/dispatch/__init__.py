"""How a worker learns that there is work: a doorbell, never the memory.

A lost or doubled ring is harmless. The ledger is asked again at every ring and at every poll.
"""

from typing import Protocol


class Dispatcher(Protocol):
    """Tells workers that a row of the ledger is due."""

    def notify(self, queue: str, work_id: str) -> None:
        """Ring for `work_id`; must neither raise when nobody hears it nor wait for them."""
