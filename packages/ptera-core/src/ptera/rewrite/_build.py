"""Constructors of the nodes that rewriting inserts, each at the place of a given node."""

import ast
from collections.abc import Iterable, Sequence
from typing import TypeVar

__all__ = [
    "assign",
    "branch",
    "call",
    "changed",
    "constant",
    "handler",
    "last_load",
    "load",
    "mark_written",
    "name_target",
    "observer",
    "release",
    "relocated",
    "reraise",
    "sequence",
    "try_finally",
]

Node = TypeVar("Node", bound=ast.AST)
_WRITTEN = "ptera_written"


def load(at: ast.AST, name: str) -> ast.Name:
    """`name`."""
    return ast.copy_location(ast.Name(name, ast.Load()), at)


def name_target(at: ast.AST, name: str) -> ast.Name:
    """`name`, to be assigned to."""
    return ast.copy_location(ast.Name(name, ast.Store()), at)


def constant(at: ast.AST, value: bool | int | str | None) -> ast.Constant:
    """A constant."""
    return ast.copy_location(ast.Constant(value), at)


def call(at: ast.AST, function: ast.expr, *arguments: ast.expr) -> ast.Call:
    """`function(*arguments)`."""
    return ast.copy_location(ast.Call(function, list(arguments), []), at)


def assign(at: ast.AST, target: str | ast.expr, value: ast.expr) -> ast.Assign:
    """`target = value`."""
    if isinstance(target, str):
        target = name_target(at, target)
    return ast.copy_location(ast.Assign([target], value), at)


def release(at: ast.AST, names: Iterable[str]) -> list[ast.stmt]:
    """`del names`, if there are any."""
    targets = [ast.copy_location(ast.Name(name, ast.Del()), at) for name in names]
    return [ast.copy_location(ast.Delete(list[ast.expr](targets)), at)] if targets else []


def sequence(at: ast.AST, parts: Sequence[ast.expr], index: int) -> ast.expr:
    """`(*parts,)[index]`: evaluates all parts in order, and has the value of one."""
    parts_tuple = ast.copy_location(ast.Tuple(list(parts), ast.Load()), at)
    return ast.copy_location(ast.Subscript(parts_tuple, constant(at, index), ast.Load()), at)


def last_load(at: ast.AST, name: str) -> ast.expr:
    """`(name, (name := None))[0]`: reads a temporary and releases it."""
    emptied = ast.NamedExpr(name_target(at, name), constant(at, None))
    return sequence(at, [load(at, name), ast.copy_location(emptied, at)], 0)


def observer(at: ast.AST, name: str, body: ast.expr) -> ast.Lambda:
    """`lambda name: body`."""
    parameter = ast.copy_location(ast.arg(name), at)
    arguments = ast.arguments([], [parameter], None, [], [], None, [])
    return ast.copy_location(ast.Lambda(arguments, body), at)


def try_finally(
    at: ast.AST,
    body: list[ast.stmt],
    final: list[ast.stmt],
    handlers: Sequence[ast.ExceptHandler] = (),
) -> list[ast.stmt]:
    """`try: body finally: final`, or only the body if there is nothing else."""
    if not final and not handlers:
        return body
    return [ast.copy_location(ast.Try(body, list(handlers), [], final), at)]


def handler(
    at: ast.AST, exception: ast.expr, body: list[ast.stmt], name: str | None = None
) -> ast.ExceptHandler:
    """`except exception as name: body`."""
    return ast.copy_location(ast.ExceptHandler(exception, name, body), at)


def reraise(at: ast.AST) -> ast.Raise:
    """`raise`, which adds nothing to the traceback."""
    return ast.copy_location(ast.Raise(), at)


def branch(at: ast.AST, test: ast.expr, body: list[ast.stmt]) -> ast.If:
    """`if test: body`."""
    return ast.copy_location(ast.If(test, body, []), at)


Changed = TypeVar("Changed", bound=ast.AST)


def changed(node: Changed, **fields: object) -> Changed:
    """Gives a copy of a node at the same place, with other fields; the node is not touched."""
    values = {field: getattr(node, field, None) for field in node._fields} | fields
    return ast.copy_location(type(node)(**values), node)


def mark_written(node: ast.expr) -> ast.expr:
    """Gives the expression with a mark that it is the user's, and keeps its place.

    The mark survives `copy.deepcopy`.
    """
    marked = changed(node)
    setattr(marked, _WRITTEN, True)
    return marked


def relocated(nodes: Iterable[Node], at: ast.AST) -> list[Node]:
    """Puts nodes that a weave made at the place of `at`, except what the user wrote in them."""
    made = list(nodes)
    todo: list[ast.AST] = list(made)
    while todo:
        node = todo.pop()
        if not hasattr(node, _WRITTEN):
            if "lineno" in node._attributes:
                ast.copy_location(node, at)
            todo += ast.iter_child_nodes(node)
    return made
