"""Telling whether the import package `ptera` is what this distribution has installed."""

import os
import sys

from ._errors import InstallationError

__all__ = ["check_installation", "missing"]

# Modules of the original, the distribution called `ptera` (1.x), that are none of ours.
_ORIGINALS = ("interpret.py", "core.py", "opparse.py")
_CURE = "pip uninstall ptera && pip install --force-reinstall --no-deps ptera-core"


def check_installation() -> None:
    """Raises an error if the distribution called `ptera` lies in the same folder.

    Both own the import package `ptera`. The one installed last has overwritten the other's
    files, and uninstalling either removes files of both.

    Raises:
        InstallationError: It does. The error says how to get out of it.
    """
    folder = os.path.dirname(__file__)
    found = any(os.path.exists(os.path.join(folder, name)) for name in _ORIGINALS)
    package = sys.modules.get(__package__ or "ptera")
    if found or (package is not None and not hasattr(package, "__distribution__")):
        reason = (
            "the distribution `ptera` (1.x, the original by Olivier Breuleux) is installed over "
            "`ptera-core`, and both own this import package"
        )
        raise InstallationError("ptera", reason, _CURE)


def missing(package: str, distribution: str, error: ModuleNotFoundError) -> ImportError:
    """Gives the error for a plugin that cannot be imported.

    Arguments:
        package: The plugin's import package.
        distribution: The distribution that has it.
        error: What importing it has raised: if it is about another package, it stays.
    """
    if (error.name or "").partition(".")[0] != package:
        return error
    return InstallationError(package, "it is not installed", f"pip install {distribution}")
