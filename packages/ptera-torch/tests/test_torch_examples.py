"""The programs in `examples`, run as a reader would run them."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"


def run(name: str, *arguments: str, cwd: Path) -> str:
    finished = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_every_program_is_tested() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {"demo", *SHORT}


SHORT = {
    "debug": "The plot is in debug.png.",
    "gradients": "second     d2/dx2 = 0.2391",
    "hyperparameters": "x = ",
    "regularize": "penalty on weights",
    "temperature": "T = 10 at the top",
    "training": "loss after:  0.0",
    "undecorated": "without the second block",
}


@pytest.mark.parametrize("name", SHORT)
def test_short_programs(name: str, tmp_path: Path) -> None:
    assert SHORT[name] in run(f"{name}.py", cwd=tmp_path)


def test_temperature_changes_one_call(tmp_path: Path) -> None:
    lines = run("temperature.py", cwd=tmp_path).splitlines()
    values = [float(line.split()[-1]) for line in lines]
    assert values[0] == values[3] < values[1] < values[2]


def test_hyperparameters_from_the_command_line(tmp_path: Path) -> None:
    plain = run("hyperparameters.py", cwd=tmp_path)
    assert run("hyperparameters.py", "--momentum", "0.5", cwd=tmp_path) != plain
    assert run("hyperparameters.py", "--set", "descend > start=3.0", cwd=tmp_path) != plain


def test_demo_learns_the_digits(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    shown = run("demo.py", "--out", "here/demo.png", cwd=tmp_path)
    found = re.search(r"Test accuracy ([\d.]+)%", shown)
    assert found is not None
    assert float(found[1]) >= 95
    assert str(tmp_path / "here" / "demo.png") in shown
    assert (tmp_path / "here" / "demo.png").stat().st_size > 10_000
    assert "act[0]" in shown and "W[1]" in shown


def test_demo_on_files_like_mnists(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    random = np.random.default_rng(0)
    for prefix, count, pack in (("train", 200, gzip.compress), ("t10k", 50, bytes)):
        ending = ".gz" if pack is gzip.compress else ""
        labels = random.integers(0, 10, count, np.uint8).tobytes()
        images = random.integers(0, 256, (count, 28, 28), np.uint8).tobytes()
        (tmp_path / f"{prefix}-labels-idx1-ubyte{ending}").write_bytes(pack(b"\0" * 8 + labels))
        (tmp_path / f"{prefix}-images-idx3-ubyte{ending}").write_bytes(pack(b"\0" * 16 + images))
    shown = run("demo.py", "--data", str(tmp_path), "--epochs", "1", cwd=tmp_path)
    assert "on 50 images" in shown
