"""The console blocks of the pages on the command line show what really happens."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("docs/how-to/cli-*.md"), *ROOT.glob("docs/tutorial/*cli*.md")])
_BLOCK = re.compile(r"^```(?P<kind>\w+)(?P<options>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.M)
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def sessions(text: str) -> list[tuple[str, str]]:
    """The commands of a block, each with what is shown below it."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def environment(folder: Path) -> dict[str, str]:
    """An environment in which `python` and `ptera` are those of the tests."""
    tools = folder / ".tools"
    tools.mkdir()
    python = shlex.quote(sys.executable)
    for name, command in {"python": python, "ptera": f"{python} -m ptera_cli"}.items():
        (tools / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (tools / name).chmod(0o755)
    path = os.pathsep.join((str(tools), os.environ["PATH"]))
    return {**os.environ, "PATH": path, "NO_COLOR": "1"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_console_blocks(page: Path, tmp_path: Path) -> None:
    env = environment(tmp_path)
    for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        title = re.search(r'title="([^"]+)"', block["options"])
        if title is not None:
            (tmp_path / title[1]).write_text(block["text"])
        for command, shown in sessions(block["text"]) if block["kind"] == "console" else ():
            done = subprocess.run(
                ["bash", "-c", f"{command} 2>stderr; status=$?; cat stderr; exit $status"],
                cwd=tmp_path,
                env=env,
                capture_output=True,
                text=True,
                timeout=120,
            )
            checker = doctest.OutputChecker()
            if not (checker.check_output(shown, done.stdout, _FLAGS) or same(shown, done.stdout)):
                pytest.fail(f"$ {command}\nshown:\n{shown}\nreally:\n{done.stdout}")


def same(shown: str, really: str) -> bool:
    """The same lines, whichever of the two streams came first."""
    return "..." not in shown and sorted(map(str.split, shown.splitlines())) == sorted(
        map(str.split, really.splitlines())
    )


def test_there_are_pages() -> None:
    assert len(PAGES) >= 4
