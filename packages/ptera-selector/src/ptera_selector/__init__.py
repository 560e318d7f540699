"""The query language of Ptera: selectors that name variables anywhere in a call tree.

`parse` makes a tree of a text, `str` a text of a tree; the tree is what the rest of Ptera works on.
"""

from ptera_selector.__about__ import __version__

TYPE_CHECKING = False  # As in `typing`, which is slow to import.
if TYPE_CHECKING:
    from ptera_selector._draw import draw
    from ptera_selector._errors import SelectorSyntaxError
    from ptera_selector._json import from_json, to_json
    from ptera_selector._model import (
        Call,
        Capture,
        Category,
        Equals,
        Filter,
        Nested,
        Predicate,
        Relation,
        Role,
        Selector,
        Variable,
    )
    from ptera_selector._parse import parse
    from ptera_selector._walk import captures, focus, function_names, path, target, walk
    from ptera_selector._words import in_words

__all__ = [
    "Call",
    "Capture",
    "Category",
    "Equals",
    "Filter",
    "Nested",
    "Predicate",
    "Relation",
    "Role",
    "Selector",
    "SelectorSyntaxError",
    "Variable",
    "__version__",
    "captures",
    "draw",
    "focus",
    "from_json",
    "function_names",
    "in_words",
    "parse",
    "path",
    "target",
    "to_json",
    "walk",
]

# The rooms, and what they show. A room is imported when something in it is asked for: even
# `dataclasses` takes longer to import than this package may.
_ROOMS = {
    "_draw": ("draw",),
    "_errors": ("SelectorSyntaxError",),
    "_json": ("from_json", "to_json"),
    "_model": (
        *("Call", "Capture", "Category", "Equals", "Filter", "Nested", "Predicate", "Relation"),
        *("Role", "Selector", "Variable"),
    ),
    "_parse": ("parse",),
    "_walk": ("captures", "focus", "function_names", "path", "target", "walk"),
    "_words": ("in_words",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
