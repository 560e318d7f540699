"""The variables that a program has, listed before anything runs."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any, overload

from ._reach import Reached, reached, scope_of
from ._resolve import NOTHING, Scope
from ._scope import Kind, Variable, facts_of
from ._source import Source
from ._subject import annotation_value
from ._syntax import is_default
from ._tags import Tag, TagSet, match_tag, tags_of

__all__ = ["Catalogue", "FunctionEntry", "VariableEntry", "catalogue"]

# Names that a function does not bind for good are no variables of it.
_PASSING = frozenset({Kind.READ, Kind.COMPREHENSION})
_ORDER = [Kind.PARAMETER, Kind.DECLARED, *Kind]


@dataclass(frozen=True, slots=True)
class VariableEntry:
    """A variable of a function, as it was written.

    Arguments:
        name: `x`, or `self.x` for an attribute.
        kind: How it first gets its value: `"parameter"`, `"declared"`, `"local"`, `"loop"`, ...
        annotation: The value of its annotation; None if there is none, or if it holds more
            than names, attributes, subscripts, `&` and `|`.
        annotation_text: The annotation as it is written.
        tags: The tags on it, with the types that stand beside them.
        comment: The comment above or beside its first binding.
        default_text: What it is by default, as it is written; of `default(v)`, the `v`.
        line: Its line.
        function: The qualified name of its function.
    """

    name: str
    kind: str
    annotation: object
    annotation_text: str | None
    tags: TagSet | None
    comment: str
    default_text: str | None
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """A function that the entry can reach.

    Arguments:
        name: Its name.
        qualname: Its qualified name.
        module: Its module's name.
        file: Its file.
        line: Its first line.
        doc: Its docstring.
        function: The function; None for one that is defined inside another.
        owner: The function, or the one inside which it is defined.
        variables: Its variables.
    """

    name: str
    qualname: str
    module: str
    file: str
    line: int
    doc: str | None
    function: FunctionType | None
    owner: FunctionType
    variables: tuple[VariableEntry, ...]


class Catalogue(Sequence[FunctionEntry]):
    """Functions and their variables; printed, it is a table.

    Arguments:
        functions: The functions, callers before callees.
    """

    def __init__(self, functions: tuple[FunctionEntry, ...]) -> None:
        self.functions = functions

    @property
    def variables(self) -> tuple[VariableEntry, ...]:
        """The variables of all functions."""
        return tuple(variable for entry in self.functions for variable in entry.variables)

    def __iter__(self) -> Iterator[FunctionEntry]:
        return iter(self.functions)

    def __len__(self) -> int:
        return len(self.functions)

    @overload
    def __getitem__(self, index: int) -> FunctionEntry: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[FunctionEntry, ...]: ...
    def __getitem__(self, index: int | slice) -> FunctionEntry | tuple[FunctionEntry, ...]:
        return self.functions[index]

    def __str__(self) -> str:
        return "\n\n".join(map(_table, self.functions)) or "(no variables)"

    def __repr__(self) -> str:
        return f"<Catalogue: {len(self)} functions, {len(self.variables)} variables>"


def catalogue(entry: object, tag: Tag | TagSet | str | None = None) -> Catalogue:
    """Lists the variables of all functions that a program can reach, without running it.

    From the entry on, names are followed to functions, classes, methods (`self.f`), other
    modules' functions (`mod.f`), partials, decorated and nested functions, and through the
    state of Ptera objects. The standard library and installed packages are left out, unless
    the entry is part of them.

    Arguments:
        entry: A function, Ptera object, class, module or other callable.
        tag: A tag, its name, or several joined by `&`: only variables that carry them.

    Returns:
        The functions, callers before callees, each with its variables; with a tag, only
        those that have one.

    Examples:
        >>> from ptera import default, tag
        >>> def train(epochs: int = 3):
        ...     # Learning rate
        ...     lr: float & tag.HyperParameter = default(0.1)
        ...     return lr * epochs
        >>> print(catalogue(train, tag.HyperParameter))  # doctest: +ELLIPSIS
        train  <doctest ...>:1
          lr  local  float & tag.HyperParameter  0.1  Learning rate
    """
    functions: list[FunctionEntry] = []
    for found in reached(entry):
        for source in (found.source, *found.nested):
            made = _function_entry(found, source, tag)
            if made.variables or tag is None:
                functions.append(made)
    return Catalogue(tuple(functions))


def _function_entry(
    found: Reached, source: Source, tag: Tag | TagSet | str | None
) -> FunctionEntry:
    function: Any = found.function  # pyright takes it for a method of its class
    facts = facts_of(source)
    return FunctionEntry(
        name=facts.name,
        qualname=facts.qualname,
        module=function.__module__ or "",
        file=source.path,
        line=source.code.co_firstlineno,
        doc=None if isinstance(source.node, ast.Lambda) else ast.get_docstring(source.node),
        function=function if source is found.source else None,
        owner=function,
        variables=tuple(_variables(source, scope_of(function), tag)),
    )


def _variables(
    source: Source, scope: Scope, tag: Tag | TagSet | str | None
) -> Iterator[VariableEntry]:
    for variable in facts_of(source).variables.values():
        annotation: object = None
        if variable.annotation is not None:
            value = annotation_value(variable.annotation, scope)
            annotation = None if value is NOTHING else value
        if tag is None or match_tag(tag, annotation):
            if not variable.kinds <= _PASSING:
                yield _variable_entry(variable, annotation, source)


def _variable_entry(variable: Variable, annotation: object, source: Source) -> VariableEntry:
    return VariableEntry(
        name=variable.name,
        kind=_kind(variable).value,
        annotation=annotation,
        annotation_text=_text(variable.annotation, source),
        tags=tags_of(annotation),
        comment=variable.comment,
        default_text=_text(_default(variable.default), source),
        line=variable.line,
        function=source.code.co_qualname,
    )


def _kind(variable: Variable) -> Kind:
    """Gives the kind that says most about where the value comes from."""
    return min(variable.kinds, key=_ORDER.index)


def _default(value: ast.expr | None) -> ast.expr | None:
    return value.args[0] if isinstance(value, ast.Call) and is_default(value) else value


def _text(node: ast.expr | None, source: Source) -> str | None:
    """Gives an expression as it is written, on one line."""
    if node is None:
        return None
    if node.lineno != node.end_lineno:
        return ast.unparse(node)
    line = source.lines[node.lineno - 1].encode()
    return line[node.col_offset : node.end_col_offset].decode()


def _table(entry: FunctionEntry) -> str:
    rows = [
        (
            variable.name,
            variable.kind,
            variable.annotation_text or "",
            variable.default_text or "",
            variable.comment.partition("\n")[0],
        )
        for variable in entry.variables
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    head = f"{entry.qualname}  {entry.file}:{entry.line}"
    return "\n".join([head, *map(str.rstrip, lines)])
