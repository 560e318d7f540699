"""Elements printed for a person to read, and debuggers that stop at them."""

import builtins
import hashlib
import importlib
import inspect
import os
import pdb
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from types import FrameType, ModuleType, TracebackType
from typing import Any

from .._errors import InstallationError
from ._fill import is_entries
from ._reactive import Operator, compose, made, mapped

__all__ = ["breaking", "displaying", "program_traceback", "tag"]

_OWN_MODULES = ("ptera", "ptera.*", "reactivex", "reactivex.*", "contextlib")


def displaying(
    colors: bool = True, time_format: str = "%Y-%m-%d %H:%M:%S"
) -> Callable[[Any], None]:
    """Gives the function that prints an element, a dict as `name: value; name: value`.

    Arguments:
        colors: Whether names are coloured, each always the same.
        time_format: How a `$time` entry (seconds of the epoch) is written.
    """
    return lambda element: print(_shown(element, colors, time_format))


def _shown(element: Any, colors: bool, time_format: str) -> str:
    if not is_entries(element):
        return str(element)
    entries = dict(element)
    shown = ""
    word, group = entries.pop("$word", None), entries.pop("$group", "")
    if word is not None:
        shown += _coloured(f"«{group}:{word}» " if group else f"«{word}» ", group, colors)
    if "$time" in entries:
        moment = time.strftime(time_format, time.gmtime(entries.pop("$time")))
        shown += _coloured(f"[{moment}] ", "$time", colors)
    pairs = [f"{_coloured(f'{key}:', key, colors)} {value}" for key, value in entries.items()]
    return shown + "; ".join(pairs)


def _coloured(text: str, key: str, colors: bool) -> str:
    """Gives text in the colour of a key: one of seven, black is left out."""
    if not colors:
        return text
    number = int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16)
    return f"\033[1;{31 + number % 7}m{text}\033[0m"


def breaking(
    skip: Sequence[str] = (), word: str | None = None, use_words: bool = False
) -> Callable[[Any], None]:
    """Gives the function that stops in the debugger, where the program bound the value.

    Arguments:
        skip: Further modules to step over, as patterns (`"torch.*"`).
        word: With `use_words`, the words to stop at, instead of those that the
            environment variable `BREAKWORD` names.
        use_words: Whether to stop at certain words of `tag` only.

    Raises:
        InstallationError: With `use_words`: the package `breakword` is not installed.
    """
    if use_words:
        breakword()

    def stop(element: Any) -> None:
        if not use_words or _is_watched(element, word):
            print("Breaking on", _shown(element, True, ""))
            _debug((*_OWN_MODULES, *skip))

    return stop


def _is_watched(element: Any, word: str | None) -> bool:
    watched = word if word is not None else os.environ.get("BREAKWORD", "")
    found, group = _entry(element, "$word"), _entry(element, "$group") or ""
    return found is not None and any(
        wanted in (found, f"{group}:{found}") for wanted in watched.split(",")
    )


def _entry(element: Any, key: str) -> Any:
    return element.get(key) if is_entries(element) else getattr(element, key, None)


def _debug(skip: tuple[str, ...]) -> None:
    """Starts pdb in the program's own frame, or the debugger that `breakpoint()` means."""
    chosen = os.environ.get("PYTHONBREAKPOINT") or sys.breakpointhook is not sys.__breakpointhook__
    if chosen:
        builtins.breakpoint()
    else:
        pdb.Pdb(skip=skip).set_trace(next(_program_frames(skip), None))


def _program_frames(skip: Sequence[str]) -> Iterator[FrameType]:
    """Gives the frames outside the modules to skip, the innermost first."""
    frame = inspect.currentframe()
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if not any(fnmatch(name, pattern) for pattern in skip):
            yield frame
        frame = frame.f_back


def program_traceback(skip: Sequence[str] = ()) -> TracebackType | None:
    """Gives a traceback of the line where the program is, for an error's to end with.

    Arguments:
        skip: Further modules where the program is not, as patterns.
    """
    frame = next(_program_frames((*_OWN_MODULES, *skip)), None)
    return None if frame is None else TracebackType(None, frame, frame.f_lasti, frame.f_lineno)


def tag(group: str = "", field: str = "$word", group_field: str = "$group") -> Operator:
    """Dicts (or objects) with a word of their own, to stop at with `breakword`.

    Arguments:
        group: An independent sequence of words.
        field: Where the word is put.
        group_field: Where the group is put, if it has a name.

    Raises:
        InstallationError: The package `breakword` is not installed.
    """
    words = breakword().groups[group]

    def put(element: Any) -> Any:
        marks: dict[str, Any] = {field: words.gen()}
        if group:
            marks[group_field] = group
        if is_entries(element):
            return marks | element
        for name, value in marks.items():
            setattr(element, name, value)
        return element

    return compose(mapped(put), made("share"))


def breakword() -> ModuleType:
    """Imports the package `breakword`.

    Raises:
        InstallationError: It is not installed.
    """
    try:
        return importlib.import_module("breakword")
    except ModuleNotFoundError as error:
        found = "`tag` and `breakword` need it, and it is not installed"
        raise InstallationError("breakword", found, "pip install breakword") from error
