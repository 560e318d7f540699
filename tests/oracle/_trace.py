"""What one run of a program did: activations, and their bindings in order.

Nothing here knows the engine: a program's source is instrumented by
`oracle._instrument` to call the methods of a `Trace`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MISSING: Any = object()


@dataclass(frozen=True)
class Function:
    """The static facts of one function."""

    name: str
    qualname: str
    generic: frozenset[str] = frozenset()
    """What `$x` ranges over: parameters, locals, declared variables."""
    others: frozenset[str] = frozenset()
    """The rest that it has: names only read, attributes, points."""
    parameters: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    annotations: Callable[[], Mapping[str, Any]] = dict
    element: bool = False

    def has(self, variable: str) -> bool:
        return variable in self.generic or variable in self.others


@dataclass(frozen=True)
class Binding:
    """A variable of an activation getting a value, at time `when`."""

    when: int
    name: str
    value: Any
    generic: bool = False


@dataclass(eq=False)
class Activation:
    """One run of a function (or one element binding)."""

    function: Function
    parent: Activation | None
    decorated: bool
    key: Any = MISSING
    start: int = 0
    end: int | None = None
    raised: bool = False
    bindings: list[Binding] = field(default_factory=list)
    children: list[Activation] = field(default_factory=list)
    state: Mapping[str, Any] = field(default_factory=dict)
    resumer: Activation | None = None


@dataclass(frozen=True)
class Default:
    """What the stand-in for `ptera.default` returns."""

    value: Any


class TooLong(Exception):
    """The program runs for longer than a test should."""


Replace = Callable[["Trace", Activation, Binding], Any]


class Trace:
    """The record of a run; its methods are what an instrumented program calls."""

    def __init__(self, replace: Replace | None = None, limit: int = 10_000) -> None:
        self.limit = limit
        self.roots: list[Activation] = []
        self.current: Activation | None = None
        self.clock = 0
        self.replace = replace

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    @property
    def too_long(self) -> bool:
        return self.clock > self.limit

    def activations(self) -> Iterator[Activation]:
        """All activations, in the order in which they were called."""
        pending = self.roots[::-1]
        while pending:
            activation = pending.pop()
            yield activation
            pending.extend(reversed(activation.children))

    # -- entering and leaving ---------------------------------------------

    def call(
        self, function: Function, decorated: bool, key: Any, state: Mapping[str, Any]
    ) -> Activation:
        parent = self.current
        activation = Activation(function, parent, decorated, key, self.tick(), state=state)
        (self.roots if parent is None else parent.children).append(activation)
        return activation

    def begin(self, activation: Activation) -> None:
        """Entry, before the parameters."""
        self.resume(activation, None)
        self.note(activation, "#enter", True)

    def read(self, activation: Activation, name: str, load: Callable[[], Any]) -> None:
        try:
            value = load()
        except NameError:
            return
        self.note(activation, name, value)

    def value(self, activation: Activation, value: Any) -> Any:
        return self.bind(activation, "#value", value, generic=False)

    def error(self, activation: Activation, error: BaseException) -> None:
        activation.raised = True
        self.note(activation, "#error", error)

    def finish(self, activation: Activation) -> None:
        self.note(activation, "#exit", True)
        activation.end = self.tick()
        self.current = activation.resumer

    # -- suspending --------------------------------------------------------

    def resume(self, activation: Activation, value: Any) -> Any:
        activation.resumer, self.current = self.current, activation
        return value

    def suspend(self, activation: Activation, value: Any) -> Any:
        self.current = activation.resumer
        return value

    def leaving(self, activation: Activation, value: Any) -> Any:
        """A value is yielded."""
        return self.suspend(activation, self.bind(activation, "#yield", value, generic=False))

    def back(self, activation: Activation, value: Any) -> Any:
        """Control comes back after a yield."""
        self.resume(activation, None)
        return self.bind(activation, "#receive", value, generic=False)

    def delegate(self, activation: Activation, iterable: Any) -> Iterator[Any]:
        """`yield from`, for plain iteration."""
        for value in iterable:
            self.suspend(activation, None)
            yield value
            self.resume(activation, None)

    # -- bindings ----------------------------------------------------------

    def note(self, activation: Activation, name: str, value: Any, generic: bool = False) -> None:
        """Record a binding whose value nobody can change."""
        activation.bindings.append(Binding(self.tick(), name, value, generic))

    def bind(self, activation: Activation, name: str, value: Any, generic: bool = True) -> Any:
        """Record a binding; returns the value that the variable gets."""
        if isinstance(value, Default):
            value = activation.state.get(name, value.value)
        incoming = Binding(self.tick(), name, value, generic)
        activation.bindings.append(incoming)
        if self.replace is not None:
            value = self.replace(self, activation, incoming)
            activation.bindings.pop()
            activation.bindings.append(Binding(incoming.when, name, value, generic))
        return value

    def declare(self, activation: Activation, name: str) -> Any:
        """`x: T` without a value."""
        value = self.bind(activation, name, activation.state.get(name, MISSING))
        if value is MISSING:
            activation.bindings.pop()
            raise NameError(f"`{name}` has no value")
        return value

    def store(self, activation: Activation, name: str, value: Any, target: Any, key: Any) -> None:
        """`name[key] = value`: an activation of its own."""
        function = Function(name, name, others=frozenset({"#key", "#value"}), element=True)
        element = self.call(function, False, key, {})
        target[key] = self.bind(element, "#value", value, generic=False)
        element.end = self.tick()
