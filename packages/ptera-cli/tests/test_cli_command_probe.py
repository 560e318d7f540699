"""What `ptera probe` shows of scripts that nobody edits."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from parts import Net, scale


def layer(x, k):
    T = 1.0
    act = x * k / T
    return scale(act)


def main(n):
    net = Net()
    for i in range(n):
        layer(i, 2)
        net(i)
    print("done", n)


if __name__ == "__main__":
    main(int(sys.argv[1]))
"""

PARTS = """
class Net:
    def forward(self, x):
        hidden = x + 1
        return hidden

    def __call__(self, x):
        return self.forward(x)


def scale(value):
    factor = 10
    return value * factor


def unused(value):
    found = value
    return found
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


def test_events_are_printed_beside_the_output_of_the_script(folder: Path) -> None:
    done = ptera(folder, "probe", "layer(k) > act", "--", "script.py", "3")
    assert (done.returncode, done.stdout) == (0, "done 3\n")
    assert done.stderr == "k=2  act=0.0\nk=2  act=2.0\nk=2  act=4.0\n"


def test_several_selectors_are_told_apart(folder: Path) -> None:
    done = ptera(folder, "probe", "layer > T", "scale > factor", "--", "script.py", "1")
    assert done.stderr == "layer > T: T=1.0\nscale > factor: factor=10\n"


def test_names_are_found_in_modules_that_the_script_imports(folder: Path) -> None:
    done = ptera(folder, "probe", "Net > hidden", "--", "script.py", "2")
    assert done.stderr == "hidden=1\nhidden=2\n"


def test_names_are_found_in_modules_whose_names_the_script_lacks(folder: Path) -> None:
    (folder / "script.py").write_text("import parts\nparts.scale(3)\nparts.Net()(4)\n")
    done = ptera(folder, "probe", "scale > factor", "Net > hidden", "--", "script.py")
    assert done.stderr == "scale > factor: factor=10\nNet > hidden: hidden=5\n"


def test_a_name_that_two_modules_define_stands_for_both(folder: Path) -> None:
    for name in ("one", "two"):
        (folder / f"{name}.py").write_text(f"def step():\n    x = '{name}'\n    return x\n")
    (folder / "script.py").write_text("import one, two\none.step()\ntwo.step()\n")
    done = ptera(folder, "probe", "step > x", "--", "script.py")
    assert done.stderr == "x=one\nx=two\n"


def test_of_two_definitions_those_that_have_the_variable_count(folder: Path) -> None:
    (folder / "one.py").write_text("def step():\n    x = 'one'\n    return x\n")
    (folder / "two.py").write_text("def step():\n    y = 'two'\n    return y\n")
    (folder / "script.py").write_text("import two, one\nprint(one.step(), two.step())\n")
    done = ptera(folder, "probe", "step > x", "step > y", "--", "script.py")
    assert done.stderr == "step > x: x=one\nstep > y: y=two\n"
    done = ptera(folder, "set", "step > x=1", "step > y=2", "--", "script.py")
    assert (done.stdout, done.stderr) == ("1 2\n", "")


def test_functions_of_a_module_that_is_loaded_late(folder: Path) -> None:
    (folder / "script.py").write_text("def main():\n    import parts\n    parts.scale(1)\nmain()\n")
    done = ptera(folder, "probe", "/parts/scale > factor", "--", "script.py")
    assert done.stderr == "factor=10\n"


def test_a_lone_variable_means_the_functions_of_the_script(folder: Path) -> None:
    done = ptera(folder, "probe", "T", "--", "script.py", "2")
    assert done.stderr == "T=1.0\nT=1.0\n"


def test_a_lone_variable_within_a_module(folder: Path) -> None:
    done = ptera(folder, "probe", "factor", "--within", "parts", "--", "script.py", "2")
    assert done.stderr == "factor=10\nfactor=10\n"


def test_a_pattern_without_focus_gives_one_event_a_call(folder: Path) -> None:
    done = ptera(folder, "probe", "layer(k, act)", "--", "script.py", "2")
    assert done.stderr == "k=2  act=0.0\nk=2  act=2.0\n"


def test_one_occurrence_and_one_path(folder: Path) -> None:
    done = ptera(folder, "probe", "main > layer[1] > act", "--", "script.py", "3")
    assert done.stderr == "act=2.0\n"


def test_counts(folder: Path) -> None:
    done = ptera(folder, "probe", "layer > T", "unused > found", "--count", "--", "script.py", "3")
    assert done.stderr == "layer > T: 3\nunused > found: 0\n"


def test_summaries(folder: Path) -> None:
    done = ptera(folder, "probe", "layer(k) > act", "--summary", "--", "script.py", "3")
    assert [line.split() for line in done.stderr.splitlines()] == [
        ["capture", "count", "mean", "min", "max", "last"],
        ["k", "3", "2", "2", "2", "2"],
        ["act", "3", "2", "0", "4", "4"],
    ]


def test_a_summary_of_what_is_no_number(folder: Path) -> None:
    (folder / "script.py").write_text("def f(s):\n    x = s + '!'\n    return x\nf('a')\nf('b')\n")
    done = ptera(folder, "probe", "f > x", "--summary", "--", "script.py")
    assert done.stderr.splitlines()[1].split() == ["x", "2", "-", "-", "-", "b!"]


def test_an_expression_is_evaluated_and_said_so(folder: Path) -> None:
    done = ptera(folder, "probe", "layer > act", "--map", "act * 2 + k0", "--", "script.py", "1")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "ptera: evaluating `act * 2 + k0` at each event",
        "ptera: error: `--map act * 2 + k0`: NameError: name 'k0' is not defined.",
    ]
    done = ptera(folder, "probe", "layer > act", "--map=-act + len('ab')", "--", "script.py", "2")
    assert done.stderr.splitlines()[1:] == ["-act + len('ab')=2.0", "-act + len('ab')=0.0"]


def test_an_expression_that_is_none(folder: Path) -> None:
    done = ptera(folder, "probe", "layer > act", "--map", "act +", "--", "script.py", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "ptera: error: `--map act +`: invalid syntax.\n"


def test_csv(folder: Path) -> None:
    done = ptera(folder, "probe", "layer(k) > act", "--csv", "out.csv", "--", "script.py", "2")
    assert (done.stdout, done.stderr) == ("done 2\n", "")
    with (folder / "out.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["selector", "event", "capture", "value"],
        ["layer{k} > act", "0", "k", "2"],
        ["layer{k} > act", "0", "act", "0.0"],
        ["layer{k} > act", "1", "k", "2"],
        ["layer{k} > act", "1", "act", "2.0"],
    ]


def test_json_lines(folder: Path) -> None:
    ptera(folder, "probe", "layer(k) > act", "--jsonl", "out.jsonl", "--", "script.py", "2")
    lines = (folder / "out.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"selector": "layer{k} > act", "k": 2, "act": 0.0},
        {"selector": "layer{k} > act", "k": 2, "act": 2.0},
    ]


def test_json_of_what_json_cannot_hold(folder: Path) -> None:
    (folder / "script.py").write_text(
        "def f(x):\n    y = x\n    return y\n"
        "f(float('nan'))\nf([1, (2, 3)])\nf({1, 2})\nf(range(2))\n"
    )
    ptera(folder, "probe", "f > y", "--jsonl", "out.jsonl", "--", "script.py")
    lines = (folder / "out.jsonl").read_text().splitlines()
    values = [json.loads(line)["y"] for line in lines]
    assert values == ["nan", [1, [2, 3]], "{1, 2}", "range(0, 2)"]


def test_a_killed_script_leaves_the_events_that_there_were(folder: Path) -> None:
    (folder / "script.py").write_text(
        "import os, signal\ndef f(x):\n    y = x\nf(1)\nf(2)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ptera(folder, "probe", "f > y", "--jsonl", "out.jsonl", "--", "script.py")
    assert len((folder / "out.jsonl").read_text().splitlines()) == 2


def test_a_plot(folder: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib")
    done = ptera(folder, "probe", "layer(k) > act", "--plot", "out.png", "--", "script.py", "5")
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")


def test_a_live_table_ends_with_what_there_was(folder: Path) -> None:
    done = ptera(folder, "probe", "layer > act", "--live", "--", "script.py", "3")
    assert done.stdout == "done 3\n"
    cells = [re.split(r"\s*[│┃]\s*", line) for line in done.stderr.splitlines() if "act" in line]
    assert [cell for cell in cells[-1] if cell] == ["act", "3", "2", "0", "4", "4"]


def test_tensors_of_one_element_are_numbers(folder: Path) -> None:
    pytest.importorskip("torch", reason="the script trains with torch")
    (folder / "script.py").write_text(
        "import torch\n"
        "model = torch.nn.Linear(2, 1)\n"
        "def step(x):\n"
        "    out = model(x)\n"
        "    loss = (out * 0 + 2.5).mean()\n"
        "    return loss\n"
        "for _ in range(3):\n"
        "    step(torch.ones(4, 2))\n"
    )
    done = ptera(folder, "probe", "step > loss", "--summary", "--", "script.py")
    row = done.stderr.splitlines()[1].split()
    assert row[:5] == ["loss", "3", "2.5", "2.5", "2.5"]
    done = ptera(
        folder, "probe", "Linear >> input", "--map", "tuple(input.shape)", "--", "script.py"
    )
    assert done.stderr.splitlines()[1:] == ["tuple(input.shape)=(4, 2)"] * 3


MISTAKES = {
    "no selector": ([], "`ptera probe` needs a selector, such as 'layer > act'."),
    "no script": (
        ["layer > act"],
        "`ptera probe` needs a script: end with `-- script.py` or `-- -m module`.",
    ),
    "no such script": (
        ["layer > act", "--", "scrpt.py"],
        "`scrpt.py`: there is no such file; the nearest is `script.py`.",
    ),
    "no such module": (
        ["layer > act", "--", "-m", "nothing"],
        "`-m nothing`: there is no such module, or it has no source.",
    ),
    "unknown option": (["--sumary"], "Unknown option `--sumary`. Did you mean `--summary`?"),
    "no abbreviations": (["--sum"], "Unknown option `--sum`. Did you mean `--summary`?"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_one_line(mistake: str, folder: Path) -> None:
    words, message = MISTAKES[mistake]
    done = ptera(folder, "probe", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"ptera: error: {message}\n"


def test_a_malformed_selector_is_one_line_with_the_column(folder: Path) -> None:
    done = ptera(folder, "probe", "layer > > act", "--", "script.py")
    assert done.returncode == 2
    assert done.stderr.startswith("ptera: error: `layer > > act`: ")
    assert "column 9" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_selector_that_matched_nothing_is_named_at_the_end(folder: Path) -> None:
    done = ptera(folder, "probe", "lyer > act", "--", "script.py", "1")
    assert (done.returncode, done.stdout) == (0, "done 1\n")
    assert done.stderr.startswith("ptera: warning: `lyer > act` matched nothing: ")
    assert "Did you mean `layer`?" in done.stderr


def test_an_unknown_variable_is_named_at_the_end(folder: Path) -> None:
    done = ptera(folder, "probe", "layer > acts", "--", "script.py", "1")
    assert "has no variable `acts`" in done.stderr and "Did you mean `act`?" in done.stderr


def test_an_unknown_command(folder: Path) -> None:
    done = ptera(folder, "prob", "layer > act")
    assert (done.returncode, done.stderr) == (
        2,
        "ptera: error: Unknown command `prob`. Did you mean `probe`?\n",
    )
