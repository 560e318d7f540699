"""The signature of a function object: its function's, as its state leaves it."""

import functools
import inspect
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from ._fields import parameter_defaults

__all__ = ["signature_of"]


def signature_of(
    original: Callable[..., Any],
    function: FunctionType,
    arguments: tuple[Any, ...],
    keywords: Mapping[str, Any],
) -> inspect.Signature:
    """Gives the signature of an object.

    A parameter that the state sets has its value as default. As with `functools.partial`,
    parameters behind one that need not be given, but must be given themselves, are given by
    keyword.

    Arguments:
        original: What was decorated.
        function: The object's private function.
        arguments: The leading arguments that the object has already.
        keywords: The keyword arguments that it has already.

    Raises:
        AttributeError: The signature cannot be told, as that of some builtins.
    """
    try:
        signature = inspect.signature(original)
    except (TypeError, ValueError) as error:
        raise AttributeError("__signature__") from error
    if isinstance(original, FunctionType):
        signature = _with_defaults(signature, parameter_defaults(function))
    if not arguments and not keywords:
        return signature
    called = functools.partial(_Signed(signature), *arguments, **keywords)
    return inspect.signature(called)


class _Signed:
    """A callable that has just a signature."""

    def __init__(self, signature: inspect.Signature) -> None:
        self.__signature__ = signature

    def __call__(self, *args: object, **kwargs: object) -> None:
        """Is never called."""


def _with_defaults(signature: inspect.Signature, defaults: Mapping[str, Any]) -> inspect.Signature:
    parameters = [
        parameter.replace(default=defaults[parameter.name])
        if parameter.name in defaults
        else parameter
        for parameter in signature.parameters.values()
    ]
    optional = by_keyword = False
    ordered: list[inspect.Parameter] = []
    for parameter in parameters:
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            by_keyword = by_keyword or (optional and parameter.default is parameter.empty)
            optional = optional or parameter.default is not parameter.empty
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and by_keyword:
            parameter = parameter.replace(kind=parameter.KEYWORD_ONLY)
        if parameter.kind is not parameter.VAR_POSITIONAL or not by_keyword:
            ordered.append(parameter)
    try:
        return signature.replace(parameters=ordered)
    except ValueError:
        # A positional-only parameter must be given, behind one that need not be: there is no
        # such signature.
        return signature
