"""Statements with blocks: loops, `with`, `try`, `match`; and `return`."""

import ast
from collections.abc import Iterable, Sequence
from typing import Any

from .._syntax import pattern_names, target_names
from ._bindings import Bindings, StatementHandler
from ._build import (
    assign,
    changed,
    constant,
    handler,
    last_load,
    load,
    name_target,
    reraise,
    sequence,
    try_finally,
)
from ._targets import bound_names

__all__ = ["Flow", "suspends"]

_SUSPENDING = (ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor, ast.AsyncWith)


class Flow:
    """Rewrites blocks of statements.

    Arguments:
        bindings: What rewrites the statements without blocks.
    """

    def __init__(self, bindings: Bindings) -> None:
        self.bindings = bindings
        self.targets = bindings.targets
        self.context = bindings.context
        self.expressions = bindings.expressions
        self.handlers: dict[type[ast.stmt], StatementHandler] = {
            **bindings.handlers,
            ast.If: self._if,
            ast.While: self._while,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Try: self._try,
            ast.TryStar: self._try,
            ast.Match: self._match,
            ast.Return: self._return,
            ast.Global: self._outer,
            ast.Nonlocal: self._outer,
        }

    def block(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Gives the rewritten statements; none are left only where there were none."""
        made: list[ast.stmt] = []
        for statement in statements:
            self.context.free_temporaries()
            rewrite = self.handlers.get(type(statement))
            if rewrite is not None:
                made += rewrite(statement)
            else:
                made.append(self.expressions.rewrite(statement))
        if statements and not made:
            made.append(ast.copy_location(ast.Pass(), statements[0]))
        return made

    def _outer(self, node: ast.Global | ast.Nonlocal) -> list[ast.stmt]:
        return []  # they stand at the top, before any tap that mentions their names

    def _if(self, node: ast.If) -> list[ast.stmt]:
        # A chain of `elif` can be longer than the stack is deep.
        chain = [node]
        while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            chain.append(node)
        orelse = self.block(node.orelse)
        for link in reversed(chain):
            test, body = self.expressions.rewrite(link.test), self.block(link.body)
            orelse = list[ast.stmt]([changed(link, test=test, body=body, orelse=orelse)])
        return orelse

    def _while(self, node: ast.While) -> list[ast.stmt]:
        test = self.expressions.rewrite(node.test)
        body = self.block(node.body)
        return [changed(node, test=test, body=body, orelse=self.block(node.orelse))]

    def _for(self, node: ast.For | ast.AsyncFor) -> list[ast.stmt]:
        """`for x in e` taps x first thing in the body.

        With the points of the loop::

            for .t1 in e:
                TAP(#loop_x)
                try:
                    x = .t1; TAP(x); del .t1
                    ...
                finally:
                    TAP(#endloop_x)
        """
        context, target = self.context, node.target
        iterated = self.expressions.rewrite(node.iter)
        if isinstance(node, ast.AsyncFor):
            iterated = context.guard(node.iter, context.weave.iterating, iterated)
        before = self._points(node, "#loop_")
        if before or self.targets.need_steps([target]):
            temporary = context.temporary()
            binding = self.targets.from_temporary([target], temporary)
            target = name_target(target, temporary)
        else:
            binding = self.targets.after(bound_names([target]))
            target = self.expressions.rewrite(target)
        body = [*binding, *self.block(node.body)]
        after = self._points(node, "#endloop_")
        if after and context.guards and suspends(node.body):
            after = [*context.reentered(node), *after]
        body = [*before, *try_finally(node, body, after)]
        orelse = self.block(node.orelse)
        return [changed(node, target=target, iter=iterated, body=body, orelse=orelse)]

    def _points(self, node: ast.For | ast.AsyncFor, prefix: str) -> list[ast.stmt]:
        names = dict.fromkeys(target_names(node.target))
        return [made for name in names for made in self.context.point(node, prefix + name)]

    def _with(self, node: ast.With | ast.AsyncWith) -> list[ast.stmt]:
        """`with a as x, b as y` taps x before b is evaluated.

        ::

            with a as x:
                TAP(x)
                with b as y:
                    TAP(y)
                    ...
        """
        groups: list[tuple[list[ast.withitem], list[ast.stmt]]] = [([], [])]
        for item in node.items:
            if groups[-1][1]:
                groups.append(([], []))
            made, following = self._item(node, item)
            groups[-1][0].append(made)
            groups[-1][1].extend(following)
        body = self.block(node.body)
        if self.context.guards and suspends(node.body):
            body = self._reentering(node, body)
        for items, following in reversed(groups):
            body = list[ast.stmt]([changed(node, items=items, body=[*following, *body])])
        return body

    def _item(
        self, node: ast.With | ast.AsyncWith, item: ast.withitem
    ) -> tuple[ast.withitem, list[ast.stmt]]:
        context, target = self.context, item.optional_vars
        managed = self.expressions.rewrite(item.context_expr)
        if isinstance(node, ast.AsyncWith):
            managed = context.guard(item.context_expr, context.weave.managing, managed)
        if target is None:
            return changed(item, context_expr=managed), []
        if self.targets.need_steps([target]):
            temporary = context.temporary()
            following = self.targets.from_temporary([target], temporary)
            target = name_target(target, temporary)
        else:
            following = self.targets.after(bound_names([target]))
            target = self.expressions.rewrite(target)
        return changed(item, context_expr=managed, optional_vars=target), following

    def _reentering(self, node: ast.stmt, body: list[ast.stmt]) -> list[ast.stmt]:
        """Lets the weave know that an exception came in before a context manager sees it."""
        statements: list[ast.stmt] = [*self.context.reentered(node), reraise(node)]
        caught = handler(node, self.context.builtin(node, "BaseException"), statements)
        return try_finally(node, body, [], [caught])

    def _try(self, node: Any) -> list[ast.stmt]:
        """`except E as e:` and `finally:` let the weave know, then e is tapped."""
        body, orelse = self.block(node.body), self.block(node.orelse)
        guards = self.context.guards
        caught = [self._handler(h, guards and suspends(node.body)) for h in node.handlers]
        final = self.block(node.finalbody)
        if final and guards and suspends([*node.body, *node.handlers, *node.orelse]):
            final = [*self.context.reentered(node.finalbody[0]), *final]
        made: ast.stmt = changed(node, body=body, handlers=caught, orelse=orelse, finalbody=final)
        return [made]

    def _handler(self, node: ast.ExceptHandler, guarded: bool) -> ast.ExceptHandler:
        context, name = self.context, node.name
        kind = None if node.type is None else self.expressions.rewrite(node.type)
        body = context.reentered(node) if guarded else []
        if name is not None:
            body += context.tap(node, name, load(node, name))
        return changed(node, type=kind, body=[*body, *self.block(node.body)])

    def _match(self, node: ast.Match) -> list[ast.stmt]:
        subject = self.expressions.rewrite(node.subject)
        return [changed(node, subject=subject, cases=[self._case(case) for case in node.cases])]

    def _case(self, node: ast.match_case) -> ast.match_case:
        """`case x if e:` becomes `case x if (TAP(x), e)[1]:`.

        Without a guard, x is tapped first thing in the body.
        """
        context, pattern = self.context, node.pattern
        names = [name for name in pattern_names(pattern) if context.wants(name)]
        guard = None if node.guard is None else self.expressions.rewrite(node.guard)
        following: list[ast.stmt] = []
        if guard is None:
            following = self.targets.after((name, pattern) for name in names)
        elif names:
            parts = [part for name in names for part in self._guarding(pattern, name)]
            guard = sequence(pattern, [*parts, guard], len(parts))
        return changed(node, guard=guard, body=[*following, *self.block(node.body)])

    def _guarding(self, at: ast.pattern, name: str) -> list[ast.expr]:
        context = self.context
        made: list[ast.expr] = []
        if context.replaces(name):
            value = context.replace(at, name, load(at, name))
            made.append(ast.copy_location(ast.NamedExpr(name_target(at, name), value), at))
        return [*made, context.tap_expression(at, name, load(at, name))]

    def _return(self, node: ast.Return) -> list[ast.stmt]:
        """`return e` becomes `.t1 = REPLACE(e)`, `TAP(#value, .t1)`, `return .t1`.

        If something still has to run before the function ends (`finally`, the end of a
        `with`), the value is only noted: `.value = e`, `.leaving = True`, `return .value`.
        """
        context = self.context
        if not context.wants("#value"):
            return [self.expressions.rewrite(node)]
        written = constant(node, None) if node.value is None else node.value
        value = self.expressions.rewrite(written)
        if context.defers_value:
            name = ".value"
            made: list[ast.stmt] = [
                assign(node, name, value),
                assign(node, ".leaving", constant(node, True)),
            ]
        else:
            if not context.is_async_generator:
                value = context.replace(node, "#value", value)
            name = context.temporary()
            made = [assign(node, name, value), *context.tap(node, "#value", load(node, name))]
        if context.is_async_generator:
            return [*made, changed(node, value=None)]
        forgets = context.may_outlive and not context.defers_value
        returned = last_load(node, name) if forgets else load(node, name)
        return [*made, changed(node, value=returned)]


def suspends(statements: Iterable[ast.AST]) -> bool:
    """Tells whether control can leave and come back in some statements, nested ones left out."""
    todo = list(statements)
    while todo:
        node = todo.pop()
        if isinstance(node, _SUSPENDING) or (isinstance(node, ast.comprehension) and node.is_async):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(node)
    return False
