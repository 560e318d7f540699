"""The help of `ptera` and of its commands."""

from collections.abc import Mapping
from importlib import import_module

from .._cyclopts import Page

__all__ = ["page", "program"]


def page(name: str, rooms: Mapping[str, tuple[str, str]]) -> Page:
    """Gives the help of one command."""
    room = import_module(f"{__package__}.{rooms[name][0]}")
    return Page(f"ptera {name}", room.DESCRIPTION, room.SPECS)


def program(description: str, rooms: Mapping[str, tuple[str, str]]) -> Page:
    """Gives the help of all."""
    return Page("ptera", description, commands={name: page(name, rooms) for name in rooms})
