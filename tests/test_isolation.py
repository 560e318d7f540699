"""Whom an overlay concerns: its own task, thread or generator, for as long as it lasts."""

import asyncio
import contextvars
import cProfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from ptera import Overlay, global_probe, probing


def area(width: int) -> int:
    height = width + 1
    return width * height


async def slow(width: int) -> int:
    height = width
    await asyncio.sleep(0)
    result = width * height
    return result


def steps(n: int) -> Iterator[int]:
    for i in range(n):
        yield i


def driver(n: int) -> Iterator[int]:
    yield from steps(n)


async def slow_steps(n: int) -> AsyncIterator[int]:
    for i in range(n):
        await asyncio.sleep(0)
        yield i


def stages(between: Callable[[], object]) -> int:
    x = 1
    between()
    x = 2
    return x


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)


class TestTasks:
    def test_a_thousand_with_their_own(self) -> None:
        async def one(number: int) -> tuple[list[int], int]:
            with Overlay.tweak({"slow > height": number}):
                with probing("slow{width} > result")["result"].values() as results:
                    await asyncio.sleep(0)
                    value = await slow(2)
            return list(results), value

        async def main() -> list[tuple[list[int], int]]:
            return await asyncio.gather(*(one(number) for number in range(1000)))

        assert asyncio.run(main()) == [([2 * n], 2 * n) for n in range(1000)]

    def test_one_without_sees_nothing(self) -> None:
        async def within(entered: asyncio.Event, left: asyncio.Event) -> list[int]:
            with Overlay.tweak({"slow > height": 10}):
                with probing("slow > result")["result"].values() as results:
                    entered.set()
                    await left.wait()
                    await slow(1)
            return list(results)

        async def main() -> tuple[list[int], list[int]]:
            entered, left = asyncio.Event(), asyncio.Event()
            other = asyncio.create_task(within(entered, left))
            await entered.wait()
            values = [await slow(n) for n in range(5)]
            left.set()
            return await other, values

        assert asyncio.run(main()) == ([10], [0, 1, 4, 9, 16])

    def test_one_that_ended_concerns_nobody(self) -> None:
        async def main() -> tuple[list[int], int]:
            with probing("slow > result")["result"].values() as results:
                with Overlay.tweak({"slow > height": 10}):
                    task = asyncio.create_task(slow(2))
                    await asyncio.sleep(0)
            return list(results), await task

        # The override was at work before the task was suspended, the probe never was.
        assert asyncio.run(main()) == ([], 20)

    def test_asynchronous_generators_interleaved(self) -> None:
        async def one(number: int) -> list[int]:
            with Overlay.tweak({"slow_steps > i": number}):
                return [i async for i in slow_steps(3)]

        async def main() -> list[list[int]]:
            return await asyncio.gather(*(one(number) for number in range(50)))

        assert asyncio.run(main()) == [[number] * 3 for number in range(50)]


class TestThreads:
    def test_sixteen_with_their_own(self) -> None:
        start = threading.Barrier(16)
        seen: dict[int, tuple[list[int], set[int]]] = {}

        def run(number: int) -> None:
            with Overlay.tweak({"area > height": number}):
                with probing("area > height")["height"].values() as heights:
                    start.wait(timeout=60)
                    values = {area(3) for _ in range(100)}
            seen[number] = list(heights), values

        join([threading.Thread(target=run, args=(number,)) for number in range(16)])
        assert seen == {n: ([n] * 100, {3 * n}) for n in range(16)}

    def test_one_without_sees_nothing(self) -> None:
        values: list[int] = []
        with Overlay.tweak({"area > height": 10}), probing("area > height").values() as events:
            join([threading.Thread(target=lambda: values.append(area(3)))])
            area(1)
        assert values == [12]
        assert events == [{"height": 10}]

    def test_a_global_probe_sees_all(self) -> None:
        probe = global_probe("area > height")
        heights = probe["height"].accum()
        join([threading.Thread(target=area, args=(number,)) for number in range(16)])
        probe.deactivate()
        area(100)
        assert sorted(heights) == list(range(1, 17))

    def test_a_context_without_sees_nothing(self) -> None:
        empty = contextvars.Context()
        with Overlay.tweak({"area > height": 10}):
            assert empty.run(area, 3) == 12
            assert area(3) == 30


class TestGenerators:
    def test_interleaved_they_keep_theirs(self) -> None:
        made: list[Iterator[int]] = []
        for number in (10, 20):
            with Overlay.tweak({"steps > i": number}):
                made.append(steps(4))
                next(made[-1])
        # Those overlays have ended: the frames go on without.
        assert [next(generator) for generator in made] == [1, 1]

    def test_driven_under_another_overlay(self) -> None:
        with probing("steps > i")["i"].values() as outer:
            running = steps(2)
            with probing("steps > i")["i"].values() as inner:
                other = steps(2)
                assert [next(running), next(other), next(running), next(other)] == [0, 0, 1, 1]
        assert outer == [0, 0, 1, 1]
        assert inner == [0, 1]

    def test_its_own_overlay_around_each_step(self) -> None:
        def running(number: int) -> Iterator[int]:
            # A generator's `with` lasts over its suspensions, but not its consumer's values.
            with Overlay.tweak({"steps > i": number}):
                inner = steps(3)
            yield from inner

        first, second = running(1), running(2)
        assert [value for pair in zip(first, second, strict=True) for value in pair] == [
            0, 0, 1, 1, 2, 2,
        ]  # fmt: skip

    def test_created_inside_driven_elsewhere(self) -> None:
        with Overlay.tweak({"steps > i": 7}):
            running = steps(2)
            values: list[int] = []
            join([threading.Thread(target=lambda: values.extend(running))])
        assert values == [7, 7]

    def test_under_a_profiler(self) -> None:
        def created_far_down(depth: int) -> Iterator[int]:
            return created_far_down(depth - 1) if depth else steps(2)

        def use() -> None:
            for _ in range(100):
                # That piece of the stack is given back before the generator runs.
                list(created_far_down(400))

        with probing("steps > i")["i"].values() as values:
            cProfile.Profile().runcall(use)
        assert values == [0, 1] * 100


