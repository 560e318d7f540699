"""Functions from text, and what a rewrite makes of them."""

import ast
import itertools
import linecache
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import pytest

from ptera._source import compile_node, source_of
from ptera.rewrite import Weave, rewrite


class Tapping(Weave):
    """Calls `TAP(name, value)`, `NEW(name, value)` and the like, which are global names.

    Arguments:
        wants: The names to tap, separated by spaces; `*` for all.
        replaces: Those whose value is replaced.
        elements: The names whose elements are tapped.
        options: Names of the other hooks to use.
    """

    def __init__(
        self, wants: str = "", replaces: str = "", elements: str = "", options: str = ""
    ) -> None:
        self.wanted = set((wants + " " + replaces).split())
        self.replaced = set(replaces.split())
        self.elements = set(elements.split())
        self.options = set(options.split())

    def _call(self, function: str, *arguments: ast.expr) -> ast.expr:
        return ast.Call(ast.Name(function, ast.Load()), list(arguments), [])

    def _has(self, names: set[str], name: str) -> bool:
        return name in names or "*" in names

    def wants(self, name: str) -> bool:
        return self._has(self.wanted, name)

    def replaces(self, name: str) -> bool:
        return self._has(self.replaced, name)

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        return [ast.Expr(self.tap_expression(name, value))]

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        return self._call("TAP", ast.Constant(name), value)

    def replace(self, name: str, value: ast.expr) -> ast.expr:
        return self._call("NEW", ast.Constant(name), value)

    def wants_element(self, name: str) -> bool:
        return self._has(self.elements, name)

    def replace_element(self, name: str, key: ast.expr, value: ast.expr) -> ast.expr | None:
        if not self._has(self.replaced, name):
            return None
        return self._call("NEW_ELEMENT", ast.Constant(name), key, value)

    def tap_element(self, name: str, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        return [ast.Expr(self._call("TAP_ELEMENT", ast.Constant(name), key, value))]

    def prologue(self) -> list[ast.stmt]:
        return [ast.Expr(self._call("PROLOGUE"))] if "prologue" in self.options else []

    def epilogue(self) -> list[ast.stmt]:
        return [ast.Expr(self._call("EPILOGUE"))] if "epilogue" in self.options else []

    def created(self, name: str, node: ast.AST) -> ast.expr | None:
        return ast.Name("CREATED", ast.Load()) if "created" in self.options else None

    def declare(self, name: str, annotation: ast.expr) -> list[ast.stmt] | None:
        if "declare" not in self.options:
            return None
        target = ast.Name(name, ast.Store())
        return [ast.Assign([target], self._call("DECLARED", ast.Constant(name)))]

    def hides_locals(self) -> ast.expr | None:
        return ast.Name("HIDE", ast.Load()) if "locals" in self.options else None

    def guards_suspension(self) -> bool:
        return "guards" in self.options

    def suspending(self, value: ast.expr) -> ast.expr:
        return self._call("SUSPENDING", value)

    def resumed(self, value: ast.expr) -> ast.expr:
        return self._call("RESUMED", value)

    def reentered(self) -> list[ast.stmt]:
        return [ast.Expr(self._call("REENTERED"))]

    def awaiting(self, value: ast.expr) -> ast.expr:
        return self._call("AWAITING", value)

    def delegating(self, value: ast.expr) -> ast.expr:
        return self._call("DELEGATING", value)

    def iterating(self, value: ast.expr) -> ast.expr:
        return self._call("ITERATING", value)

    def managing(self, value: ast.expr) -> ast.expr:
        return self._call("MANAGING", value)


@dataclass
class Events:
    """What the hooks were called with, in order; also the globals they are called by."""

    seen: list[Any] = field(default_factory=list)
    changes: Callable[[str, Any], Any] = lambda name, value: value

    def names(self) -> dict[str, Any]:
        seen = self.seen

        def noting(kind: str) -> Callable[[Any], Any]:
            def note(value: Any) -> Any:
                seen.append(kind)
                return value

            return note

        return {
            "TAP": lambda name, value: seen.append((name, value)),
            "NEW": lambda name, value: self.changes(name, value),
            "TAP_ELEMENT": lambda name, key, value: seen.append((name, key, value)),
            "NEW_ELEMENT": lambda name, key, value: self.changes(f"{name}[]", value),
            "PROLOGUE": lambda: seen.append("prologue"),
            "EPILOGUE": lambda: seen.append("epilogue"),
            "CREATED": noting("created"),
            "DECLARED": lambda name: f"declared {name}",
            "HIDE": lambda found: (
                {k: v for k, v in found.items() if k.isidentifier()}
                if isinstance(found, dict)
                else [k for k in found if k.isidentifier()]
            ),
            "SUSPENDING": noting("suspending"),
            "RESUMED": noting("resumed"),
            "REENTERED": lambda: seen.append("reentered"),
            "AWAITING": noting("awaiting"),
            "DELEGATING": noting("delegating"),
            "ITERATING": noting("iterating"),
            "MANAGING": noting("managing"),
        }


Define = Callable[..., dict[str, Any]]
_numbers = itertools.count()


@pytest.fixture
def define() -> Iterator[Define]:
    """Runs a module's text, of which the lines can be found; gives its names."""
    paths: list[str] = []

    def run(text: str, **names: Any) -> dict[str, Any]:
        path = f"<text {next(_numbers)}>"
        paths.append(path)
        lines = text.splitlines(keepends=True)
        linecache.cache[path] = (len(text), None, lines, path)
        names["__name__"] = "written"
        exec(compile(text, path, "exec", dont_inherit=True), names)
        return names

    yield run
    for path in paths:
        linecache.cache.pop(path, None)


@pytest.fixture
def rewritten(define: Define) -> Callable[..., str]:
    """Gives the text of the rewritten function `f` of a module's text."""

    def run(text: str, **options: str) -> str:
        function: FunctionType = define(text)["f"]
        return ast.unparse(rewrite(source_of(function.__code__), Tapping(**options)))

    return run


@pytest.fixture
def woven(define: Define) -> Callable[..., tuple[FunctionType, Events]]:
    """Gives the function `f` of a module's text with the taps in it, and what they see."""

    def run(
        text: str,
        changes: Callable[[str, Any], Any] | None = None,
        names: dict[str, Any] | None = None,
        **options: str,
    ) -> tuple[FunctionType, Events]:
        events = Events() if changes is None else Events(changes=changes)
        function: FunctionType = define(text, **events.names(), **(names or {}))["f"]
        source = source_of(function.__code__)
        function.__code__ = compile_node(source, rewrite(source, Tapping(**options)))
        return function, events

    return run
