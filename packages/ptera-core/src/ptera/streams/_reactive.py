"""The only door to reactivex: imported when an operator is made, never before."""

import functools
import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .._errors import InstallationError

__all__ = ["Operator", "compose", "filtered", "made", "mapped", "reactive", "through"]

Operator = Callable[[Any], Any]
"""From an observable to an observable."""


def reactive(name: str = "reactivex") -> ModuleType:
    """Imports a module of reactivex.

    Raises:
        InstallationError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "reactivex":
            raise
        found = "the operators of a stream need it, and it is not installed"
        remedy = "pip install 'ptera-core[streams]'"
        raise InstallationError("reactivex", found, remedy) from error


def made(name: str, *arguments: Any, **options: Any) -> Operator:
    """Makes one of reactivex's operators."""
    operator: Operator = getattr(reactive("reactivex.operators"), name)(*arguments, **options)
    return operator


def mapped(function: Callable[[Any], Any]) -> Operator:
    """Makes the operator that gives what a function makes of each element."""
    return made("map", function)


def filtered(predicate: Callable[[Any], object]) -> Operator:
    """Makes the operator that leaves out the elements for which a function is not true."""
    return made("filter", predicate)


def compose(*operators: Operator) -> Operator:
    """Gives the operator that applies the others in their order."""
    return lambda source: functools.reduce(lambda made, apply: apply(made), operators, source)


def through(begin: Callable[[Any], Callable[[Any], None]]) -> Operator:
    """Makes an operator that has a state of its own for each subscription.

    Arguments:
        begin: Called with the observer of each subscription, gives what takes the elements.
    """
    rx = reactive()

    def connect(source: Any) -> Any:
        def subscribe(observer: Any, scheduler: Any = None) -> Any:
            step = begin(observer)

            def on_next(element: Any) -> None:
                try:
                    step(element)
                except Exception as error:
                    observer.on_error(error)

            return source.subscribe(
                on_next, observer.on_error, observer.on_completed, scheduler=scheduler
            )

        return rx.create(subscribe)

    return connect
