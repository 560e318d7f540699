"""What a function's name in a selector means: the only room that looks at frames."""

import importlib
import inspect
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType, FunctionType, MethodType, ModuleType
from typing import Any, cast

from ._originals import original_code
from ._unwrap import (
    HOLDERS,
    behind,
    callables_in,
    is_from,
    meant_by,
    module_functions,
    plain_functions,
)

__all__ = [
    "NOTHING",
    "Found",
    "Scope",
    "as_tuple",
    "caller_scope",
    "find",
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
        return Found(tuple(meant_by(value.__func__, name)), None, value.__self__)
    forward = inspect.getattr_static(type(value), "forward", None)
    if isinstance(forward, FunctionType):
        return Found(tuple(meant_by(forward, "forward")), None, value)
    functions = tuple(_within_named(text, scope) if value is NOTHING else meant_by(value, name))
    if functions:
        return Found(functions, None)
    return Found((), name)


def _within_named(text: str, scope: Scope) -> Iterator[FunctionType]:
    """Gives the functions of that name among those that `within=` makes visible."""
    for function in within_functions(scope.within, scope):
        if f".{function.__qualname__}".endswith(f".{text}"):
            yield function


def _decorated_name(value: object) -> str | None:
    while isinstance(value, HOLDERS):
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
        return tuple(module_functions(module))
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
            yield from module_functions(module)


def _defined_in(module: ModuleType, qualname: str) -> Iterator[FunctionType]:
    """Finds the definition of that qualified name, past any decorator."""
    holder: object = module
    for name in qualname.split("."):
        holder = _attribute(holder, name)
    file = getattr(module, "__file__", None)
    for function in behind(holder):
        code = function.__code__
        if code.co_qualname == qualname and (file is None or is_from(code, file)):
            yield function
            return
    yield from () if holder is NOTHING else callables_in(holder)


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
