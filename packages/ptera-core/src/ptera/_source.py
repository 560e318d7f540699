"""From a code object to the tree it was compiled from, and back."""

import ast
import bisect
import functools
import linecache
import sys
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_OPTIMIZED
from types import CodeType, ModuleType
from typing import Any

from ._compile import (
    Definition,
    Surroundings,
    bind_constants,
    first_line,
    future_flags,
    isolated,
    nested_codes,
    parsed,
    same_code,
)
from ._errors import SourceError
from ._syntax import is_list

__all__ = [
    "Definition",
    "Source",
    "bind_constants",
    "compile_node",
    "nested_sources",
    "presumed_source",
    "source_of",
]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Source:
    """The definition of a function, as it was written.

    Arguments:
        code: The code object that runs, untouched.
        node: The tree of the definition; nobody may change it.
        around: What stands around it.
        path: Its file, as the code object has it.
        lines: The lines of the file.
        module_flags: The `__future__` flags in force.

    Examples:
        >>> from ptera._values import default
        >>> source = source_of(default.__code__)
        >>> source.node.name, source.node.lineno == default.__code__.co_firstlineno
        ('default', True)
    """

    code: CodeType
    node: Definition
    around: Surroundings
    path: str
    lines: Sequence[str]
    module_flags: int

    @property
    def enclosing(self) -> tuple[ast.AST, ...]:
        """The classes and functions around it, outermost first."""
        return self.around.enclosing


# By identity: code objects compare by content, and not by file. An entry lives as long as
# its source, and that holds the code object, so that no other can have its id meanwhile.
_sources: "weakref.WeakValueDictionary[int, Source]" = weakref.WeakValueDictionary()


def source_of(code: CodeType) -> Source:
    """Finds the definition that a function's code object was compiled from.

    It is the one with the same name and line that compiles to the same code.

    Arguments:
        code: A function's untouched `__code__`.

    Returns:
        The definition.

    Raises:
        SourceError: If there is no text, or what it compiles to is not what runs.

    Examples:
        >>> source_of((lambda x: x + 1).__code__).node.args.args[0].arg
        'x'
    """
    known = _sources.get(id(code))
    if known is None:
        known = _sources[id(code)] = _found(code)
    return known


def presumed_source(code: CodeType) -> Source:
    """Finds a function's definition by its name and line alone, where that decides.

    It is for looking, not for rewriting: the file may have changed since it was imported.

    Raises:
        SourceError: If there is no text, or no such function in it.
    """
    known = _sources.get(id(code))
    if known is not None:
        return known
    lines = _lines(code.co_filename)
    module = _plain_module("".join(lines), code.co_filename)
    if module is not None:
        found = list(definitions(module.tree, Surroundings(module.imports), code))
        if len(found) == 1:
            ((node, around),) = found
            return Source(code, node, around, code.co_filename, lines, future_flags(code))
    return source_of(code)


def nested_sources(source: Source) -> tuple[Source, ...]:
    """Finds the functions and lambdas that are defined inside a function, at any depth.

    Arguments:
        source: The function.

    Returns:
        Their definitions, whose nodes are part of `source.node`.

    Examples:
        >>> def outer():
        ...     return lambda: 1
        >>> [nested.code.co_name for nested in nested_sources(source_of(outer.__code__))]
        ['<lambda>']
    """
    return tuple(_nested(source))


def compile_node(source: Source, node: Definition, name: str | None = None) -> CodeType:
    """Compiles a rewritten definition into a code object that can replace the function's own.

    Warnings are not given: the module's own compilation has given them.

    Arguments:
        source: The definition as it was written.
        node: The rewritten definition.
        name: What to call it; by default what it is called.

    Returns:
        The code object, with the same free variables and of the same kind (plain,
        generator, coroutine) as the function's own.

    Raises:
        SourceError: If the rewritten tree does not give such a code object.

    Examples:
        >>> source = source_of((lambda x: x + 1).__code__)
        >>> compile_node(source, source.node) == source.code
        True
    """
    code = source.code
    try:
        made = isolated(code, source.around, node, name)
    except (SyntaxError, ValueError, TypeError, RecursionError) as error:
        reason = f"its rewritten form does not compile ({error})"
        raise SourceError(_named(code), reason, "This is a fault of Ptera.") from error
    if made.co_freevars != code.co_freevars or _kind(made) != _kind(code):
        reason = "its rewritten form has other free variables or is of another kind"
        raise SourceError(_named(code), reason, "This is a fault of Ptera.")
    return made


