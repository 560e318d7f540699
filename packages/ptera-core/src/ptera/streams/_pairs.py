"""The events of two-ended probes: those that begin something, and those that end it.

Such an event has a mark under `$wrap`: the name of the capture where the pair begins,
an `id` that both its events share, and which `step` it is, `"begin"` or `"end"`.
"""

import contextlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .._errors import ProbeError
from ._fill import is_entries, lax
from ._reactive import Operator, through

__all__ = ["mark_of", "wmap", "wrapping"]


def mark_of(event: Any, name: str | None = None) -> Mapping[str, Any] | None:
    """Gives the mark of an event, if it has one (of that name, if one is given)."""
    if not is_entries(event) or "$wrap" not in event:
        return None
    mark: Mapping[str, Any] = event["$wrap"]
    return mark if name is None or mark["name"] == name else None


def wrapping(
    function: Any, name: str | None = None, pass_keys: bool = False
) -> Callable[[Any], None]:
    """Gives the function that enters a context at each beginning, and leaves it at the end.

    Arguments:
        function: A generator function that yields once, a function that gives a context
            manager, or a context manager.
        name: The name of the pairs; any, if left out.
        pass_keys: Whether the function gets the captures that it has parameters for.

    Raises:
        ProbeError: At an event that begins what has begun and not ended.
    """
    enter = _entering(function, pass_keys)
    running: dict[Any, Any] = {}

    def take(event: Any) -> None:
        mark = mark_of(event, name)
        if mark is None:
            return
        if mark["step"] == "begin":
            if mark["id"] in running:
                raise ProbeError(mark["name"], "It is bound again before its end", _AGAIN)
            manager = enter(event)
            manager.__enter__()
            running[mark["id"]] = manager
        elif mark["id"] in running:
            running.pop(mark["id"]).__exit__(None, None, None)

    return take


_AGAIN = "A wrapper that has begun cannot begin again; choose a `!` that is bound once."


def _entering(function: Any, pass_keys: bool) -> Callable[[Any], Any]:
    if hasattr(function, "__enter__") and not isinstance(function, type):
        return lambda _: function
    manager = function
    if inspect.isgeneratorfunction(function):
        manager = contextlib.contextmanager(function)
    return lax(manager if pass_keys else _without_arguments(manager))


def _without_arguments(function: Callable[..., Any]) -> Callable[[], Any]:
    return lambda: function()


def wmap(
    name: str | Callable[..., Any] | None = None,
    fn: Callable[..., Any] | None = None,
    pass_keys: bool = True,
) -> Operator:
    """What a function returns for each pair of a beginning and an end.

    Arguments:
        name: The name of the pairs; any, if left out.
        fn: A generator function that yields once. It runs to its `yield` where a pair
            begins, and on where that ends; `yield` gives it the event of the end.
        pass_keys: Whether it gets the captures that it has parameters for.

    Raises:
        TypeError: `fn` is no generator function.
    """
    wanted, function = (name, fn) if isinstance(name, str) or name is None else (None, name)
    if function is None or not inspect.isgeneratorfunction(function):
        raise TypeError(f"wmap() takes a generator function that yields once, not {function!r}")
    call = lax(function if pass_keys else _without_arguments(function))

    def begin(observer: Any) -> Callable[[Any], None]:
        running: dict[Any, Any] = {}

        def step(event: Any) -> None:
            mark = mark_of(event, wanted)
            if mark is None:
                return
            if mark["step"] == "begin":
                running[mark["id"]] = generator = call(event)
                next(generator)
            elif mark["id"] in running:
                observer.on_next(_result(running.pop(mark["id"]), event))

        return step

    return through(begin)


def _result(generator: Any, event: Any) -> Any:
    """Sends a generator the event that ends it, and gives what it returns."""
    try:
        generator.send(event)
    except StopIteration as stop:
        return stop.value
    generator.close()
    raise TypeError(f"`{generator.__name__}` must yield exactly once for wmap()")
