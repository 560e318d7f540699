"""A selector prepared for matching: call patterns numbered, names resolved."""

import builtins
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType

from ptera_selector import Call, Capture, Equals, Filter, Predicate, Relation, Role, Selector

from ._errors import UnknownFunctionError
from ._originals import original_code
from ._resolve import NOTHING, Found, Scope, find

__all__ = ["Spec", "Specs", "Test", "specs_of"]


@dataclass(slots=True, eq=False)
class Test:
    """A filter on a variable, its predicate found.

    Arguments:
        variable: The variable that is tested.
        value: The value that it must be equal to, or `NOTHING`.
        predicate: The function that must say yes, or None.
        same: The object that it must be, held weakly, or None.
    """

    variable: str
    value: object = NOTHING
    predicate: Callable[[object], object] | None = None
    same: "weakref.ref[object] | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Meant:
    """What a function's name means, without keeping functions alive.

    Arguments:
        codes: The untouched code objects of undecorated functions.
        functions: The functions themselves, held weakly.
        decorated: The name that decorated and nested functions must have, or None.
        nested: Whether functions defined inside those of `codes` are meant too.
    """

    codes: tuple[CodeType, ...]
    functions: tuple["weakref.ref[FunctionType]", ...]
    decorated: str | None
    nested: bool

    def has_code(self, code: CodeType) -> bool:
        """Tells whether that very code object is one of those meant."""
        return any(code is mine for mine in self.codes)


@dataclass(slots=True, eq=False)
class Spec:
    """One call pattern of a selector, at its place in the tree of patterns.

    Arguments:
        index: Its number, the outermost pattern's is 0.
        call: The pattern as it was parsed.
        meant: What its name means; None for `*`.
        parent: The pattern that it is nested in.
        relation: How it is nested there.
        tests: The filters that hold a value to compare with.
        captures: The variables that it reads, its focus included.
        focus: The capture with the focus, if it is here.
        sides: The nested patterns beside the path to the focus.
        following: The nested pattern on that path.
    """

    index: int
    call: Call
    meant: "Meant | None"
    parent: "Spec | None"
    relation: Relation
    tests: tuple[Test, ...] = ()
    captures: tuple[Capture, ...] = ()
    focus: Capture | None = None
    sides: list["Spec"] = field(default_factory=list["Spec"])
    following: "Spec | None" = None

    @property
    def element_name(self) -> str | None:
        """The name that an element activation must have to fit, or None."""
        return None if self.meant is None else self.meant.decorated

    @property
    def name(self) -> str:
        """The function's name as it was written, `*` for any."""
        return self.call.function or "*"

    def variables(self) -> Iterator[str]:
        """Gives the names of the variables that the pattern mentions."""
        for variable in self.call.variables:
            if variable.variable is not None:
                yield variable.variable

    def below(self) -> Iterator["Spec"]:
        """Gives the patterns nested in this one, at any depth."""
        nested = [*self.sides, *([self.following] if self.following else [])]
        for spec in nested:
            yield spec
            yield from spec.below()


@dataclass(slots=True, eq=False)
class Specs:
    """All call patterns of one selector.

    Arguments:
        selector: The selector.
        categories: What the names of its categories stand for, where they stand for anything.
        all: The patterns, by index.
        path: Those from the outermost to the one with the focus.
        names: The names of all captures.
    """

    selector: Selector
    categories: Mapping[str, object]
    all: list[Spec]
    path: list[Spec]
    names: tuple[str, ...]

    @property
    def focus(self) -> Capture | None:
        """The capture whose bindings are the events, if there is one."""
        return self.path[-1].focus

    @property
    def counts_calls(self) -> bool:
        """Whether a pattern asks for the ordinal of a call."""
        return any("#key" in spec.variables() for spec in self.all)

    @property
    def needs_neighbours(self) -> bool:
        """Whether it matters which other visible functions run in between."""
        return (
            self.selector.outermost
            or self.counts_calls
            or any(spec.relation is Relation.CHILD for spec in self.all[1:])
        )

    @property
    def has_sides(self) -> bool:
        """Whether a pattern has nested patterns beside the path to the focus."""
        return any(spec.sides for spec in self.all)

    @property
    def wants_errors(self) -> bool:
        """Whether `#error` is captured, so that activations that raise count too."""
        return any(c.variable == "#error" for spec in self.all for c in spec.captures)


