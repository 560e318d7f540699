"""What a program can reach from an entry, found without running any of it.

Names in a function's text are looked up in its closure and module; what they stand for is
followed through methods, partials, wrappers, containers and the state of Ptera objects.
"""

import ast
import functools
import inspect
import os
import site
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, cast

from ._errors import SourceError
from ._originals import original_code
from ._resolve import NOTHING, Scope
from ._scope import Facts, Kind, facts_of
from ._source import Source, nested_sources, presumed_source

__all__ = ["Reached", "reached", "scope_of"]

# How many items of a container, and how many containers inside each other, are looked into:
# functions stand in short lists, data in long ones.
_ITEMS = 1000
_DEPTH = 6
_ONLY_READ = frozenset({Kind.READ})
_OURS = frozenset({"ptera", "ptera_selector", "ptera_torch", "ptera_cli"})


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """A function that the entry can reach.

    Arguments:
        function: The function.
        source: Its definition.
        nested: The functions defined in it.
    """

    function: FunctionType
    source: Source
    nested: tuple[Source, ...]


def reached(entry: object) -> Iterator[Reached]:
    """Gives the functions that a program can reach, each once, callers before callees.

    Functions of the standard library, of installed packages and of Ptera are left out, unless
    the entry is of the same package; so are those without source.

    Arguments:
        entry: A function, class, module or other callable.
    """
    walk = _Walk(_home(entry))
    walk.add(entry, None, 0, is_entry=True)
    walk.todo.reverse()
    while walk.todo:
        function, owner = walk.todo.pop()
        try:
            source = presumed_source(original_code(function))
        except SourceError:
            continue
        nested = nested_sources(source)
        yield Reached(function, source, nested)
        scope = scope_of(function)
        added = _Walk(walk.home, walk.seen)
        for definition in (source, *nested):
            for value, value_owner in _Mentions(facts_of(definition), scope, owner).objects():
                added.add(value, value_owner, 0)
        # Last in, first out: what is mentioned first shall come first.
        walk.todo += reversed(added.todo)


def _home(entry: object) -> str:
    """Gives the top-level package that the entry is of."""
    while type(entry) is functools.partial:
        entry = cast("functools.partial[object]", entry).func
    if isinstance(entry, ModuleType):
        name: str = entry.__name__
    else:
        name = getattr(entry, "__module__", None) or type(entry).__module__
    return name.partition(".")[0]


Owned = tuple[object, type | None]


