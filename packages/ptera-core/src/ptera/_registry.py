"""Every function object that `@ptera` has made and that is still alive, by name."""

import threading
import weakref
from collections.abc import Callable, Iterator
from types import FunctionType

__all__ = ["on_register", "ptera_functions", "register", "registry_version"]

Callback = Callable[[FunctionType], None]


class _Registry:
    """Weak sets of functions; the lock makes adding safe while another thread looks on."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_name: dict[str, weakref.WeakSet[FunctionType]] = {}
        self.callbacks: list[Callback] = []
        self.version = 0

    def add(self, function: FunctionType) -> None:
        with self.lock:
            self.by_name.setdefault(function.__name__, weakref.WeakSet()).add(function)
            self.version += 1

    def named(self, name: str | None) -> list[FunctionType]:
        with self.lock:
            if name is not None:
                return list(self.by_name.get(name, ()))
            return [function for functions in self.by_name.values() for function in functions]


_REGISTRY = _Registry()


def register(function: FunctionType) -> None:
    """Makes a function known under its name, and to whoever asked to be told.

    Arguments:
        function: The private function of a `Ptera` object, complete with its state.
    """
    _REGISTRY.add(function)
    for callback in _REGISTRY.callbacks:
        callback(function)


def on_register(callback: Callback) -> None:
    """Has `callback` called with each function that is registered from now on."""
    _REGISTRY.callbacks.append(callback)


def ptera_functions(name: str | None) -> Iterator[FunctionType]:
    """Gives the functions of that name (all of them for None), in no particular order.

    Examples:
        >>> from ptera import ptera
        >>> from ptera._registry import ptera_functions
        >>> @ptera
        ... def seldom_used_name(x):
        ...     return x
        >>> [function(3) for function in ptera_functions("seldom_used_name")]
        [3]
    """
    return iter(_REGISTRY.named(name))


def registry_version() -> int:
    """Gives a number that changes whenever a function is registered."""
    return _REGISTRY.version
