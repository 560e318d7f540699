"""`torch.compile` and overlays: compiled code runs uncompiled while one is active.

Compiled code does not notice that the code of a method has been exchanged (pytorch#197860),
so that it would deliver nothing, or go on delivering afterwards. Nor does it admit what taps
do. So an overlay makes the compiler step aside: what is delivered is always right, and what
was compiled before is used again afterwards.
"""

import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

from torch._C._dynamo.eval_frame import get_eval_frame_callback

from ptera._overlay import watch

from ._errors import CompiledCodeError, CompiledCodeWarning

__all__ = ["step_aside"]


class _Stance(str):
    """The name of a stance, which notices when the compiler asks for it: code is called."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        same = str.__eq__(self, other)
        if same is True and _is_compiled_call(sys._getframe(1).f_locals):
            _notice()
        return same


def _is_compiled_call(names: Any) -> bool:
    """Whether the compiler asks for what was compiled, not for what must not be."""
    return names.get("callback") not in (None, False)


_noticed = False


def _notice() -> None:
    global _noticed
    if not _noticed:
        _noticed = True
        message = (
            "Compiled code is called while Ptera looks on, and runs uncompiled: right, but "
            "slower. This is said once."
        )
        warnings.warn(message, CompiledCodeWarning, stacklevel=2)


_lock = threading.Lock()
_active = 0
_forced: Any = None
_before: Any = None


def step_aside() -> Callable[[], None] | None:
    """Makes the compiler step aside until the function that is returned is called.

    Returns:
        None if the compiler is not in use.

    Raises:
        CompiledCodeError: It is called in compiled code.
    """
    global _active, _before, _forced
    dynamo: Any = sys.modules.get("torch._dynamo.eval_frame")
    if dynamo is None:
        return None
    if get_eval_frame_callback() not in (None, False):
        raise CompiledCodeError
    with _lock:
        if not _active:
            if _forced is None:
                _forced = dynamo.DynamoStance(stance=_Stance("force_eager"))
            _before = dynamo._set_stance(_forced)
        _active += 1
    return _come_back


def _come_back() -> None:
    global _active
    dynamo: Any = sys.modules["torch._dynamo.eval_frame"]
    with _lock:
        _active -= 1
        if not _active and dynamo._stance is _forced:
            dynamo._set_stance(_before)


def register() -> None:
    """Has the core tell of overlays."""
    watch(step_aside)
