"""Bindings and suspensions inside expressions: walrus, comprehensions, yield, await, lambda."""

import ast
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from .._syntax import is_list, target_names
from ._build import (
    call,
    changed,
    constant,
    load,
    name_target,
    observer,
    relocated,
    sequence,
)
from ._context import Context

__all__ = ["Expressions", "decorated"]

Node = TypeVar("Node", bound=ast.AST)
Handler = Callable[[Any], ast.expr]

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_INSPECTING = frozenset({"locals", "vars", "dir"})


class Expressions:
    """Rewrites expressions; what need not change is shared with the source tree.

    Arguments:
        context: The rewrite.
        own_scope: Whether the expressions belong to the function; otherwise to a class body
            in it, where only the functions that are created matter.
    """

    def __init__(self, context: Context, own_scope: bool = True) -> None:
        self.context = context
        self._handlers: dict[type[ast.AST], Handler] = {ast.Lambda: self._lambda}
        if own_scope:
            self._handlers |= self._own_handlers()
        # Where `:=` cannot stand: in what a comprehension iterates over.
        self._iterated = 0
        self._marked: set[int] = set()

    def _own_handlers(self) -> dict[type[ast.AST], Handler]:
        context = self.context
        handlers: dict[type[ast.AST], Handler] = {
            ast.NamedExpr: self._walrus,
            **dict.fromkeys(_COMPREHENSIONS, self._comprehension),
        }
        if context.guards or context.wants_any(["#yield", "#receive"]):
            handlers[ast.Yield] = self._yield
        if context.guards:
            handlers |= {ast.YieldFrom: self._yield_from, ast.Await: self._await}
        if context.facts.inspects_locals and context.weave.hides_locals() is not None:
            handlers[ast.Call] = self._call
        return handlers

    def rewrite(self, node: Node) -> Node:
        """Gives the rewritten node: an expression, or a statement made of expressions only."""
        outermost = not self._marked
        if outermost:
            self._mark(node)
            if not self._marked:
                return node
        try:
            made: Any = self._visit(node)
        finally:
            if outermost:
                self._marked = set()
        return made  # type: ignore[no-any-return]  # a statement gives a statement

    def rewrite_all(self, nodes: Iterable[Node]) -> list[Node]:
        """Rewrites several."""
        return [self.rewrite(node) for node in nodes]

    def _mark(self, root: ast.AST) -> None:
        """Notes the nodes with something to rewrite in them, so that the rest is left alone.

        Without recursion: a long chain of operators, of which nothing changes, is no problem.
        """
        parents: dict[int, ast.AST] = {}
        todo = [root]
        while todo:
            node = todo.pop()
            if type(node) in self._handlers:
                at: ast.AST | None = node
                while at is not None and id(at) not in self._marked:
                    self._marked.add(id(at))
                    at = parents.get(id(at))
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr_context):
                    continue  # one object for all
                parents[id(child)] = node
                todo.append(child)

    def _visit(self, node: Any) -> Any:
        if id(node) not in self._marked:
            return node
        kind = cast("type[ast.AST]", type(node))
        handler = self._handlers.get(kind)
        return self._inside(node) if handler is None else handler(node)

    def _inside(self, node: Node) -> Node:
        fields: dict[str, object] = {}
        for field, value in ast.iter_fields(node):
            if is_list(value):
                fields[field] = [self._visit(item) for item in value]
            elif isinstance(value, ast.AST):
                fields[field] = self._visit(value)
        return changed(node, **fields)

    def _walrus(self, node: ast.NamedExpr) -> ast.expr:
        """`(x := e)` becomes `((x := e), TAP(x), x)[2]`."""
        name, context = node.target.id, self.context
        value: ast.expr = self._visit(node.value)
        if not context.wants(name):
            return changed(node, value=value)
        bound = changed(node, value=context.replace(node, name, value))
        tap = context.tap_expression(node.target, name, load(node.target, name))
        # Read again: a tap may have given the variable another value.
        return sequence(node, [bound, tap, load(node.target, name)], 2)

    def _observed(self, at: ast.expr, name: str, value: ast.expr) -> ast.expr:
        """`e` becomes `((.t1 := e), TAP(.t1), (.t1 := None))[0]`."""
        context = self.context
        if not context.wants(name):
            return value
        value = context.replace(at, name, value)
        if self._iterated:
            tap = context.tap_expression(at, name, load(at, ".v"))
            return call(at, observer(at, ".v", sequence(at, [load(at, ".v"), tap], 0)), value)
        temporary = context.temporary()
        tap = context.tap_expression(at, name, load(at, temporary))
        parts = [_named(at, temporary, value), tap, _named(at, temporary, constant(at, None))]
        return sequence(at, parts, 0)

    def _yield(self, node: ast.Yield) -> ast.expr:
        context, weave = self.context, self.context.weave
        value = constant(node, None) if node.value is None else self._visit(node.value)
        value = self._observed(node, "#yield", value)
        given = changed(node, value=context.guard(node, weave.suspending, value))
        received = context.guard(node, weave.resumed, given)
        return self._observed(node, "#receive", received)

    def _yield_from(self, node: ast.YieldFrom) -> ast.expr:
        value = self._visit(node.value)
        return changed(node, value=self.context.guard(node, self.context.weave.delegating, value))

    def _await(self, node: ast.Await) -> ast.expr:
        value = self._visit(node.value)
        return changed(node, value=self.context.guard(node, self.context.weave.awaiting, value))

    def _lambda(self, node: ast.Lambda) -> ast.expr:
        """`lambda: e` becomes `CREATED(lambda: e)`; only the defaults are evaluated here."""
        made = changed(node, args=self.arguments(node.args))
        function = self.context.weave.created("<lambda>", node)
        return made if function is None else call(node, relocated([function], node)[0], made)

    def arguments(self, arguments: ast.arguments) -> ast.arguments:
        """Gives the parameters of a nested function with their defaults rewritten."""
        return changed(
            arguments,
            defaults=self.rewrite_all(arguments.defaults),
            kw_defaults=[d if d is None else self.rewrite(d) for d in arguments.kw_defaults],
        )

    def _call(self, node: ast.Call) -> ast.expr:
        """`locals()` becomes `HIDE(locals())`."""
        made = self._inside(node)
        hide = self.context.weave.hides_locals()
        inspects = isinstance(node.func, ast.Name) and node.func.id in _INSPECTING
        if hide is None or not inspects or node.args or node.keywords:
            return made
        return call(node, relocated([hide], node)[0], made)

    def _comprehension(self, node: Any) -> ast.expr:
        """`[e for x in xs if c]` becomes `[e for x in xs if (TAP(x), True)[1] if c]`."""
        generators = [self._generator(generator) for generator in node.generators]
        fields = ("key", "value") if isinstance(node, ast.DictComp) else ("elt",)
        parts = {field: self._visit(getattr(node, field)) for field in fields}
        made: ast.expr = changed(node, generators=generators, **parts)
        return made

    def _generator(self, node: ast.comprehension) -> ast.comprehension:
        context, target = self.context, node.target
        self._iterated += 1
        iterated: ast.expr = self._visit(node.iter)
        self._iterated -= 1
        if node.is_async:
            iterated = context.guard(node.iter, context.weave.iterating, iterated)
        conditions: list[ast.expr] = [self._visit(condition) for condition in node.ifs]
        wanted = [name for name in dict.fromkeys(target_names(target)) if context.wants(name)]
        if wanted:
            taps = [context.tap_expression(target, name, load(target, name)) for name in wanted]
            always = sequence(target, [*taps, constant(target, True)], len(taps))
            conditions.insert(0, always)
        return changed(node, target=self._visit(target), iter=iterated, ifs=conditions)


