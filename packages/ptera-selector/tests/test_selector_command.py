"""The command line, run as a program."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest


def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "ptera_selector", *arguments],
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        encoding="utf-8",
    )


def test_selector_is_drawn_written_and_put_in_words() -> None:
    done = run("f{!y, x}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == dedent(
        """\
        f
        ├── !y
        └── x

        f{x} > y

        each time `y` is set in `f`: `y` and all values of `x`
        """
    )


def test_selector_as_json() -> None:
    done = run("--json", "f{x}")
    assert done.returncode == 0
    assert json.loads(done.stdout)["call"]["function"] == "f"


def test_wrong_selector_is_pointed_at() -> None:
    done = run('f{x="a} > y')
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == dedent(
        """\
        ptera-selector: this " is never closed (column 5)

            f{x="a} > y
                ^

        A string ends on its line, with the quote that it begins with.
        """
    )


LINES = "f > x\n\n  // a comment\n  f{\nf{x} > y\n$\n"
LINES_REPORT = dedent(
    """\
    {name}:4:5: found the end, expected a variable, a filter or a call after `{{` (column 5)

          f{{
            ^

    The `{{` in column 4 is never closed.

    {name}:6:2: found the end, expected a name after `$` (column 2)

        $
         ^

    Any variable is captured under a name: `$x`.

    """
)


def test_file_is_checked_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "queries"
    file.write_text(LINES, encoding="utf-8")
    done = run("-f", str(file))
    assert (done.returncode, done.stdout) == (2, "4 selectors, 2 wrong\n")
    assert done.stderr == LINES_REPORT.format(name=file)


@pytest.mark.parametrize("arguments", [(), ("-",), ("-f", "-")])
def test_standard_input_is_checked_line_by_line(arguments: tuple[str, ...]) -> None:
    done = run(*arguments, text=LINES)
    assert (done.returncode, done.stdout) == (2, "4 selectors, 2 wrong\n")
    assert done.stderr == LINES_REPORT.format(name="standard input")


def test_right_lines() -> None:
    done = run(text="\ufefff > x\r\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 selector, none wrong\n", "")


def test_lines_as_json() -> None:
    done = run("--json", "-", text="f > x\ny\n")
    assert done.returncode == 0
    functions = [json.loads(line)["call"]["function"] for line in done.stdout.splitlines()]
    assert functions == ["f", None]


def test_bytes_that_are_no_text_are_an_error_of_their_line(tmp_path: Path) -> None:
    file = tmp_path / "queries"
    file.write_bytes(b"x\nf > \xff\n")
    done = run("--file", str(file))
    assert (done.returncode, done.stdout) == (2, "2 selectors, 1 wrong\n")
    assert f"{file}:2:5: found the character" in done.stderr


def test_file_that_is_not_there(tmp_path: Path) -> None:
    done = run("-f", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"ptera-selector: {tmp_path / 'none'}: No such file or directory\n"


def test_selector_and_file_is_one_too_many(tmp_path: Path) -> None:
    done = run("x", "-f", str(tmp_path))
    assert done.returncode == 2
    assert "give a selector or a file, not both" in done.stderr


def test_terminal_without_the_lines_of_the_drawing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ptera_selector", "f > x"],
        env={"PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert done.returncode == 0
    assert rb"\u2514\u2500\u2500 !x" in done.stdout


def test_help_and_version() -> None:
    assert "usage: ptera-selector" in run("--help").stdout
    assert run("--version").stdout.startswith("ptera-selector ")
