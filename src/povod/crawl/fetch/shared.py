"""One fetcher for everybody who fetches on the same event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from povod.crawl.fetch.visits import PageSource


@dataclass
class _Open:
    fetcher: PageSource
    users: int = 0


class SharedFetcher:
    """Opens a fetcher for the first user on a loop and closes it after the last one.

    Connections cannot outlive their loop, and a runner may run several loops one after another.
    """

    def __init__(self, make: Callable[[], PageSource]) -> None:
        self._make = make
        self._open: dict[asyncio.AbstractEventLoop, _Open] = {}

    @asynccontextmanager
    async def use(self) -> AsyncIterator[PageSource]:
        """The fetcher of the running loop, open until this block is left."""
        loop = asyncio.get_running_loop()
        shared = self._open.get(loop)
        if shared is None:
            fetcher = self._make()
            shared = self._open.setdefault(loop, _Open(await fetcher.__aenter__()))
        shared.users += 1
        try:
            yield shared.fetcher
        finally:
            shared.users -= 1
            if shared.users == 0:
                del self._open[loop]
                await shared.fetcher.__aexit__(None, None, None)
