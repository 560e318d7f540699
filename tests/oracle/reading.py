"""Decided cases: what the data does not show, read as literally as the text allows.

Each says why. They are cases for the oracle and for the engine alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """A query on `program`'s `entry()`, and its events."""

    program: str
    query: str
    events: list[dict[str, Any]]


@dataclass(frozen=True)
class Change:
    """Rewrites of a program (function texts by query), and what `entry()` then gives."""

    program: str
    rewrites: dict[str, str]
    result: Any


def source(program: str) -> str:
    """The text of a program, every function decorated."""
    return "from ptera import ptera, tag\n" + PROGRAMS[program]


PROGRAMS = {
    "fib": """
@ptera
def fib(n):
    if n < 2:
        r = n
    else:
        left = fib(n - 1)
        right = fib(n - 2)
        r = left + right
    return r

@ptera
def entry():
    return fib(4)
""",
    "fact": """
@ptera
def fact(n):
    if n <= 1:
        return 1
    m = n * fact(n - 1)
    return m

@ptera
def entry():
    return fact(4)
""",
    "grid": """
@ptera
def item(k):
    s = k * k
    return s

@ptera
def loop(n):
    total = 0
    for i in range(n):
        total += item(i)
    return total

@ptera
def entry():
    n = 4
    acc = 0
    for j in range(n):
        acc += loop(j)
    return acc
""",
    "raising": """
@ptera
def risky(n):
    half = 6 // n
    return half

@ptera
def safe(n):
    before = n
    try:
        got = risky(n)
    except ZeroDivisionError as error:
        got = -1
    return got

@ptera
def entry():
    total = 0
    for i in range(3):
        total += safe(i)
    return total
""",
    "points": """
@ptera
def gen(n):
    for i, j in [(1, 2), (3, 4)]:
        x = yield i
        if x:
            continue
        y = j
    return 9

@ptera
def entry():
    it = gen(0)
    out = [next(it), it.send("s")]
    out += list(it)
    return out
""",
    "keys": """
@ptera
def cell(x):
    h = {}
    h[x] = x + 1
    h["a"] = h[x]
    return h["a"]

@ptera
def entry():
    a = cell(1)
    b = cell["k"](2)
    c = cell(3)
    return a + b + c
""",
    "places": """
class Holder:
    pass

@ptera
def gen(n):
    yield n

@ptera
def entry():
    n, h, o = 1, {}, Holder()
    h[0] = n
    o.x = n
    if (m := n) > 0:
        k = m
    for i in gen(n):
        j = i
    return [h[0], o.x, m, k, i, j]
""",
    "signature": """
@ptera
def f(a, b=2, *rest, c=3):
    d = a + b + c
    return d

@ptera
def entry():
    return f(1)
""",
}

COMPLETE = [
    # A nested side pattern that captures does not gate what the one around it contributes,
    # with a filter or without one: a placement that lacks a variable still gives the others.
    Case(
        "fact",
        "fact{n as a, >> fact{n as b, > fact{n=2, m as c}}}",
        [{"a": [4], "b": [3, 2, 1], "c": [2]}],
    ),
    # Side patterns inside a side pattern may match under different placements of it.
    Case(
        "fib",
        "fib{n as a, fib{n as b, fib{n=2, r as c}, fib{n=0, r as d}}}",
        [{"a": [4], "b": [3, 2], "c": [1], "d": [0]}],
    ),
    # A pattern without captures is a condition, at any depth.
    Case("grid", "entry{!n, loop{n as m, item{k=2}}}", [{"n": [4], "m": [3]}]),
    Case("grid", "entry{!n, loop{n=1, item{k=2}}}", []),
    Case("grid", "loop{item{k=1}} > n", [{"n": [2]}, {"n": [3]}]),
    Case("grid", "loop{item{}} > n", [{"n": [1]}, {"n": [2]}, {"n": [3]}]),
    # Nothing captured: an empty event for each activation that fits.
    Case("grid", "loop{item{k=1}}", [{}, {}]),
    Case("fact", "fact{m}", [{"m": [2]}, {"m": [6]}, {"m": [24]}]),
    Case("fact", "fact{*}", [{}, {}, {}, {}]),
    # A filter holds for every binding, also for those after the focus.
    Case("grid", "loop{total=0} > n", [{"n": [0]}, {"n": [1]}]),
    # Caught errors inside count; the raising activation's own events are lost.
    Case("raising", "entry > safe > risky > n", [{"n": [0]}, {"n": [1]}, {"n": [2]}]),
    Case("raising", "risky > n", [{"n": [1]}, {"n": [2]}]),
    Case(
        "raising",
        "safe{before} >> risky{!n}",
        [
            {"before": [0], "n": [0]},
            {"before": [1], "n": [1]},
            {"before": [2], "n": [2]},
        ],
    ),
    # Ordinals count all the calls of that name, those with a key of their own too.
    Case(
        "keys",
        "cell[$i] > x",
        [
            {"i": [0], "x": [1]},
            {"i": ["k"], "x": [2]},
            {"i": [2], "x": [3]},
        ],
    ),
    Case(
        "keys",
        "entry{>> h[$i] as v} > c",
        [{"i": [1, "a", 2, "a", 3, "a"], "v": [2, 2, 3, 3, 4, 4], "c": [4]}],
    ),
    # An element may be the outermost pattern.
    Case("keys", "h[a]{#value as v}", [{"v": [2]}, {"v": [3]}, {"v": [4]}]),
    Case(
        "keys",
        "h{#key as k} > #value as v",
        [
            {"k": [1], "v": [2]},
            {"k": ["a"], "v": [2]},
            {"k": [2], "v": [3]},
            {"k": ["a"], "v": [3]},
            {"k": [3], "v": [4]},
            {"k": ["a"], "v": [4]},
        ],
    ),
    # The other captures of the focus's variable hold all its values.
    Case("fact", "fact{n=4, !n as a, n as b}", [{"a": [4], "b": [4]}]),
]

