"""Nothing stays behind: not in code, not in namespaces, not in memory."""

import gc
import random
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, cast

import pytest

from ptera import Overlay, global_probe, probing, ptera

FACTOR = 3


def area(width: int) -> int:
    height = width + FACTOR
    return width * height


def ruined(width: int) -> int:
    height = width + 1
    raise ValueError(height)


def steps(n: int) -> Iterator[int]:
    for i in range(n):
        yield i


def outer(n: int) -> Callable[[], int]:
    def inner() -> int:
        x = n + 1
        return x

    inner()
    return inner


@ptera
def decorated(n: int) -> int:
    doubled = n * 2
    return doubled


def module_names() -> dict[str, object]:
    return dict(globals())


def fresh() -> FunctionType:
    """Gives a function that only the test holds, with the code of `area`."""
    return FunctionType(area.__code__, globals(), "area")


class TestCode:
    @pytest.mark.parametrize(
        "selector", ["area > height", "area{width} > height", "area > $x", "area{width, height}"]
    )
    def test_a_probe(self, selector: str) -> None:
        code = area.__code__
        with probing(selector).values() as events:
            assert area.__code__ is not code
            area(1)
        assert events
        assert area.__code__ is code

    def test_every_kind_of_overlay_at_once(self) -> None:
        code = area.__code__
        probe = global_probe("area > width")
        with Overlay.tweak({"area > height": 1}):
            with Overlay.rewrite({"area > width": lambda width: width + 1}):
                with probing("area > height"):
                    assert area(1) == 2
            assert area.__code__ is not code
        assert area.__code__ is not code
        probe.deactivate()
        assert area.__code__ is code

    def test_left_in_another_order(self) -> None:
        code = area.__code__
        first, second = probing("area > height"), probing("area > width")
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert area.__code__ is not code
        second.__exit__(None, None, None)
        assert area.__code__ is code

    def test_an_exception_of_the_program(self) -> None:
        code = ruined.__code__
        with pytest.raises(ValueError, match="2"):
            with probing("ruined > height"), Overlay.tweak({"ruined > width": 1}):
                ruined(5)
        assert ruined.__code__ is code

    def test_an_exception_of_a_handler(self) -> None:
        code = area.__code__

        def fail(event: object) -> None:
            raise RuntimeError("no")

        with pytest.raises(RuntimeError):
            with probing("area > height") as probe:
                probe.subscribe(fail)
                area(1)
        assert area.__code__ is code
        assert area(1) == 4

    def test_an_overlay_that_cannot_be_entered(self) -> None:
        code = area.__code__
        with pytest.raises(Exception, match="heigth"):
            with probing("area > height", "area > heigth"):
                pass
        assert area.__code__ is code

    def test_a_decorated_function(self) -> None:
        function = cast(Any, decorated).__ptera_function__
        code = function.__code__
        with probing("decorated > doubled").values() as events:
            decorated(2)
        assert events == [{"doubled": 4}]
        assert function.__code__ is code

    def test_a_nested_function_that_was_created_meanwhile(self) -> None:
        code = outer.__code__
        plain = outer(1).__code__
        with probing("outer > inner > x").values() as events:
            inner = cast(FunctionType, outer(1))
            assert inner.__code__ is not plain
        assert events == [{"x": 2}]
        assert outer.__code__ is code
        assert inner.__code__ == plain
        assert inner() == 2
        assert events == [{"x": 2}]

    def test_a_suspended_generator(self) -> None:
        code = steps.__code__
        with probing("steps > i")["i"].values() as events:
            running = steps(3)
            next(running)
        assert steps.__code__ is code
        assert list(running) == [1, 2]
        assert events == [0]

    def test_code_that_the_program_sets_stays(self) -> None:
        function, other = fresh(), FunctionType(ruined.__code__, globals(), "area")
        with probing("f > height", env={"f": function}).values() as events:
            function(1)
            function.__code__ = other.__code__
            with pytest.raises(ValueError):
                function(5)
        assert function.__code__ is ruined.__code__
        assert events == [{"height": 4}]

    def test_code_that_the_program_sets_is_what_is_tapped_next(self) -> None:
        function = fresh()
        for code, expected in ((area.__code__, 4), (ruined.__code__, 2), (area.__code__, 4)):
            function.__code__ = code
            with probing("f > height", env={"f": function}).values() as events:
                try:
                    function(1)
                except ValueError:
                    assert code is ruined.__code__
            assert events == [{"height": expected}]
            assert function.__code__ is code

    def test_code_that_the_program_sets_under_two_probes(self) -> None:
        function = fresh()
        with probing("f > height", env={"f": function}).values() as events:
            function.__code__ = ruined.__code__
            with probing("f{width} > height", env={"f": function}).values() as inner:
                with pytest.raises(ValueError):
                    function(1)
        assert (events, inner) == ([], [{"width": 1, "height": 2}])
        assert function.__code__ is ruined.__code__


class TestNamespaces:
    def test_globals_are_as_before(self) -> None:
        before = module_names()
        with probing("area{width} > height").values(), probing("outer > inner > x").values():
            with Overlay.tweak({"area > height": 2}):
                area(1)
                outer(1)()
            during = module_names()
        assert during.keys() == before.keys()
        assert module_names() == before

    def test_nor_are_attributes(self) -> None:
        before = dict(vars(area)), dict(area.__annotations__), area.__defaults__, area.__closure__
        with probing("area > height"):
            area(1)
        after = dict(vars(area)), dict(area.__annotations__), area.__defaults__, area.__closure__
        assert after == before

    def test_builtins_are_as_before(self) -> None:
        import builtins

        before = set(vars(builtins))
        with probing("area > height"):
            area(1)
        assert set(vars(builtins)) == before


