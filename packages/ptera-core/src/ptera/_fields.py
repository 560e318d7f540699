"""The private function of an object: how it is made, and how its state is read and set.

Nothing here touches code that is installed; who changes the shape has it made anew.
"""

import sys
from collections.abc import Mapping
from types import FunctionType
from typing import Any, cast

from ._errors import OverrideError, StateError
from ._originals import original_code
from ._scope import Facts, Kind, facts_of
from ._shape import (
    CODE_PRIORITY,
    DEFAULTS,
    GIVEN,
    KEY,
    OWN,
    SHAPE,
    UNSET,
    UNSET_NAME,
    Own,
    parameter_names,
    shape_of,
    slot_name,
)
from ._source import Source, source_of
from ._state import code_for, slots_of
from ._values import override

__all__ = [
    "check_field",
    "clear_field",
    "copied_function",
    "facts_of_function",
    "fields",
    "given_fields",
    "key_field",
    "parameter_defaults",
    "private_function",
    "restore",
    "saved",
    "set_default",
    "set_field",
    "set_key",
    "settle",
]

_NOWHERE_SETTABLE = frozenset({Kind.COMPREHENSION, Kind.EXCEPT})


def private_function(function: FunctionType) -> FunctionType:
    """Makes the private function of a new object, without any state.

    Raises:
        SourceError: The function's source cannot be found.
    """
    source = _source(function)
    own = Own(function.__defaults__ or (), dict(function.__kwdefaults__ or {}))
    made = FunctionType(
        source.code,
        function.__globals__,
        function.__name__,
        own.positional or None,
        function.__closure__,
    )
    slots = {slot_name(variable): UNSET for variable in slots_of(source)}
    inside: dict[str, object] = {UNSET_NAME: UNSET, OWN: own, GIVEN: {}, DEFAULTS: {}}
    made.__kwdefaults__ = {**own.keyword, **slots, **inside}
    _dress(made, function)
    made.__code__ = code_for(source, shape_of(made), ())
    return made


def copied_function(function: FunctionType) -> FunctionType:
    """Makes a private function with the same state, whose code must still be settled."""
    made = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    made.__kwdefaults__ = dict(function.__kwdefaults__ or {})
    _dress(made, function)
    return made


def settle(function: FunctionType) -> None:
    """Gives a function that is not registered yet the code for its state, with nothing else."""
    function.__code__ = code_for(_source(function), shape_of(function), ())


def _dress(made: FunctionType, function: FunctionType) -> None:
    made.__qualname__ = function.__qualname__
    made.__module__ = function.__module__
    made.__doc__ = function.__doc__
    made.__annotations__ = function.__annotations__
    if sys.version_info >= (3, 12):
        made.__type_params__ = function.__type_params__


def _source(function: FunctionType) -> Source:
    return source_of(original_code(function))


def facts_of_function(function: FunctionType) -> Facts:
    """Gives what the source says of a private function."""
    return facts_of(_source(function))


def check_field(function: FunctionType, variable: str) -> None:
    """Raises an error for a variable that the function does not have, or cannot be given.

    Raises:
        StateError: There is no such variable.
        OverrideError: It is the target of a comprehension or the name of an exception.
    """
    variables = facts_of_function(function).variables
    if variable not in variables:
        raise StateError(variable, function.__name__, variables)
    kinds = variables[variable].kinds
    if kinds <= _NOWHERE_SETTABLE:
        which = "the target of a comprehension" if Kind.COMPREHENSION in kinds else "an exception"
        raise OverrideError(f"{function.__name__}.new({variable}=...)", variable, f"it is {which}")


def set_field(function: FunctionType, variable: str, value: object) -> None:
    """Puts a value into the state, with the priority that `override` gives it."""
    weight: float = CODE_PRIORITY
    if isinstance(value, override):
        given = cast("Any", value)
        value, weight = given.value, given.priority
        if weight <= 0:
            reason = f"in an object's state an `override` weighs more than 0, not {weight}"
            raise OverrideError(f"{function.__name__}.new({variable}=...)", variable, reason)
    state = _state(function)
    state[GIVEN] = {**state[GIVEN], variable: (value, weight)}
    _refill(function, variable)


def set_default(function: FunctionType, variable: str, value: object) -> None:
    """Puts in a value of the priority that `@ptera.defaults` has."""
    state = _state(function)
    state[DEFAULTS] = {**state[DEFAULTS], variable: value}
    _refill(function, variable)


