"""Calls and texts that are filled with the entries of a dict."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

__all__ = ["formatted", "is_entries", "lax", "picker"]

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def is_entries(element: Any) -> TypeGuard[dict[str, Any]]:
    """Tells whether an element is a dict, as the events of a probe are."""
    return isinstance(element, dict)


def picker(function: Callable[..., Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Gives the function that picks from a dict what `function` has parameters for.

    Arguments:
        function: Any callable; one with `**` (or whose parameters cannot be told, as of
            some builtins) gets everything.

    Returns:
        A function from a dict to the keyword arguments of a call.

    Examples:
        >>> picker(lambda x, y=0: x + y)({"x": 1, "z": 3})
        {'x': 1}
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return dict
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return dict
    names = tuple(parameter.name for parameter in parameters if parameter.kind in _BY_NAME)
    return lambda entries: {name: entries[name] for name in names if name in entries}


def lax(function: Callable[..., Any]) -> Callable[[Mapping[str, Any]], Any]:
    """Gives `function` as one that takes a dict and ignores the entries it has no use for.

    Arguments:
        function: Any callable.

    Returns:
        A function of a dict, that calls `function` by keyword.

    Examples:
        >>> lax(lambda x: x * 2)({"x": 4, "y": 100})
        8
    """
    pick = picker(function)
    return lambda entries: function(**pick(entries))


def formatted(
    string: str, element: Any, raw: bool = False, skip_missing: bool = False
) -> str | None:
    """Gives one element as text, or None if it is to be left out (see `format`)."""
    if not raw and is_entries(element):
        try:
            return string.format(**element)
        except KeyError:
            if not skip_missing:
                raise
            return None
    by_position = not raw and issubclass(type(element), tuple)
    return string.format(*element) if by_position else string.format(element)