def _kind(code: CodeType) -> int:
    return code.co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR)


def _named(code: CodeType) -> str:
    return f"{code.co_qualname} ({code.co_filename}:{code.co_firstlineno})"


def _found(code: CodeType) -> Source:
    path = code.co_filename
    lines = _lines(path)
    if not lines:
        raise _without_text(code)
    found = _matching(code, lines)
    if found is None:
        # The text may be older than the code: imported again since it was cached.
        linecache.checkcache(path)
        newer = _lines(path)
        if newer != lines:
            found = _matching(code, newer)
    if found is None:
        reason = "its text does not compile to the code that runs"
        remedy = (
            "Either the file has changed since it was imported: import it again. "
            "Or an import hook or decorator rewrote the function: look at it without that."
        )
        raise SourceError(_named(code), reason, remedy)
    return found


def _without_text(code: CodeType) -> SourceError:
    path = code.co_filename
    if path.startswith("<frozen"):
        reason = "it is frozen into the interpreter, without its text"
    elif path.startswith("<"):
        reason = "its text was not kept: it was made by `exec`, `eval` or `python -c`"
    else:
        reason = "its file cannot be read"
    return SourceError(_named(code), reason, "Wrap it in a function of your own, in a file.")


def _lines(path: str) -> Sequence[str]:
    lines = linecache.getlines(path)
    if not lines:
        for module in list(sys.modules.values()):
            names = _names_of(module)
            if names.get("__file__") == path:  # from a zip file, say: its loader has the text
                return linecache.getlines(path, names)
    return lines


def _names_of(module: object) -> dict[str, object]:
    # Not by attribute: a lazy module would be loaded.
    is_module = isinstance(module, ModuleType)
    names: dict[str, object] = object.__getattribute__(module, "__dict__") if is_module else {}
    return names


def _matching(code: CodeType, lines: Sequence[str]) -> Source | None:
    text = "".join(lines)
    for module_of in (_plain_module, _asserting_module):
        module = module_of(text, code.co_filename)
        if module is None:
            continue
        around = Surroundings(module.imports)
        for columns in (True, False):
            for node, its in _readings(module.tree, around, code):
                if same_code(isolated(code, its, node), code, columns):
                    return Source(code, node, its, code.co_filename, lines, future_flags(code))
    return None


def _readings(
    tree: ast.AST, around: Surroundings, code: CodeType
) -> Iterator[tuple[Definition, Surroundings]]:
    yield from definitions(tree, around, code)
    if "super" in code.co_names:
        yield from definitions(tree, replace(around, mentions_super=True), code)
    yield from definitions(tree, around, code, sorted_lines=False)


@dataclass(frozen=True, slots=True)
class _Module:
    tree: ast.Module
    imports: tuple[str, ...]


@functools.lru_cache(maxsize=16)
def _plain_module(text: str, path: str) -> _Module | None:
    try:
        tree = parsed(text)
    except (SyntaxError, ValueError):
        return None
    return _Module(tree, _imports(tree))


@functools.lru_cache(maxsize=4)
def _asserting_module(text: str, path: str) -> _Module | None:
    """Gives the module as pytest makes it, with its long form of `assert`."""
    rewriting: Any = sys.modules.get("_pytest.assertion.rewrite")
    if rewriting is None or "assert" not in text:
        return None
    finders: list[Any] = list(sys.meta_path)
    hooks = [hook for hook in finders if isinstance(hook, rewriting.AssertionRewritingHook)]
    try:
        tree = parsed(text)
        rewriting.rewrite_asserts(tree, text.encode(), path, hooks[0].config if hooks else None)
    except (SyntaxError, ValueError):
        return None
    return _Module(tree, _imports(tree))


