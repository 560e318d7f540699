"""Statements that bind: assignments, declarations, imports, nested functions and classes."""

import ast
import sys
from collections.abc import Callable
from typing import Any

from .._syntax import dotted_name, is_list, is_plain, is_required
from ._build import assign, branch, changed, constant, relocated
from ._expressions import Expressions, decorated
from ._targets import Targets, augmented, bound_names

__all__ = ["Bindings", "StatementHandler"]

StatementHandler = Callable[[Any], list[ast.stmt]]


class Bindings:
    """Rewrites the statements that bind names and have no body of the function's own.

    Arguments:
        targets: What binds their targets.
    """

    def __init__(self, targets: Targets) -> None:
        self.targets = targets
        self.context = targets.context
        self.expressions = targets.expressions
        self.handlers: dict[type[ast.stmt], StatementHandler] = {
            ast.Assign: self._assign,
            ast.AugAssign: self._augmented,
            ast.AnnAssign: self._annotated,
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
        }
        if sys.version_info >= (3, 12):
            self.handlers[ast.TypeAlias] = self._type_alias

    def _assign(self, node: ast.Assign) -> list[ast.stmt]:
        """`x = e` becomes `x = REPLACE(e)`, `TAP(x)`; the rest is bound as `Targets` says."""
        context, targets = self.context, node.targets
        value = self.expressions.rewrite(node.value)
        if self.targets.need_steps(targets):
            temporary = context.temporary()
            first = ast.copy_location(assign(node, temporary, value), node)
            return [first, *self.targets.from_temporary(targets, temporary)]
        target = targets[0]
        if len(targets) == 1 and isinstance(target, ast.Name):
            made = changed(node, value=context.replace(node, target.id, value))
            return [made, *context.tap(target, target.id, _load(target))]
        made = changed(node, targets=self.expressions.rewrite_all(targets), value=value)
        return [made, *self.targets.after(bound_names(targets))]

    def _augmented(self, node: ast.AugAssign) -> list[ast.stmt]:
        """`x += e` becomes `x += e`, `x = REPLACE(x)`, `TAP(x)`."""
        if not isinstance(node.target, ast.Name) and self.targets.is_wanted(node.target):
            return augmented(self.targets, node)
        made = self.expressions.rewrite(node)
        return [made, *self.targets.after(bound_names([node.target]))]

    def _annotated(self, node: ast.AnnAssign) -> list[ast.stmt]:
        """`x: T = e` is an assignment, `x: T` (or `= required()`) a declaration."""
        context, target = self.context, node.target
        if node.value is None or is_required(node.value):
            declaration = self._declaration(node)
            if declaration is not None:
                return declaration
        if node.value is None:
            return [self.expressions.rewrite(node)]
        value = self.expressions.rewrite(node.value)
        if isinstance(target, ast.Name):
            made = changed(node, value=context.replace(node, target.id, value))
            return [made, *context.tap(target, target.id, _load(target))]
        if not self.targets.is_wanted(target):
            return [self.expressions.rewrite(node)]
        temporary = context.temporary()
        first = assign(node, temporary, value)
        return [first, *self.targets.from_temporary([target], temporary, node.annotation)]

    def _declaration(self, node: ast.AnnAssign) -> list[ast.stmt] | None:
        """`x: T` becomes `x: T`, `DECLARE(x)`, `TAP(x)`."""
        context, target = self.context, node.target
        if not isinstance(target, ast.Name) or not is_plain(target.id):
            return None
        statements = context.weave.declare(target.id, node.annotation)
        if statements is None:
            return None
        made: list[ast.stmt] = [changed(node, value=None)]
        if isinstance(node.value, ast.Call) and self._is_free(node.value.func):
            # What is closed over must stay closed over, even if it is not called any more.
            made.append(branch(node, constant(node, False), [node]))
        made += relocated(statements, node)
        return made + context.tap(target, target.id, _load(target))

    def _is_free(self, function: ast.expr) -> bool:
        root = (dotted_name(function) or "").partition(".")[0]
        return root in self.context.source.code.co_freevars

    def _import(self, node: ast.Import | ast.ImportFrom) -> list[ast.stmt]:
        names = [(alias.asname or alias.name.partition(".")[0], alias) for alias in node.names]
        return [node, *self.targets.after(names)]

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
        made = decorated(self.expressions, node)
        return [made, *self.targets.after([(node.name, node)])]

    def _class(self, node: ast.ClassDef) -> list[ast.stmt]:
        made = changed(
            node,
            decorator_list=self.expressions.rewrite_all(node.decorator_list),
            body=ClassBody(self.expressions).block(node.body),
        )
        if not getattr(node, "type_params", ()):  # or else they are evaluated in there
            made.bases = self.expressions.rewrite_all(node.bases)
            made.keywords = self.expressions.rewrite_all(node.keywords)
        return [made, *self.targets.after([(node.name, node)])]

    def _type_alias(self, node: Any) -> list[ast.stmt]:
        return [node, *self.targets.after([(node.name.id, node)])]


class ClassBody:
    """Rewrites the body of a class in the function: its methods are given to the weave.

    Arguments:
        expressions: The rewriting of the function that the class stands in.
    """

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = Expressions(expressions.context, own_scope=False)

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Gives the statements, with what creates functions in them rewritten."""
        return [self._statement(statement) for statement in statements]

    def _statement(self, node: Any) -> ast.stmt:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return decorated(self.expressions, node)
        fields: dict[str, object] = {}
        for field, value in ast.iter_fields(node):
            if is_list(value):
                fields[field] = [self._part(item) for item in value]
            elif isinstance(value, ast.expr):
                fields[field] = self.expressions.rewrite(value)
        made: ast.stmt = changed(node, **fields)
        return made

    def _part(self, node: Any) -> Any:
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            return self._statement(node)
        return self.expressions.rewrite(node) if isinstance(node, ast.AST) else node


def _load(target: ast.Name) -> ast.Name:
    return changed(target, ctx=ast.Load())
