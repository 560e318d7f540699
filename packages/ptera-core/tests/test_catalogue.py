"""What a program can reach, and the variables of it, without anything being run."""

import functools
import importlib
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from ptera import catalogue, default, ptera, tag

Module = Callable[..., types.ModuleType]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Module]:
    """Writes modules (`a__b` is `a/b.py`), imports them, and gives the last one."""
    monkeypatch.syspath_prepend(str(tmp_path))
    written: list[str] = []

    def write(**texts: str) -> types.ModuleType:
        for name, text in texts.items():
            path = tmp_path / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(dedent(text))
            written.append(name.replace("__", "."))
        importlib.invalidate_caches()
        return importlib.import_module(written[-1])

    yield write
    for name in (*written, "pack"):
        sys.modules.pop(name, None)


def names(entry: object, wanted: Any = None) -> list[str]:
    return [function.qualname for function in catalogue(entry, wanted)]


def test_the_entries_of_a_function(module: Module) -> None:
    program = module(
        written='''
        from ptera import default, tag

        def train(data, epochs: int = 3):
            """Trains."""
            # Learning rate
            lr: float & tag.HyperParameter = default(0.1)
            momentum: "float"
            steps: call() = 1
            for batch in data:
                pass
            squares = [n * n for n in range(epochs)]
            return lr
        '''
    )
    (entry,) = catalogue(program.train)
    assert (entry.name, entry.qualname, entry.module) == ("train", "train", "written")
    assert (entry.file, entry.line) == (program.__file__, 4)
    assert entry.doc == "Trains."
    assert entry.function is program.train
    assert [
        (v.name, v.kind, v.annotation, v.annotation_text, v.default_text, v.comment, v.line)
        for v in entry.variables
    ] == [
        ("data", "parameter", None, None, None, "", 4),
        ("epochs", "parameter", int, "int", "3", "", 4),
        (
            "lr",
            "local",
            float & tag.HyperParameter,
            "float & tag.HyperParameter",
            "0.1",
            "Learning rate",
            7,
        ),
        ("momentum", "declared", float, '"float"', None, "", 8),
        ("steps", "local", None, "call()", "1", "", 9),
        ("batch", "loop", None, None, None, "", 10),
        ("squares", "local", None, None, "[n * n for n in range(epochs)]", "", 12),
    ]
    assert entry.variables[2].tags == float & tag.HyperParameter
    assert entry.variables[0].tags is None
    assert {v.function for v in entry.variables} == {"train"}


def test_it_prints_as_a_table(module: Module) -> None:
    program = module(
        written="""
        def train(epochs: int = 3):
            rate: float = 0.1  # How fast
            return step(rate)

        def step(x): pass
        """
    )
    assert str(catalogue(program.train)) == dedent(f"""\
        train  {program.__file__}:2
          epochs  parameter  int    3
          rate    local      float  0.1  How fast

        step  {program.__file__}:6
          x  parameter""")
    assert str(catalogue(program.train, "Nothing")) == "(no variables)"
    assert repr(catalogue(program.train)) == "<Catalogue: 2 functions, 3 variables>"


def test_a_tag_leaves_only_what_carries_it(module: Module) -> None:
    program = module(
        written="""
        from ptera import tag
        Hot, Tea = tag.Hot, tag.Tea
        def brew():
            a: Hot & Tea = 1
            b: tag.Hot = 2
            c: int = 3
            return plain()
        def plain():
            return 1
        """
    )
    found = catalogue(program.brew, tag.Hot)
    assert [v.name for v in found.variables] == ["a", "b"]
    assert names(program.brew, tag.Hot & tag.Tea) == ["brew"]
    assert len(catalogue(program.brew, "Hot")[0].variables) == 2
    assert len(catalogue(program.brew, tag.Hot)) == 1


def test_calls_are_followed_in_the_order_in_which_they_stand(module: Module) -> None:
    program = module(
        helper="def one(): return three()\ndef three(): pass\ndef two(): pass\ndef unused(): pass",
        written="""
        import helper
        from helper import two as second
        def main():
            import helper as again
            return helper.one() + second(lambda: last()) + again.three()
        def last(): return main()
        """,
    )
    assert names(program.main) == ["main", "main.<locals>.<lambda>", "one", "two", "three", "last"]


def test_local_names_are_not_followed(module: Module) -> None:
    program = module(
        written="""
        def helper(): pass
        def main(helper): return helper()
        def shadowed():
            helper = print
            return helper()
        """
    )
    assert names(program.main) == ["main"]
    assert names(program.shadowed) == ["shadowed"]


def test_classes_and_methods(module: Module) -> None:
    program = module(
        written="""
        import functools
        class Base:
            def shared(self): return self.hook()
            def hook(self): return 0
            def unrelated(self): pass
        class Model(Base):
            def __init__(self): self.layer = Layer()
            @property
            def size(self): return 1
            @staticmethod
            def make(): return helper()
            @functools.cached_property
            def cached(self): return 1
            def hook(self): return super().hook()
            def run(self): return self.shared()
        class Layer:
            def forward(self): pass
        def helper(): pass
        def main(): return Model().run()
        """
    )
    assert set(names(program.main)) == {
        "main",
        *(f"Model.{m}" for m in ("__init__", "size", "make", "cached", "hook", "run")),
        *(f"Base.{m}" for m in ("shared", "hook", "unrelated")),
        "Layer.forward",
        "helper",
    }
    assert names(program.Model.run) == ["Model.run", "Base.shared", "Model.hook", "Base.hook"]
    bound = program.Model().run
    assert names(bound)[:2] == ["Model.run", "Base.shared"]


