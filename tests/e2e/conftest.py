"""The product as a user meets it: the command line as a process, against the sandbox world."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from windows import ARGUMENTS, missing

from povod.app.worlds import world_environ
from povod.sandbox.process import SandboxProcess, start_sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Povod = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("world")
    with start_sandbox(folder, sites=12, yandex_delay="300-600") as process:
        yield process


def run_povod(folder: Path, environ: Mapping[str, str], *args: str) -> Any:
    """`povod …` in `folder`, which holds its data; nothing of the surroundings gets in."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    kept |= {n: v for n, v in os.environ.items() if n.startswith(("COV_CORE", "COVERAGE"))}
    return subprocess.run(
        [sys.executable, "-m", "povod", *args],
        cwd=folder,
        env={**kept, **environ},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def povod(world: SandboxProcess, tmp_path: Path) -> Povod:
    """The command in an empty folder, pointed at the world."""
    environ = {**world_environ(world), "LOG_LEVEL": "ERROR"}

    def call(*args: str, **more: str) -> "subprocess.CompletedProcess[str]":
        done: subprocess.CompletedProcess[str] = run_povod(tmp_path, {**environ, **more}, *args)
        return done

    return call


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright (extra browser)")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()