LIVE = [
    # A side pattern with captures alone never holds an event back ...
    Case(
        "grid",
        "loop{n=2, item{s}, !total}",
        [
            {"total": 0},
            {"total": 0, "s": 0},
            {"total": 1, "s": 1},
        ],
    ),
    # ... with a filter in it, it must have matched, and only what fits contributes;
    Case("grid", "loop{n=3, item{k=1, s}, !total}", [{"total": 1, "s": 1}, {"total": 5, "s": 1}]),
    # and only from where the conditions inside it hold too;
    Case("fact", "fact{n=4, !m as x, >> fact{n as y, fact{n=2}}}", [{"x": 24, "y": 3}]),
    # so must one without captures.
    Case("grid", "loop{n=2, item{}, !total}", [{"total": 0}, {"total": 1}]),
    # Several placements: the nearest first, compared from the focus outwards.
    Case(
        "fact",
        "fact{n as a} >> n",
        [
            {"a": 4, "n": 4},
            {"a": 3, "n": 3},
            {"a": 4, "n": 3},
            {"a": 2, "n": 2},
            {"a": 3, "n": 2},
            {"a": 4, "n": 2},
            {"a": 1, "n": 1},
            {"a": 2, "n": 1},
            {"a": 3, "n": 1},
            {"a": 4, "n": 1},
        ],
    ),
    Case(
        "fact",
        "fact{n as a} >> fact{n as b} >> fact{n=1} > n as c",
        [
            {"a": 3, "b": 2, "c": 1},
            {"a": 4, "b": 2, "c": 1},
            {"a": 4, "b": 3, "c": 1},
        ],
    ),
    # The key is bound before all else, so that every point has it.
    Case(
        "keys",
        "cell[$i] > #enter",
        [
            {"i": 0, "#enter": True},
            {"i": "k", "#enter": True},
            {"i": 2, "#enter": True},
        ],
    ),
    Case("keys", "cell > #key", [{"#key": 0}, {"#key": "k"}, {"#key": 2}]),
    Case("keys", "cell{>> x as y} > #key", [{"#key": 0}, {"#key": "k"}, {"#key": 2}]),
    # An element has visible activations above it.
    Case("keys", "> h[1] as v", []),
    # Parameters are bound one by one, in the order of the signature.
    Case("signature", "f{b, c} > a", [{"a": 1}]),
    Case("signature", "f{a, c} > b", [{"a": 1, "b": 2}]),
    Case("signature", "f{a=1} > #enter", []),
    # A second capture of the focus's variable has the value that was just bound.
    Case(
        "grid",
        "loop{n=2, total as t, !total}",
        [
            {"t": 0, "total": 0},
            {"t": 0, "total": 0},
            {"t": 1, "total": 1},
        ],
    ),
    # The order of points in a generator; `#loop_x` before `x` is bound.
    Case(
        "points",
        "gen{i, y} > #loop_j",
        [
            {"#loop_j": True},
            {"#loop_j": True, "i": 1},
        ],
    ),
    Case(
        "points",
        "gen{i, y} > #endloop_i",
        [
            {"#endloop_i": True, "i": 1},
            {"#endloop_i": True, "i": 3, "y": 4},
        ],
    ),
    Case(
        "points",
        "gen{#yield as y} > #receive",
        [
            {"y": 1, "#receive": "s"},
            {"y": 3, "#receive": None},
        ],
    ),
    Case("points", "gen() as r", [{"r": 9}]),
    # Without a focus: as in complete mode.
    Case("grid", "loop{n=2, item{s}}", [{"s": [0, 1]}]),
]

CHANGES = [
    # A filter on the focus's own variable tests the incoming value, side patterns or not.
    Change("keys", {"cell{x=2, !x as y}": "lambda y: y + 8"}, 17),
    Change("keys", {"cell{x=2, !x as y, h{#value as v}}": "lambda y: y + 8"}, 17),
    # Of several placements, the nearest.
    Change("fact", {"fact{n as a} >> fact{!m}": "lambda a: a"}, 16),
    # Of two entries the later, even if it is less special; the other is not called.
    Change("fact", {"fact > m": "lambda: 5", "fact{n=4} > m": "lambda: 7"}, 7),
    Change("fact", {"fact{n=4} > m": "lambda: 1 / 0", "fact > m": "lambda: 5"}, 5),
    # So wherever a value can be changed.
    *(
        Change("places", {place: "lambda v: 1 / 0", filtered: "lambda v: v + 1"}, result)
        for place, filtered, result in [
            ("h > #value as v", "h{#key=0} > #value as v", [2, 1, 1, 1, 1, 1]),
            ("entry > o.x as v", "entry{n=1} > o.x as v", [1, 2, 1, 1, 1, 1]),
            ("entry > m as v", "entry{n=1} > m as v", [1, 1, 2, 2, 1, 1]),
            ("gen > #yield as v", "gen{n=1} > #yield as v", [1, 1, 1, 1, 2, 2]),
            ("entry > i as v", "entry{n=1} > i as v", [1, 1, 1, 1, 2, 2]),
        ]
    ),
    Change("fact", {"fact() as v": "lambda v: 1 / 0", "fact{n} as v": "lambda v: v + 1"}, 65),
    # The value of a call can be changed.
    Change("fact", {"fact{n=2} as r": "lambda r: r + 1"}, 36),
    # Elements, by key.
    Change("keys", {"h[a] as v": "lambda v: v * 10"}, 90),
]
