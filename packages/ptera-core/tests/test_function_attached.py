"""What is attached to function objects: queries, handlers, collectors, changes, plugins."""

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import pytest

from ptera import (
    Captured,
    CaptureError,
    Events,
    HandlerError,
    OverrideError,
    ProbeError,
    Ptera,
    UnknownFunctionError,
    UnknownVariableError,
    ptera,
)
from ptera._attachments import Attachment, Session
from ptera._calls import Run
from ptera._overlay import Rule, prepare, selector_of
from ptera._plan import Mode
from ptera._resolve import Scope


@ptera
def square(x: int) -> int:
    y = x * x
    return y


def called_with(function: Callable[[int], object]) -> None:
    function(square(3))


@ptera
def squares(n: int) -> int:
    total = 0
    for i in range(n):
        total += square(i)
    return total


@ptera
def fact(n: int) -> int:
    m = 1
    if n > 1:
        m = n * fact(n - 1)
    return m


class TestUsing:
    def test_it_gives_a_copy(self) -> None:
        queried = squares.using(ys="square > y")
        assert queried(3).value == 5
        assert queried(3).ys.map("y") == [0, 1, 4]
        assert squares(3) == 5

    def test_several_queries_and_copies_of_copies(self) -> None:
        results = squares.using(a="square > x").using(b="squares > total")(2)
        assert results.a.map("x") == [0, 1]
        assert results.b.map("total") == [0, 0, 1]

    def test_a_query_replaces_another_of_its_name(self) -> None:
        results = squares.using(q="square > x").using(q="squares > n")(2)
        assert results.q.map() == [{"n": 2}]

    def test_each_call_has_results_of_its_own(self) -> None:
        queried = squares.using(q="square > x")
        first, second = queried(1), queried(2)
        assert (len(first.q), len(second.q)) == (1, 2)

    def test_recursion_is_seen_once(self) -> None:
        assert fact.using(q="fact > n")(3).q.map("n") == [1, 2, 3]

    def test_names_are_found_where_the_call_stands(self) -> None:
        def helper(x: int) -> int:
            z = x + 1
            return z

        @ptera
        def caller(x: int) -> int:
            return helper(x)

        assert caller.using(q="helper > z")(1).q.map("z") == [2]
        assert caller.using(env={"other": helper}, q="other > z")(1).q.map("z") == [2]

    def test_within_makes_undecorated_functions_visible(self) -> None:
        def helper(x: int) -> int:
            zzz = x + 1
            return zzz

        @ptera
        def caller(x: int) -> int:
            return helper(x)

        assert caller.using(within=helper, q="zzz")(1).q.map("zzz") == [2]

    def test_a_query_cannot_be_called_value(self) -> None:
        with pytest.raises(ProbeError, match="`value` is what the call itself returns"):
            square.using(value="square > y")

    def test_mistakes_are_told_when_it_is_made(self) -> None:
        with pytest.raises(UnknownVariableError):
            square.using(q="square > z")
        with pytest.raises(UnknownFunctionError):
            square.using(q="sqare > y")
        with pytest.raises(OverrideError):
            square.tweak({"square > #exit": 1})

    def test_an_exception_leaves_nothing_behind(self) -> None:
        @ptera
        def fails(x: int) -> int:
            y = square(x)
            raise KeyError(y)

        queried = fails.using(q="square > y")
        for _ in range(2):
            with pytest.raises(KeyError):
                queried(3)
        assert squares.using(q="square > y")(2).q.map("y") == [0, 1]

    def test_the_calls_own_state(self) -> None:
        @ptera
        def scaled(x: int) -> int:
            factor: int
            return x * factor

        queried = scaled.new(factor=2).using(q="scaled > factor")
        assert queried(3).q.map("factor") == [2]
        assert queried.new(factor=5)(3).q.map("factor") == [5]


class TestChanges:
    def test_a_tweak_is_a_copy(self) -> None:
        tweaked = squares.tweak({"square > y": 10})
        assert (tweaked(2), squares(2)) == (20, 1)

    def test_the_later_of_two_entries_wins(self) -> None:
        assert square.tweak({"square > y": 1, "square{x=3} > y": 2})(3) == 2

    def test_a_copy_of_a_copy_adds(self) -> None:
        assert squares.tweak({"square > y": 10}).tweak({"squares > n": 1})(5) == 10

    def test_it_is_in_force_in_recursion(self) -> None:
        assert fact.tweak({"fact{n=1} > m": 10})(3) == 60

    def test_a_rewrite_takes_captures(self) -> None:
        assert squares.rewrite({"square{x} > y": lambda x, y: x + y})(3) == 8

    def test_a_rewrite_with_an_unknown_parameter(self) -> None:
        with pytest.raises(HandlerError, match="parameter `z`"):
            square.rewrite({"square{x} > y": lambda z: z})

    def test_a_query_sees_what_is_changed(self) -> None:
        results = squares.tweak({"square > y": 7}).using(q="square > y")(2)
        assert (results.value, results.q.map("y")) == (14, [7, 7])

    def test_priority(self) -> None:
        from ptera import override

        forced = square.new(y=override(5))
        assert forced.tweak({"square > y": 1})(3) == 1


