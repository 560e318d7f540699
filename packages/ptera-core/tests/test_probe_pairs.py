"""Probes with two ends: what begins at the focus ends at the target."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from ptera import ProbeError, probing


def work(x: int) -> int:
    a = x * x
    b = a + 1
    return b


def nested(n: int) -> int:
    before = n
    if n:
        nested(n - 1)
    after = n
    return before + after


def outer(n: int) -> int:
    return work(n) + work(n + 1)


def failing(n: int) -> int:
    start = n
    return start // 0


def twice(n: int) -> int:
    a = n
    a = a + 1
    b = a
    return b


def looping(n: int) -> int:
    b = 0
    for a in range(n):
        b = a
    return b


def steps(event: dict[str, Any]) -> tuple[str, str]:
    mark = event["$wrap"]
    return mark["name"], mark["step"]


class TestEvents:
    def test_both_ends_are_marked(self) -> None:
        with probing("work{!a, !!b}").values() as events:
            work(3)
        begin, end = events
        assert (begin["a"], "b" in begin, end["a"], end["b"]) == (9, False, 9, 10)
        assert [steps(event) for event in events] == [("a", "begin"), ("a", "end")]
        assert begin["$wrap"]["id"] == end["$wrap"]["id"]

    def test_activations_have_ids_of_their_own(self) -> None:
        with probing("nested{!before, !!after}").values() as events:
            nested(2)
        ids = [event["$wrap"]["id"] for event in events]
        assert len(set(ids)) == 3
        assert ids[3:] == ids[2::-1]
        assert [event.get("after") for event in events] == [None, None, None, 0, 1, 2]

    def test_captures_of_an_outer_scope(self) -> None:
        with probing("outer{n} > work{!a, !!b}").values() as events:
            outer(2)
        assert [(event["n"], event["a"], event.get("b")) for event in events] == [
            (2, 4, None), (2, 4, 5), (2, 9, None), (2, 9, 10),
        ]  # fmt: skip

    def test_each_placement_has_its_pair(self) -> None:
        with probing("nested{n as k} >> nested{!before, !!after}").values() as events:
            nested(2)
        pairs: dict[object, list[tuple[int, str]]] = {}
        for event in events:
            pairs.setdefault(event["$wrap"]["id"], []).append((event["k"], steps(event)[1]))
        assert sorted(pairs.values()) == [
            [(1, "begin"), (1, "end")], [(2, "begin"), (2, "end")], [(2, "begin"), (2, "end")],
        ]  # fmt: skip

    def test_raw(self) -> None:
        with probing("work{!a, !!b}", raw=True).values() as events:
            work(3)
        assert (events[1]["a"].value, events[1]["b"].name) == (9, "b")

    def test_points(self) -> None:
        with probing("work{!#enter, !!#exit}").values() as events:
            work(3)
        assert [steps(event) for event in events] == [("#enter", "begin"), ("#enter", "end")]

    def test_interleaved_tasks(self) -> None:
        async def task(n: int) -> int:
            a = n
            await asyncio.sleep(0)
            b = a
            return b

        async def main() -> list[Any]:
            with probing("task{!a, !!b}").values() as events:
                await asyncio.gather(task(1), task(2))
            return events

        events = asyncio.run(main())
        ids = [event["$wrap"]["id"] for event in events]
        assert [event["a"] for event in events] == [1, 2, 1, 2]
        assert ids[:2] == ids[2:] and ids[0] != ids[1]


class TestWrap:
    def test_a_generator_function(self) -> None:
        seen: list[Any] = []
        with probing("nested{!before, !!after}") as probe:

            @probe.wrap
            def around() -> Iterator[None]:
                seen.append("<")
                yield
                seen.append(">")

            nested(1)
        assert seen == ["<", "<", ">", ">"]

    def test_by_name(self) -> None:
        seen: list[Any] = []
        with probing("work{!a, !!b}", "nested{!before, !!after}") as probe:

            @probe.wrap("a")
            def around() -> Iterator[None]:
                seen.append("<")
                yield
                seen.append(">")

            work(1)
            nested(1)
        assert seen == ["<", ">"]
        assert around.__name__ == "around"

    def test_with_captures(self) -> None:
        seen: list[Any] = []
        with probing("outer{n} > work{!a, !!b}") as probe:

            @probe.kwrap
            def around(a: int, n: int) -> Iterator[None]:
                seen.append((a, n))
                yield
                seen.append(-a)

            outer(1)
        assert seen == [(1, 1), -1, (4, 1), -4]

    def test_a_context_manager(self) -> None:
        seen: list[str] = []

        class Manager:
            def __enter__(self) -> None:
                seen.append("in")

            def __exit__(self, *_: object) -> None:
                seen.append("out")

        with probing("work{!a, !!b}") as probe:
            probe.wrap(Manager())
            probe.wrap("a", Manager)
            work(1)
        assert seen == ["in", "in", "out", "out"]

    def test_as_the_context(self) -> None:
        seen: list[str] = []

        @contextlib.contextmanager
        def around() -> Iterator[None]:
            seen.append("<")
            yield
            seen.append(">")

        with probing("work{!a, !!b}").wrap(around):
            work(1)
        assert seen == ["<", ">"]

    def test_a_loop_begins_and_ends_each_time(self) -> None:
        seen: list[Any] = []
        with probing("looping{!a, !!b}") as probe:

            @probe.kwrap
            def around(a: int) -> Iterator[None]:
                seen.append(a)
                yield
                seen.append("end")

            looping(2)
        assert seen == [0, "end", 1, "end"]

    def test_an_exit_ends_also_where_the_function_raises(self) -> None:
        seen: list[str] = []
        with probing("failing{!#enter, !!#exit}") as probe:

            @probe.wrap
            def around() -> Iterator[None]:
                seen.append("<")
                yield
                seen.append(">")

            with pytest.raises(ZeroDivisionError):
                failing(1)
        assert seen == ["<", ">"]

    def test_beginning_again_before_the_end(self) -> None:
        with probing("twice{!a, !!b}") as probe:
            probe.wrap(contextlib.nullcontext())
            with pytest.raises(ProbeError) as caught:
                twice(1)
        assert str(caught.value) == (
            "Cannot probe `a`: It is bound again before its end. "
            "A wrapper that has begun cannot begin again; choose a `!` that is bound once."
        )


class TestOperators:
    def test_wmap(self) -> None:
        def timed(a: int) -> Any:
            end = yield
            return a, end["b"]

        with probing("work{!a, !!b}") as probe:
            results = probe.wmap(timed).accum()
            named = probe.wmap("a", timed).accum()
            others = probe.wmap("other", timed).accum()
            work(1)
            work(2)
        assert results == named == [(1, 2), (4, 5)]
        assert others == []

    def test_wmap_without_captures(self) -> None:
        def numbered() -> Any:
            yield
            return 1

        with probing("work{!a, !!b}").wmap(numbered, pass_keys=False).values() as results:
            work(1)
        assert results == [1]

    def test_wmap_of_another_function(self) -> None:
        with pytest.raises(TypeError, match="takes a generator function that yields once"):
            probing("work{!a, !!b}").wmap(lambda a: a)

    def test_wmap_of_a_function_that_yields_twice(self) -> None:
        def twice_too_many() -> Any:
            yield
            yield

        with probing("work{!a, !!b}") as probe:
            probe.wmap(twice_too_many).accum()
            with pytest.raises(TypeError, match="`twice_too_many` must yield exactly once"):
                work(1)

    def test_group_wrap(self) -> None:
        sums: list[Any] = []
        with probing("outer{!#enter, !!#exit}", "work > a") as probe:
            probe.group_wrap("#enter").subscribe(lambda part: part["a"].sum() >> sums)
            work(7)
            outer(1)
            outer(2)
        assert sums == [5, 13]


class TestRefusals:
    def test_an_end_without_a_beginning(self) -> None:
        with pytest.raises(ProbeError) as caught:
            probing("work{!!b}")
        assert str(caught.value) == (
            "Cannot probe `work{!!b}`: Unsupported focus pattern: an end (`!!`) without a "
            "beginning. Mark the variable where it begins with `!`."
        )

    def test_ends_in_different_functions(self) -> None:
        with pytest.raises(ProbeError, match="It begins in one function and ends in another"):
            probing("outer{!!n} > work > a")

    def test_total(self) -> None:
        with pytest.raises(ProbeError, match="A probe that is total cannot have two ends"):
            probing("work{!a, !!b}", probe_type="total")

    def test_wrapping_a_probe_with_one_end(self) -> None:
        with pytest.raises(ProbeError) as caught:
            probing("work > a").wrap(contextlib.nullcontext())
        assert str(caught.value) == (
            "Cannot probe `work > a`: A wrapper needs two ends. Mark the variable where it begins "
            "with `!`, and the one where it ends with `!!`."
        )
