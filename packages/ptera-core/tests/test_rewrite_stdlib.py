"""Everything that Python compiles can be rewritten, and goes on doing what it did."""

import ast
import importlib
import sys
from types import CodeType, ModuleType
from typing import Any

import pytest

from ptera._source import bind_constants, compile_node, source_of
from ptera.rewrite import Weave, rewrite

MODULES = [
    "argparse",
    "ast",
    "asyncio.base_events",
    "asyncio.tasks",
    "collections",
    "contextlib",
    "dataclasses",
    "inspect",
    "tarfile",
    "typing",
    "unittest.mock",
]


class Everything(Weave):
    """Wants all there is, and changes nothing."""

    def _call(self, function: str, *arguments: ast.expr) -> ast.expr:
        return ast.Call(ast.Constant(f"\0ptera:{function}"), list(arguments), [])

    def _run(self, function: str, *arguments: ast.expr) -> list[ast.stmt]:
        return [ast.Expr(self._call(function, *arguments))]

    def wants(self, name: str) -> bool:
        return True

    def replaces(self, name: str) -> bool:
        return True

    def wants_element(self, name: str) -> bool:
        return True

    def tap(self, name: str, value: ast.expr) -> list[ast.stmt]:
        return self._run("tap", value)

    def tap_expression(self, name: str, value: ast.expr) -> ast.expr:
        return self._call("tap", value)

    def replace(self, name: str, value: ast.expr) -> ast.expr:
        return self._call("same", value)

    def replace_element(self, name: str, key: ast.expr, value: ast.expr) -> ast.expr:
        return self._call("same", value)

    def tap_element(self, name: str, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        return self._run("tap", key) + self._run("tap", value)

    def prologue(self) -> list[ast.stmt]:
        return self._run("run")

    def epilogue(self) -> list[ast.stmt]:
        return self._run("run")

    def created(self, name: str, node: ast.AST) -> ast.expr:
        return ast.Constant("\0ptera:same")

    def hides_locals(self) -> ast.expr:
        return ast.Constant("\0ptera:hide")

    def guards_suspension(self) -> bool:
        return True

    def reentered(self) -> list[ast.stmt]:
        return self._run("run")

    def suspending(self, value: ast.expr) -> ast.expr:
        return self._call("same", value)

    resumed = awaiting = delegating = iterating = managing = suspending


def visible(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: value for name, value in found.items() if name.isidentifier()}
    return [name for name in found if name.isidentifier()]


OBJECTS = {
    "\0ptera:tap": lambda value: None,
    "\0ptera:same": lambda value: value,
    "\0ptera:run": lambda: None,
    "\0ptera:hide": visible,
}


def functions_in(code: CodeType) -> list[CodeType]:
    found: list[CodeType] = []
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_flags & 1 and (inner.co_name[0] != "<" or inner.co_name == "<lambda>"):
                found.append(inner)
            found += functions_in(inner)
    return found


def compiled(module: ModuleType) -> CodeType:
    path = module.__file__ or ""
    with open(path, encoding="utf-8") as file:
        return compile(file.read(), path, "exec", dont_inherit=True)


@pytest.mark.parametrize("name", MODULES)
def test_every_function_can_be_rewritten(name: str) -> None:
    codes = functions_in(compiled(importlib.import_module(name)))
    for code in codes:
        if is_annotation_scope(code):
            continue
        source = source_of(code)
        made = compile_node(source, rewrite(source, Everything()))
        assert made.co_freevars == code.co_freevars
        assert made.co_qualname == code.co_qualname
    assert len(codes) > 20


def is_annotation_scope(code: CodeType) -> bool:
    """Tells whether it is the value of a `type` statement or the bound of a type parameter."""
    return (
        sys.version_info >= (3, 12)
        and code.co_filename.endswith("typing.py")
        and (code.co_name in ("_Func", "F"))
    )


def instrumented(code: CodeType) -> CodeType:
    """Rewrites all functions in a module's code."""
    constants: list[object] = []
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner in functions_in(code) and not is_annotation_scope(inner):
                source = source_of(inner)
                inner = bind_constants(compile_node(source, rewrite(source, Everything())), OBJECTS)
            inner = instrumented(inner)
        constants.append(inner)
    return code.replace(co_consts=tuple(constants))


def loaded(name: str) -> dict[str, Any]:
    """Runs a module of which all functions are rewritten; gives its names."""
    module = importlib.import_module(name)
    names: dict[str, Any] = {"__name__": name, "__package__": module.__package__}
    exec(instrumented(compiled(module)), names)
    return names


def test_a_rewritten_parser_of_json() -> None:
    decoder = loaded("json.decoder")
    scan = decoder["py_scanstring"]
    assert scan('a\\u00e9"', 0, True) == ("aé", 8)
    decode = decoder["JSONDecoder"]
    text = '{"a": [1, 2.5, null, {"b": "c"}], "d": true}'
    assert decode(object_pairs_hook=dict).decode(text) == {
        "a": [1, 2.5, None, {"b": "c"}],
        "d": True,
    }
    with pytest.raises(ValueError, match="line 1 column"):
        decode().decode("[1, ]")


def test_a_rewritten_wrapper_of_text() -> None:
    wrap = loaded("textwrap")["wrap"]
    assert wrap("one two three four", 9) == ["one two", "three", "four"]


def test_rewritten_context_managers() -> None:
    names = loaded("contextlib")
    log: list[str] = []

    def steps(name: str) -> Any:
        log.append(f"enter {name}")
        try:
            yield name
        except KeyError:
            log.append("caught")
        finally:
            log.append(f"exit {name}")

    manager = names["contextmanager"](steps)
    with names["ExitStack"]() as stack:
        assert stack.enter_context(manager("a")) == "a"
        stack.callback(log.append, "callback")
        raise KeyError
    assert log == ["enter a", "callback", "caught", "exit a"]


def test_a_rewritten_heap() -> None:
    names = loaded("heapq")
    assert list(names["merge"]([1, 4], [2, 3], reverse=False)) == [1, 2, 3, 4]
    assert names["nsmallest"](2, [5, 1, 4], key=lambda n: -n) == [5, 4]
