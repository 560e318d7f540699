"""Plugins: other distributions that know a library, found when that library is in use."""

import functools
from types import ModuleType

__all__ = ["plugin_for"]


@functools.cache
def plugin_for(library: str) -> ModuleType | None:
    """Gives the plugin for a library, imported, or None if none is installed.

    A plugin is an entry point of the group `ptera.plugins` that has the name of the
    library's import package.

    Arguments:
        library: The library's import package.

    Examples:
        >>> plugin_for("no_such_library")
    """
    # Not needed by most programs, and slow to import.
    from importlib.metadata import entry_points

    for entry in entry_points(group="ptera.plugins", name=library):
        loaded: ModuleType = entry.load()
        return loaded
    return None
