"""The sandbox as a world of its own, for `povod sandbox`."""

import shlex
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from povod.sandbox.process import SandboxProcess, start_sandbox

ENRICH = {
    "ENRICH_DOMAIN_PAUSE_SECONDS": "0",
    "ENRICH_REQUEST_PAUSE_SECONDS": "0",
    "ENRICH_TIMEOUT_SECONDS": "4",
    "EMAIL_SENDING_ENABLED": "true",
    "SENDER_LEGAL_NAME": "Студия «Повод», учебный мир",
}


def world_environ(world: SandboxProcess) -> dict[str, str]:
    """Settings that point Povod at the world, kind pauses off: its hosts are our own."""
    return {**world.environ(), **ENRICH}


def sourced(env_file: Path) -> str:
    """How a shell reads the file: a bare name would be looked for in PATH."""
    return shlex.quote(str(env_file) if env_file.is_absolute() else f"./{env_file}")


def run_sandbox(
    state: Path,
    *,
    seed: int,
    sites: int,
    port: int,
    env_file: Path,
    say: Callable[[str], None],
) -> None:
    """Start the world, write its settings to `env_file`, and wait for a signal."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with start_sandbox(state, seed=seed, sites=sites, port=port) as world:
        lines = [f"{name}={shlex.quote(value)}" for name, value in world_environ(world).items()]
        more = {**world.s3_environ(), **world.sheet_environ()}
        lines += [f"# {name}={shlex.quote(value)}" for name, value in more.items()]
        env_file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        say(f"sandbox: {world.api_url}, {sites} companies, truth in {state}/truth.json")
        shops = ", ".join(shop["host"] for shop in world.truth()["shops"])
        say(f"shops: {shops}; open more at {world.api_url}/sandbox/shops")
        say(f"settings: {env_file}; use them with `set -a; . {sourced(env_file)}; set +a`")
        stop.wait()
