"""The plain functions that a value holds: past methods, properties, partials and decorators."""

import contextlib
import functools
import itertools
from collections.abc import Iterator
from types import CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, cast

__all__ = [
    "HOLDERS",
    "behind",
    "callables_in",
    "is_from",
    "meant_by",
    "module_functions",
    "plain_functions",
]

HOLDERS = (MethodType, staticmethod, classmethod)


def meant_by(value: object, name: str) -> list[FunctionType]:
    """Gives the functions that a name stands for, decorated or not.

    A decorator that does not use `functools.wraps` leaves no other trace than the name of
    the function that it holds somewhere.
    """
    if isinstance(value, type | ModuleType):
        return list(callables_in(value))
    functions = list(plain_functions(value))
    if any(_is_named(function, name) for function in functions):
        return functions
    return _hidden(value, name) or functions or _held(value)


def _hidden(value: object, name: str) -> list[FunctionType]:
    """Gives the function of that name that a decorated one holds, in a list, or none."""
    found = (function for function in behind(value) if _is_named(function, name))
    return list(itertools.islice(found, 1))


def _held(value: object) -> list[FunctionType]:
    """Gives the functions that a descriptor, or the like, was made of, whatever their names."""
    if not _is_wrapper(value):
        return []
    return [function for inner in _attributes(value) for function in plain_functions(inner)]


def _is_named(function: FunctionType, name: str) -> bool:
    return function.__code__.co_name == name


def module_functions(module: ModuleType) -> Iterator[FunctionType]:
    """Gives the functions that a module's variables lead to and that its file defines."""
    file = getattr(module, "__file__", None)
    seen: set[int] = set()
    for value in list(vars(module).values()):
        for function in _owned(value, module, seen):
            if file is None or is_from(function.__code__, file):
                yield function


def is_from(code: CodeType, file: str) -> bool:
    """Tells whether code was compiled from a module's file."""
    return code.co_filename == file or code.co_filename == file.removesuffix("c")


def _owned(value: object, module: ModuleType, seen: set[int]) -> Iterator[FunctionType]:
    """Gives the functions of a module's variable: methods of its classes, entries of its tables."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, type):
        # Some packages say that their classes are from where they can be imported.
        if f"{module.__name__}.".startswith(f"{value.__module__}."):
            for member in list(vars(value).values()):
                yield from _owned(member, module, seen)
    elif type(value) in _TABLES:
        table = cast(Any, value)
        for member in list(table.values() if hasattr(table, "values") else table):
            if callable(member) or type(member) in _TABLES:
                yield from _owned(member, module, seen)
    else:
        # Wrappers are functions of their module too.
        yield from behind(value)
        yield from _held(value)


_TABLES = (dict, list, tuple, set, frozenset)
"""A module may keep functions in tables, to call them by what it looks up."""


def behind(value: object, seen: set[int] | None = None) -> Iterator[FunctionType]:
    """Gives every function that a decorated object holds, the outermost first."""
    seen = set() if seen is None else seen
    if id(value) in seen or len(seen) > 200:
        return
    seen.add(id(value))
    held: list[object] = []
    # What `functools.wraps` passes by may hold functions too.
    for function in [value] if isinstance(value, FunctionType) else plain_functions(value):
        yield function
        held.append(getattr(function, "__wrapped__", None))
        held.extend(_cell_value(cell) for cell in function.__closure__ or ())
    if not held and _is_wrapper(value):
        held.extend(_attributes(value))
    for inner in held:
        if callable(inner) or isinstance(inner, property):
            yield from behind(inner, seen)


def _is_wrapper(value: object) -> bool:
    """Whether a value may be what a class made of a function that it decorated."""
    kind = type(value)
    if isinstance(value, type | ModuleType | FunctionType) or kind.__module__ == "builtins":
        return False
    return callable(value) or hasattr(kind, "__get__")


def _attributes(value: object) -> Iterator[object]:
    """Gives what an object holds itself, without running any of its code."""
    names: object = getattr(value, "__dict__", None)
    if isinstance(names, dict):
        yield from list(cast("dict[str, object]", names).values())
    for base in type(value).__mro__:
        for member in list(vars(base).values()):
            if isinstance(member, MemberDescriptorType):
                with contextlib.suppress(AttributeError):
                    yield member.__get__(value)


def _cell_value(cell: object) -> object:
    try:
        return cell.cell_contents  # type: ignore[attr-defined]  # CellType is not a public name
    except ValueError:
        return None


def callables_in(value: object) -> Iterator[FunctionType]:
    """Gives the functions that a name means when it stands for `value`.

    A class stands for its methods, a module for its functions.
    """
    if isinstance(value, ModuleType):
        yield from module_functions(value)
    elif isinstance(value, type):
        yield from _methods(value)
    else:
        yield from plain_functions(value)


def _methods(owner: type) -> Iterator[FunctionType]:
    """Gives the methods that a class has, its bases' included, each name once."""
    seen: set[str] = set()
    for base in owner.__mro__[:-1]:
        for name, member in list(vars(base).items()):
            if name not in seen:
                seen.add(name)
                if base is owner or not _is_builtin_like(base):
                    yield from () if isinstance(member, type) else meant_by(member, name)


def _is_builtin_like(base: type) -> bool:
    """Whether a base belongs to a library whose methods nobody means by the class's name."""
    return base.__module__.partition(".")[0] in {"torch", "abc", "typing", "enum", "builtins"}


def plain_functions(value: object) -> Iterator[FunctionType]:
    """Gives the plain functions behind methods, properties, partials and wrappers."""
    if isinstance(value, FunctionType):
        yield _innermost(value)
    elif isinstance(value, HOLDERS):
        yield from plain_functions(cast(Any, value).__func__)
    elif isinstance(value, property):
        for accessor in (value.fget, value.fset, value.fdel):
            if accessor is not None:
                yield from plain_functions(accessor)
    elif isinstance(value, functools.partial | functools.partialmethod):
        yield from plain_functions(value.func)
    elif isinstance(value, functools.cached_property):
        yield from plain_functions(value.func)
    elif isinstance(wrapped := _wrapped(value), FunctionType):
        yield from plain_functions(wrapped)


def _wrapped(value: object) -> object:
    """Gives what `functools.wraps` and the like say was wrapped, or None."""
    try:
        return getattr(value, "__wrapped__", None)
    except Exception:
        return None  # An object that answers for its attributes itself.


def _innermost(function: FunctionType) -> FunctionType:
    """Follows `functools.wraps` to the function that was wrapped."""
    seen = {id(function)}
    wrapped = getattr(function, "__wrapped__", None)
    while isinstance(wrapped, FunctionType) and id(wrapped) not in seen:
        function = wrapped
        seen.add(id(function))
        wrapped = getattr(function, "__wrapped__", None)
    return function
