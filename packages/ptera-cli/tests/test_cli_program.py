"""Whole programs in processes of their own: help, mistakes, selectors, workers, what was unread."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

TRAIN = '''
"""A program."""

from typing import Literal

from ptera import auto_cli, default, ptera, tag

HP = tag.HyperParameter


@ptera
def load(n):
    # How many examples
    # [metavar: N]
    size: int & HP = default(100)
    return size * n


@ptera
def layer(x):
    # Temperature
    T: float & HP = default(1.0)
    return x / T


@ptera
def evaluate():
    # Size of a step
    lr: float & HP = default(0.5)
    return lr


@ptera
def train():
    """Train a model.

    On whatever data there is.
    """
    # Size of a step, in [0, 1]
    # [alias: -l]
    lr: float & HP = default(0.1)
    # How to step
    opt: HP & Literal["sgd", "adam"] = default("sgd")
    verbose: bool & HP = default(False)
    layers: list[int] & HP = default([3, 4])
    if verbose:
        evaluate()
    h = 8.0
    for _ in layers:
        h = layer(h)
    print(lr, opt, layers, load(2), h)


if __name__ == "__main__":
    auto_cli(train, prefix="TRAIN")
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(TRAIN)
    return tmp_path


def run(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **env},
    )


def train(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "train.py", *words, **env)


HELP = """\
Usage: train.py [OPTIONS]

Train a model.

On whatever data there is.

train (train.py:33):
  --lr, -l float: Size of a step, in [0, 1] [default: 0.1 in train, 0.5 in evaluate] \
[alone: --train.lr, --evaluate.lr]
  --train.lr float: Size of a step, in [0, 1] [default: 0.1]
  --opt sgd|adam: How to step [default: "sgd"]
  --verbose, --no-verbose: [default: False]
  --layers list[int]: [default: [3, 4]]

evaluate (train.py:26):
  --evaluate.lr float: Size of a step [default: 0.5]

layer (train.py:19):
  --T float: Temperature [default: 1.0]

load (train.py:11):
  --size N: How many examples [default: 100]

Every command line:
  --help, -h: Show this and stop.
  --config FILE: Read values from a TOML, YAML or JSON file; also @FILE. Of several, the later wins.
  --set SELECTOR=VALUE: Set what a selector addresses, such as 'layer[1] > T=10'.
  --print-config: Print all values and where each comes from, and stop; also --print-config=yaml.
  --save-config FILE: Write the values to a file that starts this run again.
  --completion SHELL: Print what makes a shell complete these options, and stop. \
[one of bash, zsh, fish]
"""


def groups(text: str) -> list[str]:
    """The blocks of a help text, sorted: the catalogue's order of callees is not ours."""
    return sorted(text.strip().split("\n\n"))


