"""A command line from the variables of your functions."""

from ptera_cli.__about__ import __version__

__all__ = ["__version__"]
