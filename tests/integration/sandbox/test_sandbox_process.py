"""The sandbox as a child process: starting, stopping, killing, coming back."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from povod.sandbox.process import SandboxFailed, SandboxProcess, start_sandbox

HEADERS = {"Authorization": "Api-Key sandbox-key"}
BODY = {
    "query": {"searchType": "SEARCH_TYPE_RU", "queryText": "стоматология Казань"},
    "folderId": "b1gsandbox0000000000",
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with start_sandbox(tmp_path_factory.mktemp("state"), sites=12) as running:
        yield running


def create(sandbox: SandboxProcess) -> str:
    url = f"{sandbox.environ()['YANDEX_SEARCH_URL']}/v2/web/searchAsync"
    answer = httpx.post(url, json=BODY, headers=HEADERS, trust_env=False)
    return answer.raise_for_status().json()["id"]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:1]


def wait_gone(pid: int, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_the_ports_it_tells_are_the_ports_it_has(sandbox):
    assert sandbox.get("/sandbox/ports") == sandbox.ports
    assert all(port > 0 for port in sandbox.ports.values())


def test_truth_is_in_a_file_and_on_the_wire(sandbox):
    truth = sandbox.truth()
    assert truth
    assert truth == sandbox.get("/sandbox/truth")


def test_the_environment_points_at_it(sandbox):
    environ = sandbox.environ()
    assert environ["SANDBOX_URL"] == sandbox.api_url
    key = json.loads(Path(environ["YANDEX_CLOUD_SA_KEY_FILE"]).read_text())
    assert {"id", "service_account_id", "private_key", "key_algorithm"} <= set(key)
    for name in ("YANDEX_SEARCH_URL", "YANDEX_OPERATION_URL", "YANDEX_IAM_URL", "OPENAI_BASE_URL"):
        assert environ[name].startswith("http://127.0.0.1:")


def test_time_passes_on_command(sandbox):
    before = sandbox.clock_shift()
    assert sandbox.advance(3600) == pytest.approx(before + 3600)
    assert sandbox.clock_shift() == pytest.approx(before + 3600)
    assert sandbox.set_shift(before + 7200) == pytest.approx(before + 7200)


def test_killed_and_started_again_it_goes_on(tmp_path):
    first = start_sandbox(tmp_path, sites=12)
    operation_id = create(first)
    first.advance(500)
    shift, url = first.clock_shift(), first.api_url
    first.kill()
    with start_sandbox(tmp_path, sites=12, port=httpx.URL(url).port) as second:
        assert second.api_url == url
        assert second.clock_shift() == pytest.approx(shift, abs=0.001)
        entries = second.get("/sandbox/yandex/ledger", kind="create")["entries"]
        assert [entry["operation_id"] for entry in entries] == [operation_id]


def test_sigterm_ends_it_cleanly(tmp_path):
    running = start_sandbox(tmp_path, sites=12)
    os.kill(running.pid, signal.SIGTERM)
    assert running.wait(5) == 0
    running.stop()


def test_it_does_not_outlive_its_parent(tmp_path):
    script = (
        "import os, pathlib, sys\n"
        "from povod.sandbox.process import start_sandbox\n"
        "print(start_sandbox(pathlib.Path(sys.argv[1]), sites=12).pid, flush=True)\n"
        "os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert wait_gone(int(done.stdout))


def test_a_failed_start_shows_the_log(tmp_path):
    with pytest.raises(SandboxFailed, match="expected a range"):
        start_sandbox(tmp_path, sites=12, yandex_delay="9-1")
