"""Operators that make one element of many: at the end, so far, or of the last few."""

import functools
import heapq
import operator
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ._reactive import Operator, compose, made, mapped, reactive, through

__all__ = [
    "allow_empty", "average", "average_and_variance", "bottom", "count", "kmerge", "kscan", "max",
    "min", "roll", "sort", "sum", "top", "variance",
]  # fmt: skip

Key = Callable[[Any], Any] | int | str | None
Comparer = Callable[[Any, Any], Any]


class _Unset:
    """Stands for a seed that was not given, where None is a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"


_UNSET: Final = _Unset()


def _itself(element: Any) -> Any:
    return element


@dataclass(frozen=True, slots=True)
class _Reduction:
    """How many elements become one.

    Arguments:
        begin: From the first element to the first state.
        step: From a state and an element to the next state.
        finish: From a state to what is given out.
    """

    begin: Callable[[Any], Any]
    step: Callable[[Any, Any], Any]
    finish: Callable[[Any], Any] = _itself

    def advance(self, state: Any, element: Any) -> Any:
        return self.begin(element) if state is _UNSET else self.step(state, element)

    def of(self, elements: Iterable[Any], seed: Any) -> Any:
        """Gives what is given out for those elements."""
        return self.finish(functools.reduce(self.advance, elements, seed))

    def operator(self, scan: bool | int, seed: Any) -> Operator:
        """Gives the operator; without a seed, an empty stream has no result: an error."""
        if scan is not True and scan is not False:
            return compose(roll(scan), mapped(lambda window: self.of(window, seed)))
        finish = mapped(self.finish)
        running = made("scan", self.advance, seed)
        if scan:
            return compose(running, finish)
        last = made("last") if seed is _UNSET else made("last_or_default", seed)
        return compose(running, last, finish)


def _keyed(key: Key) -> Callable[[Any], Any]:
    if key is None:
        return _itself
    return operator.itemgetter(key) if isinstance(key, int | str) else key


def _compared(comparer: Comparer | None, key: Key) -> Comparer:
    """Gives the comparison of two elements: above 0 if the first is the larger."""
    of, compare = _keyed(key), comparer or operator.gt
    return lambda first, second: compare(of(first), of(second))


def min(
    key: Key = None,
    comparer: Comparer | None = None,
    *,
    scan: bool | int = False,
    seed: Any = _UNSET,
) -> Operator:
    """The smallest element.

    Arguments:
        key: What elements are compared by: a function, or a key or index to look up.
        comparer: Tells of two elements (or keys): above 0 if the first is the larger.
        scan: True: the smallest so far, at each element. A number: of the last so many.
        seed: An element to begin with.
    """
    compare = _compared(comparer, key)
    smaller = _Reduction(_itself, lambda best, new: best if compare(best, new) <= 0 else new)
    return smaller.operator(scan, seed)


def max(
    key: Key = None,
    comparer: Comparer | None = None,
    *,
    scan: bool | int = False,
    seed: Any = _UNSET,
) -> Operator:
    """The largest element; the arguments are those of `min`."""
    compare = _compared(comparer, key)
    larger = _Reduction(_itself, lambda best, new: best if compare(best, new) > 0 else new)
    return larger.operator(scan, seed)


def sum(*, scan: bool | int = False, seed: Any = _UNSET) -> Operator:
    """The sum of the elements; the arguments are those of `min`."""
    return _Reduction(_itself, operator.add).operator(scan, seed)


def count(
    predicate: Callable[[Any], object] | None = None, *, scan: bool | int = False, seed: int = 0
) -> Operator:
    """The number of elements, or of those for which `predicate` is true."""

    def step(number: int, element: Any) -> int:
        return number + (predicate is None or bool(predicate(element)))

    return _Reduction(lambda element: step(0, element), step).operator(scan, seed)


def average(*, scan: bool | int = False, seed: Any = _UNSET) -> Operator:
    """The mean of the elements; a `seed` is a pair of a sum and the number of its terms."""
    mean = _Reduction(
        lambda element: (element, 1),
        lambda state, element: (state[0] + element, state[1] + 1),
        lambda state: state[0] / state[1],
    )
    return mean.operator(scan, seed)


def average_and_variance(*, scan: bool | int = False) -> Operator:
    """The pair of the mean and the variance (of a sample; None for a single element)."""
    return _moments(lambda state: (state[1], _variance(state)), scan)


def variance(*, scan: bool | int = False) -> Operator:
    """The variance of a sample; None for a single element."""
    return _moments(_variance, scan)


def _moments(finish: Callable[[Any], Any], scan: bool | int) -> Operator:
    return _Reduction(lambda element: (1, element, 0), _add, finish).operator(scan, _UNSET)


def _add(state: tuple[int, Any, Any], element: Any) -> tuple[int, Any, Any]:
    """Adds an element to a size, a mean and a sum of squared differences (Welford's way)."""
    size, mean, squares = state
    moved = mean + (element - mean) / (size + 1)
    return size + 1, moved, squares + (element - mean) * (element - moved)


def _variance(state: tuple[int, Any, Any]) -> Any:
    size, _, squares = state
    return squares / (size - 1) if size > 1 else None


def roll(n: int, reduce: Callable[..., Any] | None = None, seed: Any = _UNSET) -> Operator:
    """The last `n` elements, at each element.

    Arguments:
        n: How many elements are kept.
        reduce: What is given instead of the deque of them: called with the last result,
            the element added, and by name `drop` (the element that made room, or None),
            `last_size` and `current_size`.
        seed: The last result at the first element; without one it is the element itself.
    """

    def begin(observer: Any) -> Callable[[Any], None]:
        window: deque[Any] = deque(maxlen=n)
        result = seed

        def step(element: Any) -> None:
            nonlocal result
            size = len(window)
            drop = window[0] if size == n else None
            window.append(element)
            if reduce is None:
                result = window
            elif result is _UNSET:
                result = element
            else:
                sizes = {"last_size": size, "current_size": len(window)}
                result = reduce(result, element, drop=drop, **sizes)
            observer.on_next(result)

        return step

    return through(begin)


def top(n: int = 10, key: Key = None) -> Operator:
    """The `n` largest elements, the largest first; `key` is that of `min`."""
    return _best(heapq.nlargest, n, key)


def bottom(n: int = 10, key: Key = None, reverse: bool = False) -> Operator:
    """The `n` smallest elements, the smallest first (with `reverse`: the same as `top`)."""
    return _best(heapq.nlargest if reverse else heapq.nsmallest, n, key)


def _best(choose: Callable[..., list[Any]], n: int, key: Key) -> Operator:
    of = _keyed(key)

    def keep(best: Sequence[Any], new: Any) -> list[Any]:
        return choose(n, [*best, new], key=of)

    return compose(made("reduce", keep, ()), made("flat_map", _itself))


def sort(key: Key = None, reverse: bool = False) -> Operator:
    """All elements, in order; `key` is that of `min`."""
    of = _keyed(key)

    def ordered(elements: list[Any]) -> list[Any]:
        return sorted(elements, key=of, reverse=reverse)

    return compose(made("to_list"), mapped(ordered), made("flat_map", _itself))


def kmerge(scan: bool = False) -> Operator:
    """All dicts merged into one, later entries winning; with `scan`, so far at each."""

    def merge(merged: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
        return {**merged, **new}

    return made("scan" if scan else "reduce", merge)


def kscan() -> Operator:
    """The same as `kmerge(scan=True)`."""
    return kmerge(scan=True)


def allow_empty() -> Operator:
    """Lets what a reduction makes of an empty stream be empty, where it would be an error."""
    rx = reactive()
    empty = reactive("reactivex.internal").SequenceContainsNoElementsError

    def handle(error: Exception, _: Any) -> Any:
        return rx.empty() if isinstance(error, empty) else rx.throw(error)

    return made("catch", handle)
