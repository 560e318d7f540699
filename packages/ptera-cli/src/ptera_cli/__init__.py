"""A command line from the variables of your functions."""

from ptera_cli.__about__ import __version__
from ptera_cli._app import App, Parsed, auto_cli
from ptera_cli._errors import DeclarationError, UsageError
from ptera_cli._workers import TransportError

__all__ = [
    "App",
    "DeclarationError",
    "Parsed",
    "TransportError",
    "UsageError",
    "__version__",
    "auto_cli",
]
