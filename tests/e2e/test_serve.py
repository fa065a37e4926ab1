"""Long-running commands begin and end as they should; failures speak to people."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest


def start(folder: Path, *args: str, **environ: str) -> "subprocess.Popen[str]":
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    kept |= {n: v for n, v in os.environ.items() if n.startswith(("COV_CORE", "COVERAGE"))}
    return subprocess.Popen(
        [sys.executable, "-m", "povod", *args],
        cwd=folder,
        env={**kept, "LOG_LEVEL": "ERROR", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def address_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("console: "):
            return line.split()[1]
    raise AssertionError(process.stderr.read() if process.stderr else "")


@pytest.mark.parametrize("command", ["serve", "up"])
def test_a_signal_ends_it_in_good_order(tmp_path: Path, command: str) -> None:
    process = start(tmp_path, command, "--port", "0")
    try:
        address = address_of(process)
        assert httpx.get(f"{address}/api/health", trust_env=False).status_code == 200
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - asked < 12
    finally:
        process.kill()


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(tmp_path, "serve", "--port", str(taken.getsockname()[1]))
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cannot listen" in err
    assert "console:" not in out


def test_a_missing_key_is_said_once_and_ends_the_run(povod: Any, tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text("ниша;город\nОкна;Казань\n", encoding="utf-8")
    assert povod("leads", "import", "my.csv").returncode == 0
    began = time.monotonic()
    bare = {"YANDEX_CLOUD_SA_KEY_FILE": "", "YANDEX_CLOUD_FOLDER_ID": ""}
    done = povod("leads", "run", "--now", **bare)
    assert done.returncode == 1
    assert "YANDEX_CLOUD_FOLDER_ID" in done.stderr
    assert time.monotonic() - began < 40


def test_an_unknown_step_is_wrong_use(povod: Any) -> None:
    done = povod("leads", "run", "--steps", "nonsense")
    assert done.returncode == 2
    assert "leads.submit" in done.stderr
