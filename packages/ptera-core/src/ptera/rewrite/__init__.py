"""Rewriting of one function's syntax tree: tree and weave in, tree out, nothing else touched.

By kind of syntax: `_targets` (what is assigned to), `_bindings` (statements that bind),
`_flow` (blocks and `return`), `_expressions` (what happens inside an expression) and
`_function` (what stands around the body). `_weave` is what plans implement.
"""

from .._compile import Definition
from .._source import Source
from ._bindings import Bindings
from ._context import Context
from ._expressions import Expressions
from ._flow import Flow
from ._function import rewritten
from ._targets import Targets
from ._weave import Weave, Weaves

__all__ = ["Weave", "Weaves", "rewrite"]


def rewrite(source: Source, weave: Weave) -> Definition:
    """Puts what a weave wants into a function's tree.

    Arguments:
        source: The function; its tree is not touched, though the result shares parts of it.
        weave: What to do at which bindings and points.

    Returns:
        The rewritten definition, for `compile_node` and `ast.unparse`.

    Examples:
        >>> import ast
        >>> from ptera._source import source_of
        >>> class Showing(Weave):
        ...     def wants(self, name: str) -> bool:
        ...         return name == "y"
        ...     def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        ...         return [ast.Expr(ast.Call(ast.Name("show", ast.Load()), [value], []))]
        >>> def f(x):
        ...     y = x + 1
        ...     return y
        >>> print(ast.unparse(rewrite(source_of(f.__code__), Showing())))
        def f(x):
            y = x + 1
            show(y)
            return y
    """
    context = Context(source, weave)
    return rewritten(Flow(Bindings(Targets(Expressions(context)))))
