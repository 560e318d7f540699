"""From a function's code object to its definition, and from that back to the code object."""

import ast
import gc
import importlib
import linecache
import os
import subprocess
import sys
import threading
import warnings
import weakref
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from ptera._compile import same_code
from ptera._errors import SourceError
from ptera._source import (
    bind_constants,
    compile_node,
    nested_sources,
    presumed_source,
    source_of,
)

Define = Callable[..., dict[str, Any]]


def functions_in(code: CodeType) -> list[CodeType]:
    found: list[CodeType] = []
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_flags & 1 and (inner.co_name[0] != "<" or inner.co_name == "<lambda>"):
                found.append(inner)
            found += functions_in(inner)
    return found


def node_of(function: Any) -> Any:
    return source_of(function.__code__).node


def assert_found(code: CodeType) -> None:
    """Asserts that the definition is found and that it compiles to the very same code."""
    source = source_of(code)
    made = compile_node(source, source.node)
    assert made == code
    assert same_code(made, code)
    assert made.co_filename == code.co_filename
    assert [c.co_qualname for c in functions_in(made)] == [
        c.co_qualname for c in functions_in(code)
    ]


class TestLookup:
    def test_several_lambdas_on_one_line(self, define: Define) -> None:
        names = define("a, b, c = lambda: 1, lambda: 2, [lambda x: x for _ in '1']")
        for function in (names["a"], names["b"], names["c"][0]):
            assert_found(function.__code__)
        assert node_of(names["b"]).body.value == 2

    def test_equal_lambdas_on_one_line_are_told_apart(self, define: Define) -> None:
        names = define("a, b = lambda: 1, lambda: 1")
        columns = [node_of(names[name]).col_offset for name in "ab"]
        # Some versions of Python make one code object of both.
        is_one = names["a"].__code__ is names["b"].__code__
        assert columns == ([7, 7] if is_one else [7, 18])

    def test_decorators_belong_to_the_function(self, define: Define) -> None:
        text = "def deco(n): return lambda f: f\n@deco(\n    1)\n@deco(2)\ndef f():\n    return 1\n"
        function = define(text)["f"]
        assert function.__code__.co_firstlineno == 2
        assert_found(function.__code__)

    def test_a_lambda_in_a_decorator_is_outside(self, define: Define) -> None:
        text = """class C:
    def __deco(self, g): return g
    @(lambda f: (f, lambda: __name))
    def m(self): return self.__x
    n = lambda self, a=lambda: __y: self.__z
"""
        owner = define(text)["C"]
        for function in (owner.m[0], owner.m[1], owner.n, owner.n.__defaults__[0]):
            assert_found(function.__code__)

    def test_functions_of_one_name(self, define: Define) -> None:
        text = "if True:\n    def f(): return 1\n    g = f\n    def f(): return 2\n"
        names = define(text)
        for name in "fg":
            assert_found(names[name].__code__)

    def test_what_surrounds_a_function_counts(self, define: Define) -> None:
        text = '''import os, sys as system
from math import *
def outer(a, __class__):
    class __Inner(object):
        b = 1
        def method(self, c=(lambda: a)):
            """Doc."""
            nonlocal a
            a = os.path.join(system.path[0], b, self.__c)
            super().method()
            class Deep(__Inner, metaclass=type):
                x = lambda self: (__class__, c, __Inner, b)
                def y(self): return self.__private
            def recursive(): return recursive, outer, method, [lambda: d for d in b]
            return Deep, recursive, c
    global made
    def made(): return made, __class__
    return __Inner, made, __class__
'''
        names = define(text)
        code = names["outer"].__code__
        assert len(functions_in(code)) == 7
        for inner in [code, *functions_in(code)]:
            assert_found(inner)

    def test_future_statements(self, define: Define) -> None:
        text = """from __future__ import annotations
def f(x: y):
    def g(z: w): return z
    return g
"""
        function = define(text)["f"]
        assert_found(function.__code__)
        assert function.__code__.co_flags & source_of(function.__code__).module_flags

    def test_generators_and_coroutines(self, define: Define) -> None:
        text = """def a(): yield 1
async def b(): await c
async def c(): yield 1
d = lambda: (yield)
"""
        names = define(text)
        for name in "abcd":
            assert_found(names[name].__code__)

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="new syntax")
    def test_type_parameters(self, define: Define) -> None:
        text = """def f[T: int](x: T) -> T:
    y: T = x
    type Z = list[T]
    def g[U](z: U): return T, U, Z
    return g
class C[T]:
    def m(self): return T, super().__repr__
f(1)
"""
        names = define(text)
        for code in [
            names["f"].__code__,
            names["f"](1).__code__,
            names["C"].m.__code__,
        ]:
            assert_found(code)

    def test_a_module_that_mentions_super(self, define: Define) -> None:
        text = "safe = super\nclass C:\n    def m(self): return super().__init__()\n"
        assert_found(define(text)["C"].m.__code__)

    def test_a_constant_that_is_no_number(self, define: Define) -> None:
        function = define("def f(x): return x, 1e999 - 1e999, -0.0, 0.0, 1, True, {1, 2}")["f"]
        assert node_of(function).name == "f"

    def test_asserts_that_pytest_has_rewritten(self) -> None:
        def asserting(x: list[int]) -> int:
            assert len(x) == 2, "two"
            inner = [n for n in x if n]
            assert all(inner)
            return len(inner)

        assert any("@py" in name for name in asserting.__code__.co_varnames)
        assert_found(asserting.__code__)

    def test_it_is_found_once_and_not_kept(self, define: Define) -> None:
        function = define("def f(): return 1")["f"]
        source = source_of(function.__code__)
        assert source_of(function.__code__) is source
        alive = weakref.ref(function.__code__)
        del function, source
        gc.collect()
        assert alive() is None

    def test_equal_code_of_two_files(self, define: Define) -> None:
        first, second = define("def f(): return 1")["f"], define("def f(): return 1")["f"]
        assert first.__code__ == second.__code__
        sources = source_of(first.__code__), source_of(second.__code__)
        assert [s.path for s in sources] == [f.__code__.co_filename for f in (first, second)]

    def test_code_that_has_run_hot(self, define: Define) -> None:
        function = define("def f(n):\n    s = 0\n    for i in range(n): s += i * 2\n    return s")[
            "f"
        ]
        for _ in range(50):
            function(100)
        assert_found(function.__code__)

    def test_a_statement_per_line_in_a_long_module(self, define: Define) -> None:
        text = "\n".join(f"def f{n}(): return {n}; x = 1" for n in range(100))
        names = define(text)
        for n in (0, 1, 50, 98, 99):
            assert node_of(names[f"f{n}"]).name == f"f{n}"


