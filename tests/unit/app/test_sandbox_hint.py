"""What `povod sandbox` tells a shell to read."""

import subprocess
from pathlib import Path

import pytest

from povod.app.worlds import sourced


@pytest.mark.parametrize("name", ["world.env", "sub/world.env", "my world.env", "it's.env"])
@pytest.mark.parametrize("absolute", [True, False])
def test_a_shell_reads_the_file(tmp_path: Path, name: str, absolute: bool) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("WORLD=here\n")
    said = sourced(file if absolute else Path(name))
    script = f"set -a; . {said}; set +a; printenv WORLD"
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("here\n", "")
    assert "//" not in said
