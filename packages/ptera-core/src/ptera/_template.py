"""Small pieces of syntax tree, written as text with holes.

Generated code is easier to read as the code it is than as nested calls of node
constructors. A template is parsed once; each use copies it and puts the given
nodes where their names stand.
"""

import ast
import functools
from collections.abc import Sequence
from typing import Any, TypeGuard, TypeVar

__all__ = ["clone", "expression", "load", "statements", "store"]

Hole = ast.expr | str


@functools.lru_cache(maxsize=512)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


class _Filling:
    """Copies a template with its holes filled; `copy.deepcopy` takes ten times as long."""

    __slots__ = ("blocks", "holes")

    def __init__(self, holes: dict[str, Hole], blocks: dict[str, Sequence[ast.stmt]]) -> None:
        self.holes = holes
        self.blocks = blocks

    def filled(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Name):
            return self._name(node)
        made = type(node).__new__(type(node))  # `__init__` wants all fields, since 3.13
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                value = self.filled(value)
            elif _is_list(value):
                value = self._list(value)
            elif field == "name" and isinstance(value, str):
                value = self.holes.get(value, value)
            setattr(made, field, value)
        return made

    def _name(self, node: ast.Name) -> ast.expr:
        hole = self.holes.get(node.id)
        if hole is None or isinstance(hole, str):
            return ast.Name(hole or node.id, node.ctx)
        copied = clone(hole)
        if isinstance(copied, ast.Name):
            copied.ctx = node.ctx
        return copied

    def _list(self, nodes: list[Any]) -> list[Any]:
        made: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Name):
                block = self.blocks.get(node.value.id)
                if block is not None:
                    made += block
                    continue
            made.append(self.filled(node) if isinstance(node, ast.AST) else node)
        return made


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


Node = TypeVar("Node", bound=ast.AST)


def clone(node: Node) -> Node:
    """Copies a tree, with its positions and whatever marks are on its nodes."""
    made = type(node).__new__(type(node))  # `__init__` wants all fields, since 3.13
    for name, value in vars(node).items():
        setattr(made, name, _cloned(value))
    return made


def _cloned(value: Any) -> Any:
    if isinstance(value, ast.AST):
        return clone(value)
    if _is_list(value):
        return [_cloned(item) for item in value]
    return value


def statements(
    text: str, /, blocks: dict[str, Sequence[ast.stmt]] | None = None, **holes: Hole
) -> list[ast.stmt]:
    r"""Gives the statements of `text` with its holes filled.

    Arguments:
        text: Python source; the names given as keywords are its holes.
        blocks: Statements that stand for an expression statement of that name.
        holes: For each name, an expression, or another name to write instead.

    Returns:
        Fresh statements, which share no node with the template or the holes; those of
        `blocks` stand there themselves.

    Examples:
        >>> ast.unparse(statements("if N is not None: N.add(V)", N=".n", V=ast.Name("x"))[0])
        'if .n is not None:\n    .n.add(x)'
    """
    filled: list[ast.stmt] = _Filling(holes, blocks or {}).filled(_parsed(text)).body
    return filled


def expression(text: str, /, **holes: Hole) -> ast.expr:
    """Gives the one expression of `text` with its holes filled.

    Examples:
        >>> ast.unparse(expression("A + 1", A=ast.Name("x")))
        'x + 1'
    """
    (statement,) = statements(text, None, **holes)
    assert isinstance(statement, ast.Expr)
    return statement.value


def load(name: str) -> ast.Name:
    """Gives the expression that reads `name`."""
    return ast.Name(name, ast.Load())


def store(name: str, value: ast.expr) -> ast.stmt:
    """Gives the statement that assigns `value` to `name`."""
    return ast.Assign([ast.Name(name, ast.Store())], value)
