"""Small questions about pieces of syntax, asked by facts, rewriting and the catalogue."""

import ast
from collections.abc import Iterator
from typing import Any, TypeGuard

from ._compile import Definition

__all__ = [
    "body_of",
    "default_of",
    "dotted_name",
    "is_default",
    "is_list",
    "is_plain",
    "is_required",
    "outer_parts",
    "parameters_of",
    "pattern_names",
    "target_leaves",
    "target_names",
]


def is_list(part: object) -> TypeGuard[list[Any]]:
    """Tells whether a field of a node holds several parts."""
    return isinstance(part, list)


def is_plain(name: str) -> bool:
    """Tells whether a name can be written in Python (pytest's `@py_assert1` cannot)."""
    return name.isidentifier()


def dotted_name(node: ast.AST) -> str | None:
    """Gives the text of a name or of attributes of one, None for anything else.

    Examples:
        >>> dotted_name(ast.parse("a.b.c", mode="eval").body)
        'a.b.c'
    """
    if isinstance(node, ast.Name):
        return node.id if is_plain(node.id) else None
    if isinstance(node, ast.Attribute):
        base = dotted_name(node.value)
        return None if base is None else f"{base}.{node.attr}"
    return None


def target_leaves(target: ast.expr) -> Iterator[ast.expr]:
    """Gives what a target binds, from left to right: names, attributes and elements."""
    if isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from target_leaves(element)
    elif isinstance(target, ast.Starred):
        yield from target_leaves(target.value)
    else:
        yield target


def target_names(target: ast.expr) -> Iterator[str]:
    """Gives the plain names that a target binds, from left to right.

    Examples:
        >>> list(target_names(ast.parse("(a, *b), c.d").body[0].value))
        ['a', 'b']
    """
    for leaf in target_leaves(target):
        if isinstance(leaf, ast.Name) and is_plain(leaf.id):
            yield leaf.id


def pattern_names(pattern: ast.pattern) -> Iterator[str]:
    """Gives the names that a `match` pattern captures, each once, as they appear."""
    names: dict[str, None] = {}
    for node in _in_order(pattern):
        if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name is not None:
            names[node.name] = None
        elif isinstance(node, ast.MatchMapping) and node.rest is not None:
            names[node.rest] = None
    yield from names


def _in_order(pattern: ast.pattern) -> Iterator[ast.pattern]:
    # The name of `p as x` and the rest of a mapping stand after what is inside.
    for child in ast.iter_child_nodes(pattern):
        if isinstance(child, ast.pattern):
            yield from _in_order(child)
    yield pattern


def parameters_of(node: Definition) -> list[ast.arg]:
    """Gives the parameters in the order of the signature."""
    arguments = node.args
    parameters = [*arguments.posonlyargs, *arguments.args]
    if arguments.vararg is not None:
        parameters.append(arguments.vararg)
    parameters += arguments.kwonlyargs
    if arguments.kwarg is not None:
        parameters.append(arguments.kwarg)
    return parameters


def default_of(node: Definition, parameter: ast.arg) -> ast.expr | None:
    """Gives the default of one of the parameters."""
    arguments = node.args
    if parameter in arguments.kwonlyargs:
        return arguments.kw_defaults[arguments.kwonlyargs.index(parameter)]
    positional = [*arguments.posonlyargs, *arguments.args]
    if parameter not in positional:
        return None
    index = positional.index(parameter) - len(positional) + len(arguments.defaults)
    return arguments.defaults[index] if index >= 0 else None


def body_of(node: Definition) -> list[ast.stmt] | list[ast.expr]:
    """Gives the statements of a function, or the expression of a lambda."""
    return [node.body] if isinstance(node, ast.Lambda) else node.body


def outer_parts(node: ast.stmt | ast.expr, evaluates_annotations: bool) -> Iterator[ast.expr]:
    """Gives the parts of a nested `def`, `lambda` or `class` that are evaluated around it.

    Arguments:
        node: The definition.
        evaluates_annotations: Whether annotations are evaluated when it is defined.
    """
    if isinstance(node, ast.ClassDef):
        yield from node.decorator_list
        yield from node.bases
        yield from (keyword.value for keyword in node.keywords)
    elif isinstance(node, Definition):
        if not isinstance(node, ast.Lambda):
            yield from node.decorator_list
        yield from node.args.defaults
        yield from (default for default in node.args.kw_defaults if default is not None)
        if evaluates_annotations and not isinstance(node, ast.Lambda):
            for parameter in parameters_of(node):
                if parameter.annotation is not None:
                    yield parameter.annotation
            if node.returns is not None:
                yield node.returns


def is_default(value: ast.expr | None) -> bool:
    """Tells whether an expression is a call of `default` with one value."""
    return _is_call(value, "default", 1)


def is_required(value: ast.expr | None) -> bool:
    """Tells whether an expression is `required()`."""
    return _is_call(value, "required", 0)


def _is_call(value: ast.expr | None, name: str, arguments: int) -> bool:
    if not isinstance(value, ast.Call) or value.keywords or len(value.args) != arguments:
        return False
    called = dotted_name(value.func)
    return called is not None and called.rpartition(".")[2] == name
