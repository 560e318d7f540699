"""Small pieces of syntax tree, written as text with holes.

Generated code is easier to read as the code it is than as nested calls of node
constructors. A template is parsed once; each use copies it and puts the given
nodes where their names stand.
"""

import ast
import copy
import functools
from collections.abc import Sequence

__all__ = ["expression", "load", "statements", "store"]

Hole = ast.expr | str


@functools.lru_cache(maxsize=512)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


class _Filling(ast.NodeTransformer):
    """Puts expressions, names and statement lists into the holes of a template."""

    def __init__(self, holes: dict[str, Hole], blocks: dict[str, Sequence[ast.stmt]]) -> None:
        self.holes = holes
        self.blocks = blocks

    def visit_Name(self, node: ast.Name) -> ast.expr:
        hole = self.holes.get(node.id)
        if hole is None:
            return node
        if isinstance(hole, str):
            return ast.copy_location(ast.Name(hole, node.ctx), node)
        filled = copy.deepcopy(hole)
        if isinstance(filled, ast.Name):
            filled.ctx = node.ctx
        return filled

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        hole = self.holes.get(node.name or "")
        if isinstance(hole, str):
            node.name = hole
        self.generic_visit(node)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        if isinstance(node.value, ast.Name) and node.value.id in self.blocks:
            return [copy.deepcopy(statement) for statement in self.blocks[node.value.id]]
        self.generic_visit(node)
        return node


def statements(
    text: str, /, blocks: dict[str, Sequence[ast.stmt]] | None = None, **holes: Hole
) -> list[ast.stmt]:
    r"""Gives the statements of `text` with its holes filled.

    Arguments:
        text: Python source; the names given as keywords are its holes.
        blocks: Statements that stand for an expression statement of that name.
        holes: For each name, an expression, or another name to write instead.

    Returns:
        Fresh statements, which share no node with the template or the holes.

    Example:
        >>> ast.unparse(statements("if N is not None: N.add(V)", N=".n", V=ast.Name("x"))[0])
        'if .n is not None:\n    .n.add(x)'
    """
    module = copy.deepcopy(_parsed(text))
    filling = _Filling(holes, blocks or {})
    filled = filling.visit(module)
    return list(filled.body)


def expression(text: str, /, **holes: Hole) -> ast.expr:
    """Gives the one expression of `text` with its holes filled.

    Example:
        >>> ast.unparse(expression("A + 1", A=ast.Name("x")))
        'x + 1'
    """
    (statement,) = statements(text, **holes)
    assert isinstance(statement, ast.Expr)
    return statement.value


def load(name: str) -> ast.Name:
    """Gives the expression that reads `name`."""
    return ast.Name(name, ast.Load())


def store(name: str, value: ast.expr) -> ast.stmt:
    """Gives the statement that assigns `value` to `name`."""
    return ast.Assign([ast.Name(name, ast.Store())], value)
