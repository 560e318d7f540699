"""Function objects are functions to the rest of the world."""

import abc
import doctest
import functools
import inspect
import pydoc
import sys
import traceback
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import ptera as module
from ptera import Ptera, default, override


def ptera(function: Callable[..., Any]) -> Any:
    """Decorates without types: many calls here are such as a type checker refuses."""
    return module.ptera(function)


def with_defaults(**values: object) -> Callable[[Callable[..., Any]], Any]:
    """Gives `@ptera.defaults(...)`, without types too."""
    return module.ptera.defaults(**values)


@ptera
def layer(inp: float, /, scale: "float" = 2.0, *, shift: int = 0) -> float:
    """Scales.

    >>> layer.new(W=2)(3)
    12.0
    """
    W: float
    return inp * W * scale + shift


@ptera
def fails(x: int) -> float:
    T: float = default(1.0)
    print(T)
    return x / 0


class Thing:
    factor = 3

    @ptera
    def method(self, x: int, y: int = 1) -> int:
        """Multiplies."""
        z = x * self.factor
        return z + y

    @staticmethod
    @ptera
    def static(x: int) -> int:
        return x + 1

    @classmethod
    @ptera
    def of_class(cls, x: int) -> int:
        return x * cls.factor

    @ptera
    @staticmethod
    def static_inside(x: int) -> int:
        return x + 2

    @ptera
    @classmethod
    def of_class_inside(cls, x: int) -> int:
        return x + cls.factor

    @property
    @ptera
    def doubled(self) -> int:
        return 2 * self.factor


class TestIntrospection:
    def test_names_and_documentation(self) -> None:
        assert layer.__name__ == "layer"
        assert layer.__qualname__ == "layer"
        assert layer.__module__ == __name__
        assert layer.__doc__ is not None and layer.__doc__.startswith("Scales.")
        assert Thing.method.__qualname__ == "Thing.method"

    def test_signature(self) -> None:
        expected = "(inp: float, /, scale: 'float' = 2.0, *, shift: int = 0) -> float"
        assert str(inspect.signature(layer)) == expected
        assert str(inspect.signature(Thing().method)) == "(x: int, y: int = 1) -> int"
        assert str(inspect.signature(Thing.method)) == "(self, x: int, y: int = 1) -> int"

    def test_signature_with_state(self) -> None:
        def signature(function: Any) -> str:
            return str(inspect.signature(function))

        @ptera
        def f(a, b, c=3):  # type: ignore[no-untyped-def]  # for a short signature
            return a, b, c

        assert signature(f.new(c=5)) == "(a, b, c=5)"
        assert signature(f.new(b=override(5))) == "(a, b=5, c=3)"
        assert signature(f.new(a=5)) == "(a=5, *, b, c=3)"
        assert signature(with_defaults(a=1, b=2)(f)) == "(a=1, b=2, c=3)"
        assert signature(ptera(functools.partial(f.__wrapped__, 1, c=4))) == "(b, *, c=4)"

    def test_type_hints(self) -> None:
        hints = typing.get_type_hints(layer)
        assert hints == {"inp": float, "scale": float, "shift": int, "return": float}

    def test_source_and_file(self) -> None:
        assert inspect.getsource(layer).startswith("@ptera\ndef layer(")
        assert inspect.getsourcefile(inspect.unwrap(layer)) == __file__

    def test_help(self) -> None:
        text = pydoc.plain(pydoc.render_doc(layer))
        assert "Scales." in text
        if sys.version_info < (3, 13):  # which no longer takes a `partial` for a function
            signature = "layer(inp: float, /, scale: 'float' = 2.0, *, shift: int = 0) -> float"
            assert signature in text

    def test_doctest_finds_it(self) -> None:
        tests = doctest.DocTestFinder().find(sys.modules[__name__])
        (found,) = [test for test in tests if test.name == f"{__name__}.layer"]
        assert doctest.DocTestRunner().run(found).failed == 0

    def test_kind(self) -> None:
        assert callable(layer)
        assert not inspect.iscoroutinefunction(layer)
        assert not inspect.isgeneratorfunction(layer)

    def test_wraps_over_it(self) -> None:
        @functools.wraps(layer)
        def outer(*args: Any, **kwargs: Any) -> Any:
            return layer.new(W=1)(*args, **kwargs)

        assert outer(2) == 4
        assert outer.__name__ == "layer"
        assert inspect.signature(outer) == inspect.signature(layer)
        assert not isinstance(outer, Ptera)

    def test_it_over_wraps(self) -> None:
        def inner(x: int) -> int:
            return x

        @ptera
        @functools.wraps(inner)
        def outer(*args: Any) -> Any:
            y = inner(*args)
            return y

        assert outer(2) == 2
        assert outer.using(q="outer > y")(2).q.map("y") == [2]
        assert str(inspect.signature(outer)) == "(x: int) -> int"

    def test_attributes(self) -> None:
        def f() -> None: ...

        f.note = 1  # type: ignore[attr-defined]  # a function takes attributes
        made = ptera(f)
        assert made.note == 1

    def test_repr(self) -> None:
        assert repr(layer) == "<ptera layer>"
        assert repr(layer.new(W=3)) == "<ptera layer(W=3)>"

    def test_hash_and_equality_are_identity(self) -> None:
        assert len({layer, layer.new(), layer}) == 2


