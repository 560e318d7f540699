"""A Hypothesis strategy: small programs as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

LOCALS = ("a", "b", "c")
TAGS = ("A", "B", "A & B")
PRELUDE = """\
from ptera import default, ptera, tag

A, B, AB = tag.A, tag.B, tag.A & tag.B
G = 2


class Box:
    def __init__(self, size):
        self.size = size

    def __enter__(self):
        return self.size

    def __exit__(self, *error):
        return None


def drain(*iterators):
    total, left = 0, list(iterators)
    while left:
        for iterator in list(left):
            try:
                total += next(iterator)
            except StopIteration:
                left.remove(iterator)
    return total
"""


@dataclass
class Writer:
    """One function being written: what is bound so far, and what it may call."""

    draw: st.DrawFn
    name: str
    callees: Sequence[str]
    keyed: Sequence[str]
    generators: Sequence[str]
    generator: bool
    bound: list[str] = field(default_factory=list)
    nested: int = 0

    def choose(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def number(self) -> str:
        return str(self.draw(st.integers(0, 2)))

    def value(self) -> str:
        """An expression that gives a small number."""
        if not self.draw(st.booleans()):
            return self.number()
        name = self.choose(*self.bound, "G")
        return f"{name} + {self.number()}" if self.draw(st.booleans()) else name

    def bind(self, *names: str) -> None:
        self.bound += [name for name in names if name not in self.bound]

    def local(self) -> str:
        return self.choose(*LOCALS)

    def block(self, depth: int, size: int = 2) -> list[str]:
        """Indented statements; what they bind may be unbound afterwards."""
        before = list(self.bound)
        lines = [line for _ in range(self.draw(st.integers(1, size))) for line in self.any(depth)]
        self.bound = before
        return [f"    {line}" for line in lines]

    def any(self, depth: int) -> list[str]:
        kinds: list[Callable[[int], list[str]]] = [self.assign, self.assign]
        kinds += [self.element, self.pair, self.augment, self.annotated, self.comprehension]
        kinds += [self.attribute, self.walrus]
        if self.callees or self.generators:
            kinds += [self.call, self.call, self.call]
        if depth:
            kinds += [self.loop, self.branch, self.guard, self.opened, self.matched, self.while_]
            kinds += [self.recurse, self.closure]
        if self.generator:
            kinds += [self.yields, self.yields]
        return self.draw(st.sampled_from(kinds))(depth)

    # -- statements -----------------------------------------------------------

    def assign(self, depth: int) -> list[str]:
        line = f"{(name := self.local())} = {self.value()}"
        self.bind(name)
        return [line]

    def augment(self, depth: int) -> list[str]:
        return [f"{self.choose(*self.bound)} += {self.number()}"]

    def annotated(self, depth: int) -> list[str]:
        """`d` and `e` are annotated wherever they occur, `d` always with the same tag."""
        line = self.choose(f"d: A = {self.value()}", f"e: AB = {self.value()}")
        self.bind(line[0])
        return [line]

    def pair(self, depth: int) -> list[str]:
        one, two = self.choose("a b", "b a", "b c", "c a", "c b").split()
        line = self.choose(
            f"{one}, {two} = {self.value()}, {self.value()}",
            f"{one}, (*r, {two}) = {self.value()}, ({self.value()}, {self.value()})",
            f"{one} = {two} = {self.value()}",
        )
        self.bind(one, two)
        return [line]

    def element(self, depth: int) -> list[str]:
        return [f"h[{self.number()}] = {self.value()}"]

    def attribute(self, depth: int) -> list[str]:
        change = self.choose("=", "+=")
        return ["o = Box(0)", f"o.size {change} {self.value()}"]

    def walrus(self, depth: int) -> list[str]:
        name, value = self.local(), self.value()
        self.bind(name)
        return [f"if ({name} := {value}) > {self.number()}:", *self.block(0)]

    def comprehension(self, depth: int) -> list[str]:
        return [f"r = [x + {self.choose(*self.bound)} for x in range({self.number()})]"]

    def call(self, depth: int) -> list[str]:
        name, argument = self.local(), self.number()
        if self.generators and (not self.callees or self.draw(st.booleans())):
            source = f"{self.choose(*self.generators)}({argument})"
            shape = self.choose("each", "sum", "drain")
            if shape == "each":
                return self.each(source)
            self.bind(name)
            other = f"{self.choose(*self.generators)}({self.number()})"
            return [f"{name} = {shape}({source}{f', {other}' if shape == 'drain' else ''})"]
        callee = self.choose(*self.callees)
        key = (
            self.choose('["k"]', "[1]") if callee in self.keyed and self.draw(st.booleans()) else ""
        )
        self.bind(name)
        return [f"{name} = {callee}{key}({argument})"]

    def each(self, iterable: str) -> list[str]:
        self.bind("i")
        body = self.block(0)
        return ["i = 0", f"for i in {iterable}:", *body]

    def loop(self, depth: int) -> list[str]:
        if self.draw(st.booleans()):
            return self.each(f"range({self.number()})")
        self.bind("i", "j")
        return ["i = j = 0", f"for i, j in [(0, {self.number()}), (1, 2)]:", *self.block(depth - 1)]

    def while_(self, depth: int) -> list[str]:
        """Ends whatever `w` is changed to."""
        body = self.block(0)
        return ["w, t = 2, iter([1, 1, 1])", "while (w := w - 1) >= 0 and next(t, 0):", *body]

    def branch(self, depth: int) -> list[str]:
        test = f"{self.choose(*self.bound)} > {self.number()}"
        lines = [f"if {test}:", *self.block(depth - 1)]
        if self.draw(st.booleans()):
            lines += ["else:", *self.block(depth - 1)]
        elif self.draw(st.booleans()) and not self.generator:
            lines += [f"    return {self.value()}"]
        return lines

    def guard(self, depth: int) -> list[str]:
        raised = f"    raise ValueError({self.value()})"
        body = self.block(depth - 1)
        if self.draw(st.booleans()):
            body = [*body, raised]
        lines = ["try:", *body, "except ValueError as err:", *self.block(0, 1)]
        return [*lines, "finally:", *self.block(0, 1)] if self.draw(st.booleans()) else lines

    def opened(self, depth: int) -> list[str]:
        head = f"with Box({self.value()}) as a, Box({self.number()}) as b:"
        self.bind("a", "b")
        return [head, *self.block(depth - 1)]

    def matched(self, depth: int) -> list[str]:
        subject = f"({self.value()}, {self.value()})"
        self.bind("a", "b")
        guard = f" if a > {self.number()}" if self.draw(st.booleans()) else ""
        case = ["    case (a, b):", *(f"    {line}" for line in self.block(0))]
        if guard:
            case[0] = f"    case (a, b){guard}:"
        return ["a = b = 0", f"match {subject}:", *case]

    def recurse(self, depth: int) -> list[str]:
        name = self.local()
        call = f"list({self.name}(n - 1))" if self.generator else f"{self.name}(n - 1)"
        if self.generator:
            name = "r"
        return ["if 0 < n < 3:", f"    {name} = {call}"]

    def closure(self, depth: int) -> list[str]:
        name, parameter = self.local(), self.local()
        if self.nested:
            return self.assign(depth)
        self.nested += 1
        inner = [
            f"def k({parameter}):",
            f"    c = {parameter} + {self.choose('n', 'G')}",
            "    return c",
        ]
        line = f"{name} = k({self.number()})"
        self.bind(name)
        return [*inner, line]

    def yields(self, depth: int) -> list[str]:
        return [f"yield {self.value()}"]

    def raises(self) -> list[str]:
        return [f"if n > {self.number()}:", f"    raise ValueError({self.number()})"]


@dataclass(frozen=True)
class Text:
    """A program as text; `f0` is called first."""

    source: str
    decorated: tuple[str, ...]
    functions: tuple[str, ...]


@st.composite
def programs(draw: st.DrawFn, decorated: bool | None = None) -> Text:
    """Up to four functions; each calls those after it, or itself."""
    count = draw(st.integers(1, 4))
    names = [f"f{i}" for i in range(count)]
    tooled = [n for n in names if decorated or (decorated is None and draw(st.booleans()))]
    generators = [n for n in names[1:] if draw(st.integers(0, 4)) == 0]
    texts = []
    for i, name in enumerate(names):
        later = [n for n in names[i + 1 :] if n not in generators]
        keyed = [n for n in later if n in tooled]
        lazy = [n for n in names[i + 1 :] if n in generators]
        writer = Writer(draw, name, later, keyed, lazy, name in generators)
        texts.append(function(writer, name in tooled))
    source = PRELUDE + "".join(f"\n\n{text}\n" for text in reversed(texts))
    return Text(source, tuple(tooled), tuple(names))


def function(writer: Writer, decorated: bool) -> str:
    parameters = writer.draw(st.sampled_from(["n", "n, m=1", "n, *s, m: A = 1"]))
    writer.bind("n", *(["m"] if "m" in parameters else []))
    returns = writer.draw(st.sampled_from(["", "", " -> A", " -> AB"]))
    head = [*(["@ptera"] if decorated else []), f"def {writer.name}({parameters}){returns}:"]
    body = ["h = {}"]
    if decorated and writer.draw(st.integers(0, 2)) == 0:
        body.append("g: B = default(1)")
        writer.bind("g")
    for _ in range(writer.draw(st.integers(1, 5))):
        body += writer.any(2)
    if writer.draw(st.integers(0, 5)) == 0 and writer.name != "f0":
        body += writer.raises()
    end = [f"return {writer.value()}"] if not writer.generator else [f"yield {writer.value()}"]
    return "\n".join([*head, *(f"    {line}" for line in [*body, *end])])
