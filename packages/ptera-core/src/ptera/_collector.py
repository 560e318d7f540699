"""Keeps contexts alive that CPython reads while a garbage collection runs in the midst of it.

Before 3.12 a collection may begin at any allocation, also those of `ContextVar.set`. If it
runs a finalizer that sets a variable too, as taps do, the mapping that the first `set` is
still reading is freed (python/cpython#148891). A copy of the context refers to that mapping.
So while taps are installed, each collection begins with one.
"""

import contextvars
import gc
import sys
from collections import deque

__all__ = ["begin_holding", "end_holding"]

_IS_NEEDED = sys.version_info < (3, 12)

# One `set` makes a few allocations, each of which may be where a collection begins.
_held: deque[contextvars.Context] = deque(maxlen=8)
_running = False


def _hold(phase: str, _: object) -> None:
    global _running
    _running = phase == "start"
    if _running:
        _held.append(contextvars.copy_context())


def begin_holding() -> None:
    """Does it from now on."""
    if _IS_NEEDED:
        gc.callbacks.append(_hold)


def end_holding() -> None:
    """Does it no more, and lets go of what the contexts hold."""
    if _IS_NEEDED and _hold in gc.callbacks:
        gc.callbacks.remove(_hold)
        if not _running:
            _held.clear()
