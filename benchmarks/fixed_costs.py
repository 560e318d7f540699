"""What an overlay costs besides its events: to begin and to end, and how that grows."""

import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from measure import Row, compare, report

from ptera import probing, ptera

ENTRIES = 200
EVENTS = 2_000
DEPTH = 400
IDLE = 500
COPIES = 10


def work(n):
    for i in range(n):
        a = i * 3
    return a


def below(depth: int, n: int) -> object:
    """Runs `work` that many frames further down."""
    return below(depth - 1, n) if depth else work(n)


@contextmanager
def hand_written():
    """What one would write by hand to have something begin and end."""
    yield []


def entering() -> None:
    for _ in range(ENTRIES):
        with probing("work > a"):
            pass


def entering_by_hand() -> None:
    for _ in range(ENTRIES):
        with hand_written():
            pass


def begin_and_end() -> list[Row]:
    """The block on a warm cache; the same again once there are functions that it leaves alone."""
    alone = compare("entering and leaving, to a generator's", entering, entering_by_hand, ENTRIES)
    module = module_of(
        "idle", "\n".join(f"def idle{k}(x):\n    y = x\n    return y" for k in range(IDLE))
    )
    kept = [ptera(function) for function in vars(module).values() if callable(function)]
    crowded = compare("", entering, entering_by_hand, ENTRIES)
    assert len(kept) == IDLE
    name = f"the same, {IDLE} decorated functions more"
    return [alone, Row(name, crowded.ours / alone.ours, 1.2, crowded.ours, alone.ours)]


def module_of(name: str, source: str) -> ModuleType:
    """Imports source text from a file, as it needs one to be rewritten."""
    path = Path(FOLDER.name, f"{name}.py")
    path.write_text(source + "\n")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FOLDER = tempfile.TemporaryDirectory()


def function_of_100_lines(name: str) -> str:
    lines = [f"def {name}(x):"]
    for k in range(33):
        lines += [f"    a{k} = x + {k}", f"    if a{k} > 3:", f"        x = a{k} * 2"]
    return "\n".join([*lines, "    return x"])


def first_instrumentation() -> Row:
    """A function that was never looked at: read its source, rewrite, compile and install it."""
    source = "\n\n".join(function_of_100_lines(f"f{k}") for k in range(COPIES))
    module = module_of("long", source)
    ours, other = [], []
    for k in range(COPIES):
        ours.append(timed(lambda k=k: first_probe(module, k)))
        text = function_of_100_lines(f"f{k}")
        other.append(timed(lambda text=text: compile(text, "long.py", "exec")))
    return Row(
        "first probe of 100 lines, to compiling them",
        min(ours) / min(other),
        None,
        min(ours),
        min(other),
    )


def first_probe(module: ModuleType, k: int) -> None:
    with probing(f"f{k} > a7", env=vars(module)):
        pass


def timed(function: Callable[[], object]) -> float:
    start = time.thread_time_ns()
    function()
    return time.thread_time_ns() - start


def growth() -> list[Row]:
    """An event deep in the stack against the same event at the top."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, DEPTH * 4))

    def probed(depth: int) -> Callable[[], object]:
        def run() -> object:
            with probing("work > a").values() as events:
                below(depth, EVENTS)
            return events

        return run

    row = compare(
        f"an event {DEPTH} calls down, to one at the top", probed(DEPTH), probed(0), EVENTS, 1.2
    )
    return [row]


def main(arguments: list[str]) -> None:
    with FOLDER:
        rows = [*growth(), first_instrumentation(), *begin_and_end()]
    report("fixed costs, and how they grow", rows, "--json" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