class TestErrors:
    def test_a_traceback_has_the_right_line_and_source(self) -> None:
        with pytest.raises(ZeroDivisionError) as caught:
            fails.new(T=3)(1)
        (frame,) = [f for f in traceback.extract_tb(caught.tb) if f.name == "fails"]
        assert frame.filename == __file__
        assert frame.line is not None and frame.line.startswith("return x / 0")

    def test_a_wrong_call_says_what_a_function_says(self) -> None:
        with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'inp'"):
            layer.new(W=1)()
        with pytest.raises(TypeError, match=r"unexpected keyword argument 'nothing'"):
            layer.new(W=1)(1, nothing=2)


class TestMethods:
    def test_calls(self) -> None:
        thing = Thing()
        assert thing.method(2) == 7
        assert Thing.method(thing, 2, y=0) == 6

    def test_static_and_class_methods(self) -> None:
        assert Thing.static(1) == Thing().static(1) == 2
        assert Thing.of_class(2) == Thing().of_class(2) == 6
        assert Thing.static_inside(1) == Thing().static_inside(1) == 3
        assert Thing.of_class_inside(2) == Thing().of_class_inside(2) == 5
        assert Thing().doubled == 6

    def test_bound_objects_keep_their_instance(self) -> None:
        thing = Thing()
        thing.factor = 10
        assert thing.method.new(y=5)(2) == 25
        assert thing.method.tweak({"Thing.method > z": 1})(2) == 2
        assert thing.method.using(q="method > z")(2).q.map("z") == [20]
        assert thing.method["k"](1) == 11

    def test_static_methods_are_objects(self) -> None:
        assert Thing.static.using(q="static > x")(3).q.map("x") == [3]
        assert Thing.static_inside.new(x=1)() == 3

    def test_class_methods_are_objects(self) -> None:
        assert Thing.of_class_inside.using(q="of_class_inside > x")(3).q.map("x") == [3]

    def test_a_subclass_finds_it(self) -> None:
        class Sub(Thing):
            factor = 7

            @ptera
            def method(self, x: int, y: int = 1) -> Any:
                return super().method(x, y) + 100

        assert Sub().method(1) == 108

    def test_state_of_a_method_is_its_classes(self) -> None:
        class Counter:
            @ptera
            def step(self, x: int) -> float:
                by: float
                return x + by

        Counter().step.state.by = 4
        assert Counter().step(1) == 5

    def test_abstract_methods(self) -> None:
        class Base(abc.ABC):
            @ptera
            @abc.abstractmethod
            def run(self) -> int: ...

        with pytest.raises(TypeError, match="abstract"):
            Base()  # type: ignore[abstract]  # that it cannot be is the test

    def test_an_object_of_a_bound_method(self) -> None:
        thing = Thing()
        made = ptera(thing.method)
        assert made(2) == 7

        class Plain:
            def run(self, x: int) -> int:
                y = x + 1
                return y

        bound = ptera(Plain().run)
        assert bound(2) == 3
        assert bound.using(q="run > y")(2).q.map("y") == [3]


def test_recursion_goes_through_the_object() -> None:
    @ptera
    def fact(n: int) -> int:
        return 1 if n < 2 else n * fact(n - 1)

    assert fact(20) == 2432902008176640000


def test_generators_are_generator_functions() -> None:
    @ptera
    def count(n: int) -> Iterator[int]:
        yield from range(n)

    assert inspect.isgeneratorfunction(count)
    assert inspect.isgeneratorfunction(count.new(n=2))
    assert list(count(3)) == [0, 1, 2]


def test_zero_argument_super_and_class_cell() -> None:
    class Base:
        def name(self) -> str:
            return "base"

    class Derived(Base):
        @ptera
        def name(self) -> str:
            suffix: str
            return super().name() + suffix + __class__.__name__  # type: ignore[name-defined, no-any-return]  # the cell

    assert Derived.name.new(suffix="!")(Derived()) == "base!Derived"