def decorated(
    expressions: Expressions,
    node: ast.FunctionDef | ast.AsyncFunctionDef,
) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """Gives a nested `def` with what is evaluated around it rewritten.

    The function is given to the weave before any decorator has it::

        @decorator
        @CREATED
        def inner(): ...
    """
    context = expressions.context
    decorators = expressions.rewrite_all(node.decorator_list)
    function = context.weave.created(node.name, node)
    if function is not None:
        decorators += relocated([function], node)
    made = changed(node, args=expressions.arguments(node.args), decorator_list=decorators)
    if context.evaluates_annotations and not getattr(node, "type_params", ()):
        _annotate(expressions, made)
    return made


def _annotate(expressions: Expressions, made: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Rewrites the annotations of a nested function that is already a copy."""
    arguments = made.args
    for field in ("posonlyargs", "args", "kwonlyargs"):
        setattr(arguments, field, [_parameter(expressions, p) for p in getattr(arguments, field)])
    for field in ("vararg", "kwarg"):
        parameter = getattr(arguments, field)
        if parameter is not None:
            setattr(arguments, field, _parameter(expressions, parameter))
    if made.returns is not None:
        made.returns = expressions.rewrite(made.returns)


def _parameter(expressions: Expressions, parameter: ast.arg) -> ast.arg:
    if parameter.annotation is None:
        return parameter
    return changed(parameter, annotation=expressions.rewrite(parameter.annotation))


def _named(at: ast.AST, name: str, value: ast.expr) -> ast.expr:
    return ast.copy_location(ast.NamedExpr(name_target(at, name), value), at)