class _Walk:
    """Follows objects to the functions behind them.

    Arguments:
        home: The package whose functions count wherever they are installed.
        seen: The ids of what has been followed.
    """

    def __init__(self, home: str, seen: "dict[int, object] | None" = None) -> None:
        self.home = home
        # The objects are kept, lest another one get the same id meanwhile.
        self.seen: dict[int, object] = {} if seen is None else seen
        self.todo: list[tuple[FunctionType, type | None]] = []

    def add(self, value: object, owner: type | None, depth: int, is_entry: bool = False) -> None:
        """Follows one object."""
        if id(value) in self.seen or depth > _DEPTH:
            return
        if isinstance(value, str | bytes | int | float | complex | None | CodeType):
            return
        self.seen[id(value)] = value
        if isinstance(value, FunctionType):
            self._function(value, owner, depth)
        elif isinstance(value, type):
            self._class(value, depth)
        elif isinstance(value, ModuleType):
            if is_entry:
                self._module(value, depth)
        elif not self._wrapper(value, owner, depth) and not self._container(value, depth):
            self._instance(value, depth)

    def _function(self, function: FunctionType, owner: type | None, depth: int) -> None:
        if self._counts(function.__module__, function.__code__.co_filename):
            self.todo.append((function, owner or _owner(function)))
        wrapped = vars(function).get("__wrapped__")
        if wrapped is not None:
            self.add(wrapped, owner, depth + 1)

    def _wrapper(self, value: Any, owner: type | None, depth: int) -> bool:
        """Follows what stands for a function without being one."""
        if isinstance(value, MethodType):
            receiver: object = value.__self__
            held = receiver if isinstance(receiver, type) else type(receiver)
            self.add(value.__func__, held, depth + 1)
            self._held(receiver, depth)
        elif isinstance(value, (staticmethod, classmethod)):
            self.add(cast("staticmethod[..., object]", value).__func__, owner, depth + 1)
        elif isinstance(value, property):
            for accessor in (value.fget, value.fset, value.fdel):
                self.add(accessor, owner, depth + 1)
        elif isinstance(value, functools.cached_property):
            self.add(value.func, owner, depth + 1)
        elif isinstance(value, functools.partial | functools.partialmethod):
            self._partial(value, owner, depth)
        else:
            return False
        return True

    def _partial(self, value: Any, owner: type | None, depth: int) -> None:
        """Follows a partial; a Ptera object, which is one, also through its state."""
        state = getattr(value, "__ptera_state__", None)
        wrapped = getattr(value, "__wrapped__", None)
        followed = value.func if wrapped is None or state is None else wrapped
        self.add(followed, owner, depth + 1)
        self._container([*value.args, *value.keywords.values()], depth)
        if isinstance(state, Mapping):
            self._container(dict(cast("Mapping[object, object]", state)), depth)

    def _container(self, value: object, depth: int) -> bool:
        items = _items(value)
        if items is None:
            return False
        for item in items:
            self.add(item, None, depth + 1)
        return True

    def _class(self, owner: type, depth: int) -> None:
        for base in owner.__mro__:
            if self._counts(base.__module__, None):
                for member in list(vars(base).values()):
                    if not isinstance(member, type):
                        self.add(member, owner, depth + 1)

    def _module(self, module: ModuleType, depth: int) -> None:
        for value in list(vars(module).values()):
            if getattr(value, "__module__", None) == module.__name__ and callable(value):
                self.add(value, None, depth + 1)

    def _instance(self, value: object, depth: int) -> None:
        """Follows an object: the methods of its class, and what it holds."""
        if self._counts(type(value).__module__, None):
            self.add(type(value), None, depth + 1)
        wrapped = inspect.getattr_static(value, "__wrapped__", None)
        if wrapped is not None:
            self.add(wrapped, None, depth + 1)
        self._held(value, depth)

    def _held(self, value: object, depth: int) -> None:
        """Follows what an object holds; of a library's object, only what is in containers."""
        ours = self._counts(type(value).__module__, None)
        for part in _items(_dict_of(value)) or ():
            if ours or type(part) in (dict, list, tuple):
                self.add(part, None, depth + 1)

    def _counts(self, module: str | None, path: str | None) -> bool:
        top = (module or "").partition(".")[0]
        if top == self.home:
            return True
        if top in _OURS or top in sys.stdlib_module_names:
            return False
        return not _is_installed(_path_of(module or "") if path is None else path)


def _items(value: object) -> list[object] | None:
    """Gives what a container holds, or the first of it; None for anything else."""
    if isinstance(value, dict):
        return list(cast("dict[object, object]", value).values())[:_ITEMS]
    if isinstance(value, list | tuple | set | frozenset):
        return list(cast("set[object]", value))[:_ITEMS]
    return None


def _dict_of(value: object) -> object:
    try:
        return object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None


def _path_of(module: str) -> str:
    return getattr(sys.modules.get(module), "__file__", None) or ""


@functools.lru_cache(maxsize=4096)
def _is_installed(path: str) -> bool:
    """Tells whether a file lies among installed packages, or is none."""
    if not path or path.startswith("<frozen"):
        return True
    return path.startswith(_places())


@functools.cache
def _places() -> tuple[str, ...]:
    """Gives the folders of installed packages and of the standard library.

    `sysconfig` would say the same, after reading how Python was built: twice as long as all
    the rest of a catalogue.
    """
    library = f"python{sys.version_info.major}.{sys.version_info.minor}"
    built = os.path.join(sys.base_exec_prefix, sys.platlibdir, library)
    folders = [*site.getsitepackages(), site.getusersitepackages(), os.path.dirname(os.__file__)]
    return tuple(folder + os.sep for folder in (*folders, built))


