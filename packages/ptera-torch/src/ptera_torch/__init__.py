"""Ptera for PyTorch: gradients, modules, and where captured tensors go.

`Grad` is the gradient of any variable with respect to any other; `Module` makes a
`torch.nn.Module` of a Ptera model, and `ptera(module)` the other way round. `Keep` says what
is kept of tensors. The rest are handlers: reductions that keep none of them, and sinks.
"""

from ptera._resolve import add_package
from ptera_torch.__about__ import __version__

from . import _adapt, _compiled
from ._adapt import adapt
from ._errors import (
    AmbiguousGradientError,
    CompiledCodeError,
    CompiledCodeWarning,
    DistributedError,
    FreedGraphError,
    GradError,
    GradSelectorError,
    InputError,
    MissingBackwardWarning,
    ModuleError,
    TargetError,
    UnevenScaleError,
    UnsynchronizedWarning,
    UnusedInputError,
)
from ._grad import Grad
from ._keep import Disk, Keep, Stored
from ._labels import Differentiated
from ._module import Module
from ._plots import AttentionMaps, Curves, GradientFlow
from ._progress import ProgressBar
from ._reductions import Histogram, Mean, Norm, Reduction, Statistics, Stream
from ._tables import table
from ._tensorboard import TensorBoard

__all__ = [
    "AmbiguousGradientError",
    "AttentionMaps",
    "CompiledCodeError",
    "CompiledCodeWarning",
    "Curves",
    "Differentiated",
    "Disk",
    "DistributedError",
    "FreedGraphError",
    "Grad",
    "GradError",
    "GradSelectorError",
    "GradientFlow",
    "Histogram",
    "InputError",
    "Keep",
    "Mean",
    "MissingBackwardWarning",
    "Module",
    "ModuleError",
    "Norm",
    "ProgressBar",
    "Reduction",
    "Statistics",
    "Stored",
    "Stream",
    "TargetError",
    "TensorBoard",
    "UnevenScaleError",
    "UnsynchronizedWarning",
    "UnusedInputError",
    "__version__",
    "adapt",
    "table",
]

# Names in selectors are looked up in the caller of this package, not in the package.
add_package(__file__)
_adapt.register()
_compiled.register()
