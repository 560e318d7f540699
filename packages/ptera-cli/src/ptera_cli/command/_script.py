"""Running somebody's script as Python itself would, with a look at what it defines."""

import builtins
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from .._errors import UsageError, closest
from ._definitions import HOOK, watched

__all__ = ["Script", "ScriptError", "load", "run"]

_OURS = str(Path(__file__).parent.parent)


class ScriptError(UsageError):
    """The script to run cannot be found or read.

    Arguments:
        script: The script or module, as it was named.
        reason: What is wrong.

    Examples:
        >>> print(ScriptError("trian.py", "there is no such file"))
        `trian.py`: there is no such file.
    """

    def __init__(self, script: str, reason: str) -> None:
        super().__init__(script, reason)
        self.script = script
        self.reason = reason

    def __str__(self) -> str:
        return f"`{self.script}`: {self.reason}."


@dataclass(frozen=True, slots=True)
class Script:
    """What to run: a file, or a module by name, and its arguments."""

    target: str
    arguments: tuple[str, ...] = ()
    is_module: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    """A script that was found: its source, and what its `__main__` holds."""

    source: bytes
    path: str
    argv0: str
    folder: str
    loader: object
    spec: ModuleSpec | None = None


def run(script: Script, prepared: Callable[[ModuleType], Callable[[], None]]) -> None:
    """Runs a script as `__main__`, with `sys.argv` and `sys.path` as Python sets them.

    Arguments:
        script: The script.
        prepared: Called with the module before it runs; gives what is called whenever the
            module has defined something.

    Raises:
        ScriptError: There is no such script.
        BaseException: What the script raises, after Python's own report of it.
    """
    found = _found(script)
    module = _main_module(found)
    sys.argv[:] = [found.argv0, *script.arguments]
    _put_first(found.folder)
    sys.modules["__main__"] = module

    def execute() -> None:
        code = _compiled(found, is_watched=True)
        setattr(builtins, HOOK, prepared(module))
        exec(code, vars(module))

    _guarded(execute)


def load(script: Script) -> ModuleType:
    """Loads a script as a module: what stands below `if __name__ == "__main__"` does not run.

    Raises:
        ScriptError: There is no such script.
    """
    found = _found(script)
    name = Path(found.path).stem
    sys.argv[:] = [found.argv0, *script.arguments]
    _put_first(found.folder)
    module = ModuleType(name)
    module.__file__ = found.path
    sys.modules[name] = module
    _guarded(lambda: exec(_compiled(found), vars(module)))
    return module


def _found(script: Script) -> _Found:
    return _found_module(script.target) if script.is_module else _found_file(script.target)


def _found_file(target: str) -> _Found:
    # Joined only, as Python does: `./script.py` keeps its dot.
    path = os.path.join(os.getcwd(), target)
    if os.path.isdir(path):
        inner = os.path.join(path, "__main__.py")
        if not os.path.isfile(inner):
            raise ScriptError(target, "it is a folder without `__main__.py`")
        return _Found(
            _read(inner, target), inner, target, path, SourceFileLoader("__main__", inner)
        )
    folder = os.path.dirname(os.path.realpath(path))
    return _Found(_read(path, target), path, target, folder, SourceFileLoader("__main__", path))


def _read(path: str, target: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        folder = os.path.dirname(path)
        names = os.listdir(folder) if os.path.isdir(folder) else []
        near = closest(os.path.basename(path), [name for name in names if name.endswith(".py")])
        hint = f"; the nearest is `{near}`" if near else ""
        raise ScriptError(target, f"there is no such file{hint}") from None
    except OSError as error:
        raise ScriptError(target, f"it cannot be read: {error.strerror}") from None


def _found_module(target: str) -> _Found:
    # As `python -m` does, so that the module is found from here.
    _put_first(os.getcwd())
    spec = _spec(target)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = _spec(f"{target}.__main__")
    loader: Any = spec.loader if spec is not None else None
    if spec is None or spec.origin is None or not hasattr(loader, "get_source"):
        raise ScriptError(f"-m {target}", "there is no such module, or it has no source")
    source = loader.get_source(spec.name)
    if source is None:
        raise ScriptError(f"-m {target}", "the module has no source")
    return _Found(source.encode(), spec.origin, spec.origin, os.getcwd(), loader, spec)


def _spec(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (ModuleNotFoundError, ValueError):
        return None


def _put_first(folder: str) -> None:
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _main_module(found: _Found) -> ModuleType:
    module = ModuleType("__main__")
    names: dict[str, Any] = {
        "__annotations__": {},
        "__builtins__": builtins,
        "__cached__": None if found.spec is None else found.spec.cached,
        "__file__": found.path,
        "__loader__": found.loader,
        "__package__": None if found.spec is None else found.spec.parent,
        "__spec__": found.spec,
    }
    vars(module).update(names)
    return module


def _compiled(found: _Found, is_watched: bool = False) -> CodeType:
    try:
        source = watched(found.source, found.path) if is_watched else found.source
        return compile(source, found.path, "exec", dont_inherit=True)
    except SyntaxError as error:
        # Nothing of the script has run: its report has no frames.
        raise error.with_traceback(None) from None


def _guarded(execute: Callable[[], None]) -> None:
    """Lets a script end as Python would let it: its report, its exit status, no trace of us."""
    try:
        execute()
    except SystemExit as stop:
        stop.__traceback__ = None
        raise
    except BaseException as error:
        _report(error)
        if isinstance(error, KeyboardInterrupt):
            # Python itself must see it, to end by the signal; it has been reported.
            sys.excepthook = _nothing
            raise
        raise SystemExit(1) from None


def _nothing(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Reports nothing."""


def _report(error: BaseException) -> None:
    trace = _of_script(error.__traceback__)
    error.__traceback__ = trace
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, trace
    try:
        sys.excepthook(type(error), error, trace)
    except BaseException:
        print("Error in sys.excepthook:", file=sys.stderr)
        traceback.print_exc()
        print("\nOriginal exception was:", file=sys.stderr)
        sys.__excepthook__(type(error), error, trace)


def _of_script(trace: TracebackType | None) -> TracebackType | None:
    """Leaves out the frames of this package, which lie around those of the script."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS):
        trace = trace.tb_next
    return trace
