"""What all parts of a rewrite share: the weave's answers, put in place, and temporaries."""

import ast
from collections.abc import Callable, Iterable

from .._compile import builtin_constant
from .._scope import Kind, evaluates_annotations, facts_of
from .._source import Source
from .._syntax import is_plain
from ._build import constant, load, mark_written, relocated
from ._weave import Weave

__all__ = ["Context"]

_ONLY_READ = frozenset({Kind.READ})


class Context:
    """One rewrite: asks the weave, and puts what it gives at the place of the binding.

    Arguments:
        source: The function.
        weave: What to put into it.
    """

    def __init__(self, source: Source, weave: Weave) -> None:
        self.source = source
        self.weave = weave
        self.facts = facts_of(source)
        self.is_async_generator = self.facts.is_generator and self.facts.is_async
        # Whether control can leave and come back, and the weave cares.
        self.guards = weave.guards_suspension() and (self.facts.is_generator or self.facts.is_async)
        self.evaluates_annotations = evaluates_annotations(source)
        # Whether `return` only notes the value, which is looked at when cleaning up is done.
        self.defers_value = False
        # Whether an exception that is caught in the function may keep its frame, and so
        # what temporaries hold, after it has returned.
        self.may_outlive = False
        self._wanted: dict[str, bool] = {}
        self._temporaries = 0

    def wants(self, name: str) -> bool:
        """Tells whether the weave wants a variable or point."""
        known = self._wanted.get(name)
        if known is None:
            written = all(map(is_plain, name.lstrip("#").split(".")))
            # To read `super` is to use `__class__`, which may be no variable of the function.
            readable = name != "super" or name in self.facts.names_read
            known = self._wanted[name] = written and readable and self.weave.wants(name)
        return known

    def wants_any(self, names: Iterable[str]) -> bool:
        """Tells whether the weave wants one of several."""
        return any(map(self.wants, names))

    def replaces(self, name: str) -> bool:
        """Tells whether the weave wants a variable or point, and may change it."""
        return self.wants(name) and self.weave.replaces(name)

    def temporary(self) -> str:
        """Gives a name that no program can have; it is free again in the next statement."""
        self._temporaries += 1
        return f".t{self._temporaries}"

    def free_temporaries(self) -> None:
        """Says that no temporary is in use."""
        self._temporaries = 0

    def builtin(self, at: ast.AST, name: str) -> ast.expr:
        """Gives a builtin, by name unless something could hide it."""
        variable = self.facts.variables.get(name)
        if name == "slice" or (variable is not None and variable.kinds != _ONLY_READ):
            return constant(at, builtin_constant(name))
        return load(at, name)

    # What the weave gives, at the place of a node.

    def tap(self, at: ast.AST, name: str, value: ast.expr) -> list[ast.stmt]:
        """Gives the taps of a variable or point; the value is a cheap load."""
        return relocated(self.weave.tap(name, value), at) if self.wants(name) else []

    def point(self, at: ast.AST, name: str) -> list[ast.stmt]:
        """Gives the taps of a point that has no value of its own."""
        return self.tap(at, name, constant(at, True))

    def tap_expression(self, at: ast.AST, name: str, value: ast.expr) -> ast.expr:
        """Gives the taps of a variable or point as one expression."""
        return relocated([self.weave.tap_expression(name, value)], at)[0]

    def replace(self, at: ast.AST, name: str, value: ast.expr) -> ast.expr:
        """Gives what a variable or point gets instead of a value, if it may be changed."""
        if not self.replaces(name):
            return value
        return self.wrap(at, lambda written: self.weave.replace(name, written), value)

    def replace_element(
        self, at: ast.AST, name: str, key: ast.expr, value: ast.expr
    ) -> ast.expr | None:
        """Gives what an element gets instead of a value, or None."""
        made = self.weave.replace_element(name, key, value)
        return None if made is None else relocated([made], at)[0]

    def tap_element(self, at: ast.AST, name: str, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        """Gives the taps of an element; key and value are cheap loads."""
        return relocated(self.weave.tap_element(name, key, value), at)

    def wrap(
        self, at: ast.AST, wrapper: Callable[[ast.expr], ast.expr], value: ast.expr
    ) -> ast.expr:
        """Gives the expression that the weave makes of one; that one stays where it is."""
        return relocated([wrapper(mark_written(value))], at)[0]

    def guard(
        self, at: ast.AST, wrapper: Callable[[ast.expr], ast.expr], value: ast.expr
    ) -> ast.expr:
        """Gives a wrapped expression if suspensions are guarded, or else the expression."""
        return self.wrap(at, wrapper, value) if self.guards else value

    def reentered(self, at: ast.AST) -> list[ast.stmt]:
        """Gives what runs where control may have come back by an exception."""
        return relocated(self.weave.reentered(), at) if self.guards else []
