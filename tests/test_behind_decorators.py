"""Functions are found by their names behind whatever decorates them."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ptera import Overlay, probing, ptera


def without_wraps(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        return function(*args)

    return call


def with_wraps(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any) -> Any:
        return function(*args)

    return call


def made_with(number: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            return function(*args)

        return call

    return decorate


def either(other: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(other)
        def call(*args: Any) -> Any:
            return function(*args)

        return call

    return decorate


class Callable_:  # noqa: N801 - it decorates
    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


class Slotted:
    __slots__ = ("function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


class Lazy:
    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __get__(self, instance: object, owner: object = None) -> Any:
        return self if instance is None else self.function(instance)


@without_wraps
def closed(n: int) -> int:
    x = n + 1
    return x


@with_wraps
def wrapped(n: int) -> int:
    x = n + 1
    return x


@made_with(3)
@functools.lru_cache
def stacked(n: int) -> int:
    x = n + 1
    return x


def instead(n: int) -> int:
    return n


@either(instead)
def chosen(n: int) -> int:
    x = n + 1
    return x


@Callable_
def called(n: int) -> int:
    x = n + 1
    return x


@Slotted
def slotted(n: int) -> int:
    x = n + 1
    return x


@functools.singledispatch
def dispatched(n: int) -> int:
    x = n + 1
    return x


@contextlib.contextmanager
def managed(n: int) -> Iterator[int]:
    x = n + 1
    yield x


def within(n: int) -> None:
    with managed(n):
        pass


class Thing:
    @without_wraps
    def closed(self, n: int) -> int:
        x = n + 1
        return x

    @Lazy
    def lazy(self) -> int:
        x = 4
        return x


def mean(n: int) -> int:
    x = n + 1
    return x


average = Slotted(mean)


FUNCTIONS: list[tuple[str, Callable[[int], object]]] = [
    ("closed", closed),
    ("wrapped", wrapped),
    ("stacked", lambda n: stacked(n)),
    ("chosen", chosen),
    ("called", called),
    ("slotted", slotted),
    ("dispatched", dispatched),
    ("managed", within),
    ("Thing.closed", lambda n: Thing().closed(n)),
    ("Thing.lazy", lambda n: Thing().lazy),
]


@pytest.mark.parametrize(("name", "call"), FUNCTIONS)
def test_by_name(name: str, call: Callable[[int], object]) -> None:
    with probing(f"{name} > x").values() as events:
        call(3)
    assert events == [{"x": 4}]


@pytest.mark.parametrize(("name", "call"), FUNCTIONS)
def test_by_path(name: str, call: Callable[[int], object]) -> None:
    with probing(f"/{__name__}/{name.replace('.', '/')} > x").values() as events:
        call(5 if name == "stacked" else 3)
    assert [event["x"] for event in events] in ([4], [6])


@pytest.mark.parametrize(("name", "call"), FUNCTIONS)
def test_among_all_of_a_module(name: str, call: Callable[[int], object]) -> None:
    with probing(f"/{__name__}/* > x").values() as events:
        call(7 if name == "stacked" else 3)
    assert [event["x"] for event in events] in ([4], [8])


class Model:
    def __init__(self, function: Callable[[int], int]) -> None:
        self.function = function

    def forward(self, n: int) -> int:
        x = self.function(n)
        return x


def test_a_model_stands_for_its_own_forward() -> None:
    model, other = Model(mean), Model(mean)
    with probing("model > x").values() as events:
        model.forward(3)
        other.forward(5)
    assert events == [{"x": 4}]


def test_what_an_object_was_made_of() -> None:
    with probing("average > x").values() as events:
        average(3)
    assert events == [{"x": 4}]


class Public:
    def method(self, n: int) -> int:
        x = n + 1
        return x


Public.__module__ = __name__.rpartition(".")[0]


def test_a_class_that_says_it_is_from_the_package_above() -> None:
    with probing(f"/{__name__}/* > x").values() as events:
        Public().method(3)
    assert events == [{"x": 4}]


def test_the_methods_of_a_class() -> None:
    with probing("Thing > x").values() as events:
        Thing().closed(3)
        _ = Thing().lazy
    assert events == [{"x": 4}, {"x": 4}]


def test_a_method_of_one_object() -> None:
    thing = Thing()
    with probing("thing.closed > x").values() as events:
        thing.closed(3)
    assert events == [{"x": 4}]


def test_values_are_changed_there() -> None:
    with Overlay.tweak({"closed > x": 1, "called > x": 2}):
        assert (closed(5), called(5)) == (1, 2)


def test_another_name_for_a_wrapper_means_the_wrapper() -> None:
    other = without_wraps(ptera(lambda n: n))
    with probing("other > args").values() as events:
        other(3)
    assert events == [{"args": (3,)}]


def test_an_object_that_would_run_code_is_left_alone() -> None:
    class Curious:
        def __call__(self) -> int:
            return 1

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    curious = Curious()
    with pytest.raises(Exception, match="curious"):
        probing("curious > x").__enter__()
