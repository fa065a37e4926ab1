"""Work within the small internet of these tests."""

import asyncio

import pytest
from aiohttp import web

from povod.crawl.fetch.result import FetchError


def run(internet, work):
    """What the coroutine `work(net)` gives."""

    async def go():
        async with internet() as net:
            return await work(net)

    return asyncio.run(go())


def fails(internet, work) -> FetchError:
    """The error that `work(net)` ends with."""
    with pytest.raises(FetchError) as caught:
        run(internet, work)
    return caught.value


async def serve(net, *routes) -> str:
    """The address of a server with these routes."""
    app = web.Application()
    app.add_routes(list(routes))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    net.stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"
