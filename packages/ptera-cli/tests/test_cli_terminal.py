"""On a real terminal, and in real shells."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pexpect = pytest.importorskip("pexpect", reason="a terminal is needed")

PROGRAM = '''
from typing import Literal

from ptera import auto_cli, default, ptera, tag

HP = tag.HyperParameter


@ptera
def train():
    """Train a model."""
    # Size of a step
    lr: float & HP = default(0.1)
    # How to step
    opt: HP & Literal["sgd", "adam", "adagrad"] = default("sgd")
    layers: list[int] & HP = default([1])


@ptera
def test():
    """Test a model."""
    # Where to read
    data: str & HP = default("")


if __name__ == "__main__":
    auto_cli(ENTRY, prog="PROG")
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    single = PROGRAM.replace("ENTRY", "train").replace("PROG", "train.py")
    (tmp_path / "train.py").write_text(single)
    (tmp_path / "tool.py").write_text(
        PROGRAM.replace("ENTRY", "[train, test]").replace("PROG", "tool")
    )
    (tmp_path / "exp.toml").write_text("lr = 0.5\n")
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    env = {**os.environ, "TERM": "xterm-256color", **more}
    env.pop("NO_COLOR", None)
    return env


def on_terminal(folder: Path, *words: str, width: int = 80) -> tuple[str, int]:
    """Runs Python on a terminal; gives what it wrote there, and its status."""
    child = pexpect.spawn(
        sys.executable,
        list(words),
        cwd=str(folder),
        env=environment(),
        encoding="utf-8",
        dimensions=(50, width),
        timeout=60,
    )
    text = child.read()
    child.close()
    return text.replace("\r\n", "\n"), child.exitstatus


COLOUR = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def test_help_on_a_terminal_has_colours_and_fits(folder: Path) -> None:
    text, status = on_terminal(folder, "train.py", "@exp.toml", "--help", width=72)
    assert status == 0
    assert COLOUR.search(text)
    plain = COLOUR.sub("", text)
    assert all(len(line) <= 72 for line in plain.splitlines())
    assert "─ train (train.py:9) ─" in plain
    assert re.search(r"--lr float +Size of a step \[default: 0\.1\] \[now 0\.5, from", plain)


def test_help_on_a_terminal_without_colours(folder: Path) -> None:
    child = pexpect.spawn(
        sys.executable,
        ["train.py", "--help"],
        cwd=str(folder),
        env={**environment(), "NO_COLOR": "1"},
        encoding="utf-8",
        timeout=60,
    )
    text = child.read()
    assert "--lr float" in text and not re.search(r"\x1b\[[0-9;]*3[0-9]m", text)


def test_mistakes_on_a_terminal_are_one_plain_line(folder: Path) -> None:
    text, status = on_terminal(folder, "train.py", "--lr", "abc", width=200)
    assert status == 2
    assert text == (
        "train.py: error: `--lr`: `abc` is not a number, such as 0.1 or 1e-3. "
        "Declared in `train` (train.py:13).\n"
    )


def test_a_live_table_on_a_terminal(folder: Path) -> None:
    (folder / "script.py").write_text(
        "import time\ndef work(n):\n    x = n\nfor i in range(5):\n    work(i); time.sleep(0.1)\n"
        "print('done')\n"
    )
    text, status = on_terminal(
        folder, "-m", "ptera_cli", "probe", "work > x", "--live", "--", "script.py"
    )
    plain = COLOUR.sub("", text)
    assert status == 0 and "done" in plain
    assert re.search(r"│ x +│ 5 +│ 2 +│ 0 +│ 4 +│ 4 +│", plain)


class Shell:
    """An interactive shell that has read the completions of a program.

    The program itself is a function that shows its arguments.
    """

    def __init__(self, folder: Path, name: str, program: str, called: str) -> None:
        command = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
        self._child = pexpect.spawn(
            name,
            command[name][1:],
            cwd=str(folder),
            env=environment(HOME=str(folder), INPUTRC="/dev/null"),
            encoding="utf-8",
            dimensions=(50, 200),
            timeout=60,
        )
        setup = {
            "bash": ["bind 'set enable-bracketed-paste off'"],
            "zsh": ["unsetopt zle_bracketed_paste beep", "autoload -Uz compinit && compinit -u -D"],
        }
        lines = [
            *setup[name],
            f'eval "$({sys.executable} {program} --completion {name})"',
            f'{called}() {{ echo "GOT-[$*]"; }}',
        ]
        for at, line in enumerate(lines):
            self._child.sendline(line)
            self._child.sendline(f"echo STARTED-$((1+{at}))")
            self._child.expect_exact(f"STARTED-{1 + at}")

    def completed(self, line: str) -> str:
        """Types a line, presses tab and enter, and gives the arguments that the program gets."""
        self._child.send(f"{line}\t")
        self._child.send("\r")
        self._child.expect(r"GOT-\[(.*?)\]")
        got: str = self._child.match[1]
        return got.strip()

    def offers(self, line: str, *words: str) -> bool:
        """Types a line, presses tab twice, and waits until the words are offered."""
        self._child.send(f"{line}\t\t")
        for _ in words:
            # In whichever order, with whatever describes them.
            self._child.expect("|".join(rf"{re.escape(word)}\b" for word in words))
        # Not an interrupt: it would flush what is typed next.
        self._child.sendcontrol("u")
        self._child.sendline("echo CLEARED-$((1+1))")
        self._child.expect_exact("CLEARED-2")
        return True

    def close(self) -> None:
        """Ends the shell."""
        self._child.close(force=True)


@pytest.fixture(params=["bash", "zsh"])
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    found: str = request.param
    if shutil.which(found) is None:
        pytest.skip(f"{found} is not installed")
    yield found


def test_a_shell_completes_options_and_choices(name: str, folder: Path) -> None:
    running = Shell(folder, name, "train.py", "train.py")
    try:
        assert running.completed("train.py --la") == "--layers"
        assert running.completed("train.py --opt sg") == "--opt sgd"
        assert running.completed("train.py --config ex") == "--config exp.toml"
        assert running.offers("train.py --opt ada", "adam", "adagrad")
        assert running.offers("train.py --l", "--lr", "--layers")
    finally:
        running.close()


def test_a_shell_completes_commands(name: str, folder: Path) -> None:
    running = Shell(folder, name, "tool.py", "tool")
    try:
        assert running.completed("tool tr") == "train"
        assert running.completed("tool train --la") == "train --layers"
        assert running.completed("tool test --da") == "test --data"
    finally:
        running.close()


def test_the_command_ptera_completes(name: str, folder: Path) -> None:
    running = Shell(folder, name, "-m ptera_cli", "ptera")
    try:
        assert running.completed("ptera pr") == "probe"
        # zsh asks once more here: a selector could stand in this place too.
        assert running.offers("ptera probe --su", "--summary")
    finally:
        running.close()


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(
    ("program", "line", "expected"),
    [
        ("train.py", "train.py --la", "--layers"),
        ("train.py", "train.py --opt sg", "sgd"),
        ("tool.py", "tool tr", "train"),
        ("tool.py", "tool train --la", "--layers"),
        ("-m ptera_cli", "ptera pr", "probe"),
    ],
)
def test_fish_completes(folder: Path, program: str, line: str, expected: str) -> None:
    """Fish says what it would complete, so that no terminal is needed."""
    script = f"{sys.executable} {program} --completion fish | source; complete -C '{line}'"
    finished = subprocess.run(
        ["fish", "--no-config", "-c", script],
        cwd=folder,
        env=environment(HOME=str(folder)),
        capture_output=True,
        text=True,
        check=True,
    )
    # Files are offered too where a command could stand.
    offers = [offer.partition("\t")[0] for offer in finished.stdout.splitlines()]
    assert [offer for offer in offers if not offer.endswith(".py")] == [expected]
