"""Handlers: which captures they take, and whether they can reach tapped code."""

import collections
import dis
import inspect
from collections.abc import Callable, Sequence
from types import BuiltinFunctionType, BuiltinMethodType, FunctionType
from typing import Any

from ._errors import HandlerError
from ._originals import original_code

__all__ = ["arguments_of", "can_reach_functions"]

_CONTAINERS = (list, dict, set, collections.deque, collections.Counter, collections.defaultdict)


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
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):
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
    try:
        parameters = list(inspect.signature(handler).parameters.values())
    except (TypeError, ValueError):
        return False
    head = parameters[: len(arguments)]
    return [p.name for p in head] == list(arguments) and all(
        p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in head
    )


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
    harmless = calls = 0
    holder: object = None
    for instruction in dis.get_instructions(original_code(handler)):
        name = instruction.opname
        if name in ("LOAD_GLOBAL", "LOAD_DEREF"):
            holder = _value(handler, str(instruction.argval))
            continue
        if name in ("LOAD_METHOD", "LOAD_ATTR") and isinstance(holder, _CONTAINERS):
            harmless += 1
        if name.startswith("CALL") and not name.startswith("CALL_INTRINSIC"):
            calls += 1
        if name in ("SEND", "YIELD_VALUE", "IMPORT_NAME", "FOR_ITER", "BEFORE_WITH"):
            return True
        holder = None
    return calls > harmless


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
