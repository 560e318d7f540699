"""The query language of Ptera: selectors that name variables anywhere in a call tree.

`parse` makes a tree of a text, `str` a text of a tree; the tree is what the rest of Ptera works on.
"""

from ptera_selector.__about__ import __version__
from ptera_selector._errors import SelectorSyntaxError
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

TYPE_CHECKING = False  # As in `typing`, which is slow to import.
if TYPE_CHECKING:
    from ptera_selector._draw import draw
    from ptera_selector._json import from_json, to_json
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

# What few programs need is imported when it is asked for.
_LATER = {
    "draw": "ptera_selector._draw",
    "from_json": "ptera_selector._json",
    "in_words": "ptera_selector._words",
    "to_json": "ptera_selector._json",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_LATER[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
