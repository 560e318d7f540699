"""A program's source, rewritten to record its own run. Slow and simple on purpose.

Every function gets a hidden first argument, its activation, and after each
statement one call for each variable that the statement bound.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from ._facts import LOOPS, bound_names, facts, own_nodes, parameters, pattern_names, statement_names
from ._trace import Function

TRACE, ACT = "trace__", "act__"


def _call(method: str, *arguments: str) -> str:
    return f"{TRACE}.{method}({', '.join((ACT, *arguments))})"


def _statements(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _binds(names: Sequence[str]) -> list[ast.stmt]:
    return [s for n in names for s in _statements(f"{n} = {_call('bind', repr(n), n)}")]


class Instrument(ast.NodeTransformer):
    """Rewrites a module; `functions` collects the facts, by number."""

    def __init__(self) -> None:
        self.functions: list[Function] = []
        self.scopes: list[str] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> list[ast.stmt]:
        qualname = ".".join((*self.scopes, node.name))
        inside = bool(self.scopes) and self.scopes[-1] == "<locals>"
        function = facts(node, qualname)
        number = len(self.functions)
        self.functions.append(function)
        annotations = ", ".join(f"{n!r}: {t}" for n, t in _annotations(node))
        self.scopes += [node.name, "<locals>"]
        body = [s for statement in node.body for s in many(self.visit(statement))]
        del self.scopes[-2:]
        node.args.posonlyargs.insert(0, ast.arg(ACT))
        _drop_annotations(node)
        wrapper = f"{TRACE}function({number}, lambda: {{{annotations}}})"
        node.decorator_list.append(_expression(wrapper))
        node.body = _guarded(function, body)
        return [node, *(_binds([node.name]) if inside else [])]

    def visit_ClassDef(self, node: ast.ClassDef) -> list[ast.stmt]:
        inside = bool(self.scopes) and self.scopes[-1] == "<locals>"
        self.scopes.append(node.name)
        node.body = [s for statement in node.body for s in many(self.visit(statement))]
        self.scopes.pop()
        return [node, *(_binds([node.name]) if inside else [])]

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def _inside(self) -> bool:
        return bool(self.scopes) and self.scopes[-1] == "<locals>"

    def _simple(self, node: ast.stmt) -> list[ast.stmt]:
        self.generic_visit(node)
        return [node, *(_binds(statement_names(node)) if self._inside() else [])]

    visit_Import = visit_ImportFrom = _simple

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        if self._inside() and isinstance(node.targets[0], ast.Subscript):
            return self._element(node.targets[0], node.value)
        return self._simple(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        if self._inside() and isinstance(node.target, ast.Subscript):
            old = _expression(ast.unparse(node.target))
            return self._element(node.target, ast.BinOp(old, node.op, node.value))
        return self._simple(node)

    def _element(self, target: ast.Subscript, value: ast.expr) -> list[ast.stmt]:
        parts = [ast.unparse(self.visit(part)) for part in (value, target.value, target.slice)]
        return _statements(_call("store", repr(ast.unparse(target.value)), *parts))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        if not self._inside():
            return [node]
        if node.value is not None:
            node.annotation = ast.Constant(None)
            return self._simple(node)
        name = ast.unparse(node.target)
        return _statements(f"{name} = {_call('declare', repr(name))}")

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        value = self.visit(node.value)
        name = node.target.id
        node.value = _expression(_call("bind", repr(name), ast.unparse(value)))
        return node

    def visit_For(self, node: ast.For) -> list[ast.stmt]:
        names, target = bound_names(node.target), node.target
        self.generic_visit(node)
        start, end = (
            [s for n in names for s in _statements(_point(f"#{kind}_{n}"))] for kind in LOOPS
        )
        node.target = ast.Name(f"pass{id(node)}__", ast.Store())
        assign = ast.Assign([target], ast.Name(node.target.id, ast.Load()))
        node.body = [*start, assign, *_binds(names), ast.Try(node.body, [], [], end)]
        return [node]

    def visit_With(self, node: ast.With) -> list[ast.stmt]:
        self.generic_visit(node)
        body: list[ast.stmt] = node.body
        for item in reversed(node.items):
            names = bound_names(item.optional_vars) if item.optional_vars else []
            body = [ast.With([item], [*_binds(names), *body])]
        return body

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self.generic_visit(node)
        if node.name is not None:
            node.body = [
                *_statements(_call("note", repr(node.name), node.name, "True")),
                *node.body,
            ]
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        self.generic_visit(node)
        names = pattern_names(node.pattern)
        if names:
            taps = " , ".join(f"({n} := {_call('bind', repr(n), n)})" for n in names)
            guard = ast.unparse(node.guard) if node.guard is not None else "True"
            node.guard = _expression(f"({taps},) and ({guard})")
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        taps = [_call("note", repr(n), n) for n in bound_names(node.target)]
        node.ifs = [*(_expression(f"({tap}, True)") for tap in taps), *node.ifs]
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        value = ast.unparse(self.visit(node.value)) if node.value is not None else "None"
        return _statements(f"return {_call('value', value)}")[0]

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        value = ast.unparse(self.visit(node.value)) if node.value is not None else "None"
        return _expression(_call("back", f"(yield {_call('leaving', value)})"))

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.AST:
        return _expression(f"(yield from {_call('delegate', ast.unparse(self.visit(node.value)))})")


def imports_ptera(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "ptera"


def _point(name: str) -> str:
    return _call("note", repr(name), "True")


def many(found: Any) -> list[ast.stmt]:
    return found if isinstance(found, list) else [found]


def _annotations(node: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """The text of each variable's first annotation, and `return`."""
    seen = {a.arg: a.annotation for a in parameters(node.args) if a.annotation is not None}
    for inner in own_nodes(ast.Module(node.body, [])):
        if isinstance(inner, ast.AnnAssign):
            seen.setdefault(ast.unparse(inner.target), inner.annotation)
    if node.returns is not None:
        seen["return"] = node.returns
    for name, annotation in seen.items():
        yield name, ast.unparse(annotation)


def _drop_annotations(node: ast.FunctionDef) -> None:
    node.returns = None
    for argument in parameters(node.args):
        argument.annotation = None


def _guarded(function: Function, body: list[ast.stmt]) -> list[ast.stmt]:
    """The body between `#enter` and `#exit`."""
    reads = [s for n in function.read for s in _statements(_call("read", repr(n), f"lambda: {n}"))]
    frame = _statements(
        f"{_call('begin')}\n"
        "try:\n"
        "    ...\n"
        "except BaseException as error__:\n"
        f"    {_call('error', 'error__')}\n"
        "    raise\n"
        "finally:\n"
        f"    {_call('finish')}\n"
    )
    outside = frame[-1]
    assert isinstance(outside, ast.Try)
    end = _statements(_call("value", "None"))
    outside.body = [*_binds(function.parameters), *reads, *body, *end]
    return frame
