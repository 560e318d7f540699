"""One capture in a tight loop: by hand, by Ptera, by `sys.settrace` and by Ptera 1.4.1.

The original has the import name that ours has, so it runs in an environment of its own: the
one that `PTERA_ORIGINAL` names (its Python), or one that is made in a temporary folder. Where
that cannot be had, its row is left out.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import Row, compare, report

from ptera import probing

ORIGINAL = "ptera==1.4.1"
N = 10_000

# Runs in the original's environment, and prints nanoseconds for one event.
PROGRAM = """
import json, sys, time
from ptera import probing

def work(n):
    for i in range(n):
        a = i * 3
    return a

def by_hand(n, out):
    for i in range(n):
        a = i * 3
        out.append({"a": a})
    return a

def probed(n):
    with probing("work > a").values() as events:
        work(n)
    assert len(events) == n

def timed(run):
    start = time.thread_time_ns()
    run()
    return time.thread_time_ns() - start

n = int(sys.argv[1])
probed(n)
theirs = min(timed(lambda: probed(n)) for _ in range(15))
hand = min(timed(lambda: by_hand(n, [])) for _ in range(15))
print(json.dumps([theirs / n, hand / n]))
"""


def work(n):
    for i in range(n):
        a = i * 3
    return a


def work_by_hand(n, out):
    for i in range(n):
        a = i * 3
        out.append({"a": a})
    return a


def by_ptera() -> object:
    with probing("work > a").values() as events:
        work(N)
    return events


def by_settrace() -> object:
    """Looks at each line whether `a` was bound anew, which is less than a probe tells."""
    events: list[dict[str, object]] = []
    code = work.__code__
    line = code.co_firstlineno + 1

    def local(frame, event, argument):
        if event == "line" and frame.f_lineno == line and "a" in frame.f_locals:
            events.append({"a": frame.f_locals["a"]})
        return local

    before = sys.gettrace()
    sys.settrace(lambda frame, event, argument: local if frame.f_code is code else None)
    try:
        work(N)
    finally:
        sys.settrace(before)
    assert len(events) == N
    return events


@contextmanager
def original_python() -> Iterator[str | None]:
    """Gives the Python of an environment with the original, or None if it cannot be made."""
    if "PTERA_ORIGINAL" in os.environ:
        yield os.environ["PTERA_ORIGINAL"]
        return
    with tempfile.TemporaryDirectory() as folder:
        python = str(Path(folder, "Scripts" if sys.platform == "win32" else "bin", "python"))
        steps = [[sys.executable, "-m", "venv", folder], [python, "-m", "pip", "install", ORIGINAL]]
        try:
            for step in steps:
                subprocess.run(step, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(
                f"{ORIGINAL} could not be installed, its row is left out: {error}", file=sys.stderr
            )
            yield None
            return
        yield python


def original_row() -> Iterator[Row]:
    with original_python() as python:
        if python is None:
            return
        with tempfile.TemporaryDirectory() as folder:
            # The original reads the source of what it probes from a file.
            program = Path(folder, "program.py")
            program.write_text(PROGRAM)
            command = [python, "-W", "ignore", str(program), str(N)]
            environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        print(f"{ORIGINAL} did not run, its row is left out: {done.stderr[-300:]}", file=sys.stderr)
        return
    theirs, hand = json.loads(done.stdout.splitlines()[-1])
    yield Row(ORIGINAL, theirs / hand, None, theirs, hand)


def rows() -> Iterator[Row]:
    by_hand: Callable[[], object] = lambda: work_by_hand(N, [])  # noqa: E731  # one line says it
    yield compare("Ptera", by_ptera, by_hand, N)
    yield compare("sys.settrace", by_settrace, by_hand, N)
    yield from original_row()


if __name__ == "__main__":
    report("one capture, to hand-written code", rows(), "--json" in sys.argv[1:])