class TestOn:
    def test_it_is_called_with_what_its_parameters_name(self) -> None:
        seen: list[tuple[int, int]] = []
        model = squares.clone()

        @model.on("square{x} > y")
        def note(y: int, x: int) -> None:
            seen.append((x, y))

        assert model(3) == 5
        assert seen == [(0, 0), (1, 1), (2, 4)]

    def test_results_have_what_it_returned(self) -> None:
        model = squares.clone(return_object=True)

        @model.on("square > y")
        def doubled(y: int) -> int:
            return 2 * y

        results = model(3)
        assert results.doubled == [0, 2, 8]
        assert results.value == 5

    def test_full_and_all(self) -> None:
        model = squares.clone(return_object=True)

        @model.on("squares{square{y}} > n", all=True)
        def lists(y: list[int], n: list[int]) -> Any:
            return y, n

        @model.on("square > $v", full=True)
        def named(v: Captured) -> Any:
            return v.name, v.value

        results = model(2)
        assert results.lists == [([0, 1], [2])]
        assert results.named == [("x", 0), ("y", 0), ("x", 1), ("y", 1)]

    def test_several_values_need_all(self) -> None:
        model = squares.clone()

        @model.on("squares{square{y}} > n")
        def one(y: int) -> None: ...

        with pytest.raises(CaptureError, match="`y` has 2 values .* use `map_all`") as caught:
            model(2)
        assert any("squares" in note for note in caught.value.__notes__)

    def test_live(self) -> None:
        order: list[str] = []
        model = squares.clone()

        @model.on("square > y", live=True)
        def at_once(y: int) -> None:
            order.append(f"y={y}")

        @model.on("squares{n} > total", live=True, full=True)
        def named(total: Captured, n: Captured) -> None:
            order.append(f"{total.name}={total.value} of {n.value}")

        model(2)
        assert order == ["total=0 of 2", "y=0", "total=0 of 2", "y=1", "total=1 of 2"]

    def test_live_with_a_capture_that_is_not_bound_yet(self) -> None:
        seen: list[Any] = []
        model = squares.clone()

        @model.on("squares{i} > total", live=True)
        def note(total: int, i: int | None = None) -> None:
            seen.append((total, i))

        model(1)
        assert seen == [(0, None), (0, 0)]

    def test_optional_and_keyword_parameters(self) -> None:
        model = square.clone(return_object=True)

        @model.on("square{x} > y")
        def everything(*, y: int, other: int = 3, **rest: int) -> Any:
            return y, other, rest

        assert model(2).everything == [(4, 3, {"x": 2})]

    def test_an_unknown_parameter_is_told_when_it_is_attached(self) -> None:
        with pytest.raises(HandlerError, match=r"note` has a parameter `yy`.* Did you mean `y`"):

            @square.clone().on("square > y")
            def note(yy: int) -> None: ...

    def test_it_gives_the_handler_back(self) -> None:
        def note(y: int) -> int:
            return y

        assert square.clone().on("square > y")(note) is note

    def test_a_clone_has_a_copy_of_the_handlers(self) -> None:
        calls: list[str] = []
        first = square.clone()
        first.on("square > y")(lambda y: calls.append("both"))
        second = first.clone()
        second.on("square > y")(lambda y: calls.append("second"))
        first(1)
        assert calls == ["both"]
        second(1)
        assert calls == ["both", "both", "second"]

    def test_handlers_of_one_name_stand_side_by_side(self) -> None:
        model = square.clone(return_object=True)

        def make(n: int) -> Callable[[int], int]:
            def handler(y: int) -> int:
                return y + n

            return handler

        model.on("square > y")(make(1))
        model.on("square > y")(make(2))
        assert model(2).handler == [5, 6]

    def test_an_error_in_a_handler_says_for_which_selector(self) -> None:
        model = squares.clone()

        @model.on("square > y")
        def bad(y: int) -> float:
            return 1 / y

        with pytest.raises(ZeroDivisionError) as caught:
            model(2)
        assert "square > y" in caught.value.__notes__[0]
        with pytest.raises(ZeroDivisionError):
            model(2)
        assert squares(2) == 1

    def test_a_call_through_its_own_name_is_not_entered_twice(self) -> None:
        seen: list[int] = []

        @ptera
        def down(n: int) -> int:
            if n:
                down(n - 1)
            return n

        down.on("down > n")(lambda n: seen.append(n))
        down(2)
        assert seen == [0, 1, 2]
        down(1)
        assert seen == [0, 1, 2, 0, 1]

    def test_recursion_through_its_own_name_gets_plain_values(self) -> None:
        @ptera
        def product(n: int) -> int:
            return n * product(n - 1) if n > 1 else 1

        product = product.using(q="product > n")  # type: ignore[assignment]  # by its own name
        results: Any = product(3)
        assert (results.value, results.q.map("n")) == (6, [1, 2, 3])

    def test_a_clone_that_calls_its_origin_enters_a_shared_handler_once(self) -> None:
        seen: list[int] = []

        @ptera
        def down(n: int) -> int:
            return down(n - 1) if n else 0

        down.on("down > n")(lambda n: seen.append(n))
        down.clone()(2)
        assert seen == [0, 1, 2]

    def test_what_a_handler_calls_is_not_captured(self) -> None:
        seen: list[int] = []
        model = square.clone()

        @model.on("square > y")
        def note(y: int) -> None:
            seen.append(y)
            if y < 100:
                model(10)
                square(11)

        model(2)
        assert seen == [4]

    def test_nor_what_it_gives_to_a_function_of_the_program(self) -> None:
        seen: list[int] = []
        model = square.clone()

        @model.on("square > y", live=True)
        def note(y: int) -> None:
            called_with(seen.append)

        model(2)
        assert seen == [9]

    def test_a_plain_value_without_return_object(self) -> None:
        model = square.clone()
        model.on("square > y")(lambda y: y)
        assert model(2) == 4
        assert model.clone(return_object=True)(2).value == 4
        assert model.clone(return_object=True).clone(return_object=False)(2) == 4

    def test_on_a_bound_method_is_refused(self) -> None:
        class Thing:
            @ptera
            def run(self, x: int) -> int:
                return x

        with pytest.raises(ProbeError, match="`run` is bound to an instance"):
            Thing().run.on("run > x")(lambda x: x)
        kept = Thing().run.clone(return_object=True)
        kept.on("run > x")(lambda x: x)
        assert kept(3)["<lambda>"] == [3]

    def test_on_the_class_counts_for_all_instances(self) -> None:
        class Thing:
            @ptera
            def run(self, x: int) -> int:
                return x

        seen: list[int] = []
        Thing.run.on("run > x")(lambda x: seen.append(x))
        thing = Thing()
        assert (thing.run(1), Thing().run(2)) == (1, 2)
        assert seen == [1, 2]


