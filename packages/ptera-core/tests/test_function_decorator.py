"""What `ptera` accepts, and the ways to reach it."""

import functools
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import ptera as module
from ptera import Decorator, PteraError, SourceError, ptera, refstring


def plain(x: int) -> int:
    y = x + 1
    return y


class Callable_:
    """Adds."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __call__(self, x: int) -> int:
        y = x + self.n
        return y


class TestWhatItAccepts:
    def test_an_undecorated_function(self) -> None:
        made = ptera(plain)
        assert made(1) == 2
        assert made.using(q="plain > y")(1).q.map("y") == [2]
        assert made.tweak({"plain > y": 9})(1) == 9
        assert plain(1) == 2

    def test_a_lambda(self) -> None:
        double: Any = ptera(lambda x: x * 2)
        assert double(4) == 8
        assert double.new(x=5)() == 10

    def test_several_lambdas_on_a_line(self) -> None:
        both: list[Any] = [ptera(lambda x: x + 1), ptera(lambda x: x + 2)]
        assert [each.new(x=1)() for each in both] == [2, 3]

    def test_an_object_is_itself(self) -> None:
        made = ptera(plain)
        assert ptera(made) is made

    def test_a_builtin_is_called_by_a_function_of_its_own(self) -> None:
        length = ptera(len)
        assert length([1, 2]) == 2
        assert length.__name__ == "len"
        assert length.using(q="len > #value as n")([1, 2]).q.map("n") == [2]
        assert length.tweak({"len > #value": 7})([1]) == 7

    def test_a_callable_object(self) -> None:
        made = ptera(Callable_(3))
        assert made(1) == 4
        assert made.__doc__ == "Adds."
        assert made.using(q="Callable_ > #value as v")(1).q.map("v") == [4]

    def test_a_cached_function(self) -> None:
        made = ptera(functools.cache(plain))
        assert (made(1), made(1)) == (2, 2)

    def test_a_class_is_refused(self) -> None:
        with pytest.raises(TypeError, match="`Callable_` is a class, .*decorate its methods"):
            ptera(Callable_)

    def test_what_cannot_be_called_is_refused(self) -> None:
        with pytest.raises(TypeError, match="a `int` cannot be called"):
            ptera(3)  # type: ignore[call-overload]  # that it cannot is the test
        with pytest.raises(TypeError, match="put `@ptera` under `@property`"):
            ptera(property(plain))  # type: ignore[call-overload]  # the same

    def test_a_function_without_source_is_refused(self) -> None:
        names: dict[str, Any] = {}
        exec("def f(x): return x", names)
        with pytest.raises(SourceError, match="Cannot look inside `f "):
            ptera(names["f"])
        assert issubclass(SourceError, PteraError)

    def test_a_nested_function_with_a_closure(self) -> None:
        n = 1

        @ptera
        def f(x: int) -> int:
            y = x + n
            return y

        n = 2
        assert f(1) == 3


class TestWaysToReachIt:
    def test_the_module_is_a_decorator(self) -> None:
        @module  # type: ignore[operator]  # no type checker knows that a module can be called
        def f(x: int) -> int:
            return x

        @module.defaults(y=3)
        def g() -> int:
            y: int
            return y

        assert (f(2), g()) == (2, 3)
        assert isinstance(module.ptera, Decorator)

    def test_what_is_not_there(self) -> None:
        with pytest.raises(AttributeError, match="module `ptera` has no attribute `nothing`"):
            print(module.nothing)

    def test_everything_public_is_there(self) -> None:
        for name in module.__all__:
            if name != "auto_cli":
                assert getattr(module, name) is not None
        assert set(module.__all__) <= set(dir(module))

    def test_what_importing_it_loads(self) -> None:
        text = "import sys, ptera; print(*sorted(sys.modules))"
        loaded = subprocess.run(
            [sys.executable, "-c", text], capture_output=True, text=True, check=True
        ).stdout.split()
        unwanted = {"torch", "lark", "reactivex", "ptera_cli", "ptera_torch", "ptera._probe"}
        assert unwanted.isdisjoint(loaded)

    def test_notebook_cells_and_doctests(self) -> None:
        import linecache

        text = "@ptera\ndef cell(x):\n    y: int\n    return x + y\n"
        path = "<ipython-input-1>"
        lines = [str(line) for line in text.splitlines(keepends=True)]
        linecache.cache[path] = (len(text), None, lines, path)
        names: dict[str, Any] = {"ptera": ptera}
        exec(compile(text, path, "exec"), names)
        assert names["cell"].new(y=2)(1) == 3


class TestInstallation:
    def test_the_original_over_it_is_an_error_with_the_cure(self, tmp_path: Path) -> None:
        package = tmp_path / "ptera"
        shutil.copytree(Path(module.__file__ or "").parent, package)
        (package / "interpret.py").write_text("")
        done = subprocess.run(
            [sys.executable, "-c", "import ptera"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        message = done.stderr.splitlines()[-1]
        assert "the distribution `ptera` (1.x, the original" in message
        assert "pip uninstall ptera && pip install --force-reinstall" in message

    def test_a_missing_plugin_says_what_to_install(self) -> None:
        text = """
            import sys
            sys.modules["ptera_torch"] = sys.modules["ptera_cli"] = None
            import ptera
            for name in ("torch", "cli", "auto_cli"):
                try:
                    getattr(ptera, name)
                except ImportError as error:
                    print(error)
        """
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(text)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines() == [
            "Cannot use `ptera_torch`: it is not installed. Run `pip install ptera-torch`.",
            "Cannot use `ptera_cli`: it is not installed. Run `pip install ptera-cli`.",
            "Cannot use `ptera_cli`: it is not installed. Run `pip install ptera-cli`.",
        ]


def test_refstring() -> None:
    assert refstring(Callable_.__call__) == f"/{__name__}/Callable_/__call__"
    assert refstring(ptera(plain)) == f"/{__name__}/plain"
