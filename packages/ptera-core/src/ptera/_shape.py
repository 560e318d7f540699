"""Where the state of a function object lies: in the defaults of its private function.

The state is kept in keyword-only defaults, under names that no keyword argument can be
written with. Generated code reads such a default as a local, compilers follow it, and a
call costs nothing more.

===================  ====================================================
`ptera.x`            the slot of `x`: the value that counts, or `UNSET`
`ptera.#given`       for each variable from `new` or `.state`, value and priority
`ptera.#defaults`    for each variable from `@ptera.defaults`, the value
`ptera.#key`         the key of `f[key]`
`ptera.#unset`       `UNSET`; a function that has it is a private one
`ptera.#own`         `Own`: the parameters' defaults as they were written
`ptera.#shape`       the `Shape`, until something is set
===================  ====================================================
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, Final, NoReturn

from ._deliver import visible
from ._errors import ConflictError, UnsetVariableError

__all__ = [
    "CODE_PRIORITY",
    "DEFAULTS",
    "GIVEN",
    "KEY",
    "OWN",
    "SHAPE",
    "UNSET",
    "UNSET_NAME",
    "Own",
    "PrivateFunction",
    "Shape",
    "is_ptera",
    "is_state_name",
    "key_expression",
    "parameter_names",
    "shape_of",
    "slot_name",
]

PREFIX: Final = "ptera."
DEFAULTS: Final = "ptera.#defaults"
GIVEN: Final = "ptera.#given"
KEY: Final = "ptera.#key"
OWN: Final = "ptera.#own"
SHAPE: Final = "ptera.#shape"
UNSET_NAME: Final = "ptera.#unset"
CODE_PRIORITY: Final = 0
DEFAULTS_PRIORITY: Final = -0.5


def slot_name(variable: str) -> str:
    """Gives the name of the default that holds a variable's value."""
    return PREFIX + variable


def is_state_name(name: str) -> bool:
    """Tells whether generated code reads state under that name."""
    return name.startswith(PREFIX)


# A `FunctionType`. Type checkers take an attribute that is declared as one for a method.
PrivateFunction = Any


class Unset:
    """Stands for a variable that has no value (or two), and says so when it is used.

    Generated code reaches it as a default, so what it has to raise are methods here.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"

    def unset(self, variable: str, function: str, path: str, line: int) -> NoReturn:
        """Raises the error for a declared variable without a value."""
        raise UnsetVariableError(variable, function, path, line)

    def conflict(self, variable: str, function: str, *places: str) -> NoReturn:
        """Raises the error for two values of equal priority."""
        raise ConflictError(variable, function, places)

    def missing(
        self, function: str, names: tuple[str, ...], values: tuple[object, ...]
    ) -> NoReturn:
        """Raises what Python raises for arguments that were not given."""
        absent = [repr(name) for name, value in zip(names, values, strict=True) if value is self]
        listed = absent[0] if len(absent) == 1 else f"{', '.join(absent[:-1])} and {absent[-1]}"
        what = f"{len(absent)} required positional argument{'s' if len(absent) > 1 else ''}"
        message = f"{function}() missing {what}: {listed}"
        raise TypeError(message)

    def visible(self, names: Any) -> Any:
        """Takes the names of the state out of what `locals()` returned."""
        return visible(names)


UNSET: Final = Unset()


@dataclass(frozen=True, slots=True)
class Own:
    """The defaults of a function's parameters, as they were written."""

    positional: tuple[object, ...]
    keyword: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Shape:
    """Which variables of a function object have a value, whatever the values.

    Two objects of one shape share their code.

    Arguments:
        decorated: Whether it is the private function of an object at all.
        plain: The variables with a value of priority 0.
        forced: Those with one given by `override`, each with its priority.
        defaults: Those with one from `@ptera.defaults`.
        keyed: Whether the object was made by `f[key]`.
        missing: The parameters that must be given although a value stands in for them,
            since a parameter before them has one.
        contested: The parameters with a default of their own and one by `@ptera.defaults`.
    """

    decorated: bool = False
    plain: frozenset[str] = frozenset()
    forced: frozenset[tuple[str, float]] = frozenset()
    defaults: frozenset[str] = frozenset()
    keyed: bool = False
    missing: tuple[str, ...] = ()
    contested: frozenset[str] = frozenset()

    def priority_of(self, variable: str) -> float | None:
        """Gives the priority of a variable's value, or None if it has none."""
        for name, priority in self.forced:
            if name == variable:
                return priority
        if variable in self.plain:
            return CODE_PRIORITY
        return DEFAULTS_PRIORITY if variable in self.defaults else None

    def is_forced(self, variable: str) -> bool:
        """Tells whether the value wins over the code's own."""
        return any(name == variable for name, _ in self.forced)

    @property
    def variables(self) -> frozenset[str]:
        """All variables that have a value."""
        return self.plain | self.defaults | {name for name, _ in self.forced}


_PLAIN_FUNCTION = Shape()


def is_ptera(function: FunctionType) -> bool:
    """Tells whether a function is the private one of an object made by `@ptera`."""
    return UNSET_NAME in (function.__kwdefaults__ or ())


def shape_of(function: FunctionType) -> Shape:
    """Gives the shape of a function: an empty one, if it is no object's."""
    state: dict[str, Any] | None = function.__kwdefaults__
    if state is None or UNSET_NAME not in state:
        return _PLAIN_FUNCTION
    known: Shape | None = state.get(SHAPE)
    if known is None:
        known = state[SHAPE] = _shape(function, state)
    return known


def _shape(function: FunctionType, state: Mapping[str, Any]) -> Shape:
    given: Mapping[str, tuple[object, float]] = state[GIVEN]
    defaults: Mapping[str, object] = state[DEFAULTS]
    weights = [(variable, priority) for variable, (_, priority) in given.items()]
    unfilled = [name for name, value in _parameter_defaults(function) if value is UNSET]
    contested = [name for name in unfilled if name in defaults and name not in given]
    return Shape(
        decorated=True,
        plain=frozenset(name for name, priority in weights if priority == CODE_PRIORITY),
        forced=frozenset((name, priority) for name, priority in weights if priority > 0),
        defaults=frozenset(defaults),
        keyed=KEY in state,
        missing=tuple(name for name in unfilled if name not in contested),
        contested=frozenset(contested),
    )


def _parameter_defaults(function: FunctionType) -> list[tuple[str, object]]:
    positional, keyword = parameter_names(function.__code__)
    defaults = function.__defaults__ or ()
    last = positional[len(positional) - len(defaults) :]
    given: dict[str, Any] = function.__kwdefaults__ or {}
    named = [(name, given[name]) for name in keyword if name in given]
    return [*zip(last, defaults, strict=True), *named]


def parameter_names(code: CodeType) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Gives the parameters that can be positional, and those that are keyword-only.

    Examples:
        >>> parameter_names((lambda a, b=1, *c, d: 0).__code__)
        (('a', 'b'), ('d',))
    """
    count = code.co_argcount
    names = code.co_varnames
    keyword = names[count : count + code.co_kwonlyargcount]
    return names[:count], tuple(name for name in keyword if not is_state_name(name))


def key_expression(shape: Shape) -> ast.expr | None:
    """Gives the expression that reads the key of `f[key]`, or None for an object without."""
    return ast.Name(KEY, ast.Load()) if shape.keyed else None
