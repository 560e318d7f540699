"""How long a command line takes to start: Ptera's and its peers', above Python itself.

    python benchmarks/cli_startup.py            # a table
    python benchmarks/cli_startup.py --json

Each program has the same seven options and is started as a process of its own, in turn with
the others, many times; what counts is the fastest start of each, less the fastest of a
program that does nothing. A start keeps one processor busy, so what is measured is the time
that it had one: other programs disturb that less. Peers that are not installed are left out.
The last row is of another kind: the catalogue of a program of 200 functions, made in one
process.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

BOUND_MS = 80
CATALOGUE_BOUND_MS = 50
ROUNDS = 30
FUNCTIONS = 200

PTERA = '''
from typing import Literal
from ptera import auto_cli, default, ptera, tag
HP = tag.HyperParameter

@ptera
def train():
    """Train a model."""
    # Size of a step
    lr: float & HP = default(0.1)
    # How often
    epochs: int & HP = default(10)
    opt: HP & Literal["sgd", "adam"] = default("sgd")
    layers: list[int] & HP = default([1])
    name: str & HP = default("run")
    verbose: bool & HP = default(False)
    seed: int & HP = default(0)
    return lr

if __name__ == "__main__":
    auto_cli(train)
'''

ARGPARSE = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--opt", choices=["sgd", "adam"], default="sgd")
parser.add_argument("--layers", type=int, nargs="*", default=[1])
parser.add_argument("--name", default="run")
parser.add_argument("--verbose", action="store_true")
parser.add_argument("--seed", type=int, default=0)
parser.parse_args()
"""

SIGNATURE = """
def train(
    lr: float = 0.1, epochs: int = 10, opt: Literal["sgd", "adam"] = "sgd",
    layers: list[int] = [1], name: str = "run", verbose: bool = False, seed: int = 0,
):
    return None
"""

CYCLOPTS = f"""
from typing import Literal
from cyclopts import App
app = App()
@app.default
{SIGNATURE.strip()}
app()
"""

TYRO = f"""
from typing import Literal
import tyro
{SIGNATURE.strip()}
tyro.cli(train)
"""

HYDRA = """
from dataclasses import dataclass, field
import hydra
from hydra.core.config_store import ConfigStore

@dataclass
class Config:
    lr: float = 0.1
    epochs: int = 10
    opt: str = "sgd"
    layers: list[int] = field(default_factory=lambda: [1])
    name: str = "run"
    verbose: bool = False
    seed: int = 0

ConfigStore.instance().store(name="config", node=Config)

@hydra.main(version_base=None, config_name="config")
def train(config):
    return None

train()
"""

# The name, what must be installed, the program, and its arguments for a run.
PROGRAMS = [
    ("bare Python", None, "pass", []),
    ("ptera", "ptera_cli", PTERA, ["--lr", "0.2"]),
    ("ptera --set", "ptera_cli", PTERA, ["--set", "train > lr=0.2"]),
    ("ptera --help", "ptera_cli", PTERA, ["--help"]),
    ("import ptera", "ptera", "import ptera", []),
    ("argparse", None, ARGPARSE, ["--lr", "0.2"]),
    ("cyclopts", "cyclopts", CYCLOPTS, ["--lr", "0.2"]),
    ("cyclopts --help", "cyclopts", CYCLOPTS, ["--help"]),
    ("tyro", "tyro", TYRO, ["--lr", "0.2"]),
    ("hydra", "hydra", HYDRA, ["lr=0.2", "hydra.output_subdir=null", "hydra.run.dir=."]),
]


def start_times(folder: Path) -> dict[str, float]:
    """Gives the fastest start of each program in milliseconds, less that of bare Python."""
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "cache")}
    # Every program but the first start of a day finds its modules compiled.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    commands: dict[str, list[str]] = {}
    for at, (name, needs, text, words) in enumerate(PROGRAMS):
        if needs is None or find_spec(needs) is not None:
            path = folder / f"program_{at}.py"
            path.write_text(text)
            commands[name] = [sys.executable, str(path), *words]
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(ROUNDS):
        for name, command in commands.items():
            best[name] = min(best[name], processor_time(command, env, folder))
    bare = best.pop("bare Python")
    return {name: (seconds - bare) * 1000 for name, seconds in best.items()}


def processor_time(command: list[str], env: dict[str, str], folder: Path) -> float:
    """Runs a program; gives the seconds of processor time that it took."""
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(command, env=env, cwd=folder, stdout=nothing, stderr=nothing)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return used.ru_utime + used.ru_stime


def catalogue_time(folder: Path) -> float:
    """Gives the fastest catalogue of 200 functions that call each other, in milliseconds.

    Each time it is a module that nothing is known of yet.
    """
    sys.path.insert(0, str(folder))
    from ptera import catalogue, tag

    best = float("inf")
    for attempt in range(5):
        lines = ["from ptera import default, ptera, tag", "HP = tag.HyperParameter"]
        for at in range(FUNCTIONS):
            lines += [
                "@ptera",
                f"def f{at}(x):",
                f"    # What number {at} is for",
                f"    v{at}: float & HP = default({at}.5)",
                f"    y = x * v{at}",
                f"    return f{at + 1}(y)" if at + 1 < FUNCTIONS else "    return y",
            ]
        name = f"program_of_many_functions_{attempt}"
        (folder / f"{name}.py").write_text("\n".join(lines) + "\n")
        entry = __import__(name).f0
        begun = time.thread_time()
        found = catalogue(entry, tag.HyperParameter)
        best = min(best, time.thread_time() - begun)
        assert len(found) == FUNCTIONS
    return best * 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        times = start_times(Path(name))
        times[f"catalogue of {FUNCTIONS} functions"] = catalogue_time(Path(name))
    if "--json" in sys.argv:
        print(json.dumps(times, indent=2))
        return
    bounds = {"ptera": BOUND_MS, f"catalogue of {FUNCTIONS} functions": CATALOGUE_BOUND_MS}
    print(f"{'':<28}{'ms':>8}{'at most':>10}")
    for label, milliseconds in times.items():
        print(f"{label:<28}{milliseconds:>8.1f}{bounds.get(label, ''):>10}")


if __name__ == "__main__":
    main()