class TestMemory:
    def check(self, use: Callable[[FunctionType], None]) -> None:
        function = fresh()
        use(function)
        reference = weakref.ref(function)
        del function
        gc.collect()
        assert reference() is None

    def test_after_a_probe(self) -> None:
        def use(function: FunctionType) -> None:
            with probing("f > height", env={"f": function}).values() as events:
                function(1)
            assert events == [{"height": 4}]

        self.check(use)

    def test_after_a_global_probe(self) -> None:
        def use(function: FunctionType) -> None:
            probe = global_probe("f > height", env={"f": function})
            function(1)
            probe.deactivate()

        self.check(use)

    def test_after_a_tweak(self) -> None:
        def use(function: FunctionType) -> None:
            with Overlay.tweak({"f > height": 1}, env={"f": function}):
                assert function(5) == 5

        self.check(use)

    def test_after_an_exception(self) -> None:
        def use(function: FunctionType) -> None:
            with pytest.raises(TypeError):
                with probing("f > height", env={"f": function}):
                    function("a")

        self.check(use)

    def test_after_complete_mode(self) -> None:
        def use(function: FunctionType) -> None:
            with probing("f{width, height}", env={"f": function}).values() as events:
                function(1)
            assert len(events) == 1

        self.check(use)

    def test_a_module_can_go(self) -> None:
        module = types.ModuleType("gone")
        module.area = FunctionType(area.__code__, vars(module) | {"FACTOR": 3}, "area")  # type: ignore[attr-defined]  # made here
        with probing("gone.area > height", env={"gone": module}).values() as events:
            module.area(1)
        assert events == [{"height": 4}]
        reference = weakref.ref(module)
        del module
        gc.collect()
        assert reference() is None

    def test_nested_functions_can_be_collected_during_a_probe(self) -> None:
        with probing("outer > inner > x"):
            reference = weakref.ref(cast(FunctionType, outer(1)))
            gc.collect()
            assert reference() is None

    def test_values_are_let_go(self) -> None:
        class Thing:
            pass

        def make() -> "weakref.ref[Thing]":
            thing = Thing()
            return weakref.ref(thing)

        with probing("make{thing} > #exit") as probe:
            probe.subscribe(lambda event: None)
            reference = make()
        gc.collect()
        assert reference() is None

    @pytest.mark.parametrize(
        "selector", ["above{made} >> $x", "above{made}", "above > below > made", "above{!made}"]
    )
    def test_captured_values_are_freed_at_once(self, selector: str) -> None:
        """Not when the collector comes by: they may be large, and on a device."""
        watched = above.using(found=selector)
        gc.collect()
        gc.disable()
        try:
            results = watched()
            assert results.found.map()
            references = [weakref.ref(results.value), *kept]
            kept.clear()
            del results
            assert [reference() for reference in references] == [None, None]
        finally:
            gc.enable()

    def test_values_are_freed_at_once_after_a_handler_with_conditions(self) -> None:
        seen: list[object] = []
        gc.collect()
        with probing("above{made, below{x}} > returned") as probe:
            probe.subscribe(lambda event: seen.append(id(event["made"])))
            gc.disable()
            try:
                reference = weakref.ref(above())
                assert seen and reference() is None
            finally:
                gc.enable()
                kept.clear()


class Made:
    pass


kept: "list[weakref.ref[Made]]" = []


@ptera
def below(made: Made) -> int:
    x = 1
    made = Made()
    kept.append(weakref.ref(made))
    return x


@ptera
def above() -> Made:
    made = Made()
    below(made)
    returned = made
    return returned


class TestThreads:
    def test_entering_and_leaving_at_random(self) -> None:
        codes = {function: function.__code__ for function in (area, ruined, steps, outer)}
        before = module_names()
        wrong: list[object] = []

        def turn(chance: random.Random) -> None:
            kind, n = chance.randrange(5), chance.randrange(100)
            if kind == 0:
                with probing("area > height")["height"].values() as heights:
                    area(n)
                expected = [n + FACTOR]
            elif kind == 1:
                with probing("ruined > height")["height"].values() as heights:
                    with pytest.raises(ValueError):
                        ruined(n)
                expected = [n + 1]
            elif kind == 2:
                with probing("steps > i")["i"].values() as heights:
                    list(steps(3))
                expected = [0, 1, 2]
            elif kind == 3:
                with probing("outer > inner > x")["x"].values() as heights:
                    outer(n)()
                # The second call is not inside `outer` any more.
                expected = [n + 1]
            else:
                with Overlay.tweak({"area > height": n}):
                    assert area(2) == 2 * n
                    return
            if list(heights) != expected:
                wrong.append((kind, list(heights), expected))

        def run(seed: int) -> None:
            chance = random.Random(seed)
            try:
                for _ in range(20):
                    turn(chance)
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=run, args=(seed,)) for seed in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert not any(thread.is_alive() for thread in threads)
        assert wrong == []
        assert all(function.__code__ is code for function, code in codes.items())
        assert module_names() == before
