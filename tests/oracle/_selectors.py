"""A Hypothesis strategy: selectors over what a run of a program did.

Most are drawn along a chain of calls that took place, with filters on values that
were bound, so that many of them match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from ._programs import PRELUDE, Text, programs
from ._run import Program
from ._trace import Activation, TooLong, Trace

UNNAMED = ("range", "list", "sum", "ValueError", "Box", "drain", "iter", "next")
"""What no selector names, so that it stays transparent."""


@dataclass(frozen=True)
class Scene:
    """What a selector can speak of."""

    chains: Sequence[tuple[str, ...]]
    variables: dict[str, list[str]]
    values: dict[str, list[int]]


def scene_of(trace: Trace) -> Scene:
    chains: list[tuple[str, ...]] = []
    variables: dict[str, list[str]] = {}
    values: dict[str, list[int]] = {}
    for activation in trace.activations():
        function = activation.function
        if function.qualname.partition(".")[0] in UNNAMED:
            continue
        chain = chain_of(activation)
        if chain not in chains:
            chains.append(chain)
        known = {*variables.get(function.name, ()), *function.generic, *function.others}
        variables[function.name] = sorted(known.difference(UNNAMED))
        for binding in activation.bindings:
            if type(binding.value) is int and binding.value not in values.get(binding.name, ()):
                values.setdefault(binding.name, []).append(binding.value)
    return Scene(chains, variables, values)


def chain_of(activation: Activation) -> tuple[str, ...]:
    above = () if activation.parent is None else chain_of(activation.parent)
    named = activation.function.qualname.partition(".")[0] not in UNNAMED
    return (*above, activation.function.name) if named else above


@dataclass
class Speller:
    """Writes one selector; capture names are numbered, so that they are distinct."""

    draw: st.DrawFn
    scene: Scene
    count: int = 0
    used: set[str] = field(default_factory=set)

    def one_in(self, n: int) -> bool:
        return self.draw(st.integers(1, n)) == n

    def choose(self, options: Sequence[str]) -> str:
        return self.draw(st.sampled_from(options))

    def fresh(self) -> str:
        self.count += 1
        return f"c{self.count}"

    def variables(self, function: str) -> list[str]:
        known = self.scene.variables
        return known.get(function) or sorted({n for names in known.values() for n in names})

    def variable(self, function: str) -> str:
        points = self.one_in(4)
        names = self.variables(function)
        return self.choose([n for n in names if (n[0] == "#") == points] or names)

    def capture(self, function: str) -> str:
        """A capture, which may be generic or have a category."""
        if function != "h" and self.one_in(8):
            category = self.choose(["", "", ":A", ":B", ":@A", ":(A & B)"])
            return f"${self.fresh()}{category}"
        category = ":A" if function != "h" and self.one_in(10) else ""
        return f"{self.variable(function)}{category} as {self.fresh()}"

    def condition(self, function: str) -> list[str]:
        """A filter on a variable, if one is left."""
        names = [n for n in self.variables(function) if n not in self.used and n[0] != "#"]
        if not names:
            return []
        name = self.choose(names)
        self.used.add(name)
        values = self.scene.values.get(name, [0])
        return [f"{name}={self.draw(st.sampled_from(values))}"]

    def group(self, chain: tuple[str, ...], depth: int) -> list[str]:
        """What stands in the braces of the last function of the chain."""
        self.used = set()
        parts: list[str] = []
        for _ in range(self.draw(st.integers(0, 2))):
            filtered = self.one_in(4)
            parts += self.condition(chain[-1]) if filtered else [self.capture(chain[-1])]
        if depth and self.one_in(3):
            parts.append(self.side(chain, depth - 1))
        return parts

    def side(self, chain: tuple[str, ...], depth: int) -> str:
        below = [c for c in self.scene.chains if len(c) > len(chain) and c[: len(chain)] == chain]
        to = self.draw(st.sampled_from(below or self.scene.chains))
        direct = len(to) == len(chain) + 1
        relation = self.choose(["", "> "] if direct and not self.one_in(3) else [">> "])
        if relation == ">> " and self.one_in(3):
            return f"{relation}{self.capture('*')}"
        return relation + self.call(to, depth)

    def call(self, chain: tuple[str, ...], depth: int, extra: str = "") -> str:
        """A call pattern for the last function of the chain, with braces."""
        function = "*" if chain[-1] != "h" and self.one_in(6) else chain[-1]
        key = ""
        if self.one_in(6):
            key = self.choose(["[0]", "[1]", "[k]", f"[${self.fresh()}]"])
        parts = self.group(chain, depth)
        if extra:
            parts.insert(self.draw(st.integers(0, len(parts))), extra)
        return f"{function}{key}{{{', '.join(parts)}}}"

    def path(self, focused: bool) -> str:
        """A chain of call patterns, and where the focus is."""
        chain = self.draw(st.sampled_from(self.scene.chains))
        lengths = sorted(self.draw(st.sets(st.integers(1, len(chain)), max_size=2)) | {len(chain)})
        written = ""
        for i, length in enumerate(lengths[:-1]):
            direct = lengths[i + 1] == length + 1 and not self.one_in(4)
            written += self.call(chain[:length], 2) + (" > " if direct else " >> ")
        shape = self.choose(["end", "below", "inside", "value", *([] if focused else ["none"])])
        last = chain[: lengths[-1]]
        if shape == "end":
            return f"{written}{self.call(last, 2)} > {self.capture(last[-1])}"
        if shape == "below":
            return f"{written}{self.call(last, 2)} >> {self.capture('*')}"
        if shape == "inside":
            return written + self.call(last, 2, extra=f"!{self.capture(last[-1])}")
        end = f" as {self.fresh()}" if shape == "value" else ""
        return f"{written}{self.call(last, 2)}{end}"


@st.composite
def selectors(draw: st.DrawFn, scene: Scene, focused: bool = False) -> str:
    """A selector's text; `focused`: with a focus."""
    speller = Speller(draw, scene)
    return ("> " if speller.one_in(12) else "") + speller.path(focused)


@dataclass(frozen=True)
class Example:
    """A program that ends soon, and selectors over it."""

    text: Text
    queries: tuple[str, ...]

    def __repr__(self) -> str:
        own = self.text.source.removeprefix(PRELUDE)
        return "\n".join(["", own, *(f"    {query}" for query in self.queries), ""])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis shows a failing example: as text, without the prelude."""
        printer.text(repr(self))


@st.composite
def examples(
    draw: st.DrawFn, decorated: bool | None = None, focused: bool = False, least: int = 1
) -> Example:
    """Programs with `least` to 3 selectors, most of them along what a run did."""
    text = draw(programs(decorated))
    program = Program(text.source)
    try:
        trace, _ = program.run(program.scope["f0"], 2, limit=400)
    except TooLong:
        reject()
    queries = st.lists(selectors(scene_of(trace), focused), min_size=least, max_size=3, unique=True)
    return Example(text, tuple(draw(queries)))