def clear_field(function: FunctionType, variable: str) -> None:
    """Takes a value out of the state."""
    state = _state(function)
    state[GIVEN] = {name: value for name, value in state[GIVEN].items() if name != variable}
    _refill(function, variable)


def set_key(function: FunctionType, key: object) -> None:
    """Puts in the key of `f[key]`."""
    state = _state(function)
    state[KEY] = key
    state.pop(SHAPE, None)


def key_field(function: FunctionType) -> object:
    """Gives the key of `f[key]`, or `UNSET`."""
    return _state(function).get(KEY, UNSET)


def fields(function: FunctionType) -> dict[str, object]:
    """Gives the values of the state by variable, in the order of the function's variables."""
    state = _state(function)
    set_there = shape_of(function).variables
    if not set_there:
        # Nothing to put in order: the function's text need not be read.
        return {}
    order = [name for name in facts_of_function(function).variables if name in set_there]
    return {variable: state[slot_name(variable)] for variable in order}


def given_fields(function: FunctionType) -> tuple[dict[str, object], dict[str, object]]:
    """Gives what `set_field` and `set_default` were given, to do it again elsewhere."""
    state = _state(function)
    given: dict[str, object] = {
        variable: override(value, weight) if weight else value
        for variable, (value, weight) in state[GIVEN].items()
    }
    return given, dict(state[DEFAULTS])


Saved = tuple[Mapping[str, Any], tuple[Any, ...] | None]


def saved(function: FunctionType) -> Saved:
    """Gives what `restore` needs to undo a change."""
    return dict(_state(function)), function.__defaults__


def restore(function: FunctionType, before: Saved) -> None:
    """Undoes a change."""
    function.__kwdefaults__ = dict(before[0])
    function.__defaults__ = before[1]


def _state(function: FunctionType) -> dict[str, Any]:
    state: dict[str, Any] | None = function.__kwdefaults__
    assert state is not None
    return state


def _refill(function: FunctionType, variable: str) -> None:
    """Makes slot and parameters' defaults follow the state, in which a variable has changed.

    A value of the state is its parameter's default, so that it need not be given. The
    parameters after it must then have one too: `UNSET` if they have none.
    """
    state = _state(function)
    state.pop(SHAPE, None)
    _fill_slot(function, variable)
    positional, keyword = parameter_names(function.__code__)
    if variable not in positional and variable not in keyword:
        return
    values = [_parameter_default(function, name) for name in positional]
    while values and values[0] is _NONE:
        del values[0]
    function.__defaults__ = tuple(UNSET if value is _NONE else value for value in values) or None
    for name in keyword:
        value = _parameter_default(function, name)
        state.pop(name, None)
        if value is not _NONE:
            state[name] = value


_NONE = object()


def _fill_slot(function: FunctionType, variable: str) -> None:
    state, slot = _state(function), slot_name(variable)
    if variable in state[GIVEN]:
        state[slot] = state[GIVEN][variable][0]
    elif variable in state[DEFAULTS]:
        state[slot] = state[DEFAULTS][variable]
    elif variable in slots_of(_source(function)):
        state[slot] = UNSET
    else:
        state.pop(slot, None)


def _parameter_default(function: FunctionType, name: str) -> Any:
    state = _state(function)
    if name in state[GIVEN]:
        return state[GIVEN][name][0]
    own = _own_default(function, name)
    if name not in state[DEFAULTS]:
        return own
    return state[DEFAULTS][name] if own is _NONE else UNSET


def _own_default(function: FunctionType, name: str) -> Any:
    own: Own = _state(function)[OWN]
    positional, _ = parameter_names(function.__code__)
    if name not in positional:
        return own.keyword.get(name, _NONE)
    index = positional.index(name) - len(positional) + len(own.positional)
    return own.positional[index] if index >= 0 else _NONE


def parameter_defaults(function: FunctionType) -> dict[str, object]:
    """Gives the default that each parameter has in the eyes of a caller.

    A value of `@ptera.defaults` counts before the one in the signature: that they meet
    is told by the call.
    """
    positional, keyword = parameter_names(function.__code__)
    state = _state(function)
    found = {name: _parameter_default(function, name) for name in (*positional, *keyword)}
    return {
        name: state[DEFAULTS].get(name) if value is UNSET else value
        for name, value in found.items()
        if value is not _NONE
    }
