"""The function around its statements: entry, parameters, return value, exit, errors."""

import ast
from collections.abc import Iterable

from .._compile import Definition
from .._scope import Kind
from .._syntax import is_plain, parameters_of, target_names
from ._build import (
    assign,
    branch,
    changed,
    constant,
    handler,
    last_load,
    load,
    release,
    relocated,
    reraise,
    try_finally,
)
from ._context import Context
from ._flow import Flow

__all__ = ["rewritten"]

_ONLY_READ = frozenset({Kind.READ})
_CATCHING = (ast.Try, ast.TryStar, ast.With, ast.AsyncWith)


class FunctionBody:
    """Rewrites the whole body of a function.

    ::

        global x                    # moved to the top
        PROLOGUE
        try:
            try:
                TAP(#enter)
                p = REPLACE(p); TAP(p)
                ...
            except BaseException as .error:
                TAP(#error)
                raise
            finally:
                TAP(#exit)
        finally:
            EPILOGUE

    Arguments:
        flow: What rewrites the statements.
    """

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.context: Context = flow.context
        self.node: Definition = flow.context.source.node

    def statements(self) -> list[ast.stmt]:
        """Gives the statements of the rewritten function."""
        written = _statements(self.node)
        docstring = written[:1] if _is_docstring(written) else []
        written = written[len(docstring) :]
        if not written:
            written.append(ast.copy_location(ast.Pass(), docstring[0]))
        first = written[0]
        outer = _outer_declarations(written)
        prologue = relocated(self.context.weave.prologue(), first)
        entry = [
            *self.context.point(first, "#enter"),
            *self._parameters(first),
            *self._reads(first),
        ]
        body = self._ended([*entry, *self._valued(written)])
        epilogue = relocated(self.context.weave.epilogue(), self.node)
        if epilogue:
            body = try_finally(self.node, body, [*self._reentered(), *epilogue])
        return [*docstring, *outer, *prologue, *body]

    def _reentered(self) -> list[ast.stmt]:
        return self.context.reentered(self.node)

    def _parameters(self, at: ast.AST) -> list[ast.stmt]:
        # At the first statement, so that a debugger does not stop at the head once more.
        names = [parameter.arg for parameter in parameters_of(self.node)]
        return self.flow.targets.after((name, at) for name in names if is_plain(name))

    def _reads(self, at: ast.AST) -> list[ast.stmt]:
        """Taps names that are only read, if they have a value.

        ::

            try:
                .t1 = name
            except NameError:
                pass
            else:
                TAP(.t1); del .t1
        """
        context = self.context
        made: list[ast.stmt] = []
        for variable in context.facts.variables.values():
            if variable.kinds == _ONLY_READ and context.wants(variable.name):
                context.free_temporaries()
                value = context.temporary()
                absent: list[ast.stmt] = [ast.copy_location(ast.Pass(), at)]
                taps = context.tap(at, variable.name, load(at, value))
                attempt = ast.Try(
                    [assign(at, value, load(at, variable.name))],
                    [handler(at, context.builtin(at, "NameError"), absent)],
                    [*taps, *release(at, [value])],
                    [],
                )
                made.append(ast.copy_location(attempt, at))
        return made

    def _valued(self, written: list[ast.stmt]) -> list[ast.stmt]:
        """Gives the statements with `#value` where the function returns, or falls off its end."""
        context = self.context
        if not context.wants("#value"):
            return self.flow.block(written)
        last = written[-1]
        context.defers_value = _cleans_up(written, context)
        context.may_outlive = any(isinstance(node, _CATCHING) for node in _blocks(written))
        end = ast.copy_location(ast.Return(), last)
        falls = not isinstance(last, ast.Return | ast.Raise)
        body = self.flow.block([*written, end] if falls else written)
        return self._deferred(body) if context.defers_value else body

    def _deferred(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Gives the value to the weave after all `finally` and `with` blocks are done.

        ::

            .leaving = False
            try:
                ...                 # `return e`: .value = e; .leaving = True; return .value
            except BaseException:
                .leaving = False
                raise
            finally:
                if .leaving:
                    .value = REPLACE(.value); TAP(#value, .value)
                    return (.value, (.value := None))[0]
        """
        context, at = self.context, self.node
        leaving: list[ast.stmt] = []
        replaces = context.replaces("#value") and not context.is_async_generator
        if replaces:
            value = context.replace(at, "#value", load(at, ".value"))
            leaving.append(assign(at, ".value", value))
        leaving += context.tap(at, "#value", load(at, ".value"))
        if replaces:
            leaving.append(ast.copy_location(ast.Return(last_load(at, ".value")), at))
        else:
            leaving += release(at, [".value"])
        staying: list[ast.stmt] = [assign(at, ".leaving", constant(at, False)), reraise(at)]
        caught = handler(at, context.builtin(at, "BaseException"), staying)
        final = [branch(at, load(at, ".leaving"), leaving)]
        return [
            assign(body[0], ".leaving", constant(body[0], False)),
            *try_finally(at, body, list[ast.stmt](final), [caught]),
        ]

    def _ended(self, body: list[ast.stmt]) -> list[ast.stmt]:
        context, at = self.context, self.node
        error = context.tap(at, "#error", load(at, ".error"))
        final = context.point(at, "#exit")
        handlers: list[ast.ExceptHandler] = []
        if error:
            kind = context.builtin(at, "BaseException")
            statements = [*self._reentered(), *error, reraise(at)]
            handlers.append(handler(at, kind, statements, ".error"))
        if final:
            final = [*self._reentered(), *final]
        return try_finally(at, body, final, handlers)


def _statements(node: Definition) -> list[ast.stmt]:
    if isinstance(node, ast.Lambda):
        return [ast.copy_location(ast.Return(node.body), node.body)]
    return node.body


def _is_docstring(statements: list[ast.stmt]) -> bool:
    first = statements[0]
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


def _blocks(statements: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """Gives all statements of the function's own scope, and handlers and cases in between."""
    todo = list(statements)
    while todo:
        node = todo.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = ast.iter_child_nodes(node)
            todo += [
                n for n in inner if isinstance(n, ast.stmt | ast.ExceptHandler | ast.match_case)
            ]


def _outer_declarations(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Gives the `global` and `nonlocal` statements, which must precede all mentions."""
    return [n for n in _blocks(statements) if isinstance(n, ast.Global | ast.Nonlocal)]


def _cleans_up(statements: Iterable[ast.AST], context: Context) -> bool:
    """Tells whether a `return` stands where something still runs after it."""
    for node in _blocks(statements):
        if _runs_afterwards(node, context) and any(
            isinstance(inner, ast.Return) for inner in _blocks(_protected(node))
        ):
            return True
    return False


def _runs_afterwards(node: ast.AST, context: Context) -> bool:
    if isinstance(node, ast.For | ast.AsyncFor):
        return context.wants_any(f"#endloop_{name}" for name in target_names(node.target))
    if isinstance(node, ast.Try | ast.TryStar):
        return bool(node.finalbody)
    return isinstance(node, ast.With | ast.AsyncWith)


def _protected(node: ast.AST) -> Iterable[ast.AST]:
    """Gives the statements after which something of `node` still runs."""
    if isinstance(node, ast.Try | ast.TryStar):
        return [*node.body, *node.handlers, *node.orelse]
    return node.body if isinstance(node, ast.For | ast.AsyncFor | ast.With | ast.AsyncWith) else []


def rewritten(flow: Flow) -> Definition:
    """Gives the rewritten function; a lambda becomes a `def`."""
    node = flow.context.source.node
    body = FunctionBody(flow).statements()
    if isinstance(node, ast.Lambda):
        made = ast.parse("def f(): pass").body[0]
        assert isinstance(made, ast.FunctionDef)
        return changed(ast.copy_location(made, node), name="<lambda>", args=node.args, body=body)
    return changed(node, body=body)