def specs_of(selector: Selector, scope: Scope) -> Specs:
    """Numbers the call patterns of `selector` and resolves their names in `scope`."""
    everything: list[Spec] = []
    outermost = _add(selector.call, None, Relation.CHILD, scope, everything)
    names = tuple(_capture_names(selector.call))
    categories = {
        name: scope.lookup(name.removeprefix("@")) for name in _category_names(everything)
    }
    return Specs(selector, categories, everything, _path(outermost), names)


def _category_names(everything: list[Spec]) -> Iterator[str]:
    for spec in everything:
        for part in (spec.call, *spec.call.variables):
            yield from part.category.names if part.category is not None else ()


def _capture_names(call: Call) -> Iterator[str]:
    """Gives the names of all captures, in the order of the text's patterns."""
    for variable in call.variables:
        if isinstance(variable, Capture):
            yield variable.name
    for nested in call.nested:
        yield from _capture_names(nested.call)


def _path(outermost: Spec) -> list[Spec]:
    """Gives the patterns from the outermost to the one with the focus (or it alone)."""
    path = [outermost]
    while path[-1].following is not None:
        path.append(path[-1].following)
    return path


def _add(
    call: Call,
    parent: Spec | None,
    relation: Relation,
    scope: Scope,
    everything: list[Spec],
) -> Spec:
    found = None if call.function is None else find(call.function, scope)
    captures = tuple(v for v in call.variables if isinstance(v, Capture))
    meant = None if found is None else _meant(found)
    spec = Spec(
        index=len(everything),
        call=call,
        meant=meant,
        parent=parent,
        relation=relation,
        tests=_tests(call, found, scope),
        captures=captures,
        focus=next((c for c in captures if c.role is Role.FOCUS), None),
    )
    everything.append(spec)
    for nested in call.nested:
        child = _add(nested.call, spec, nested.relation, scope, everything)
        if child.focus is not None or child.following is not None:
            spec.following = child
        else:
            spec.sides.append(child)
    return spec


def _meant(found: Found) -> Meant:
    functions = found.functions
    return Meant(
        tuple(original_code(function) for function in functions),
        tuple(weakref.ref(function) for function in functions),
        found.decorated,
        found.nested,
    )


def _weakly(instance: object) -> "weakref.ref[object]":
    try:
        return weakref.ref(instance)
    except TypeError as error:
        raise UnknownFunctionError(repr(instance), ()) from error


def _tests(call: Call, found: Found | None, scope: Scope) -> tuple[Test, ...]:
    tests = [
        _test(v, v.variable, scope)
        for v in call.variables
        if isinstance(v, Filter) and v.variable is not None and v.test is not None
    ]
    if found is not None and found.self_is is not NOTHING and found.functions:
        code = found.functions[0].__code__
        if code.co_argcount:
            tests.append(Test(code.co_varnames[0], same=_weakly(found.self_is)))
    return tuple(tests)


def _test(pattern: Filter, variable: str, scope: Scope) -> Test:
    if isinstance(pattern.test, Equals):
        return Test(variable, value=pattern.test.value)
    assert isinstance(pattern.test, Predicate)
    predicate = scope.lookup(pattern.test.name)
    if predicate is NOTHING:
        predicate = getattr(builtins, pattern.test.name, NOTHING)
    if not callable(predicate):
        raise UnknownFunctionError(pattern.test.name, ())
    return Test(variable, predicate=predicate)
