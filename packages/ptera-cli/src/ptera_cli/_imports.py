"""Telling when a module has been loaded, without loading it."""

import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

__all__ = ["ImportWatch"]


class ImportWatch:
    """Calls a function after each module that is loaded while it watches.

    Arguments:
        loaded: Called with the module, when it has run to its end.
        wanted: Tells by name which modules to watch; by default all.

    Neither class here inherits from those of `importlib.abc`: importing them takes a tenth of
    the time of a whole start.

    Examples:
        >>> _ = sys.modules.pop("colorsys", None)
        >>> with ImportWatch(lambda module: print("loaded", module.__name__)):
        ...     import colorsys
        loaded colorsys
    """

    def __init__(
        self, loaded: Callable[[ModuleType], None], wanted: Callable[[str], bool] | None = None
    ) -> None:
        self._loaded = loaded
        self._wanted = wanted
        self._looking: set[str] = set()

    def __enter__(self) -> "ImportWatch":
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the watch."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> "ModuleSpec | None":
        """Lets the other finders find the module, and wraps what will load it."""
        if fullname in self._looking:
            return None
        if self._wanted is not None and not self._wanted(fullname):
            return None
        self._looking.add(fullname)
        try:
            spec = self._found(fullname, path, target)
        finally:
            self._looking.discard(fullname)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            watched: Any = _Watched(spec.loader, self._loaded)
            spec.loader = watched
        return spec

    def _found(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> "ModuleSpec | None":
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(fullname, path, target)
                if spec is not None:
                    return spec
        return None


class _Watched:
    """A loader that says when it is done, and is otherwise the one that it wraps."""

    def __init__(self, loader: Any, loaded: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._then = loaded

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def create_module(self, spec: "ModuleSpec") -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The module sees the loader that it would see without the watch.
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._then(module)
