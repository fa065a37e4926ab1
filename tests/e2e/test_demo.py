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
    greeted = first["greetings"]["greeted"]
    assert first["funnel"]["accepted"] + greeted == first["accepted_by_server"] > greeted >= 3
    truth = first["truth"]
    assert truth["companies from search"]["recall"] == 1
    assert truth["e-mail addresses"]["precision"] >= 0.9
    assert truth["e-mail addresses"]["recall"] >= 0.9
    assert truth["changes in the shop"] == {
        "found": 20, "planted": 20, "right": 20, "precision": 1, "recall": 1,
    }  # fmt: skip
    assert first["sites"]["reasons"] == first["sites"]["clients_of_companies"] == 1
    shown = {name: first["greetings"][name] for name in ("waiting", "superseded", "left_out")}
    assert shown == {"waiting": 1, "superseded": 1, "left_out": 1}
    assert first["greetings"]["with_cards"] == first["greetings"]["greetings"]
    assert first["greeted_twice"] == 0
    second = demo(tmp_path / "demo")
    assert {**second, "seconds": 0} == {**first, "seconds": 0}
