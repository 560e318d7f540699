"""A program's source, rewritten to record its own run. Slow and simple on purpose.

Every function gets a hidden first argument, its activation, and after each
statement one call for each variable that the statement bound.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._trace import MISSING as _MISSING
from ._trace import Activation, Default, Function, TooLong, Trace

POINTS = ("#enter", "#exit", "#value", "#error", "#key")
TRACE, ACT = "trace__", "act__"
AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
Scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
Comprehensions = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


# -- static facts ------------------------------------------------------------


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function's own scope, its comprehensions included, in order of text.

    Not the annotations of its variables, which are never evaluated.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.AnnAssign) and child is node.annotation:
            continue
        yield child
        if isinstance(child, Scopes):
            for outside in (*getattr(child, "decorator_list", ()), *_defaults(child)):
                yield outside
                yield from own_nodes(outside)
        else:
            yield from own_nodes(child)


def _defaults(node: ast.AST) -> list[ast.expr]:
    arguments = getattr(node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return list(getattr(node, "bases", ()))
    return [d for d in (*arguments.defaults, *arguments.kw_defaults) if d is not None]


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """In the order of the signature."""
    found = [*arguments.posonlyargs, *arguments.args, arguments.vararg]
    found += [*arguments.kwonlyargs, arguments.kwarg]
    return [a for a in found if a is not None]


def bound_names(target: ast.AST) -> list[str]:
    """What a target binds, left to right; an attribute of a name is `a.b`."""
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Attribute):
        dotted = ast.unparse(target)
        return [dotted] if dotted.replace(".", "").isidentifier() else []
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for element in target.elts for name in bound_names(element)]
    return bound_names(target.value) if isinstance(target, ast.Starred) else []


def pattern_names(pattern: ast.pattern) -> list[str]:
    """What a `match` pattern binds."""
    found = []
    for node in ast.walk(pattern):
        name = getattr(node, "rest" if isinstance(node, ast.MatchMapping) else "name", None)
        if name is not None:
            found.append((node.end_lineno, node.end_col_offset, name))  # type: ignore[attr-defined]
    return [name for *_, name in sorted(found)]


def _statement_names(node: ast.AST) -> list[str]:
    """What a statement of the function's own scope binds."""
    match node:
        case ast.Assign(targets=targets):
            return [name for target in targets for name in bound_names(target)]
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return bound_names(target)
        case ast.NamedExpr(target=target) | ast.For(target=target):
            return bound_names(target)
        case ast.With(items=items):
            return [n for i in items if i.optional_vars for n in bound_names(i.optional_vars)]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [(a.asname or a.name).split(".")[0] for a in names]
        case ast.ExceptHandler(name=str(name)) | ast.FunctionDef(name=name):
            return [name]
        case ast.ClassDef(name=name):
            return [name]
        case ast.match_case(pattern=pattern):
            return pattern_names(pattern)
    return []


def _comprehension_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.comprehension):
        return bound_names(node.target)
    return []


def facts(node: AnyFunction, qualname: str) -> Function:
    """The static facts of a function (its annotations come later)."""
    nodes = list(own_nodes(ast.Module(node.body, [])))
    arguments = tuple(a.arg for a in parameters(node.args))
    bound = {*arguments, *(name for n in nodes for name in _statement_names(n))}
    inner = {name for n in nodes for name in _comprehension_names(n)}
    read = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    only_read = tuple(n for n in dict.fromkeys(read) if n not in bound and n not in inner)
    points = {*POINTS}
    if any(isinstance(n, ast.Yield) for n in nodes):
        points |= {"#yield", "#receive"}
    for n in nodes:
        if isinstance(n, ast.For):
            points |= {f"#{p}_{name}" for name in bound_names(n.target) for p in LOOPS}
    attributes = {name for name in bound if "." in name}
    return Function(
        node.name,
        qualname,
        generic=frozenset(bound - attributes),
        others=frozenset(attributes | inner | points | set(only_read)),
        parameters=arguments,
        read=only_read,
    )


LOOPS = ("loop", "endloop")