def test_help_in_a_pipe_is_plain(folder: Path) -> None:
    done = train(folder, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert groups(done.stdout) == groups(HELP)


def test_help_tells_what_is_set_and_by_whom(folder: Path) -> None:
    (folder / "exp.toml").write_text("lr = 1\nsize = 7\n")
    done = train(folder, "@exp.toml", "--lr", "2", "--help", TRAIN_T="3")
    assert "[alone: --train.lr, --evaluate.lr] [now 2.0, from --lr]\n" in done.stdout
    assert "--size N: How many examples [default: 100] [now 7, from exp.toml:2]\n" in done.stdout
    assert "--T float: Temperature [default: 1.0] [now 3.0, from TRAIN_T]\n" in done.stdout


@pytest.mark.parametrize(
    "words", [["--zzz", "--help"], ["--lr", "abc", "-h"], ["@none.toml", "-h"]]
)
def test_help_beside_a_mistake_is_help(words: list[str], folder: Path) -> None:
    done = train(folder, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: train.py [OPTIONS]\n")


MISTAKES = {
    "bad value": (
        ["--lr", "abc"],
        "`--lr`: `abc` is not a number, such as 0.1 or 1e-3. Declared in `train` (train.py:41).",
    ),
    "unknown option": (
        ["--epoch_s", "3"],
        "Unknown option `--epoch_s`. `--help` lists all.",
    ),
    "nearly an option": (
        ["--layer", "3"],
        "Unknown option `--layer`. Did you mean `--layers`, of `train` (train.py:45)?",
    ),
    "bad choice": (
        ["--opt", "adm"],
        "`--opt`: `adm` is not one of sgd, adam. Did you mean `adam`? "
        "Declared in `train` (train.py:43).",
    ),
    "not whole": (
        ["--size", "1.5"],
        "`--size`: `1.5` is not a whole number. Declared in `load` (train.py:15).",
    ),
    "missing file": (
        ["--config", "exp.tml"],
        "`exp.tml`: there is no such file; the nearest is `exp.toml`.",
    ),
    "unknown key": (
        ["@exp.toml"],
        "`exp.toml:2`: unknown key `siz`. Did you mean `size`, of `load` (train.py:15)?",
    ),
    "bad environment": (
        ["--lr", "1"],
        "`TRAIN_SIZE`: `many` is not a whole number. Declared in `load` (train.py:15).",
    ),
    "nothing to set": (
        ["--set", "layer > T"],
        "`--set layer > T`: there is no `=`; write the selector, `=` and the value, such as "
        "'layer > T=10'.",
    ),
    "unknown function": (
        ["--set", "lyer > T=3"],
        "`--set lyer > T=3`: Nothing is called `lyer` where the selector was made. "
        "Did you mean `layer`?",
    ),
    "unknown variable": (
        ["--set", "train > optt=3"],
        "`--set train > optt=3`: `train` (train.py:33) has no variable `optt`. Did you mean `opt`?",
    ),
    "bad value to set": (
        ["--set", "layer[1] > T=abc"],
        "`--set layer[1] > T=abc`: `abc` is not a number, such as 0.1 or 1e-3.",
    ),
    "what cannot be set": (
        ["--set", "layer > #exit=3"],
        "`--set layer > #exit=3`: `layer > #exit` cannot change `#exit`: it is a point, not a "
        "variable.",
    ),
    "a module that is not loaded": (
        ["--set", "/wave/open > f=3"],
        "`--set /wave/open > f=3`: the module `wave` is not loaded, and settings import nothing.",
    ),
    "a function to call": (
        ["--set", "layer(x~print) > T=3"],
        "`--set layer(x~print) > T=3`: `~` calls a function; the program allows it with "
        "`eval_env=`.",
    ),
    "no shell": (
        ["--completion", "fsh"],
        "`--completion`: `fsh` is not one of bash, zsh, fish. Did you mean `fish`?",
    ),
    "no format": (
        ["--print-config=tml"],
        "`--print-config`: `tml` is not one of toml, yaml, json. Did you mean `toml`?",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_and_status_2(mistake: str, folder: Path) -> None:
    words, message = MISTAKES[mistake]
    (folder / "exp.toml").write_text("lr = 1\nsiz = 7\n")
    env = {"TRAIN_SIZE": "many"} if mistake == "bad environment" else {}
    done = train(folder, *words, **env)
    assert (done.returncode, done.stdout) == (2, "")
    # The core names files in full, wherever they lie.
    assert done.stderr.replace(f"{folder}/", "") == f"train.py: error: {message}\n"


def test_a_selector_with_a_syntax_error(folder: Path) -> None:
    done = train(folder, "--set", "layer > > T=3")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("train.py: error: `--set layer > > T=3`: ")
    assert "(column 9)" in done.stderr


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ([], "0.1 sgd [3, 4] 200 8.0"),
        (["--set", "layer[1] > T=4"], "0.1 sgd [3, 4] 200 2.0"),
        (["--set", "layer > T=4"], "0.1 sgd [3, 4] 200 0.5"),
        (["--T", "2", "--set", "layer[1] > T=4"], "0.1 sgd [3, 4] 200 1.0"),
        (["--set", "train > layers=[1]", "--set", "train > opt=adam"], "0.1 adam [1] 200 8.0"),
        (["--set", "train > opt='adam'"], "0.1 adam [3, 4] 200 8.0"),
        (["--set", "load(n=2) > size=5"], "0.1 sgd [3, 4] 10 8.0"),
        (["--set", "load(n=3) > size=5"], "0.1 sgd [3, 4] 200 8.0"),
        (["--set", "/__main__/load > size=1e2"], "0.1 sgd [3, 4] 200 8.0"),
        (["--set", "train > h=16"], "0.1 sgd [3, 4] 200 16"),
        (["--set", "T=2"], "0.1 sgd [3, 4] 200 2.0"),
        (["@set.toml"], "0.1 sgd [3, 4] 6 2.0"),
        (["@set.toml", "--size", "5"], "0.1 sgd [3, 4] 10 2.0"),
        (["@set.toml", "--set", "layer[1] > T=8"], "0.1 sgd [3, 4] 6 1.0"),
    ],
)
def test_selectors_set_what_no_option_does(words: list[str], printed: str, folder: Path) -> None:
    (folder / "set.toml").write_text('[set]\n"layer[1] > T" = 4\n"load > size" = "3"\n')
    done = train(folder, *words)
    assert done.stdout == f"{printed}\n", done.stderr
    assert done.returncode == 0


def test_every_source_of_one_run(folder: Path) -> None:
    (folder / "exp.toml").write_text(
        'lr = 1e-3\nopt = "adam"\nsize = 7\n[set]\n"layer[0] > T" = 2\n'
    )
    words = ["--config", "exp.toml", "--lr", "0.5"]
    done = train(folder, *words, "--print-config", TRAIN_OPT="sgd")
    kept = [line for line in done.stdout.splitlines() if line and not line.startswith("#")]
    assert kept == [
        "lr = 0.5  # --lr",
        'opt = "sgd"  # TRAIN_OPT',
        "size = 7  # exp.toml:3",
        "[set]",
        '"layer[0] > T" = 2.0  # exp.toml:5',
    ]
    (folder / "saved.toml").write_text(done.stdout)
    ran = train(folder, *words, TRAIN_OPT="sgd")
    assert ran.stdout == train(folder, "@saved.toml").stdout == "0.5 sgd [3, 4] 14 4.0\n"


def test_what_was_set_but_never_read_is_named(folder: Path) -> None:
    done = train(folder, "--evaluate.lr", "3", "--set", "layer[7] > T=2", "--T", "2")
    assert (done.returncode, done.stdout) == (0, "0.1 sgd [3, 4] 200 2.0\n")
    assert done.stderr.splitlines() == [
        "train.py: warning: `--evaluate.lr` was set but never read.",
        "train.py: warning: `--set layer[7] > T=2` was set but never read.",
    ]
    assert train(folder, "--evaluate.lr", "3", "--verbose").stderr == ""
    assert train(folder, "--lr", "3").stderr == ""


ENDINGS = """
import sys
from ptera import auto_cli, default, ptera, tag

@ptera
def unused():
    x: int & tag.HyperParameter = default(1)

@ptera
def main(how):
    if how == "raise":
        raise ValueError("bad")
    if how == "fail":
        sys.exit(3)
    if how == "stop":
        sys.exit()
    if how == "interrupt":
        raise KeyboardInterrupt
    unused
    return 5

result = auto_cli(main, (sys.argv.pop(),))
print("returned", result)
"""


@pytest.mark.parametrize(
    ("how", "status", "out", "last", "warns"),
    [
        ("return", 0, "returned 5\n", "", True),
        ("stop", 0, "", "", True),
        ("fail", 3, "", "", False),
        ("raise", 1, "", "ValueError: bad", False),
        ("interrupt", -2, "", "KeyboardInterrupt", False),
    ],
)
def test_a_program_ends_as_its_function_does(
    how: str, status: int, out: str, last: str, warns: bool, tmp_path: Path
) -> None:
    (tmp_path / "main.py").write_text(ENDINGS)
    done = run(tmp_path, "main.py", "--x", "3", how)
    assert (done.returncode, done.stdout) == (status, out)
    warning = "main.py: warning: `--x` was set but never read."
    assert (warning in done.stderr.splitlines()) is warns
    assert (done.stderr.splitlines() or [""])[-1] == (warning if warns else last)


WORKERS = """
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from ptera import auto_cli, default, ptera, tag
from parts import from_module

{imports}

@ptera
def step(i):
    x: int & tag.HyperParameter = default(1)
    return x

@ptera
def only_in_workers(i):
    y: int & tag.HyperParameter = default(1)
    return y

def grandchild(queue):
    queue.put(step(0))

def child(queue):
    import multiprocessing
    process = multiprocessing.get_context("spawn").Process(target=grandchild, args=(queue,))
    process.start()
    process.join()

def later(i):
    import late
    return late.late(i)

@ptera
def main():
    import multiprocessing
    late, only_in_workers
    print("here", step(0), from_module(0))
    with ThreadPoolExecutor(2) as pool:
        print("threads", *pool.map(step, range(2)))
    for method in ("fork", "spawn", "forkserver", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            print(
                method, *pool.map(step, range(2)), *pool.map(only_in_workers, [1]),
                *pool.map(from_module, [1]), *pool.map(later, [1]),
            )
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        print("executor", *pool.map(step, range(2)))
    queue = context.Queue()
    process = context.Process(target=child, args=(queue,))
    process.start()
    print("grandchild", queue.get())
    process.join()

if __name__ == "__main__":
    # Workers load this module later than the values arrive.
    from late import late
    auto_cli(main)
"""

PARTS = """
from ptera import default, tag
def from_module(i):
    z: int & tag.HyperParameter = default(1)
    return z
"""


@pytest.mark.parametrize("imports", ["import multiprocessing", ""])
def test_values_hold_in_threads_and_workers_of_every_start_method(
    imports: str, tmp_path: Path
) -> None:
    (tmp_path / "main.py").write_text(WORKERS.format(imports=imports))
    (tmp_path / "parts.py").write_text(PARTS)
    (tmp_path / "late.py").write_text(PARTS.replace("from_module", "late").replace("z", "w"))
    words = ["--x", "5", "--set", "only_in_workers > y=6", "--z", "7", "--w", "8"]
    done = run(tmp_path, "main.py", *words)
    assert done.stdout.splitlines() == [
        "here 5 7",
        "threads 5 5",
        "fork 5 5 6 7 8",
        "spawn 5 5 6 7 8",
        "forkserver 5 5 6 7 8",
        "forkserver 5 5 6 7 8",
        "executor 5 5",
        "grandchild 5",
    ], done.stderr
    # `y` and `w` were read, though only in workers.
    assert (done.returncode, done.stderr) == (0, "")


def test_workers_leave_no_files(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(WORKERS.format(imports=""))
    (tmp_path / "parts.py").write_text(PARTS)
    (tmp_path / "late.py").write_text(PARTS.replace("from_module", "late").replace("z", "w"))
    files = tmp_path / "files"
    files.mkdir()
    assert run(tmp_path, "main.py", "--x", "5", TMPDIR=str(files)).returncode == 0
    assert list(files.iterdir()) == []


def test_a_value_that_cannot_travel_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        textwrap.dedent(
            """
            import multiprocessing
            from collections.abc import Callable
            from ptera import auto_cli, default, ptera, tag

            @ptera
            def main():
                f: Callable & tag.HyperParameter = default(abs)
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(f(2), pool.map(str, [1]))

            if __name__ == "__main__":
                auto_cli(main, eval_env={})
            """
        )
    )
    assert run(tmp_path, "main.py", "--f", "math.sqrt").stdout == "1.4142135623730951 ['1']\n"
    done = run(tmp_path, "main.py", "--f", ":lambda x: x + 1")
    assert done.returncode == 1
    assert "The value of `--f` cannot be sent to a worker process: " in done.stderr


def test_torch_data_loaders_see_the_values(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the program loads data with torch")
    (tmp_path / "main.py").write_text(
        textwrap.dedent(
            """
            import torch
            from ptera import auto_cli, default, ptera, tag

            class Data(torch.utils.data.Dataset):
                def __len__(self):
                    return 2
                def __getitem__(self, at):
                    scale: int & tag.HyperParameter = default(1)
                    return at * scale

            def main():
                for method in ("fork", "spawn"):
                    loader = torch.utils.data.DataLoader(
                        Data(), num_workers=1, multiprocessing_context=method
                    )
                    print(method, [batch.item() for batch in loader])

            if __name__ == "__main__":
                auto_cli(main)
            """
        )
    )
    done = run(tmp_path, "main.py", "--scale", "5")
    assert done.stdout == "fork [0, 5]\nspawn [0, 5]\n", done.stderr
    assert done.stderr == ""


def test_threads_that_outlive_the_function_keep_the_values(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        textwrap.dedent(
            """
            import threading, time
            from ptera import auto_cli, default, ptera, tag

            @ptera
            def late():
                x: int & tag.HyperParameter = default(1)
                y: int & tag.HyperParameter = default(1)
                return x

            def wait():
                time.sleep(0.3)
                print("late", late())

            def main():
                threading.Thread(target=wait).start()
                return late

            auto_cli(main)
            print("ended")
            """
        )
    )
    done = run(tmp_path, "main.py", "--x", "5", "--y", "6")
    assert (done.stdout, done.stderr) == ("ended\nlate 5\n", "")


def test_a_coroutine_function_runs_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        textwrap.dedent(
            """
            import asyncio
            from ptera import auto_cli, default, ptera, tag

            async def inner(i):
                x: int & tag.HyperParameter = default(1)
                await asyncio.sleep(0)
                y: int & tag.HyperParameter = default(1)
                return x, y

            async def main():
                return await asyncio.gather(inner(0), inner(1))

            print(auto_cli(main))
            """
        )
    )
    done = run(tmp_path, "main.py", "--x", "5", "--y", "6")
    assert (done.stdout, done.stderr) == ("[(5, 6), (5, 6)]\n", "")


def test_print_config_of_what_is_required(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "from ptera import auto_cli, tag\n"
        "def main(data: str & tag.HyperParameter): ...\n"
        "auto_cli(main)\n"
    )
    done = run(tmp_path, "main.py", "--print-config")
    assert done.stdout == "# main (main.py:2)\n# data = ...  # required by main (main.py:2)\n"
