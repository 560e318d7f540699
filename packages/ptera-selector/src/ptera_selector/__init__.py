"""The query language of Ptera: selectors that name variables anywhere in a call tree."""

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
    "focus",
    "function_names",
    "parse",
    "path",
    "target",
    "walk",
]
