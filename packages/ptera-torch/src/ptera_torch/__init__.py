"""Ptera for PyTorch."""

from ptera._resolve import add_package
from ptera_torch.__about__ import __version__

from ._adapt import adapt, register
from ._grad import Grad
from ._labels import Differentiated
from ._module import Module

__all__ = ["Differentiated", "Grad", "Module", "__version__", "adapt"]

# Names in selectors are looked up in the caller of this package, not in the package.
add_package(__file__)
register()
