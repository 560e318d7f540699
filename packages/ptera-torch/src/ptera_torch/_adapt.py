"""Any `torch.nn.Module` as a Ptera function: `ptera(module)`."""

import sys
from collections.abc import Container, Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import torch

from ptera import Ptera
from ptera._declared import Declarer, register_declarer
from ptera._decorator import wrapped
from ptera._unwrap import plain_functions

from ._distributed import lasting

__all__ = ["adapt"]


def adapt(target: object) -> "Ptera[..., Any] | None":
    """Makes a function object that calls a module; `ptera(module)` does, through this.

    The module is called as it is, hooks included, and stays as it is. Selectors find the
    classes of its submodules, and the functions of the Python files in which those are
    defined, by name, and all of them are visible to `*`.

    Arguments:
        target: A module; of anything else None is returned.

    Examples:
        >>> from ptera import ptera
        >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
        >>> results = ptera(model).using(p="$p:Parameter")(torch.ones(1, 2))
        >>> [event["p"].name for event in results.p]
        ['weight', 'bias']
    """
    if not isinstance(target, torch.nn.Module):
        return None
    classes = list(dict.fromkeys(type(module) for module in target.modules()))
    return wrapped(target, names_in(classes), tuple(visible_in(classes)))


def names_in(classes: Iterable[type]) -> dict[str, type]:
    """Gives the classes that selectors on a model find by name.

    Arguments:
        classes: The classes of a model's modules, the outermost first, which wins.

    Returns:
        Those, and the others that are defined in the same Python files.

    Examples:
        >>> sorted(names_in([torch.nn.ReLU]))
        ['ReLU']
    """
    classes = list(classes)
    found = {cls.__name__: cls for cls in reversed(classes)}
    for module in filter(None, map(_module_of, classes)):
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == module.__name__:
                found.setdefault(value.__name__, value)
    return found


def visible_in(classes: Iterable[type]) -> Iterator[object]:
    """Gives what `*` may match in a model: the methods of its classes, and the functions around.

    Of a base class that is defined elsewhere it is `forward` alone: libraries put loading,
    saving and generation there.

    Examples:
        >>> [f.__qualname__ for f in visible_in([torch.nn.ReLU]) if "forward" in f.__qualname__]
        ['ReLU.forward']
    """
    classes = list(classes)
    homes = {cls.__module__ for cls in classes if not _is_torch(cls)}
    seen: set[object] = set()
    for cls in classes:
        for function in (*_methods(cls, homes), *_functions_around(cls)):
            if function not in seen:
                seen.add(function)
                yield function


def _methods(cls: type, homes: Container[str]) -> Iterator[FunctionType]:
    names = {"__init__"}
    for base in cls.__mro__:
        for name, member in vars(base).items() if base.__module__ in homes else ():
            if name not in names:
                names.add(name)
                yield from plain_functions(member)
    if "forward" not in names:
        yield from plain_functions(getattr(cls, "forward", None))


def _functions_around(cls: type) -> Iterator[FunctionType]:
    module = _module_of(cls)
    if module is None or _is_torch(cls):
        return
    for value in list(vars(module).values()):
        if _is_defined_in(value, module):
            yield from plain_functions(value)


def _is_torch(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in ("torch", "builtins")


def _module_of(cls: type) -> ModuleType | None:
    return None if _is_torch(cls) else sys.modules.get(cls.__module__)


def _is_defined_in(value: object, module: ModuleType | None) -> bool:
    return (
        module is not None
        and not isinstance(value, type)
        and getattr(value, "__module__", None) == module.__name__
        and any(True for _ in plain_functions(value))
    )


def _applies(function: FunctionType) -> bool:
    """Whether a function is the `forward` of a module, as far as its name tells."""
    return function.__code__.co_name == "forward" and function.__code__.co_argcount > 0


def _declared(owner: Any) -> Iterator[tuple[str, Any, type]]:
    """Gives the parameters and buffers that a module itself has registered."""
    if isinstance(owner, torch.nn.Module):
        for name, parameter in owner.named_parameters(recurse=False, remove_duplicate=False):
            kind = type(parameter)
            # A sharded parameter is of another class, and says that it is a parameter.
            kind = kind if issubclass(kind, torch.nn.Parameter) else torch.nn.Parameter
            yield name, lasting(parameter), kind
        for name, buffer in owner.named_buffers(recurse=False, remove_duplicate=False):
            yield name, buffer, torch.nn.Buffer


def register() -> None:
    """Makes the parameters of modules known to the core as variables of their `forward`."""
    register_declarer(Declarer(_applies, _declared))
