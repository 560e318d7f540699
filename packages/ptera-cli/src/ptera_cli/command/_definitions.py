"""Where a script has defined something: a call that tells so, after each run of definitions."""

import ast

__all__ = ["HOOK", "watched"]

HOOK = "__ptera_defined__"
"""The name of the call, among the builtins."""

_DEFINING = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AnnAssign,
)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def watched(source: bytes, path: str) -> ast.Module:
    r"""Gives a script's tree with the call put in; functions stay as they are.

    Arguments:
        source: The script.
        path: Its path.

    Raises:
        SyntaxError: It is no Python.

    Examples:
        >>> print(ast.unparse(watched(b"x = 1\ndef f(): return x\nf()", "s.py")))
        x = 1
        def f():
            return x
        __ptera_defined__()
        f()
    """
    tree = ast.parse(source, path)
    _watch(tree)
    return tree


def _watch(node: ast.AST) -> None:
    """Puts calls into the blocks of a node that are not the bodies of definitions."""
    for block in _BLOCKS:
        statements: list[ast.AST] | ast.AST | None = getattr(node, block, None)
        if isinstance(statements, list):
            _watch_block(statements)


def _watch_block(statements: list[ast.AST]) -> None:
    changed: list[ast.AST] = []
    for at, statement in enumerate(statements):
        changed.append(statement)
        if isinstance(statement, _DEFINING):
            following = statements[at + 1] if at + 1 < len(statements) else None
            if not _is_pause(following):
                changed.append(_call_after(statement))
        else:
            _watch(statement)
    statements[:] = changed


def _is_pause(statement: ast.AST | None) -> bool:
    """Tells whether nothing of the script can be called before the next definition is there."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        value = statement.value
        return value is None or not any(isinstance(n, ast.Call) for n in ast.walk(value))
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return not statement.decorator_list
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _call_after(statement: ast.stmt) -> ast.Expr:
    call = ast.Expr(ast.Call(ast.Name(HOOK, ast.Load()), [], []))
    for node in ast.walk(call):
        if isinstance(node, ast.expr | ast.stmt):
            node.lineno = node.end_lineno = statement.end_lineno or statement.lineno
            node.col_offset = node.end_col_offset = statement.end_col_offset or 0
    return call
