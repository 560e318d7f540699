"""The static facts of a function: what it binds, and what it only reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ._trace import Function

POINTS = ("#enter", "#exit", "#value", "#error", "#key")
LOOPS = ("loop", "endloop")
AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
Scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


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
        if name is not None and isinstance(node, ast.pattern):
            found.append((node.end_lineno, node.end_col_offset, name))
    return [name for *_, name in sorted(found)]


def statement_names(node: ast.AST) -> list[str]:
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
    bound = {*arguments, *(name for n in nodes for name in statement_names(n))}
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
