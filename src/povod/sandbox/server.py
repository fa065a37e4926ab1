"""The sandbox process: builds the world, starts its servers, says when they listen, ends cleanly.

One asyncio loop runs everything; all sockets are on loopback.
"""

import asyncio
import json
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from povod.sandbox.clock import WorldClock
from povod.sandbox.control import Pieces, build_app, truth_of
from povod.sandbox.helpers.proxies import Proxies
from povod.sandbox.helpers.s3 import S3Server
from povod.sandbox.listener import Listener
from povod.sandbox.mail import start_mail
from povod.sandbox.openai import Model
from povod.sandbox.shops import Shops
from povod.sandbox.sites import start_sites
from povod.sandbox.world import build_world
from povod.sandbox.yandex.app import YandexService
from povod.sandbox.yandex.iam import load_demo_key
from povod.sandbox.yandex.settings import ServiceSettings
from povod.sandbox.yandex.store import Store

PARENT_CHECK_SECONDS = 0.5


@dataclass(frozen=True)
class Options:
    """The command line. `yandex_delay` and `iam_ttl` are virtual seconds."""

    state_dir: Path
    seed: int = 7
    sites: int = 60
    port: int = 0
    time_scale: float = 1
    yandex_delay: tuple[float, float] = (300, 3600)
    iam_ttl: float = 43_200
    ready_file: Path | None = None
    exit_with_parent: int | None = None


async def run(options: Options) -> None:
    """Serve until SIGTERM, SIGINT or the end of the parent process."""
    options.state_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        pieces = await _start_pieces(options, stack)
        listener = Listener(build_app(pieces), options.port)
        await listener.begin()
        stack.push_async_callback(listener.close)
        pieces.services.sheets.write_key(options.state_dir / "google-sa-key.json", listener.url)
        _write_json(options.state_dir / "truth.json", truth_of(pieces))
        if options.ready_file:
            _write_json(options.ready_file, _ready(listener, pieces))
        await _until_told(options.exit_with_parent)


async def _start_pieces(options: Options, stack: AsyncExitStack) -> Pieces:
    store = Store(options.state_dir / "sandbox.sqlite3")
    stack.callback(store.close)
    clock = WorldClock(
        store.recall("shift_seconds", 0),
        options.time_scale,
        on_change=lambda shift: store.remember("shift_seconds", shift),
    )
    world = build_world(options.seed, options.sites)
    key = load_demo_key(options.state_dir / "demo-sa-key.json")
    settings = ServiceSettings(delay=options.yandex_delay)
    yandex = YandexService(world, clock, store, key, settings, options.iam_ttl)
    shops = Shops()
    sites = await start_sites(world, clock, options.state_dir, shops)
    stack.push_async_callback(sites.close)
    mail = await start_mail(world, clock, options.state_dir)
    stack.push_async_callback(mail.close)
    proxies, s3 = Proxies(sites.where), S3Server(options.state_dir / "s3")
    for server in (proxies, s3):
        await server.begin()
        stack.push_async_callback(server.close)
    return Pieces(world, clock, yandex, Model(), sites, mail, shops, proxies, s3)


def _ready(listener: Listener, pieces: Pieces) -> dict[str, Any]:
    return {
        "api_url": listener.url,
        "ports": pieces.ports(),
        "pid": os.getpid(),
    }


def _write_json(path: Path, value: Any) -> None:
    """Whole or not at all: who waits for the file must never read half of it."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    unfinished.replace(path)


async def _until_told(parent: int | None) -> None:
    """Return on SIGTERM or SIGINT, or when `parent` is no longer our parent process."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, told.set)
    while not told.is_set() and parent in (None, os.getppid()):
        try:
            await asyncio.wait_for(told.wait(), PARENT_CHECK_SECONDS)
        except TimeoutError:
            continue