# -- the transformation --------------------------------------------------------


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
        body = [s for statement in node.body for s in _many(self.visit(statement))]
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
        node.body = [s for statement in node.body for s in _many(self.visit(statement))]
        self.scopes.pop()
        return [node, *(_binds([node.name]) if inside else [])]

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def _inside(self) -> bool:
        return bool(self.scopes) and self.scopes[-1] == "<locals>"

    def _simple(self, node: ast.stmt) -> list[ast.stmt]:
        self.generic_visit(node)
        return [node, *(_binds(_statement_names(node)) if self._inside() else [])]

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
        node.value = _expression(_call("bind", repr(name), "_"))
        node.value.args[-1] = value  # type: ignore[attr-defined]
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


def _imports_ptera(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "ptera"


def _point(name: str) -> str:
    return _call("note", repr(name), "True")


def _many(found: Any) -> list[ast.stmt]:
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


# -- running -------------------------------------------------------------------


class Traced:
    """Stands in for a decorated function: keys, state, and nothing else."""

    def __init__(self, plain: Callable[..., Any], state: Mapping[str, Any], key: Any) -> None:
        self.plain, self.state, self.key = plain, dict(state), key

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        start: Any = self.plain.start  # type: ignore[attr-defined]
        return start(True, self.key, self.state, args, kwargs)

    def __getitem__(self, key: Any) -> Traced:
        return Traced(self.plain, self.state, key)

    def new(self, **state: Any) -> Traced:
        return Traced(self.plain, {**self.state, **state}, self.key)


@dataclass(frozen=True)
class Tags:
    """Stands in for `ptera.Tag` and `TagSet`."""

    names: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Tags:
        return Tags(frozenset({name}))

    def __and__(self, other: Tags) -> Tags:
        return Tags(self.names | other.names)


PTERA = {
    "ptera": lambda plain: Traced(plain, {}, _MISSING),
    "Recurrence": lambda size: [None] * size,
    "tag": Tags(),
    "default": Default,
}


class Program:
    """An instrumented program; each `run` gives a fresh trace."""

    def __init__(self, source: str, **scope: Any) -> None:
        transformer = Instrument()
        tree = transformer.visit(ast.parse(source))
        tree.body = [s for s in tree.body if not _imports_ptera(s)]
        self.trace = Trace()
        self.functions = transformer.functions
        self.scope: dict[str, Any] = {
            **PTERA,
            **scope,
            TRACE: self,
            f"{TRACE}function": self._function,
        }
        exec(compile(ast.fix_missing_locations(tree), "<oracle>", "exec"), self.scope)

    def __getattr__(self, method: str) -> Any:
        """What the program calls goes to the trace of the current run."""
        return getattr(self.trace, method)

    def _function(self, number: int, annotations: Callable[[], Mapping[str, Any]]) -> Any:
        known = self.functions[number]
        function = Function(
            **{f: getattr(known, f) for f in Function.__dataclass_fields__ if f != "annotations"},
            annotations=annotations,
        )

        def wrap(plain: Callable[..., Any]) -> Callable[..., Any]:
            def start(decorated: bool, key: Any, state: Any, args: Any, kwargs: Any) -> Any:
                if self.trace.too_long:
                    return ()  # Nothing is called any more, so that the program soon ends.
                activation: Activation = self.trace.call(function, decorated, key, state)
                return plain(activation, *args, **kwargs)

            @functools.wraps(plain)
            def traced(*args: Any, **kwargs: Any) -> Any:
                return start(False, _MISSING, {}, args, kwargs)

            traced.start = start  # type: ignore[attr-defined]
            return traced

        return wrap

    def run(self, entry: Any, *args: Any, **options: Any) -> tuple[Trace, Any]:
        """The trace of `entry(*args)`, and its result or the exception that left it.

        Raises:
            TooLong: It does more than the option `limit` allows.
        """
        self.trace = trace = Trace(**options)
        try:
            result = entry(*args)
        except Exception as error:
            result = error
        if trace.too_long:
            raise TooLong
        return trace, result
