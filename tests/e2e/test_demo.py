"""`povod demo --no-serve`: ends well, measures itself, and a second run changes nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def demo(data: Path) -> Any:
    command = [sys.executable, "-m", "povod", "demo", "--no-serve", "--json", "--sites", "14"]
    done = subprocess.run(
        [*command, "--data", str(data)], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_demo_twice(tmp_path: Path) -> None:
    first = demo(tmp_path / "demo")
    assert first["sent_twice"] == 0
    assert first["funnel"]["accepted"] == first["accepted_by_server"] > 0
    truth = first["truth"]
    assert truth["companies from search"]["recall"] == 1
    assert truth["e-mail addresses"]["precision"] >= 0.9
    assert truth["e-mail addresses"]["recall"] >= 0.9
    second = demo(tmp_path / "demo")
    assert {**second, "seconds": 0} == {**first, "seconds": 0}
