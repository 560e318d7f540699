"""What type checkers know of function objects: they check this file."""

from collections.abc import Callable, Iterator
from typing import Any, assert_type

from ptera import Ptera, Results, ptera


@ptera
def halved(x: int, note: str = "") -> float:
    return x / 2


@ptera
async def fetched(x: int) -> str:
    return str(x)


@ptera
def counted(n: int) -> Iterator[int]:
    yield n


@ptera
def untyped(x: int) -> Any:
    return x


class Thing:
    @ptera
    def method(self, x: int) -> str:
        return str(x)

    @ptera
    @staticmethod
    def static(x: int) -> int:
        return x


def test_calls_and_copies() -> None:
    assert_type(halved(1), float)
    assert_type(halved.new()(1, note="a"), float)
    assert_type(halved.clone()(1), float)
    assert_type(halved["key"](1), float)
    assert_type(halved.tweak({"halved > x": 4})(1), float)
    assert_type(halved.rewrite({"halved > x": lambda x: x})(1), float)


def test_results() -> None:
    assert_type(halved.using(q="halved > x")(3), Results[float])
    assert_type(halved.clone(return_object=True)(3).value, float)
    assert_type(halved.using(q="halved > x").using(r="halved > note")(3), Results[float])
    assert_type(counted.using(q="counted > n")(3), Results[Iterator[int]])
    queried: Callable[[int], Results[Any]] = untyped.using(q="untyped > x")
    assert queried(1).value == 1


async def results_of_coroutines() -> None:
    assert_type(await fetched(1), str)
    assert_type(await fetched.using(q="fetched > x")(1), Results[str])
    assert_type(await fetched.clone(return_object=True)(1), Results[str])


def test_methods() -> None:
    assert_type(Thing().method(1), str)
    assert_type(Thing.method(Thing(), 1), str)
    assert_type(Thing().method.using(q="method > x")(1), Results[str])
    assert_type(Thing.static(1), int)


def test_handlers_stay_what_they_are() -> None:
    @halved.clone().on("halved > x")
    def seen(x: int) -> str:
        return str(x)

    assert_type(seen(1), str)


def test_it_is_a_callable_for_others() -> None:
    function: Callable[[int], float] = halved
    assert isinstance(function, Ptera)
