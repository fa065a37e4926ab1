"""One fetcher for all visits of a loop: opened by the first, closed after the last."""

import asyncio

from povod.crawl.fetch.shared import SharedFetcher


class Fetcher:
    def __init__(self, log: list[str]) -> None:
        self.log = log

    async def __aenter__(self) -> "Fetcher":
        await asyncio.sleep(0)  # real ones start servers: others come meanwhile
        self.log.append("open")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.log.append("close")


def test_visits_at_once_share_it() -> None:
    log: list[str] = []
    shared = SharedFetcher(lambda: Fetcher(log))

    async def visit(seconds: float) -> Fetcher:
        async with shared.use() as fetcher:
            await asyncio.sleep(seconds)
            return fetcher

    async def go() -> list[Fetcher]:
        return await asyncio.gather(*(visit(seconds) for seconds in (0, 0.01, 0.02)))

    assert len(set(map(id, asyncio.run(go())))) == 1
    assert log == ["open", "close"]
    asyncio.run(go())
    assert log == ["open", "close"] * 2


def test_an_error_gives_it_back_too() -> None:
    log: list[str] = []
    shared = SharedFetcher(lambda: Fetcher(log))

    async def go() -> None:
        async with shared.use():
            raise ValueError

    for _ in range(2):
        try:
            asyncio.run(go())
        except ValueError:
            log.append("raised")
    assert log == ["open", "close", "raised"] * 2
