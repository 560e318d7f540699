"""The optional dependencies: imported when they are first needed."""

import importlib
from typing import Any

from ptera._errors import InstallationError

__all__ = ["optional"]


def optional(module: str, extra: str) -> Any:
    """Imports a module that an extra of this distribution brings.

    Arguments:
        module: The module.
        extra: The extra.

    Raises:
        InstallationError: It is not installed.

    Examples:
        >>> optional("no_such_module", "plot")
        Traceback (most recent call last):
        ...
        ptera._errors.InstallationError: Cannot use `no_such_module`: it is not installed. Run \
`pip install 'ptera-torch[plot]'`.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        command = f"pip install 'ptera-torch[{extra}]'"
        raise InstallationError(module, "it is not installed", command) from error
