"""Handlers: which captures they take, and whether they can reach tapped code."""

import collections
import dis
import inspect
from collections.abc import Callable, Sequence
from types import BuiltinFunctionType, BuiltinMethodType, CodeType, FunctionType
from typing import Any, TypeGuard

from ._errors import HandlerError
from ._originals import ByIdentity, original_code

__all__ = [
    "arguments_of",
    "can_reach_functions",
    "is_positional",
    "leniency",
    "parameters_of",
    "positional_of",
]

_CONTAINERS = (list, dict, set, collections.deque, collections.Counter, collections.defaultdict)


def parameters_of(handler: Callable[..., object]) -> list[inspect.Parameter] | None:
    """Gives the parameters of a handler, or None if they cannot be told.

    Nearly all handlers are plain functions, and for those `inspect.signature` takes longer
    than entering a block does.

    Examples:
        >>> [str(parameter) for parameter in parameters_of(lambda x, y=1, *z: x)]
        ['x', 'y=1', '*z']
        >>> parameters_of(dict.pop)
    """
    if _is_plain(handler):
        code = handler.__code__
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return [inspect.Parameter(n, kind) for n in code.co_varnames[: code.co_argcount]]
    try:
        return list(inspect.signature(handler).parameters.values())
    except (TypeError, ValueError):
        return None


def _is_plain(handler: Callable[..., object]) -> TypeGuard[FunctionType]:
    """Whether each parameter is needed and can be given by position or by name."""
    # Its dictionary may hold `__wrapped__`, or `__signature__`.
    if type(handler) is not FunctionType or handler.__defaults__ or handler.__dict__:
        return False
    code = handler.__code__
    variable = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    return not (variable or code.co_kwonlyargcount or code.co_posonlyargcount)


def arguments_of(handler: Callable[..., object], captures: Sequence[str]) -> tuple[str, ...]:
    """Gives the captures that a handler takes, in the order of its parameters.

    Arguments:
        handler: A function whose parameters are named as captures are.
        captures: The captures of the selector.

    Returns:
        The names of the parameters that are captures. A parameter with a default that
        is no capture keeps its default; `**kwargs` takes all captures that are left.

    Raises:
        HandlerError: A parameter without a default is not a capture.
    """
    parameters = parameters_of(handler)
    if parameters is None:
        return tuple(captures)
    chosen: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL or parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.name in captures:
            chosen.append(parameter.name)
        elif parameter.default is parameter.empty:
            raise HandlerError(handler, parameter.name, tuple(captures))
    return tuple(chosen)


def is_positional(handler: Callable[..., object], arguments: Sequence[str]) -> bool:
    """Tells whether those arguments can be given by position, in that order."""
    parameters = parameters_of(handler)
    if parameters is None:
        return False
    head = parameters[: len(arguments)]
    return [p.name for p in head] == list(arguments) and all(
        p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in head
    )


def leniency(handler: Callable[..., object]) -> tuple[frozenset[str], bool]:
    """Gives the parameters that need not be given, and whether any others may be."""
    parameters = parameters_of(handler) or ()
    optional = frozenset(p.name for p in parameters if p.default is not p.empty)
    return optional, any(p.kind is p.VAR_KEYWORD for p in parameters)


def positional_of(handler: Callable[..., Any], captures: Sequence[str]) -> tuple[str, ...] | None:
    """Gives the captures with which a handler is called, if that is done by position alone.

    Arguments:
        handler: The handler.
        captures: The captures that events have.

    Raises:
        HandlerError: A parameter without a default is no capture.

    Examples:
        >>> positional_of(lambda y, x: y, ["x", "y"])
        ('y', 'x')
        >>> positional_of(lambda y, x=1: y, ["x", "y"])
    """
    names = arguments_of(handler, captures)
    optional, takes_all = leniency(handler)
    plain = not takes_all and optional.isdisjoint(names) and is_positional(handler, names)
    return names if plain else None


def can_reach_functions(handler: Callable[..., object]) -> bool:
    """Tells whether a handler may call functions of the program, which may be tapped.

    Builtins and methods of containers cannot, nor a function whose only calls are such
    methods of containers that it finds in its globals or closure.
    """
    if isinstance(handler, BuiltinFunctionType | BuiltinMethodType):
        return False
    if not isinstance(handler, FunctionType):
        return True
    return _calls_anything(handler)


def _calls_anything(handler: FunctionType) -> bool:
    code = original_code(handler)
    calls = _read.setdefault(code, lambda: _calls_in(code))
    return any(name is None or not isinstance(_value(handler, name), _CONTAINERS) for name in calls)


_Calls = tuple[str | None, ...]
_read: ByIdentity[_Calls] = ByIdentity()
"""What each handler's code calls: reading code takes longer than entering a block does."""

_IS_MARKED = "LOAD_METHOD" not in dis.opmap
_METHOD = "LOAD_ATTR" if _IS_MARKED else "LOAD_METHOD"
"""What finds a method in order to call it; where it also reads attributes, a bit tells."""

_ENDLESS = frozenset(("SEND", "YIELD_VALUE", "IMPORT_NAME", "FOR_ITER", "BEFORE_WITH"))


def _calls_in(code: CodeType) -> _Calls:
    """Gives an entry for each call in a handler: whose method it is, if that has a name.

    Arguments:
        code: The code; of one that calls without saying so (`for`, `with`), one entry is None.
    """
    methods: list[str | None] = []
    calls = 0
    holder: str | None = None
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        if name in _ENDLESS:
            return (None,)
        if name in ("LOAD_GLOBAL", "LOAD_DEREF"):
            holder = str(instruction.argval)
            continue
        if name == _METHOD and ((instruction.arg or 0) & 1 or not _IS_MARKED):
            methods.append(holder)
        if name.startswith("CALL") and not name.startswith("CALL_INTRINSIC"):
            calls += 1
        holder = None
    return (*methods, *[None] * (calls - len(methods)))


def _value(function: FunctionType, name: str) -> Any:
    for free, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        if free == name:
            return _contents(cell)
    return function.__globals__.get(name)


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None