def _imports(tree: ast.Module) -> tuple[str, ...]:
    """Gives the names that are imported at the level of the module."""
    names: dict[str, None] = {}
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            names.update(dict.fromkeys(a.asname or a.name.partition(".")[0] for a in node.names))
        elif isinstance(node, ast.stmt) and not isinstance(node, Definition | ast.ClassDef):
            todo += [child for child in ast.iter_child_nodes(node) if not _is_expression(child)]
        elif isinstance(node, ast.ExceptHandler | ast.match_case):
            todo += node.body
    names.pop("*", None)
    return tuple(names)


def _is_expression(node: ast.AST) -> bool:
    return isinstance(node, ast.expr)


def definitions(
    tree: ast.AST, around: Surroundings, code: CodeType, sorted_lines: bool = True
) -> Iterator[tuple[Definition, Surroundings]]:
    """Gives the definitions in a tree that have the name and line of a code object.

    Only what stands around that line is looked at.

    Arguments:
        tree: Where to look.
        around: What stands around it.
        code: The code object.
        sorted_lines: Whether statements stand in the order of their lines, as they do
            unless a tool has made some.
    """
    line = code.co_firstlineno
    todo = [(tree, around)]
    while todo:
        node, outer = todo.pop()
        if isinstance(node, Definition) and _defines(node, code):
            yield node, outer
        inner = outer.inside(node) if isinstance(node, Definition | ast.ClassDef) else outer
        for field in node._fields:
            value = getattr(node, field, None)
            # Decorators, defaults, annotations and bases belong to what is around.
            scope = inner if field == "body" else outer
            if is_list(value):
                children = _at_line(value, line) if sorted_lines else value
                todo += [(child, scope) for child in reversed(children) if _spans(child, line)]
            elif isinstance(value, ast.AST) and _spans(value, line):
                todo.append((value, scope))


def _defines(node: Definition, code: CodeType) -> bool:
    name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    return name == code.co_name and first_line(node) == code.co_firstlineno


def _at_line(nodes: list[Any], line: int) -> list[Any]:
    """Gives the part of a list of statements that can hold a line; other lists as they are."""
    if len(nodes) < 8 or not isinstance(nodes[0], ast.stmt):
        return nodes
    end = bisect.bisect_right(nodes, line, key=_start)
    begin = end
    while begin > 0 and _spans(nodes[begin - 1], line):
        begin -= 1
    return nodes[begin:end]


def _start(node: Any) -> int:
    decorators = getattr(node, "decorator_list", None)
    start: int = decorators[0].lineno if decorators else node.lineno
    return start


def _spans(node: Any, line: int) -> bool:
    if not isinstance(node, ast.AST):
        return False
    if not hasattr(node, "lineno"):  # `arguments`, `comprehension`, `withitem`
        return True
    end = getattr(node, "end_lineno", None)
    return _start(node) <= line and (end is None or line <= end)


def _nested(source: Source) -> Iterator[Source]:
    for code in _function_codes(source.code):
        found = [
            (node, around)
            for node, around in definitions(source.node, source.around, code)
            if node is not source.node
        ]
        if len(found) > 1:  # several lambdas on one line
            same = [pair for pair in found if same_code(isolated(code, pair[1], pair[0]), code)]
            found = same or found
        for node, around in found[:1]:
            yield Source(code, node, around, source.path, source.lines, source.module_flags)


def _function_codes(code: CodeType) -> Iterator[CodeType]:
    for nested in nested_codes(code):
        is_named = not nested.co_name.startswith("<") or nested.co_name == "<lambda>"
        if is_named and nested.co_flags & CO_OPTIMIZED:
            yield nested
        yield from _function_codes(nested)
