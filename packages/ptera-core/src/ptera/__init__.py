"""Address any variable of any function, at any depth of the call tree.

`from ptera import ptera` is the decorator; with a bare `import ptera`, the module itself is
one: `@ptera`.
"""

import importlib
import sys
import types
from typing import TYPE_CHECKING, Any

from ptera.__about__ import __version__
from ptera._attachments import Plugin
from ptera._decorator import Decorator, ptera
from ptera._deliver import Captured
from ptera._errors import (
    CaptureError,
    ComparisonError,
    ConflictError,
    Failure,
    HandlerError,
    InstallationError,
    OverrideError,
    ProbeError,
    PteraError,
    PteraWarning,
    RecurrenceError,
    SourceError,
    StateError,
    UnknownCaptureError,
    UnknownFunctionError,
    UnknownVariableError,
    UnsetVariableError,
)
from ptera._function import Ptera
from ptera._installation import check_installation
from ptera._overlay import Overlay
from ptera._refstring import refstring
from ptera._results import Events, Results
from ptera._state_view import State
from ptera._tags import Tag, TagSet, tag
from ptera._values import Recurrence, default, override, required

if TYPE_CHECKING:
    from ptera._catalogue import Catalogue, FunctionEntry, VariableEntry, catalogue
    from ptera._explain import Explanation, explain
    from ptera._probe import OverridableProbe, Probe, global_probe, probing
    from ptera.streams import op
    from ptera_cli import auto_cli

__all__ = [
    "CaptureError",
    "Captured",
    "Catalogue",
    "ComparisonError",
    "ConflictError",
    "Decorator",
    "Events",
    "Explanation",
    "Failure",
    "FunctionEntry",
    "HandlerError",
    "InstallationError",
    "OverridableProbe",
    "Overlay",
    "OverrideError",
    "Plugin",
    "Probe",
    "ProbeError",
    "Ptera",
    "PteraError",
    "PteraWarning",
    "Recurrence",
    "RecurrenceError",
    "Results",
    "SourceError",
    "State",
    "StateError",
    "Tag",
    "TagSet",
    "UnknownCaptureError",
    "UnknownFunctionError",
    "UnknownVariableError",
    "UnsetVariableError",
    "VariableEntry",
    "__version__",
    "auto_cli",
    "catalogue",
    "default",
    "explain",
    "global_probe",
    "op",
    "override",
    "probing",
    "ptera",
    "refstring",
    "required",
    "tag",
]

__distribution__ = "ptera-core"
"""Tells this package from the original one, which has the same name."""

check_installation()

defaults = ptera.defaults
"""`@ptera.defaults(...)`, for a bare `import ptera`."""

# What most programs do not use is loaded when it is first asked for.
_LATER = {
    "Catalogue": "ptera._catalogue",
    "FunctionEntry": "ptera._catalogue",
    "VariableEntry": "ptera._catalogue",
    "catalogue": "ptera._catalogue",
    "Explanation": "ptera._explain",
    "explain": "ptera._explain",
    "OverridableProbe": "ptera._probe",
    "Probe": "ptera._probe",
    "global_probe": "ptera._probe",
    "probing": "ptera._probe",
    "op": "ptera.streams",
    "auto_cli": "ptera.cli",
}
_SUBMODULES = frozenset({"cli", "torch"})


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"ptera.{name}")
    if name not in _LATER:
        message = f"module `ptera` has no attribute `{name}`"
        raise AttributeError(message)
    found = getattr(importlib.import_module(_LATER[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _CallableModule(types.ModuleType):
    """The module, which can also be used as the decorator."""

    __call__ = ptera.__call__


sys.modules[__name__].__class__ = _CallableModule
