"""Values that are named rather than written: only where the author of the program allows it."""

import collections.abc
import importlib
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

from ._described import article, shown_type
from ._kinds import plain

__all__ = ["named_value"]

_CALLABLE: Any = collections.abc.Callable


def named_value(
    text: str,
    type_: object,
    names: Mapping[str, object] | None,
    refuse: Callable[[str, str], Exception],
) -> object:
    """Gives the object that a text names: `:expression`, a name of the author's, or an import path.

    Arguments:
        text: What was written.
        type_: The type that the variable declares.
        names: The author's `eval_env`; None where nothing is evaluated or imported.
        refuse: Makes the error from what was found and what would have fitted.

    Returns:
        The object.

    Raises:
        Exception: What `refuse` makes, if there is no such object or it does not fit.

    Examples:
        >>> named_value("math.floor", object, {}, ValueError)
        <built-in function floor>
        >>> named_value(":1/4", float, {}, ValueError)
        0.25
    """
    if names is None:
        needs = f"a value that can be written here: {shown_type(type_)} is set in code only"
        raise refuse(text, f"{needs} (the program allows names with `eval_env=`)")
    if text.startswith(":"):
        value = _evaluated(text, names, refuse)
    else:
        value = _found(text, names, refuse)
    if plain(type_) is float and type(value) is int:
        return float(value)
    if not _fits(value, plain(type_)):
        raise refuse(text, f"{article(shown_type(type_))}: it is {article(type(value).__name__)}")
    return value


def _evaluated(
    text: str, names: Mapping[str, object], refuse: Callable[[str, str], Exception]
) -> object:
    try:
        return eval(text[1:], dict(names))
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise refuse(text, f"an expression that can be evaluated ({reason})") from error


def _found(
    text: str, names: Mapping[str, object], refuse: Callable[[str, str], Exception]
) -> object:
    first, *rest = text.replace(":", ".").split(".")
    if first in names:
        start, attributes = names[first], rest
    else:
        start, attributes = _imported([first, *rest])
    for attribute in attributes:
        if not hasattr(start, attribute):
            raise refuse(text, "a name that can be found or imported")
        start = getattr(start, attribute)
    return start


def _imported(parts: list[str]) -> tuple[object, list[str]]:
    """Imports the longest module that the path begins with; gives it and what remains."""
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        try:
            return importlib.import_module(name), parts[length:]
        except (ImportError, ValueError):
            continue
    return None, parts


def _fits(value: object, type_: object) -> bool:
    origin: Any = get_origin(type_) or type_
    if origin is _CALLABLE:
        return callable(value)
    if origin is type:
        arguments = get_args(type_)
        if not isinstance(value, type) or not arguments:
            return isinstance(value, type)
        return not isinstance(arguments[0], type) or issubclass(value, arguments[0])
    return not isinstance(origin, type) or isinstance(value, origin)
