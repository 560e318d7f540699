"""The two environment variables that look inside, and that turn everything off."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from ptera import probing

def area(width):
    height = 2
    return width * height

with probing("area > height") as probe:
    area(3)
print(probe.values())
"""


def run(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    program = folder / "program.py"
    program.write_text(PROGRAM)
    environment = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, env=environment, check=True
    )


def test_generated_source_is_written_to_the_folder(tmp_path: Path) -> None:
    done = run(tmp_path, PTERA_DUMP=str(tmp_path / "dump"))
    assert done.stdout == "[{'height': 2}]\n"
    written = (tmp_path / "dump" / "__main__.area.py").read_text()
    assert "height = 2\n    if .p" in written


def test_a_folder_that_cannot_be_made_is_said_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    done = run(tmp_path, PTERA_DUMP=str(tmp_path / "taken" / "dump"))
    assert done.stdout == "[{'height': 2}]\n"
    assert done.stderr.startswith("PTERA_DUMP: cannot write to")


def test_everything_can_be_turned_off(tmp_path: Path) -> None:
    done = run(tmp_path, PTERA_DISABLE="1")
    assert done.stdout == "[]\n"