class TestUseAndCollect:
    def test_use_adds_queries_in_place(self) -> None:
        model = squares.clone(return_object=True)
        assert model.use(ys="square > y") is model
        assert model(3).ys.map("y") == [0, 1, 4]

    def test_collect_is_called_once_with_all_events(self) -> None:
        model = squares.clone(return_object=True)

        @model.collect("square > y")
        def mean(events: Events) -> Any:
            return sum(events.map("y")) / len(events)

        assert model(3).mean == 5 / 3

    def test_results_without_a_collector_that_failed(self) -> None:
        model = squares.clone(return_object=True)

        @model.collect("square > y")
        def fails(events: Any) -> None:
            raise KeyError

        with pytest.raises(KeyError):
            model(3)


class TestThreads:
    def test_each_has_its_own_results(self) -> None:
        queried = squares.using(q="square > x")
        found: dict[int, list[int]] = {}

        def work(n: int) -> None:
            for _ in range(20):
                found[n] = queried(n).q.map("x")

        threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {n: list(range(n)) for n in range(1, 5)}

    def test_a_context_that_outlives_the_call_is_on_its_own(self) -> None:
        kept: list[contextvars.Context] = []

        @ptera
        def outer(x: int) -> int:
            kept.append(contextvars.copy_context())
            return x

        outer.on("outer > x")(lambda x: seen.append(x))
        seen: list[int] = []
        outer(1)
        kept[0].run(outer, 2)
        assert seen == [1, 2]


class Counting:
    """A plugin that gives its handler the number of events, at the end of the call."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.log: list[str] = []

    def attachment(
        self,
        name: str,
        scope: Scope,
        function: Callable[..., object] | None,
        *,
        full: bool = False,
        all: bool = False,
    ) -> Attachment:
        plugin = self
        rule = Rule(selector_of(self.text), scope, Mode.COMPLETE, id)

        class CountingSession(Session):
            def __init__(self) -> None:
                self.events: list[object] = []
                super().__init__([], [self.events.append])

            def connect(self, run: Run) -> None:
                plugin.log.append(f"{run.function.__name__} with {len(run.roots)} rules")

            def conclude(self) -> None:
                count = len(self.events)
                self.outcome = [count if function is None else function(count)]

        return Attachment(name, (prepare(rule),), True, CountingSession)


class TestPlugins:
    def test_on(self) -> None:
        plugin = Counting("square > y")
        model = squares.clone(return_object=True)

        @model.on(plugin)
        def counted(count: int) -> str:
            return f"{count} squares"

        model.on("square > x")(lambda x: x)
        assert model(3).counted == ["3 squares"]
        assert plugin.log == ["squares with 2 rules"]

    def test_using(self) -> None:
        assert squares.using(n=Counting("square > y"))(4).n == [4]
        with pytest.raises(ProbeError):
            squares.using(value=Counting("square > y"))


def test_objects_without_attachments_run_their_function_as_it_is() -> None:
    assert square.func is square.__ptera_function__
    assert isinstance(square, Ptera)
