"""The state of a function object as attributes: `f.state.x`."""

import reprlib
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from ._errors import StateError
from ._fields import (
    check_field,
    clear_field,
    facts_of_function,
    fields,
    restore,
    saved,
    set_field,
)
from ._patch import reshape
from ._shape import PrivateFunction, shape_of
from ._state import is_only_read

__all__ = ["State"]


class State:
    """The values that an object holds for its variables: attributes to read, set and delete.

    Names that are no identifiers, such as `self.x`, are read and set as items. Iteration
    gives the names of the variables that are set.

    Arguments:
        function: The object's private function.

    Examples:
        >>> from ptera import ptera
        >>> @ptera
        ... def layer(x):
        ...     weight: float
        ...     return weight * x
        >>> layer.state.weight = 2
        >>> layer(4), layer.state.weight, list(layer.state)
        (8, 2, ['weight'])
        >>> layer.state.wieght = 3
        Traceback (most recent call last):
        ...
        ptera._errors.StateError: `layer` has no variable `wieght` to set. Did you mean `weight`?
    """

    __slots__ = ("__function",)
    __function: PrivateFunction

    def __init__(self, function: FunctionType) -> None:
        object.__setattr__(self, "_State__function", function)

    def __getattr__(self, name: str) -> Any:
        values = fields(self.__function)
        if name not in values:
            raise self.__absent(name)
        return values[name]

    def __setattr__(self, name: str, value: object) -> None:
        function = self.__function
        check_field(function, name)
        _change(function, lambda: set_field(function, name, value))

    def __delattr__(self, name: str) -> None:
        function = self.__function
        shape = shape_of(function)
        if name not in shape.plain and not shape.is_forced(name):
            raise self.__absent(name)
        _change(function, lambda: clear_field(function, name))

    __getitem__ = __getattr__
    __setitem__ = __setattr__
    __delitem__ = __delattr__

    def __absent(self, name: str) -> StateError:
        variables = facts_of_function(self.__function).variables
        problem = "is not set" if name in variables else ""
        return StateError(name, self.__function.__name__, variables, problem)

    def __iter__(self) -> Iterator[str]:
        return iter(fields(self.__function))

    def __len__(self) -> int:
        return len(fields(self.__function))

    def __contains__(self, name: object) -> bool:
        return name in fields(self.__function)

    def __dir__(self) -> list[str]:
        variables = facts_of_function(self.__function).variables.values()
        return [variable.name for variable in variables if not is_only_read(variable)]

    def __repr__(self) -> str:
        values = fields(self.__function)
        shown = ", ".join(f"{name}={reprlib.repr(value)}" for name, value in values.items())
        return f"<state of {self.__function.__qualname__}: {shown or 'nothing is set'}>"


def _change(function: FunctionType, change: Callable[[], None]) -> None:
    """Changes the state, and the code with it where that must be; all of it or nothing."""
    before, shape = saved(function), shape_of(function)
    try:
        change()
        if shape_of(function) != shape:
            reshape(function)
    except BaseException:
        restore(function, before)
        raise
