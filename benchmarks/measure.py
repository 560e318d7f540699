"""Ratios between two pieces of code, measured in one run.

Absolute times are noise on a shared machine: the two are run in turn, many times, and the
fastest run of each is compared with the fastest of the other. What counts is the time that
the thread had a processor, so that other programs disturb less.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

__all__ = ["Row", "compare", "report"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table of ratios.

    Arguments:
        name: What is measured.
        ratio: Time of ours by time of the other.
        bound: What the ratio should stay under, or None.
        ours: Nanoseconds for one event, or call, of ours.
        other: The same of what it is compared with.
    """

    name: str
    ratio: float
    bound: float | None
    ours: float
    other: float


def compare(
    name: str,
    ours: Callable[[], object],
    other: Callable[[], object],
    events: int,
    bound: float | None = None,
    rounds: int = 25,
) -> Row:
    """Runs two functions in turn and compares their fastest runs.

    Arguments:
        name: What is measured.
        ours: Runs our side once.
        other: Runs the other side once.
        events: How many events (or calls) one run makes.
        bound: What the ratio should stay under.
        rounds: How often each is run.
    """
    for function in (ours, other):
        function()
        function()
    best = [float("inf"), float("inf")]
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for side, function in enumerate((ours, other)):
                start = time.thread_time_ns()
                function()
                best[side] = min(best[side], time.thread_time_ns() - start)
    finally:
        gc.enable()
    return Row(name, best[0] / best[1], bound, best[0] / events, best[1] / events)


def report(title: str, rows: Iterable[Row], as_json: bool = False) -> list[Row]:
    """Prints rows as a table, or as JSON."""
    found = list(rows)
    if as_json:
        json.dump({title: [asdict(row) for row in found]}, sys.stdout, indent=1)
        print()
        return found
    print(f"\n{title}")
    print(f"{'':44s} {'ratio':>6s} {'bound':>6s} {'ours':>10s} {'other':>10s}  (ns per event)")
    for row in found:
        bound = "" if row.bound is None else f"{row.bound:.2f}"
        miss = " " if row.bound is None or row.ratio <= row.bound else "!"
        times = f"{row.ours:10.1f} {row.other:10.1f}"
        print(f"{row.name:44s} {row.ratio:6.2f} {bound:>6s} {times} {miss}")
    return found
