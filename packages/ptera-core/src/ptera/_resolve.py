"""What a function's name in a selector means: the only room that looks at frames."""

import contextlib
import functools
import importlib
import inspect
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import (
    CodeType,
    FrameType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, cast

from ._originals import original_code

__all__ = [
    "NOTHING",
    "Found",
    "Scope",
    "as_tuple",
    "callables_in",
    "caller_scope",
    "find",
    "plain_functions",
]


class _Nothing:
    """The absence of a value, where None is a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()

_PACKAGES = [os.path.dirname(__file__)]


def add_package(file: str) -> None:
    """Makes a plugin's own frames invisible, so that names are found in its caller's."""
    folder = os.path.dirname(file)
    if folder not in _PACKAGES:
        _PACKAGES.append(folder)


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Where the names of a selector are looked up.

    Arguments:
        names: Namespaces, the nearest first. Builtins are not among them: a decorated
            function called `filter` is meant by `filter`, not the builtin.
        within: Further functions, classes, modules and packages that `*` may match.
        imports: Whether `/package.module/…` may import a module that is not loaded.
    """

    names: tuple[Mapping[str, object], ...] = ()
    within: tuple[object, ...] = ()
    imports: bool = True
    aliases: Mapping[str, object] = field(default_factory=dict[str, object])

    def get(self, name: str) -> object:
        """Gives the object that a plain name stands for, or `NOTHING`."""
        for names in (self.aliases, *self.names):
            if name in names:
                return names[name]
        return NOTHING

    def lookup(self, dotted: str) -> object:
        """Gives the object that a dotted name stands for, or `NOTHING`."""
        first, *rest = dotted.split(".")
        value = self.get(first)
        for attribute in rest:
            if value is NOTHING:
                return value
            value = _attribute(value, attribute)
        return value


def _attribute(holder: object, name: str) -> object:
    """Reads an attribute as its definition: a property is the property, not its value."""
    if isinstance(holder, type):
        found = inspect.getattr_static(holder, name, NOTHING)
        return found
    if not isinstance(holder, ModuleType):
        found = inspect.getattr_static(type(holder), name, NOTHING)
        if isinstance(found, property):
            return found
    return getattr(holder, name, NOTHING)


def caller_scope(
    env: Mapping[str, object] | None = None,
    within: object = None,
    aliases: Mapping[str, object] | None = None,
) -> Scope:
    """Gives the scope of the nearest caller outside Ptera, or of `env` if given."""
    inside = as_tuple(within)
    if env is not None:
        return Scope((env,), inside, aliases=aliases or {})
    frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # the documented way to the caller
    while frame is not None and frame.f_code.co_filename.startswith(tuple(_PACKAGES)):
        frame = frame.f_back
    if frame is None:
        return Scope((), inside, aliases=aliases or {})
    if frame.f_locals is frame.f_globals:
        return Scope((frame.f_globals,), inside, aliases=aliases or {})
    return Scope((_locals_of(frame), frame.f_globals), inside, aliases=aliases or {})


def _locals_of(frame: FrameType) -> dict[str, object]:
    """Copies a frame's local names: its own dictionary changes when the frame goes on.

    Up to Python 3.12 a function's frame keeps that dictionary, and with it all objects in
    it, until it returns; so it is emptied, unless the program has it too (`locals()`).
    """
    names = frame.f_locals
    copied = dict(names)
    only_here = sys.getrefcount(names) == _REFERENCES
    if only_here and frame.f_code.co_flags & inspect.CO_OPTIMIZED and type(names) is dict:
        names.clear()
    return copied


_REFERENCES = 3
"""To a dictionary that a frame and one local variable hold, as `getrefcount` counts."""


_HOLDERS = (MethodType, staticmethod, classmethod)


def as_tuple(value: object) -> tuple[object, ...]:
    """Gives what `within=` was given as a tuple."""
    if value is None:
        return ()
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(cast(Iterable[object], value))
    return (value,)


@dataclass(frozen=True, slots=True)
class Found:
    """What a name was resolved to.

    Arguments:
        functions: The undecorated functions that the name stands for.
        decorated: The name under which decorated functions are meant, or None.
        self_is: For `obj.method`: the object that the first argument must be.
        nested: Whether functions defined inside those are meant too.
    """

    functions: tuple[FunctionType, ...]
    decorated: str | None
    self_is: object = NOTHING
    nested: bool = False


def find(text: str, scope: Scope) -> Found:
    """Resolves the function part of a call pattern.

    A model, which is an object whose class defines `forward`, stands for that method of its own.
    A name that `scope` does not know stands for the functions of that name that `within=`
    makes visible or, failing that, for decorated and nested functions of that name,
    whichever they turn out to be.
    """
    if text.startswith("/"):
        return Found(_by_path(text, scope), None, nested=text.endswith("/*"))
    value = scope.lookup(text)
    decorated = _decorated_name(value)
    if decorated is not None:
        return Found((), decorated)
    name = text.rpartition(".")[2]
    if isinstance(value, MethodType) and not isinstance(value.__self__, type):
        return Found(tuple(_meant_by(value.__func__, name)), None, value.__self__)
    forward = inspect.getattr_static(type(value), "forward", None)
    if isinstance(forward, FunctionType):
        return Found(tuple(_meant_by(forward, "forward")), None, value)
    functions = tuple(_within_named(text, scope) if value is NOTHING else _meant_by(value, name))
    if functions:
        return Found(functions, None)
    return Found((), name)


def _meant_by(value: object, name: str) -> list[FunctionType]:
    """Gives the functions that a name stands for, decorated or not.

    A decorator that does not use `functools.wraps` leaves no other trace than the name of
    the function that it holds somewhere.
    """
    functions = list(callables_in(value))
    if isinstance(value, type | ModuleType) or any(_is_named(f, name) for f in functions):
        return functions
    return _hidden(value, name) or functions or _held(value)


def _hidden(value: object, name: str) -> list[FunctionType]:
    """Gives the function of that name that a decorated one holds, in a list, or none."""
    found = (function for function in _behind(value, set()) if _is_named(function, name))
    return list(itertools.islice(found, 1))


def _held(value: object) -> list[FunctionType]:
    """Gives the functions that a descriptor, or the like, was made of, whatever their names."""
    if not _is_wrapper(value):
        return []
    return [function for inner in _attributes(value) for function in plain_functions(inner)]


def _is_named(function: FunctionType, name: str) -> bool:
    return function.__code__.co_name == name


def _within_named(text: str, scope: Scope) -> Iterator[FunctionType]:
    """Gives the functions of that name among those that `within=` makes visible."""
    for function in within_functions(scope.within, scope):
        if f".{function.__qualname__}".endswith(f".{text}"):
            yield function


def _decorated_name(value: object) -> str | None:
    while isinstance(value, _HOLDERS):
        value = cast(Any, value).__func__
    if not hasattr(type(value), "__ptera__"):
        return None
    # Not `__name__`, which `functools.wraps` may have changed.
    function = getattr(value, "__ptera_function__", None)
    return original_code(function).co_name if isinstance(function, FunctionType) else None


def _by_path(text: str, scope: Scope) -> tuple[FunctionType, ...]:
    module_name, _, rest = text[1:].partition("/")
    if module_name.endswith(".**"):
        return tuple(_package_functions(module_name.removesuffix(".**"), scope))
    module = _module(module_name, scope)
    if module is None:
        return ()
    if rest == "*" or not rest:
        return tuple(_module_functions(module))
    return tuple(_defined_in(module, rest.replace("/", ".")))


def _module(name: str, scope: Scope) -> ModuleType | None:
    if name in sys.modules or not scope.imports:
        return sys.modules.get(name)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def _package_functions(name: str, scope: Scope) -> Iterator[FunctionType]:
    _module(name, scope)
    for key, module in list(sys.modules.items()):
        # Some programs put other objects there.
        if isinstance(cast(object, module), ModuleType) and (f"{key}.").startswith(f"{name}."):
            yield from _module_functions(module)


def _module_functions(module: ModuleType) -> Iterator[FunctionType]:
    file = getattr(module, "__file__", None)
    seen: set[int] = set()
    for value in list(vars(module).values()):
        for function in _owned(value, module, seen):
            if file is None or _same_file(function.__code__, file):
                yield function


def _same_file(code: CodeType, file: str) -> bool:
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
        yield from _behind(value, set())
        yield from _held(value)


_TABLES = (dict, list, tuple, set, frozenset)
"""A module may keep functions in tables, to call them by what it looks up."""


def _defined_in(module: ModuleType, qualname: str) -> Iterator[FunctionType]:
    """Finds the definition of that qualified name, past any decorator."""
    holder: object = module
    for name in qualname.split("."):
        holder = _attribute(holder, name)
    file = getattr(module, "__file__", None)
    for function in _behind(holder, set()):
        code = function.__code__
        if code.co_qualname == qualname and (file is None or _same_file(code, file)):
            yield function
            return
    yield from () if holder is NOTHING else callables_in(holder)


def _behind(value: object, seen: set[int]) -> Iterator[FunctionType]:
    """Gives every function that a decorated object holds, the outermost first."""
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
            yield from _behind(inner, seen)


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
        yield from _module_functions(value)
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
                    yield from _member(member, name)


def _member(value: object, name: str) -> list[FunctionType]:
    """Gives the functions of one variable of a class or module, past its decorators."""
    functions = list(plain_functions(value))
    if any(_is_named(function, name) for function in functions):
        return functions
    return _hidden(value, name) or functions or _held(value)


def _is_builtin_like(base: type) -> bool:
    """Whether a base belongs to a library whose methods nobody means by the class's name."""
    return base.__module__.partition(".")[0] in {"torch", "abc", "typing", "enum", "builtins"}


def plain_functions(value: object) -> Iterator[FunctionType]:
    """Gives the plain functions behind methods, properties, partials and wrappers."""
    if isinstance(value, FunctionType):
        yield _innermost(value)
    elif isinstance(value, _HOLDERS):
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


def within_functions(within: Iterable[object], scope: Scope) -> Iterator[FunctionType]:
    """Gives the functions that `within=` makes visible to `*`."""
    for item in within:
        if isinstance(item, str):
            yield from find(item, scope).functions
        elif isinstance(item, ModuleType) and hasattr(item, "__path__"):
            yield from _package_functions(item.__name__, scope)
        elif isinstance(item, FunctionType | type | ModuleType):
            yield from callables_in(item)
        elif hasattr(type(item), "__ptera__"):
            yield from ()
        else:
            yield from plain_functions(item)
            yield from callables_in(type(item))
