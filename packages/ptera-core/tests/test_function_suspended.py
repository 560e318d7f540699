"""Function objects of generator and coroutine functions, with things attached."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Generator
from typing import Any

import pytest

from ptera import ptera


@ptera
def helper(x: int) -> int:
    y = x * 10
    return y


@ptera
def counted(n: int) -> Generator[int, Any, str]:
    for i in range(n):
        got = yield helper(i)
        if got is not None:
            i = got
    return "done"


@ptera
async def fetched(x: int) -> int:
    await asyncio.sleep(0)
    z = helper(x)
    await asyncio.sleep(0)
    return z + 1


@ptera
async def streamed(n: int) -> AsyncIterator[int]:
    for i in range(n):
        await asyncio.sleep(0)
        yield helper(i)


class TestGenerators:
    def test_results_are_complete_at_exhaustion(self) -> None:
        results = counted.using(q="helper > y", all_of_it="counted > i")(3)
        assert list(results.q) == []
        assert list(results.value) == [0, 10, 20]
        assert results.q.map("y") == [0, 10, 20]
        assert results.all_of_it.map("i") == [0, 1, 2]

    def test_what_is_sent_and_returned_goes_through(self) -> None:
        generator = counted.using(q="counted > i")(2).value
        assert next(generator) == 0
        assert generator.send(5) == 10
        with pytest.raises(StopIteration) as stopped:
            next(generator)
        assert stopped.value.value == "done"

    def test_what_is_thrown_goes_through(self) -> None:
        caught: list[str] = []

        @ptera
        def catching() -> Generator[int, None, None]:
            try:
                yield 1
            except KeyError:
                caught.append("caught")
                yield 2

        generator = catching.using(q="catching > #yield as v")().value
        next(generator)
        assert generator.throw(KeyError()) == 2
        generator.close()
        assert caught == ["caught"]

    def test_handlers(self) -> None:
        seen: list[int] = []
        model = counted.clone()
        model.on("helper > y")(lambda y: seen.append(y))
        assert inspect.isgeneratorfunction(model)
        assert list(model(2)) == [0, 10]
        assert seen == [0, 10]

    def test_a_tweak(self) -> None:
        assert list(counted.tweak({"helper > y": 7})(2)) == [7, 7]
        assert list(counted.tweak({"counted > n": 1})(5)) == [0]

    def test_interleaved_calls_keep_apart(self) -> None:
        first, second = counted.using(q="helper > y")(3), counted.using(q="helper > y")(2)
        for _ in zip(first.value, second.value, strict=False):
            helper(100)
        assert first.q.map("y") == [0, 10, 20]
        assert second.q.map("y") == [0, 10]

    def test_the_outer_code_is_not_under_the_tweak_in_between(self) -> None:
        generator = counted.tweak({"helper > y": 7})(3)
        assert (next(generator), helper(1), next(generator), helper(2)) == (7, 10, 7, 20)

    def test_one_that_is_closed_early_leaves_nothing_behind(self) -> None:
        generator = counted.tweak({"helper > y": 7})(3)
        next(generator)
        generator.close()
        assert helper(1) == 10
        assert list(counted(1)) == [0]

    def test_one_that_is_never_started(self) -> None:
        results = counted.using(q="helper > y")(3)
        results.value.close()
        assert len(results.q) == 0


class TestCoroutines:
    def test_results_come_when_it_is_awaited(self) -> None:
        results = asyncio.run(fetched.using(q="helper > y")(3))
        assert (results.value, results.q.map("y")) == (31, [30])

    def test_handlers_and_tweaks(self) -> None:
        seen: list[int] = []
        model = fetched.clone()
        model.on("fetched > z")(lambda z: seen.append(z))
        assert inspect.iscoroutinefunction(model)
        assert asyncio.run(model(1)) == 11
        assert seen == [10]
        assert asyncio.run(fetched.tweak({"helper > y": 1})(5)) == 2

    def test_tasks_side_by_side(self) -> None:
        async def both() -> list[Any]:
            queried = fetched.using(q="helper > x")
            return await asyncio.gather(*[queried(n) for n in range(5)], fetched(9))

        *results, plain = asyncio.run(both())
        assert [r.q.map("x") for r in results] == [[0], [1], [2], [3], [4]]
        assert plain == 91

    def test_an_exception(self) -> None:
        @ptera
        async def fails() -> None:
            await asyncio.sleep(0)
            raise KeyError("here")

        with pytest.raises(KeyError):
            asyncio.run(fails.using(q="fails > #error as e")())

    def test_cancellation(self) -> None:
        @ptera
        async def waits() -> None:
            await asyncio.sleep(10)

        async def run() -> None:
            task = asyncio.ensure_future(waits.tweak({"helper > y": 1})())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert helper(1) == 10

        asyncio.run(run())


class TestAsynchronousGenerators:
    @staticmethod
    async def all_of(iterable: AsyncIterator[int]) -> list[int]:
        return [item async for item in iterable]

    def test_results_are_complete_at_exhaustion(self) -> None:
        results = streamed.using(q="helper > y")(3)
        assert asyncio.run(self.all_of(results.value)) == [0, 10, 20]
        assert results.q.map("y") == [0, 10, 20]

    def test_handlers_and_tweaks(self) -> None:
        seen: list[int] = []
        model = streamed.clone()
        model.on("helper > y")(lambda y: seen.append(y))
        assert inspect.isasyncgenfunction(model)
        assert asyncio.run(self.all_of(model(2))) == [0, 10]
        assert seen == [0, 10]
        assert asyncio.run(self.all_of(streamed.tweak({"helper > y": 1})(2))) == [1, 1]

    def test_sending_throwing_closing(self) -> None:
        log: list[Any] = []

        @ptera
        async def talking() -> AsyncIterator[int]:
            try:
                log.append((yield 1))
                yield 2
            except KeyError:
                yield 3
            finally:
                log.append("closed")

        async def talk() -> None:
            generator: Any = talking.tweak({"helper > y": 1})()
            assert await generator.__anext__() == 1
            assert await generator.asend("hello") == 2
            assert await generator.athrow(KeyError()) == 3
            await generator.aclose()

        asyncio.run(talk())
        assert log == ["hello", "closed"]

    def test_recursion_through_its_own_name(self) -> None:
        seen: list[int] = []

        @ptera
        async def tree(n: int) -> AsyncIterator[int]:
            yield n
            if n:
                async for item in tree(n - 1):
                    yield item

        tree.on("tree > n")(lambda n: seen.append(n))
        assert asyncio.run(self.all_of(tree(2))) == [2, 1, 0]
        assert sorted(seen) == [0, 1, 2]