def test_what_stands_for_a_function(module: Module) -> None:
    program = module(
        written="""
        import functools
        def decorate(function):
            @functools.wraps(function)
            def wrapper(*args): return function(*args)
            return wrapper
        def closed_over(function):
            def wrapper(): return function()
            return wrapper
        @decorate
        def one(): pass
        @closed_over
        def two(): pass
        @functools.lru_cache
        def three(): pass
        def four(x): pass
        part = functools.partial(four, one)
        table = {"a": [two], "b": (three, 1)}
        class Callable:
            def __init__(self, inner): self.inner = [inner]
            def __call__(self): pass
        thing = Callable(part)
        def main(): return table, thing
        """
    )
    found = names(program.main)
    assert {"one", "two", "three", "four", "Callable.__call__"} <= set(found)
    assert len(found) == len(set(found))


def test_the_state_of_objects(module: Module) -> None:
    program = module(
        written="""
        from ptera import ptera, default, tag
        @ptera
        def layer(x):
            W: object
            T: tag.Knob = default(1.0)
            return x
        @ptera
        def net(x):
            layers: list
            for one in layers: x = one(x)
            return x
        def unseen(): pass
        model = net.new(layers=[layer.new(W=1), {"a": unseen}])
        """
    )
    assert names(program.model) == ["net", "layer", "unseen"]
    assert names(program.model, "Knob") == ["layer"]
    assert names(program.net) == ["net"]
    (entry,) = catalogue(program.model, tag.Knob)
    assert entry.function.__name__ == "layer"  # type: ignore[union-attr]  # it has one


def test_nested_functions(module: Module) -> None:
    program = module(
        written="""
        K = 3
        def main():
            def inner(a: K):
                b = a
                return helper()
            class C:
                def m(self): pass
            return inner
        def helper(): pass
        """
    )
    found = catalogue(program.main)
    assert [f.qualname for f in found] == [
        "main",
        "main.<locals>.inner",
        "main.<locals>.C.m",
        "helper",
    ]
    assert found[1].function is None
    assert [(v.name, v.annotation) for v in found[1].variables] == [("a", 3), ("b", None)]


def test_a_module(module: Module) -> None:
    program = module(
        helper="def other(): pass",
        written="""
        from helper import other
        def one(): pass
        class C:
            def two(self): pass
        """,
    )
    assert names(program) == ["one", "C.two"]


def test_libraries_are_left_out(module: Module) -> None:
    program = module(
        written="""
        import argparse, json, pytest, ptera
        parser = argparse.ArgumentParser()
        def main():
            json.dumps(pytest.raises, default=ptera.default)
            return parser.parse_args(), argparse.Namespace
        """
    )
    assert names(program.main) == ["main"]


def test_an_entry_in_a_library_brings_its_own_package() -> None:
    import argparse

    found = names(argparse.ArgumentParser.parse_args)
    assert "ArgumentParser.parse_known_args" in found
    assert "ArgumentParser.error" in found


def test_relative_imports_in_functions(module: Module) -> None:
    program = module(
        pack__inner="def deep(): pass",
        pack__outer="""
        import pack.inner
        def main():
            from .inner import deep
            return deep()
        """,
    )
    assert names(program.main) == ["main", "deep"]


def test_functions_without_source_are_left_out() -> None:
    scope: dict[str, Any] = {"__name__": "made"}
    exec("def made(): pass", scope)

    def main() -> object:
        return scope["made"], len, functools.reduce

    main.__module__ = "made"
    assert names(main) == [main.__qualname__]
    assert list(catalogue(scope["made"])) == []
    assert list(catalogue(3)) == []


def test_nothing_is_run(module: Module) -> None:
    program = module(
        written="""
        class Trap:
            @property
            def held(self): raise AssertionError
            def __getattr__(self, name): raise AssertionError
            def method(self): pass
        trap = Trap()
        def fail(): raise AssertionError
        def main(x=1):
            y: fail() = default(fail())
            return trap.held, trap.missing, trap.method
        """
    )
    assert set(names(program.main)) >= {"main", "Trap.held", "Trap.method", "fail"}


def test_circles_end(module: Module) -> None:
    program = module(
        written="""
        circle = []
        circle.append(circle)
        def main(): return circle, main, other
        def other(): return main
        main.__wrapped__ = other
        other.__wrapped__ = main
        """
    )
    assert sorted(names(program.main)) == ["main", "other"]


def test_a_catalogue_is_a_sequence() -> None:
    @ptera
    def f(x: int) -> int:
        y: int = default(1)
        return x + y

    found = catalogue(f)
    assert len(found) == 1
    assert found[0] in found
    assert found[:1] == (found[0],)
    assert [v.name for v in found.variables] == ["x", "y"]
