"""Whom a probe sees: its own thread or task and what that starts, nobody else."""

import asyncio
import contextvars
import random
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from ptera import PteraWarning, probing


def area(width: int) -> int:
    height = width + 1
    return width * height


def steps(n: int) -> Iterator[int]:
    for i in range(n):  # noqa: UP028  # its variable is what is probed
        yield i


async def slow(n: int) -> int:
    x = n
    await asyncio.sleep(0)
    y = x + 1
    return y


class TestThreads:
    def test_each_thread_sees_its_own(self) -> None:
        seen: dict[int, list[Any]] = {}
        start = threading.Barrier(8)

        def run(number: int) -> None:
            with probing("area > height")["height"].values() as heights:
                start.wait()
                for _ in range(50):
                    area(number)
            seen[number] = heights

        threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == {number: [number + 1] * 50 for number in range(8)}

    def test_a_thread_in_a_copied_context_is_seen(self) -> None:
        with probing("area > height")["height"].values() as heights:
            context = contextvars.copy_context()
            thread = threading.Thread(target=context.run, args=(area, 1))
            thread.start()
            thread.join()
        assert heights == [2]

    def test_entering_and_leaving_at_random(self) -> None:
        code = area.__code__
        wrong: list[object] = []

        def run(seed: int) -> None:
            chance = random.Random(seed)
            for _ in range(30):
                width = chance.randrange(100)
                with probing("area > height")["height"].values() as heights:
                    area(width)
                    if chance.random() < 0.5:
                        with probing("area{width} > height").values() as events:
                            area(width)
                        if events != [{"width": width, "height": width + 1}]:
                            wrong.append(events)
                if set(heights) != {width + 1}:
                    wrong.append(heights)

        threads = [threading.Thread(target=run, args=(seed,)) for seed in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert area.__code__ is code


class TestTasks:
    def test_each_task_sees_its_own(self) -> None:
        async def one(number: int) -> list[Any]:
            with probing("slow > y")["y"].values() as results:
                await slow(number)
                await slow(number + 1)
            return results

        async def main() -> list[list[Any]]:
            return await asyncio.gather(*(one(number) for number in range(100)))

        assert asyncio.run(main()) == [[number + 1, number + 2] for number in range(100)]

    def test_a_task_that_is_started_inside_is_seen(self) -> None:
        async def main() -> list[Any]:
            with probing("slow > y")["y"].values() as results:
                await asyncio.gather(slow(1), slow(2))
            return results

        assert asyncio.run(main()) == [2, 3]

    def test_a_probe_of_another_context_is_closed_quietly(self) -> None:
        async def main() -> None:
            probe = probing("area > height")
            with probe["height"].values() as heights:
                area(1)
                await asyncio.get_running_loop().run_in_executor(None, probe.deactivate)
                area(2)
            assert heights == [2]

        asyncio.run(main())
        assert area(1) == 2


class TestGenerators:
    def test_interleaved_generators_keep_theirs(self) -> None:
        def running(n: int) -> Iterator[list[Any]]:
            with probing("steps > i")["i"].values() as results:
                for _ in steps(n):
                    yield results

        one, two = running(2), running(3)
        results = [next(one), next(two), next(one), next(two), next(two)]
        assert results[0] is results[2]
        with pytest.raises(StopIteration):
            next(one)
        with pytest.raises(StopIteration):
            next(two)

    def test_what_outlives_the_probe_is_silent(self) -> None:
        with probing("steps > i")["i"].values() as results:
            left = steps(3)
            next(left)
        assert list(left) == [1, 2]
        assert results == [0]


class TestWarning:
    def test_a_thread_that_was_not_seen(self) -> None:
        with pytest.warns(PteraWarning) as caught:
            with probing("area > height").values():
                thread = threading.Thread(target=area, args=(1,))
                thread.start()
                thread.join()
        (warning,) = caught
        assert str(warning.message) == (
            "The probe of `area > height` ended without an event, although functions that it "
            "names ran in another thread or task. A probe of a block sees what its own thread or "
            "task does, and the tasks that this starts; run the thread's function in "
            "`contextvars.copy_context()`, or use `global_probe`."
        )
        assert warning.filename == __file__

    def test_a_task_that_was_started_before(self) -> None:
        async def main() -> None:
            go = asyncio.Event()

            async def later() -> None:
                await go.wait()
                await slow(1)

            task = asyncio.create_task(later())
            with pytest.warns(PteraWarning, match="ran in another thread or task"):
                with probing("slow{y}").values():
                    go.set()
                    await task

        asyncio.run(main())

    def test_not_if_there_were_events(self) -> None:
        with probing("area > height").values():
            area(1)
            thread = threading.Thread(target=area, args=(1,))
            thread.start()
            thread.join()

    def test_not_if_nothing_ran(self) -> None:
        with probing("area > height").values():
            pass

    def test_not_for_what_ran_before(self) -> None:
        with pytest.warns(PteraWarning), probing("area > height").values():
            thread = threading.Thread(target=area, args=(1,))
            thread.start()
            thread.join()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with probing("area > height").values():
                pass

    def test_not_on_top_of_an_error(self) -> None:
        with pytest.raises(ZeroDivisionError), probing("area > height").values():
            thread = threading.Thread(target=area, args=(1,))
            thread.start()
            thread.join()
            1 / 0  # noqa: B018  # for its error


def test_all_probes_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTERA_DISABLE", "1")
    code = area.__code__
    with probing("area > height") as probe:
        largest = probe["height"].max().allow_empty().accum()
        probe.override(10)
        assert area(1) == 2
        assert area.__code__ is code
    assert largest == []