class TestEnds:
    def test_in_suspended_frames(self) -> None:
        with probing("steps > i")["i"].values() as values, Overlay.tweak({"steps > i": 5}):
            running = steps(3)
            assert next(running) == 5
        assert list(running) == [1, 2]
        assert values == [5]

    def test_in_a_running_frame(self) -> None:
        probe = global_probe("stages > x")
        values = probe["x"].accum()
        assert stages(probe.deactivate) == 2
        assert values == [1]

    def test_an_override_in_a_running_frame(self) -> None:
        overlay = Overlay.tweak({"stages > x": 9}).start()
        assert stages(overlay.stop) == 2
        with Overlay.tweak({"stages > x": 9}):
            assert stages(lambda: None) == 9

    def test_begun_in_a_running_frame(self) -> None:
        probe = probing("stages > x")
        values = probe["x"].accum()
        stages(probe.activate)
        assert values == []
        stages(lambda: None)
        probe.deactivate()
        assert values == [1, 2]

    @pytest.mark.parametrize("selector", ["steps > i", "steps{n} > i", "driver > steps > i"])
    def test_a_computed_override_in_suspended_frames(self, selector: str) -> None:
        with Overlay.rewrite({selector: lambda i: i + 10}):
            running = driver(3)
            first = next(running)
        assert first == 10
        assert list(running) == [1, 2]

    def test_two_overrides_in_suspended_frames(self) -> None:
        with Overlay.tweak({"steps > i": 5}):
            with Overlay.rewrite({"steps > i": lambda i: i + 10}):
                running = steps(4)
                assert next(running) == 10
            assert next(running) == 5
        assert list(running) == [2, 3]


class TestNesting:
    def test_the_same_selector_twice(self) -> None:
        with probing("area > height").values() as outer:
            area(1)
            with probing("area > height").values() as inner:
                area(2)
            area(3)
        assert outer == [{"height": 2}, {"height": 3}, {"height": 4}]
        assert inner == [{"height": 3}]

    def test_the_inner_override_wins_while_it_lasts(self) -> None:
        with Overlay.tweak({"area > height": 10}):
            with Overlay.tweak({"area > height": 20}):
                assert area(1) == 20
            assert area(1) == 10
        assert area(1) == 2

    def test_deeply(self) -> None:
        def nested(depth: int) -> list[list[Any]]:
            if depth == 0:
                area(1)
                return []
            with probing("area > height")["height"].values() as heights:
                rest = nested(depth - 1)
            return [list(heights), *rest]

        assert nested(20) == [[2]] * 20


class TestHandlers:
    def test_their_own_calls_are_not_captured(self) -> None:
        seen: list[int] = []

        def handle(height: int) -> None:
            seen.append(height)
            area(height)

        with probing("area > height") as probe:
            probe.ksubscribe(handle)
            area(1)
        assert seen == [2]

    def test_but_by_other_overlays_they_are(self) -> None:
        with probing("area > height")["height"].values() as all_heights:
            with probing("area > height") as probe:
                probe.ksubscribe(lambda height: area(10) if height < 10 else None)
                area(1)
        assert sorted(all_heights) == [2, 11]

    def test_of_overrides_neither(self) -> None:
        with Overlay.rewrite({"area > height": lambda height: area(height)}):
            assert area(1) == 6

    def test_their_exceptions_tell_the_selector(self) -> None:
        def fail(height: int) -> None:
            raise RuntimeError("no")

        with pytest.raises(RuntimeError, match="no") as raised:
            with probing("area{width} > height") as probe:
                probe.ksubscribe(fail)
                area(1)
        assert any("area{width} > height" in note for note in raised.value.__notes__)

    def test_in_complete_mode_too(self) -> None:
        def fail(event: object) -> None:
            raise RuntimeError("no")

        with pytest.raises(RuntimeError, match="no") as raised:
            with probing("area{width, height}") as probe:
                probe.subscribe(fail)
                area(1)
        # The canonical text: the order of captures does not count.
        assert any("area{height, width}" in note for note in raised.value.__notes__)

    def test_of_a_rewrite_too(self) -> None:
        def fail(height: int) -> int:
            raise RuntimeError("no")

        with pytest.raises(RuntimeError, match="no") as raised:
            with Overlay.rewrite({"area > height": fail}):
                area(1)
        assert any("area > height" in note for note in raised.value.__notes__)
        assert area(1) == 2
