"""`ptera set`, `explain`, `catalogue`, `parse`: the other commands for scripts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from parts import Net


def layer(x: float):
    T: float = 1.0
    name = "plain"
    return x / T, name


def main(n):
    print(*[layer(8.0) for _ in range(n)], Net()(1))


if __name__ == "__main__":
    main(int(sys.argv[1]))
"""

PARTS = """
class Net:
    def __call__(self, x):
        # How much
        scale = 2
        return x * scale
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "parts.py").write_text(PARTS)
    return tmp_path


def ptera(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ptera_cli", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "NO_COLOR": "1"},
    )


@pytest.mark.parametrize(
    ("settings", "printed"),
    [
        (["layer > T=4"], "(2.0, 'plain') (2.0, 'plain') 2"),
        (["layer[1] > T=1e1"], "(8.0, 'plain') (0.8, 'plain') 2"),
        (["layer > name=fast"], "(8.0, 'fast') (8.0, 'fast') 2"),
        (["layer > name='a=b'"], "(8.0, 'a=b') (8.0, 'a=b') 2"),
        (["layer > x=0"], "(0.0, 'plain') (0.0, 'plain') 2"),
        (["Net > scale=5"], "(8.0, 'plain') (8.0, 'plain') 5"),
        (["main > n=1"], "(8.0, 'plain') 2"),
        (["T=2"], "(4.0, 'plain') (4.0, 'plain') 2"),
        (["layer > T=4", "layer[0] > T=2", "/parts/Net/__call__ > scale=3"],
         "(4.0, 'plain') (2.0, 'plain') 3"),
    ],
)  # fmt: skip
def test_settings(settings: list[str], printed: str, folder: Path) -> None:
    done = ptera(folder, "set", *settings, "--", "script.py", "2")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{printed}\n", "")


def test_settings_reach_workers(folder: Path) -> None:
    (folder / "script.py").write_text(
        "import multiprocessing\n"
        "from parts import Net\n"
        "def step(i):\n    x = 1\n    return x, Net()(i)\n"
        "if __name__ == '__main__':\n"
        "    for method in ('fork', 'spawn', 'forkserver'):\n"
        "        with multiprocessing.get_context(method).Pool(1) as pool:\n"
        "            print(*pool.map(step, [1]))\n"
    )
    done = ptera(folder, "set", "step > x=5", "Net > scale=7", "--", "script.py")
    assert (done.stdout, done.stderr) == ("(5, 7)\n" * 3, "")


def test_what_set_nothing_is_named_at_the_end(folder: Path) -> None:
    done = ptera(folder, "set", "lyer > T=4", "layer[7] > T=4", "--", "script.py", "1")
    assert (done.returncode, done.stdout) == (0, "(8.0, 'plain') 2\n")
    first, second = done.stderr.splitlines()
    assert first.startswith("ptera: warning: `lyer > T=4` set nothing: Nothing is called `lyer`")
    assert first.endswith("Did you mean `layer`?")
    assert second == "ptera: warning: `layer[7] > T=4` was set but never read."


MISTAKES = {
    "nothing to set": (
        ["set", "--", "script.py"],
        "`ptera set` needs something to set, such as 'layer > T=10'.",
    ),
    "no equals sign": (
        ["set", "layer > T", "--", "script.py"],
        "`layer > T`: there is no `=`; write the selector, `=` and the value, such as "
        "'layer > T=10'.",
    ),
    "no variable": (
        ["set", "layer{x}=3", "--", "script.py"],
        "`layer{x}=3`: what is set must end in a variable, such as `layer > T`.",
    ),
    "a bad value": (
        ["set", "layer > T=abc", "--", "script.py", "1"],
        "`layer > T=abc`: `abc` is not a number, such as 0.1 or 1e-3.",
    ),
    "no script": (
        ["set", "layer > T=3"],
        "`ptera set` needs a script: end with `-- script.py` or `-- -m module`.",
    ),
    "nothing to list": (
        ["catalogue"],
        "`ptera catalogue` needs a script: end with `-- script.py` or `-- -m module`.",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_one_line(mistake: str, folder: Path) -> None:
    words, message = MISTAKES[mistake]
    done = ptera(folder, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"ptera: error: {message}\n"


def test_explain(folder: Path) -> None:
    done = ptera(folder, "explain", "layer > T", "--", "script.py", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "layer (" in done.stdout and "events at `T`" in done.stdout
    assert "(8.0" not in done.stdout, "its main must not run"
    done = ptera(folder, "explain", "layer > T", "--source", "--", "script.py")
    assert "def layer(" in done.stdout
    done = ptera(folder, "explain", "layer > S", "--", "script.py")
    assert done.returncode == 1 and "has no variable `S`" in done.stdout


@pytest.mark.parametrize("words", [["script.py"], ["--", "script.py"], ["--", "-m", "script"]])
def test_catalogue(words: list[str], folder: Path) -> None:
    done = ptera(folder, "catalogue", *words)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["T", "local", "float", "1.0"] in rows
    assert ["scale", "local", "2", "How", "much"] in rows


def test_catalogue_of_a_tag(folder: Path) -> None:
    (folder / "script.py").write_text(
        "from ptera import tag\ndef f():\n    x: tag.HyperParameter = 1\n    y = 2\n"
    )
    done = ptera(folder, "catalogue", "script.py", "--tag", "HyperParameter")
    assert "x  " in done.stdout and "y  " not in done.stdout


def test_parse(folder: Path) -> None:
    done = ptera(folder, "parse", "layer > T", "a >> b")
    assert done.returncode == 0 and "layer > T" in done.stdout and "a >> b" in done.stdout
    done = ptera(folder, "parse", "--json", "layer > T", "a >> b")
    assert all(json.loads(line) for line in done.stdout.splitlines())
    done = ptera(folder, "parse", "layer >")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1


def test_version_and_help(folder: Path) -> None:
    assert ptera(folder, "--version").stdout.startswith("ptera ")
    done = ptera(folder, "--help")
    assert done.returncode == 0 and "probe: Run a script" in done.stdout
    done = ptera(folder)
    assert done.returncode == 2 and done.stdout == "" and "probe: Run a script" in done.stderr
    for command in ("probe", "set", "explain", "catalogue", "parse"):
        done = ptera(folder, command, "--help")
        assert done.returncode == 0 and done.stdout.startswith(f"Usage: ptera {command} ")