def _owner(function: FunctionType) -> type | None:
    """Gives the class that a function is a method of, if it stands in its module."""
    *classes, _ = function.__qualname__.split(".")
    holder: object = function.__globals__
    for part in classes:
        holder = holder.get(part) if isinstance(holder, dict) else vars(holder).get(part)
        if not isinstance(holder, type):
            return None
    return holder if isinstance(holder, type) else None


def scope_of(function: FunctionType) -> Scope:
    """Gives the names that a function sees around it: its closure, its module, builtins."""
    cells: dict[str, object] = {}
    names = original_code(function).co_freevars
    for name, cell in zip(names, function.__closure__ or (), strict=False):
        try:
            cells[name] = cell.cell_contents
        except ValueError:  # not bound yet
            continue
    found: Any = function.__globals__.get("__builtins__", {})
    builtins: dict[str, object] = vars(found) if isinstance(found, ModuleType) else found
    return Scope((cells, function.__globals__, builtins))


class _Mentions:
    """Looks up the names that one function mentions.

    Arguments:
        facts: The facts of the function, or of one nested in it.
        scope: What is around the function.
        owner: The class whose method it is.
    """

    def __init__(self, facts: Facts, scope: Scope, owner: type | None) -> None:
        self.facts = facts
        self.scope = scope
        self.owner = owner
        self.receiver = facts.parameters[0] if owner is not None and facts.parameters else None
        self.imported: dict[str, object] = {}
        for node in facts.imports:
            self.imported |= _imported(node, scope)

    def objects(self) -> Iterator[Owned]:
        """Gives what they stand for, each with the class whose member it is, if it is one."""
        for mention in self.facts.mentions:
            root, *attributes = mention.split(".")
            if self.owner is not None and root in (self.receiver, "super()"):
                yield self._member(root, attributes), self.owner
            else:
                yield self._chain(self._name(root), attributes)

    def _name(self, name: str) -> object:
        if name in self.imported:
            return self.imported[name]
        variable = self.facts.variables.get(name)
        is_local = variable is not None and variable.kinds != _ONLY_READ
        return NOTHING if is_local else self.scope.get(name)

    def _member(self, root: str, attributes: list[str]) -> object:
        """Finds `self.method` and `super().method`."""
        if self.owner is None or not attributes:
            return NOTHING
        if root == "super()":
            for ancestor in self.owner.__mro__[1:]:
                if attributes[0] in vars(ancestor):
                    return vars(ancestor)[attributes[0]]
            return NOTHING
        return inspect.getattr_static(self.owner, attributes[0], NOTHING)

    def _chain(self, value: object, attributes: list[str]) -> Owned:
        """Finds `module.f` and `Class.method`."""
        owner: type | None = None
        for attribute in attributes:
            if value is NOTHING:
                break
            owner = value if isinstance(value, type) else None
            value = _static_attribute(value, attribute)
        return value, owner


def _static_attribute(holder: object, name: str) -> object:
    if isinstance(holder, ModuleType):
        names: dict[str, object] = object.__getattribute__(holder, "__dict__")
        found = names.get(name, NOTHING)
        return sys.modules.get(f"{holder.__name__}.{name}", NOTHING) if found is NOTHING else found
    return inspect.getattr_static(holder, name, NOTHING)


def _imported(node: ast.Import | ast.ImportFrom, scope: Scope) -> dict[str, object]:
    """Gives what an import inside a function binds, of modules that are loaded already."""
    found: dict[str, object] = {}
    for alias in node.names:
        if isinstance(node, ast.Import):
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            found[alias.asname or name] = sys.modules.get(name, NOTHING)
        else:
            module = sys.modules.get(_module_name(node, scope))
            if module is not None:
                found[alias.asname or alias.name] = _static_attribute(module, alias.name)
    return found


def _module_name(node: ast.ImportFrom, scope: Scope) -> str:
    if not node.level:
        return node.module or ""
    package = scope.get("__package__")
    try:
        relative = "." * node.level + (node.module or "")
        # Here and not above: relative imports inside functions are rare.
        from importlib.util import resolve_name

        return resolve_name(relative, package if isinstance(package, str) else "")
    except ImportError:
        return ""
