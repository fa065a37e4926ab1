"""One fetcher for everybody who fetches on the same event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from povod.crawl.fetch.visits import PageSource


@dataclass
class _Open:
    fetcher: PageSource | None = None
    users: int = 0
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)


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
        shared = self._open.setdefault(loop, _Open())
        shared.users += 1
        try:
            yield await self._opened(shared)
        finally:
            shared.users -= 1
            if shared.users == 0:
                del self._open[loop]
                if shared.fetcher is not None:
                    await shared.fetcher.__aexit__(None, None, None)

    async def _opened(self, shared: "_Open") -> PageSource:
        """One of those that come at once opens it, the others wait for that."""
        async with shared.opening:
            if shared.fetcher is None:
                shared.fetcher = await self._make().__aenter__()
        return shared.fetcher