class TestStandardLibrary:
    @pytest.mark.parametrize(
        "name", ["asyncio.tasks", "collections", "dataclasses", "enum", "inspect", "unittest.mock"]
    )
    def test_every_function_compiles_to_itself(self, name: str) -> None:
        module = importlib.import_module(name)
        path = module.__file__ or ""
        text = Path(path).read_text(encoding="utf-8")
        codes = functions_in(compile(text, path, "exec", dont_inherit=True))
        for code in codes:
            assert_found(code)
        assert len(codes) > 20


class TestNested:
    def test_all_depths(self, define: Define) -> None:
        text = """def f(a):
    def g():
        return lambda: (lambda: a)
    class C:
        def m(self):
            async def deep(): pass
            return deep
    return [lambda: n for n in a], (lambda: 1, lambda: 2)
"""
        source = source_of(define(text)["f"].__code__)
        nested = nested_sources(source)
        names = [inner.code.co_qualname.rpartition("f.<locals>.")[2] for inner in nested]
        assert names[:2] == ["g", "g.<locals>.<lambda>"]
        assert [inner.code for inner in nested] == functions_in(source.code)
        for inner in nested:
            made = compile_node(inner, inner.node)
            assert same_code(made, inner.code)

    def test_its_nodes_are_part_of_the_outer_tree(self, define: Define) -> None:
        source = source_of(define("def f():\n    def g(): return lambda: 1")["f"].__code__)
        nodes = {id(node) for node in ast.walk(source.node)}
        assert all(id(inner.node) in nodes for inner in nested_sources(source))


class TestRefusals:
    def test_a_function_made_by_exec(self) -> None:
        names: dict[str, Any] = {}
        exec("def f(): return 1", names)
        with pytest.raises(SourceError) as refused:
            source_of(names["f"].__code__)
        assert str(refused.value) == (
            "Cannot look inside `f (<string>:1)`: its text was not kept: it was made by `exec`, "
            "`eval` or `python -c`. Wrap it in a function of your own, in a file."
        )

    def test_a_frozen_function(self) -> None:
        with pytest.raises(SourceError, match="frozen into the interpreter"):
            source_of(sys.modules["_frozen_importlib"]._find_spec.__code__)

    def test_a_file_that_is_gone(self, tmp_path: Path) -> None:
        path = str(tmp_path / "gone.py")
        code = compile("def f(): return 1", path, "exec").co_consts[0]
        with pytest.raises(SourceError, match="its file cannot be read"):
            source_of(code)

    def test_a_file_that_has_changed(self, tmp_path: Path) -> None:
        path = tmp_path / "changing.py"
        path.write_text("def f(x):\n    return x + 1\n")
        code = compile(path.read_text(), str(path), "exec").co_consts[0]
        path.write_text("def f(x):\n    return x + 2\n")
        with pytest.raises(SourceError, match="has changed since it was imported"):
            source_of(code)
        path.write_text("def f(x):\n\n    return x + 1\n")
        with pytest.raises(SourceError, match="has changed since it was imported"):
            source_of(code)

    def test_a_file_that_has_changed_and_was_imported_again(self, tmp_path: Path) -> None:
        path = tmp_path / "reloaded.py"
        for n in range(2):
            path.write_text(f"def f(x):\n    return x + {n}{'0' * n}\n")
            code = compile(path.read_text(), str(path), "exec").co_consts[0]
            assert source_of(code).lines[1].endswith(f"{n}{'0' * n}\n")

    def test_a_file_that_is_no_python_any_more(self, tmp_path: Path) -> None:
        path = tmp_path / "broken.py"
        path.write_text("def f(x):\n    return x +\n")
        code = compile("def f(x):\n    return x\n", str(path), "exec").co_consts[0]
        with pytest.raises(SourceError, match="has changed"):
            source_of(code)

    def test_a_tree_that_is_no_python(self, define: Define) -> None:
        source = source_of(define("def f(): return 1")["f"].__code__)
        (wrong,) = ast.parse("def f():\n    global x\n    x = 1").body
        assert isinstance(wrong, ast.FunctionDef)
        wrong.body.reverse()
        with pytest.raises(SourceError, match="does not compile"):
            compile_node(source, wrong)


