"""Ptera for PyTorch: what `ptera_torch` has, if the distribution `ptera-torch` is installed."""

from ._installation import missing

try:
    from ptera_torch import *  # noqa: F403 - the plugin decides what is public
    from ptera_torch import __all__ as __all__
except ModuleNotFoundError as error:
    raise missing("ptera_torch", "ptera-torch", error) from error
