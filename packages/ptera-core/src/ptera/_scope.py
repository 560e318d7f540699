"""Static facts of one function: its variables, and what it does with them."""

import ast
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR

from ._comments import comment_above, comment_beside
from ._source import Source
from ._syntax import is_default, is_required, parameters_of
from ._walk import Binding, Kind, Reader, evaluates_annotations

__all__ = [
    "Facts",
    "Kind",
    "Variable",
    "evaluates_annotations",
    "facts_of",
    "is_default",
    "is_required",
    "surely_bound",
]


@dataclass(frozen=True, slots=True)
class Variable:
    """What the source says of one variable.

    Arguments:
        name: `x`, or `self.x` for an attribute of a name.
        kinds: All the ways in which it is bound; `Kind.READ` alone if it is only read.
        annotation: That of its first annotated binding.
        line: The line of that binding, or else of the first one.
        default: The default of a parameter, or what the first plain assignment assigns.
        comment: The comment above or beside its binding.
    """

    name: str
    kinds: frozenset[Kind]
    annotation: ast.expr | None
    line: int
    default: ast.expr | None
    comment: str


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What the source says of one function, nested functions left out.

    Arguments:
        name: Its name.
        qualname: Its qualified name.
        is_generator: Whether calling it gives a generator, plain or asynchronous.
        is_async: Whether it is a coroutine or an asynchronous generator.
        parameters: Its parameters, in the order of the signature.
        variables: Its variables by name: parameters, then the others as they appear, those
            that it only reads last.
        elements: The names `h` with an assignment `h[k] = v`.
        loops: The targets of its `for` loops.
        deletes: The names that it deletes, or that lose their value (`except ... as e`).
        names_read: The names that it reads.
        calls: Whether anything in it can call another function: calls, suspensions, `with`,
            decorators and class statements (but not operators).
        inspects_locals: Whether it mentions `locals`, `vars`, `dir`, `eval` or `exec`.
        rebound_inside: The names that functions nested in it may rebind or delete.
        mentions: The names that it reads, and attributes of names (`a.b.c`, `super().a`), in
            the order in which they stand there.
        imports: The imports in it.
    """

    name: str
    qualname: str
    is_generator: bool
    is_async: bool
    parameters: tuple[str, ...]
    variables: Mapping[str, Variable]
    elements: frozenset[str]
    loops: frozenset[str]
    deletes: frozenset[str]
    names_read: frozenset[str]
    calls: bool
    inspects_locals: bool
    rebound_inside: frozenset[str]
    mentions: tuple[str, ...]
    imports: tuple[ast.Import | ast.ImportFrom, ...]


_known: "weakref.WeakKeyDictionary[Source, Facts]" = weakref.WeakKeyDictionary()


def facts_of(source: Source) -> Facts:
    """Gives the facts of a function, collected once.

    Examples:
        >>> from ptera._source import source_of
        >>> def f(x):
        ...     for i in range(x):
        ...         y = i
        ...     return y
        >>> facts = facts_of(source_of(f.__code__))
        >>> list(facts.variables), sorted(facts.loops)
        (['x', 'i', 'y', 'range'], ['i'])
    """
    known = _known.get(source)
    if known is None:
        known = _known[source] = _collected(source)
    return known


def surely_bound(source: Source, name: str) -> bool:
    """Tells whether a variable certainly has a value wherever the function runs.

    A parameter does if nothing can delete it. Of other variables it is not known.

    Examples:
        >>> from ptera._source import source_of
        >>> def f(x, y):
        ...     del y
        >>> source = source_of(f.__code__)
        >>> surely_bound(source, "x"), surely_bound(source, "y")
        (True, False)
    """
    facts = facts_of(source)
    return name in facts.parameters and name not in facts.deletes | facts.rebound_inside


_INSPECTING = frozenset({"locals", "vars", "dir", "eval", "exec"})


def _collected(source: Source) -> Facts:
    code, reader = source.code, Reader(source)
    reader.read()
    return Facts(
        name=code.co_name,
        qualname=code.co_qualname,
        is_generator=bool(code.co_flags & (CO_GENERATOR | CO_ASYNC_GENERATOR)),
        is_async=bool(code.co_flags & (CO_COROUTINE | CO_ASYNC_GENERATOR)),
        parameters=tuple(parameter.arg for parameter in parameters_of(source.node)),
        variables={variable.name: variable for variable in _variables(reader, source.lines)},
        elements=frozenset(reader.elements),
        loops=frozenset(reader.loops),
        deletes=frozenset(reader.deletes),
        names_read=frozenset(reader.reads),
        calls=reader.calls,
        inspects_locals=not _INSPECTING.isdisjoint(reader.reads),
        rebound_inside=frozenset(reader.rebound_inside),
        mentions=tuple(dict.fromkeys(text for _, text in sorted(reader.mentions))),
        imports=tuple(sorted(reader.imports, key=lambda node: node.lineno)),
    )


def _variables(reader: "Reader", lines: Sequence[str]) -> Iterator[Variable]:
    bindings: dict[str, list[Binding]] = {}
    for binding in sorted(reader.bindings, key=_order):
        bindings.setdefault(binding.name, []).append(binding)
    for name, places in bindings.items():
        kinds = {place.kind for place in places}
        if name in reader.outer:
            kinds = kinds - {Kind.LOCAL} | {Kind.NONLOCAL}
        annotated = [place for place in places if place.annotation is not None]
        # A parameter without a default has none, whatever is assigned to it later.
        giving = places[:1] if places[0].kind is Kind.PARAMETER else places
        values = [place.value for place in giving if place.value is not None]
        yield Variable(
            name,
            frozenset(kinds),
            annotated[0].annotation if annotated else None,
            (annotated or places)[0].position[0],
            values[0] if values else None,
            _comment([*annotated, *places], lines),
        )
    for name in sorted(reader.reads.keys() - bindings.keys(), key=reader.reads.__getitem__):
        yield Variable(name, frozenset({Kind.READ}), None, reader.reads[name][0], None, "")


def _order(binding: Binding) -> tuple[bool, tuple[int, int]]:
    return binding.kind is not Kind.PARAMETER, binding.position


def _comment(places: Iterable[Binding], lines: Sequence[str]) -> str:
    for place in places:
        if place.lines is not None:
            first, last = place.lines
            comment = comment_above(lines, first) or comment_beside(lines, first, last)
            if comment:
                return comment
    return ""
