"""What one selector sees of a trace: visible activations, and which patterns fit them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ptera_selector import Call, Capture, Category, Filter, Nested, Predicate, Relation, Selector

from ._run import Tags
from ._trace import MISSING, Activation, Binding, Function, Trace

POINT_TAGS = {"#enter": "enter", "#receive": "enter", "#exit": "exit", "#yield": "exit"}


class View:
    """The visible part of a trace, for one selector.

    In live mode `now` is the time of reading: what happens later does not exist,
    and a filter tests the latest value. In complete mode it is None.
    """

    def __init__(self, trace: Trace, selector: Selector, env: Mapping[str, Any]) -> None:
        self.env = env
        self.now: int | None = None
        self.incoming: tuple[Binding, Sequence[Call]] | None = None
        """For an override: a binding that only these patterns, those of the path, see yet."""
        self.parent: dict[Activation, Activation | None] = {}
        self.children: dict[Activation, list[Activation]] = {}
        self.keys: dict[Activation, Any] = {}
        texts = [call.function for call in calls(selector.call) if call.function is not None]
        ordinals: dict[tuple[Activation | None, str], int] = {}
        known = {a.function.qualname for a in trace.activations() if a.decorated}
        for activation in trace.activations():
            function = activation.function
            named = any(is_named(text, function) for text in texts)
            if function.element:
                found = activation.parent in self.parent
            else:
                found = activation.decorated or named and definer(function) in {None, *known}
            if found:
                known.add(function.qualname)
                self._add(activation, ordinals)

    def _add(
        self, activation: Activation, ordinals: dict[tuple[Activation | None, str], int]
    ) -> None:
        parent = activation.parent
        while parent is not None and parent not in self.parent:
            parent = parent.parent
        self.parent[activation] = parent
        self.children[activation] = []
        if parent is not None:
            self.children[parent].append(activation)
        place = parent, activation.function.name
        ordinals[place] = ordinals.get(place, -1) + 1
        given = activation.key is not MISSING
        self.keys[activation] = activation.key if given else ordinals[place]

    def depth(self, activation: Activation) -> int:
        parent = self.parent[activation]
        return 0 if parent is None else 1 + self.depth(parent)

    # -- variables ----------------------------------------------------------

    def variables(self, activation: Activation, spec: Capture | Filter) -> set[str]:
        """The variables of the activation's function that a capture or a filter means."""
        function = activation.function
        if spec.variable is None:
            names = set(function.generic)
        else:
            names = {spec.variable} if function.has(spec.variable) else set[str]()
        if spec.category is None:
            return names
        annotations = {p: Tags(frozenset({t})) for p, t in POINT_TAGS.items()}
        known = {**function.annotations(), **annotations}
        known["#value"] = known.get("return")
        return {n for n in names if fits_category(spec.category, known.get(n))}

    def all_bindings(self, activation: Activation, call: Call) -> list[Binding]:
        key = Binding(activation.start, "#key", self.keys[activation])
        found = [key, *activation.bindings]
        if self.incoming is not None and not any(call is seeing for seeing in self.incoming[1]):
            found = [b for b in found if b is not self.incoming[0]]
        return [b for b in found if self.now is None or b.when <= self.now]

    def bindings(self, activation: Activation, call: Call, spec: Capture | Filter) -> list[Binding]:
        """The bindings that a capture or a filter of a pattern means."""
        names = self.variables(activation, spec)
        return [
            binding
            for binding in self.all_bindings(activation, call)
            if binding.name in names and (binding.generic or spec.variable is not None)
        ]

    # -- fitting ------------------------------------------------------------

    def fits(self, call: Call, activation: Activation) -> bool:
        """Name, category, variables, filters, and the conditions below."""
        if self.now is not None and activation.start > self.now:
            return False
        return (
            is_named(call.function, activation.function)
            and self._has_category(call, activation)
            and all(self.variables(activation, spec) for spec in call.variables)
            and all(self._passes(call, spec, activation) for spec in call.variables)
            and all(self.matches(n, activation) for n in call.nested if not has_captures(n.call))
        )

    def _has_category(self, call: Call, activation: Activation) -> bool:
        returned = activation.function.annotations().get("return")
        return call.category is None or fits_category(call.category, returned)

    def _passes(self, call: Call, spec: Capture | Filter, activation: Activation) -> bool:
        if isinstance(spec, Capture) or spec.test is None:
            return True
        values = [b.value for b in self.bindings(activation, call, spec) if b.value is not MISSING]
        tested = values if self.now is None else values[-1:]
        return bool(tested) and all(self._holds(spec.test, value) for value in tested)

    def _holds(self, test: Any, value: Any) -> bool:
        if isinstance(test, Predicate):
            return bool(self.env[test.name](value))
        alike = isinstance(test.value, bool) == isinstance(value, bool)
        return alike and bool(test.value == value)

    def below(self, relation: Relation, activation: Activation) -> Iterator[Activation]:
        """The activations that a relation reaches."""
        if relation is Relation.WITHIN:
            yield activation
        for child in self.children[activation]:
            yield child
            if relation is not Relation.CHILD:
                yield from self.below(Relation.DESCENDANT, child)

    def matches(self, side: Nested, activation: Activation) -> bool:
        """Whether a side pattern, with what it demands below, matches at least once."""
        return any(
            self.fits(side.call, b)
            and all(self.matches(n, b) for n in side.call.nested if demands(n.call))
            for b in self.below(side.relation, activation)
        )


def definer(function: Function) -> str | None:
    """The function in which a function is defined: only there can a name find it."""
    outer, nested, _ = function.qualname.rpartition(".<locals>.")
    return outer if nested else None


def calls(call: Call) -> Iterator[Call]:
    """A call pattern and those inside it."""
    yield call
    for nested in call.nested:
        yield from calls(nested.call)


def has_captures(call: Call) -> bool:
    return any(isinstance(v, Capture) for c in calls(call) for v in c.variables)


def demands(call: Call) -> bool:
    """Whether a side pattern is a condition, or holds a filter."""
    specs = [v for c in calls(call) for v in c.variables]
    return not has_captures(call) or any(isinstance(v, Filter) and v.test for v in specs)


def is_named(text: str | None, function: Function) -> bool:
    if text is None:
        return not function.element
    return text == function.name or f".{function.qualname}".endswith(f".{text}")


def fits_category(category: Category, annotation: Any) -> bool:
    return all(_is_a(annotation, name) for name in category.names)


def _is_a(annotation: Any, name: str) -> bool:
    bare = name.removeprefix("@").split(".")[-1]
    if isinstance(annotation, Tags):
        return bare in annotation.names
    bases = annotation.__mro__ if isinstance(annotation, type) else ()
    return not name.startswith("@") and bare in [base.__name__ for base in bases]