class TestPlaces:
    def test_a_zip_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        archive = tmp_path / "zipped.zip"
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("zipped_module.py", "def f(x):\n    return x\n")
        monkeypatch.syspath_prepend(str(archive))
        module = importlib.import_module("zipped_module")
        assert_found(module.f.__code__)
        del sys.modules["zipped_module"]

    def test_a_cell_that_linecache_knows(self, define: Define) -> None:
        function = define("x = 1\nf = lambda: x")["f"]
        assert source_of(function.__code__).path.startswith("<text")

    def test_without_columns(self, tmp_path: Path) -> None:
        script = tmp_path / "script.py"
        script.write_text(
            "from ptera._source import source_of\n"
            "f, g = lambda: 1, lambda: 2\n"
            "print(source_of(f.__code__).node.body.value, source_of(g.__code__).node.body.value)\n"
        )
        command = [sys.executable, "-X", "no_debug_ranges", str(script)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
        assert done.stdout == "1 2\n"

    def test_a_wrapped_function(self, define: Define) -> None:
        text = "import functools\n@functools.lru_cache\ndef f(): return 1"
        assert_found(define(text)["f"].__wrapped__.__code__)


class TestWarnings:
    TEXT = 'def f(x):\n    return x is 5, "\\d", (1)\n'

    @pytest.mark.filterwarnings("error")
    def test_warnings_of_the_import_are_not_given_again(self, tmp_path: Path) -> None:
        path = tmp_path / "warning_module.py"
        path.write_text(self.TEXT)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(self.TEXT, str(path), "exec").co_consts[0]
        source = source_of(code)
        assert compile_node(source, source.node) == code

    def test_the_filters_of_others_are_left_alone(self, define: Define) -> None:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            source = source_of(define("def f(): return 1")["f"].__code__)
            compile_node(source, source.node)
            warnings.warn("mine", UserWarning, stacklevel=1)
            compile("1 is 1", "<mine>", "exec")
        assert [str(warning.message)[:4] for warning in seen] == ["mine", '"is"']

    def test_many_threads(self, define: Define) -> None:
        text = "\n".join(f"def f{n}(x):\n    return x is {n}" for n in range(40))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names = define(text)
        failures: list[BaseException] = []

        def look(start: int) -> None:
            try:
                for n in range(start, 40, 4):
                    assert_found(names[f"f{n}"].__code__)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=look, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []


class TestConstants:
    def test_objects_stand_where_their_placeholders_stood(self) -> None:
        marker = object()
        code = compile("f = lambda: (lambda: ('@one', ('@one', 2), '@two'))", "", "exec")
        names: dict[str, Any] = {}
        exec(bind_constants(code, {"@one": marker, "@two": [3]}), names)
        assert names["f"]()() == (marker, (marker, 2), [3])

    def test_a_placeholder_is_called_without_a_warning(self, define: Define) -> None:
        source = source_of(define("def f(x):\n    return x")["f"].__code__)
        node = ast.parse("def f(x):\n    return '\\0ptera:1'(x)").body[0]
        assert isinstance(node, ast.FunctionDef)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            code = compile_node(source, node)
        made = FunctionType(bind_constants(code, {"\0ptera:1": str}), {})
        assert made(1) == "1"


def test_a_presumed_source_is_good_enough_to_look_at(define: Define) -> None:
    names = define("def f(): return 1\na, b = lambda: 1, lambda: 2")
    sources: list[Any] = [presumed_source(names[name].__code__) for name in "fb"]
    assert sources[0].node.name == "f"
    assert sources[1].node.body.value == 2
    linecache.clearcache()
    with pytest.raises(SourceError):
        presumed_source(names["f"].__code__)
