"""Values with a meaning: defaults, overrides, equality of filters, and recurrences."""

import numbers
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, SupportsIndex, TypeVar

from ._errors import ComparisonError, RecurrenceError

__all__ = ["Recurrence", "default", "override", "required", "same"]

T = TypeVar("T")


def default(value: T) -> T:
    """Marks a value as one that anything set from outside wins over.

    It gives its argument back: what counts is that an assignment is written with it, in
    `x: T = default(v)`. When another value is given, `v` is not even evaluated.

    Arguments:
        value: What the variable is, unless it is set.

    Returns:
        The value.

    Examples:
        >>> default(0.1)
        0.1
    """
    return value


def required() -> Any:
    """Says that a variable is declared here and gets its value from outside.

    `W: Parameter = required()` means what `W: Parameter` means, for those type checkers
    that would call the variable unbound.

    Raises:
        RuntimeError: Always, when it is really called: the function is not one of Ptera's.

    Examples:
        >>> from ptera import ptera, required
        >>> @ptera
        ... def scaled(x):
        ...     factor: float = required()
        ...     return factor * x
        >>> scaled.new(factor=3)(2)
        6
    """
    _unset()


def _unset() -> NoReturn:
    message = "`required()` stands for a value that is set from outside: decorate with `@ptera`"
    raise RuntimeError(message)


@dataclass(frozen=True, slots=True)
class override(Generic[T]):  # noqa: N801 - it is written like a function, as `default` is
    """Wraps a value that wins over the code's own: `f.new(x=override(5))`.

    Arguments:
        value: The value.
        priority: How much it weighs; a plain assignment weighs 0, an overlay 2.

    Examples:
        >>> override(5)
        override(value=5, priority=1)
    """

    value: T
    priority: float = 1


def same(left: object, right: object) -> bool:
    """Tells whether a filter's value and a variable's value are equal.

    Equality is `==`, except that a bool and a number differ.

    Arguments:
        left: One value.
        right: The other.

    Raises:
        ComparisonError: If `==` fails or has no plain truth value, as between arrays.

    Examples:
        >>> same(1, 1.0), same(1, True)
        (True, False)
    """
    if (left is True or left is False) != (right is True or right is False) and (
        isinstance(left, numbers.Number) and isinstance(right, numbers.Number)
    ):
        return False
    try:
        return bool(left == right)
    except Exception as error:
        raise ComparisonError(type(left).__name__, type(right).__name__) from error


class Recurrence(Generic[T]):
    """The steps of a recurrence, `h[0]`, `h[1]`, ..., of which the last ones are kept.

    Each assignment `h[k] = v` in a function is an element binding: a selector reads it as
    `h[k]`, and overlays can change it.

    Arguments:
        lookback: How many steps to keep; older ones are forgotten. None: all of them.

    Raises:
        ValueError: If `lookback` is not positive.

    Examples:
        >>> h = Recurrence(2)
        >>> for k in range(4):
        ...     h[k] = 10 * k
        >>> h[3], h[2], list(h), len(h)
        (30, 20, [20, 30], 2)
        >>> h[0]
        Traceback (most recent call last):
        ...
        ptera._errors.RecurrenceError: `h[0]` is not available: only the last 2 steps are kept, \
up to `h[3]`. Use a longer `Recurrence`.
    """

    __slots__ = ("_steps", "lookback", "newest")

    def __init__(self, lookback: int | None = None) -> None:
        if lookback is not None and lookback < 1:
            message = f"A `Recurrence` keeps at least one step, `lookback` is {lookback}"
            raise ValueError(message)
        self.lookback = lookback
        self.newest = -1
        self._steps: dict[int, T] = {}

    def __setitem__(self, index: SupportsIndex, value: T) -> None:
        step = self._checked(index)
        self._steps[step] = value
        if step > self.newest:
            self.newest = step
            self._forget()

    def __getitem__(self, index: SupportsIndex) -> T:
        step = self._checked(index)
        if step not in self._steps:
            raise RecurrenceError(step, "nothing was stored there")
        return self._steps[step]

    def __contains__(self, index: object) -> bool:
        return index in self._steps

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[T]:
        return iter([self._steps[index] for index in sorted(self._steps)])

    def __repr__(self) -> str:
        steps = ", ".join(f"{index}: {self._steps[index]!r}" for index in sorted(self._steps))
        return f"Recurrence({{{steps}}})"

    def _checked(self, index: SupportsIndex) -> int:
        step = operator.index(index)
        if step < 0:
            reason = "steps are numbered from 0"
            raise RecurrenceError(step, reason, f"The last one is `h[{self.newest}]`.")
        if self.lookback is not None and step <= self.newest - self.lookback:
            reason = f"only the last {self.lookback} steps are kept, up to `h[{self.newest}]`"
            raise RecurrenceError(step, reason, "Use a longer `Recurrence`.")
        return step

    def _forget(self) -> None:
        if self.lookback is not None:
            oldest = self.newest - self.lookback + 1
            for index in [index for index in self._steps if index < oldest]:
                del self._steps[index]
