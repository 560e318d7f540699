"""What a rewrite puts into a function: the seam between plans and syntax."""

import ast
from collections.abc import Iterable, Sequence

__all__ = ["Weave", "Weaves"]


class Weave:
    """Says what to do at the bindings and points of one function; by default, nothing.

    A name is a variable's (`x`, `self.x`) or a point's (`#enter`, `#value`, `#loop_x`). The
    expressions called `value` in the taps are cheap loads that may be repeated (copied);
    those in `replace` and the wrappers may be any expression and must be evaluated exactly
    once. Nodes may come without a line: they get that of the binding. The names `.t1`,
    `.t2`, ..., `.value`, `.leaving` and `.error` are the rewriter's own.

    Examples:
        >>> class Printing(Weave):
        ...     def wants(self, name: str) -> bool:
        ...         return name == "x"
        ...     def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        ...         return [ast.Expr(ast.Call(ast.Name("print", ast.Load()), [value], []))]
        >>> Printing().wants("x"), Printing().replaces("x")
        (True, False)
    """

    def wants(self, name: str) -> bool:
        """Tells whether anything is to be done at the bindings of `name`."""
        return False

    def replaces(self, name: str) -> bool:
        """Tells whether the value may be changed there; only asked if it is wanted."""
        return False

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        """Gives statements to run right after the binding, whose value `value` reads."""
        return []

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        """Gives the same as one expression, for where no statement can stand; it is not used."""
        return ast.Constant(None)

    def replace(self, name: str, value: ast.expr) -> ast.expr:
        """Gives the value that the variable gets instead of `value`."""
        return value

    def wants_element(self, name: str) -> bool:
        """Tells whether anything is to be done at `name[k] = v`."""
        return False

    def replace_element(self, name: str, key: ast.expr, value: ast.expr) -> ast.expr | None:
        """Gives the value to store instead of `value`, or None; `key` is a cheap load."""
        return None

    def tap_element(self, name: str, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        """Gives statements to run right after the element is stored."""
        return []

    def prologue(self) -> list[ast.stmt]:
        """Gives what runs before `#enter` and the parameters."""
        return []

    def epilogue(self) -> list[ast.stmt]:
        """Gives what runs whenever the activation ends, after `#exit`."""
        return []

    def created(self, name: str, node: ast.AST) -> ast.expr | None:
        """Gives a function that is given each nested function when it is created.

        Arguments:
            name: Its name, `<lambda>` for a lambda.
            node: The `def` or `lambda`, the very node of the source tree.

        Returns:
            An expression for a function that returns its argument; None for nothing.
        """
        return None

    def declare(self, name: str, annotation: ast.expr) -> list[ast.stmt] | None:
        """Gives what to run for a declaration `x: T`, or None to leave it as it is."""
        return None

    def hides_locals(self) -> ast.expr | None:
        """Gives a function that is given what `locals()`, `vars()` or `dir()` returns."""
        return None

    def guards_suspension(self) -> bool:
        """Tells whether the wrappers below are to be put around suspensions."""
        return False

    def suspending(self, value: ast.expr) -> ast.expr:
        """Gives the value to yield, computed last thing before control leaves."""
        return value

    def resumed(self, value: ast.expr) -> ast.expr:
        """Gives the value sent, computed first thing after control has come back."""
        return value

    def reentered(self) -> list[ast.stmt]:
        """Gives what runs first where control may come back by an exception."""
        return []

    def awaiting(self, value: ast.expr) -> ast.expr:
        """Gives the awaitable to await instead of `value`."""
        return value

    def delegating(self, value: ast.expr) -> ast.expr:
        """Gives the iterable for `yield from` instead of `value`."""
        return value

    def iterating(self, value: ast.expr) -> ast.expr:
        """Gives the asynchronous iterable for `async for` instead of `value`."""
        return value

    def managing(self, value: ast.expr) -> ast.expr:
        """Gives the asynchronous context manager for `async with` instead of `value`."""
        return value


class Weaves(Weave):
    """Several weaves as one: taps run one after another, replacements are nested in order.

    Arguments:
        parts: The weaves; the first one's replacement is innermost, its taps come first.
    """

    def __init__(self, parts: Iterable[Weave]) -> None:
        self.parts: Sequence[Weave] = tuple(parts)

    def wants(self, name: str) -> bool:
        """Tells whether any of them does."""
        return any(part.wants(name) for part in self.parts)

    def replaces(self, name: str) -> bool:
        """Tells whether any of those that want it does."""
        return any(part.wants(name) and part.replaces(name) for part in self.parts)

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        """Joins the taps."""
        wanting = [part for part in self.parts if part.wants(name)]
        return [statement for part in wanting for statement in part.tap(name, value)]

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        """Joins the taps into a tuple, which is not used."""
        taps = [part.tap_expression(name, value) for part in self.parts if part.wants(name)]
        return taps[0] if len(taps) == 1 else ast.Tuple(taps, ast.Load())

    def replace(self, name: str, value: ast.expr) -> ast.expr:
        """Nests the replacements."""
        for part in self.parts:
            if part.wants(name) and part.replaces(name):
                value = part.replace(name, value)
        return value

    def wants_element(self, name: str) -> bool:
        """Tells whether any of them does."""
        return any(part.wants_element(name) for part in self.parts)

    def replace_element(self, name: str, key: ast.expr, value: ast.expr) -> ast.expr | None:
        """Nests the replacements; None if nobody has one."""
        replaced: ast.expr | None = None
        for part in self.parts:
            if part.wants_element(name):
                replaced = part.replace_element(name, key, replaced or value) or replaced
        return replaced

    def tap_element(self, name: str, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        """Joins the taps."""
        wanting = [part for part in self.parts if part.wants_element(name)]
        return [statement for part in wanting for statement in part.tap_element(name, key, value)]

    def prologue(self) -> list[ast.stmt]:
        """Joins the prologues."""
        return [statement for part in self.parts for statement in part.prologue()]

    def epilogue(self) -> list[ast.stmt]:
        """Nests the epilogues, the last one's first, each run whatever becomes of the others."""
        statements: list[ast.stmt] = []
        for part in self.parts:
            own = part.epilogue()
            if own and statements:
                statements = [ast.Try(own, [], [], statements)]
            else:
                statements = statements or own
        return statements

    def created(self, name: str, node: ast.AST) -> ast.expr | None:
        """Gives the one function, or a composition of those that there are."""
        found = [made for part in self.parts if (made := part.created(name, node)) is not None]
        if len(found) < 2:
            return found[0] if found else None
        value: ast.expr = ast.Name(".function", ast.Load())
        for function in found:
            value = ast.Call(function, [value], [])
        return ast.Lambda(_one_argument(".function"), value)

    def declare(self, name: str, annotation: ast.expr) -> list[ast.stmt] | None:
        """Joins what there is to run; None if nobody has anything."""
        made = [part.declare(name, annotation) for part in self.parts]
        if all(statements is None for statements in made):
            return None
        return [statement for statements in made for statement in statements or ()]

    def hides_locals(self) -> ast.expr | None:
        """Gives the first function that there is: all hide the same names."""
        for part in self.parts:
            hiding = part.hides_locals()
            if hiding is not None:
                return hiding
        return None

    def guards_suspension(self) -> bool:
        """Tells whether any of them does."""
        return any(part.guards_suspension() for part in self.parts)

    def suspending(self, value: ast.expr) -> ast.expr:
        """Nests the wrappers, in reverse: what was opened last is put away first."""
        for part in self._guarding[::-1]:
            value = part.suspending(value)
        return value

    def resumed(self, value: ast.expr) -> ast.expr:
        """Nests the wrappers."""
        for part in self._guarding:
            value = part.resumed(value)
        return value

    def reentered(self) -> list[ast.stmt]:
        """Joins the statements."""
        return [statement for part in self._guarding for statement in part.reentered()]

    def awaiting(self, value: ast.expr) -> ast.expr:
        """Nests the wrappers, in reverse."""
        for part in self._guarding[::-1]:
            value = part.awaiting(value)
        return value

    def delegating(self, value: ast.expr) -> ast.expr:
        """Nests the wrappers, in reverse."""
        for part in self._guarding[::-1]:
            value = part.delegating(value)
        return value

    def iterating(self, value: ast.expr) -> ast.expr:
        """Nests the wrappers, in reverse."""
        for part in self._guarding[::-1]:
            value = part.iterating(value)
        return value

    def managing(self, value: ast.expr) -> ast.expr:
        """Nests the wrappers, in reverse."""
        for part in self._guarding[::-1]:
            value = part.managing(value)
        return value

    @property
    def _guarding(self) -> list[Weave]:
        return [part for part in self.parts if part.guards_suspension()]


def _one_argument(name: str) -> ast.arguments:
    return ast.arguments([], [ast.arg(name)], None, [], [], None, [])
