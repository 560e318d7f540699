"""Address any variable of any function, at any depth of the call tree."""

from ptera.__about__ import __version__

__all__ = ["__version__"]
