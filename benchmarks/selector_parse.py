"""Parsing the mission's selectors, next to the parser of the original and to Lark's own engine.

The original (Ptera 1.4.1) has the import name that ours has, so it lives in an environment of its
own, made in a temporary folder; without an index to install from, its rows are left out. It has no
braces, keys or `>>`: what it is given is the nearest that it can read.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.resources import files
from pathlib import Path

from lark import Lark
from measure import Row, report

from ptera_selector import parse
from ptera_selector._reader import Reader
from ptera_selector._tables import read_tables

ORIGINAL = "ptera==1.4.1"

# Ours, and the same for the original.
SELECTORS = {
    "layer > act": "layer > act",
    "layer > T": "layer > T",
    "layer[1] > T": None,
    "$param:Parameter": "$param:Parameter",
    "f{!x, !!y}": "f(!x, !!y)",
    "step{!!loss} >> $param:Parameter": "step(!!loss) > $param:Parameter",
    "step{!!loss} >> h[1] as h": None,
    "BertSelfAttention >> attn_weights": "BertSelfAttention > attn_weights",
}

RUNS = 200
ROUNDS = 40

# Answers each line, a selector, with the nanoseconds of one parse.
SERVER = """
import sys
from time import thread_time_ns as now
from ptera.selector import parse
for line in sys.stdin:
    text = line[:-1]
    start = now()
    for _ in range({runs}):
        parse(text)
    print((now() - start) / {runs}, flush=True)
"""


def nanoseconds(function: Callable[[str], object], text: str) -> float:
    start = time.thread_time_ns()
    for _ in range(RUNS):
        function(text)
    return (time.thread_time_ns() - start) / RUNS


@contextmanager
def original() -> Iterator[Callable[[str], float] | None]:
    """A function that gives the nanoseconds the original takes, or None if it cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "Scripts" if sys.platform == "win32" else "bin", "python")
        pip = [str(python), "-m", "pip", "install", "--quiet", ORIGINAL]
        try:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            subprocess.run(pip, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{ORIGINAL} could not be installed: its rows are left out ({error})")
            yield None
            return
        code = SERVER.format(runs=RUNS)
        with subprocess.Popen(
            [str(python), "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdin is not None and server.stdout is not None
            questions, answers = server.stdin, server.stdout

            def ask(text: str) -> float:
                questions.write(f"{text}\n")
                questions.flush()
                return float(answers.readline())

            yield ask
            questions.close()


def fastest(
    ours: Callable[[str], object], text: str, other: Callable[[str], float], theirs: str
) -> tuple[float, float]:
    """The fastest of many runs of ours and of the other, in turn."""
    rounds = [(nanoseconds(ours, text), other(theirs)) for _ in range(ROUNDS)]
    return min(our for our, _ in rounds), min(their for _, their in rounds)


def against_original(read: Callable[[str], object]) -> Iterator[Row]:
    with original() as ask:
        for text, theirs in SELECTORS.items():
            if ask is not None and theirs is not None:
                ours, other = fastest(read, text, ask, theirs)
                yield Row(text, ours / other, 0.2, ours, other)


def against_lark(read: Callable[[str], object]) -> Iterator[Row]:
    """Against Lark's engine with the same grammar, which makes no tree of ours yet."""
    grammar = files("ptera_selector").joinpath("grammar.lark").read_text("utf-8")
    lark = Lark(grammar, parser="lalr", lexer="basic")
    for text in SELECTORS:
        ours, other = fastest(read, text, partial(nanoseconds, lark.parse), text)
        yield Row(text, ours / other, None, ours, other)


def remembered(read: Callable[[str], object]) -> Iterator[Row]:
    """A text that was parsed before, against parsing it again."""
    for text in SELECTORS:
        ours, other = fastest(parse, text, partial(nanoseconds, read), text)
        yield Row(text, ours / other, None, ours, other)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    as_json = options.parse_args().json
    read = Reader(read_tables()).read
    report(f"Parse, not remembered, by {ORIGINAL}", against_original(read), as_json)
    report("Parse, not remembered, by Lark's own engine", against_lark(read), as_json)
    report("Parse, remembered, by parse, not remembered", remembered(read), as_json)


if __name__ == "__main__":
    main()
