"""Reductions that take one tensor after the other and keep none of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

import torch

from ._labels import Label, Labels, numbers

__all__ = ["Histogram", "Mean", "Norm", "Reduction", "Statistics", "Stream"]


class Reduction(Protocol):
    """Takes tensors one by one; what is asked of a `Stream`'s reductions."""

    def add(self, values: torch.Tensor) -> None:
        """Takes one more tensor."""

    @property
    def value(self) -> object:
        """What all tensors so far come to."""


R = TypeVar("R", bound=Reduction)


def _wide(values: torch.Tensor) -> torch.Tensor:
    """Gives the values in the precision in which they are added up."""
    values = values.detach()
    if values.is_complex():
        values = values.abs()
    # Not every device has doubles.
    return values.to(torch.float32 if values.device.type == "mps" else torch.float64)


class Mean:
    """The mean of all elements of all tensors.

    Arguments:
        absolute: Whether to take the absolute values first.

    Examples:
        >>> mean = Mean()
        >>> mean.add(torch.tensor([1.0, 2.0]))
        >>> mean.add(torch.tensor(6.0))
        >>> mean.value
        3.0
    """

    def __init__(self, absolute: bool = False) -> None:
        self.absolute = absolute
        self.count = 0
        # A tensor from the first addition on: reading it out would wait for the device.
        self._total: torch.Tensor | float = 0.0

    def add(self, values: torch.Tensor) -> None:
        """Takes one more tensor."""
        values = _wide(values)
        self.count += values.numel()
        self._total = self._total + (values.abs() if self.absolute else values).sum()

    @property
    def value(self) -> float:
        """The mean; nan before the first value."""
        return float(self._total) / self.count if self.count else float("nan")


class Norm:
    """The norm of all elements of all tensors, as if they were one vector.

    Arguments:
        p: The exponent.

    Examples:
        >>> norm = Norm()
        >>> norm.add(torch.tensor([3.0]))
        >>> norm.add(torch.tensor([[4.0]]))
        >>> norm.value
        5.0
    """

    def __init__(self, p: float = 2.0) -> None:
        self.p = p
        self._total: torch.Tensor | float = 0.0

    def add(self, values: torch.Tensor) -> None:
        """Takes one more tensor."""
        self._total = self._total + _wide(values).abs().pow(self.p).sum()

    @property
    def value(self) -> float:
        """The norm; 0 before the first value."""
        return float(float(self._total) ** (1 / self.p))


class Histogram:
    """How many elements of all tensors lie in each of a number of equal intervals.

    Arguments:
        bins: The number of intervals.
        low: Where the first begins.
        high: Where the last ends, itself included. What lies outside is counted in
            `below` and `above`.

    Examples:
        >>> histogram = Histogram(bins=2, low=0, high=1)
        >>> histogram.add(torch.tensor([0.1, 0.2, 0.9, 7.0]))
        >>> histogram.value
        [2, 1]
        >>> histogram.above
        1
    """

    def __init__(self, bins: int = 50, low: float = -1.0, high: float = 1.0) -> None:
        self.bins, self.low, self.high = bins, low, high
        self._counts: torch.Tensor | float = 0.0

    def add(self, values: torch.Tensor) -> None:
        """Takes one more tensor."""
        scaled = (_wide(values).flatten() - self.low) / (self.high - self.low) * self.bins
        inside = torch.where(scaled == self.bins, scaled - 1, scaled).floor()
        place = inside.nan_to_num(nan=-1, posinf=self.bins, neginf=-1)
        place = place.clamp(-1, self.bins).to(torch.int64) + 1
        self._counts = self._counts + torch.bincount(place, minlength=self.bins + 2)

    def _all(self) -> list[int]:
        if isinstance(self._counts, torch.Tensor):
            return [int(count) for count in self._counts.tolist()]
        return [0] * (self.bins + 2)

    @property
    def value(self) -> list[int]:
        """The count of each interval."""
        return self._all()[1:-1]

    @property
    def below(self) -> int:
        """How many elements lie below the first interval (nan among them)."""
        return self._all()[0]

    @property
    def above(self) -> int:
        """How many elements lie above the last interval."""
        return self._all()[-1]

    @property
    def edges(self) -> list[float]:
        """The borders of the intervals, one more than there are intervals."""
        width = (self.high - self.low) / self.bins
        return [self.low + k * width for k in range(self.bins + 1)]


class Statistics:
    """Count, mean, standard deviation, mean absolute value, extremes and share of zeros.

    Examples:
        >>> statistics = Statistics()
        >>> statistics.add(torch.tensor([0.0, -2.0]))
        >>> statistics.add(torch.tensor([2.0, 0.0]))
        >>> statistics.value["mean"], statistics.value["mean_abs"], statistics.value["zeros"]
        (0.0, 1.0, 0.5)
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean: torch.Tensor | float = 0.0
        self._squares: torch.Tensor | float = 0.0  # of the distances from the mean
        self._absolute: torch.Tensor | float = 0.0
        self._zeros: torch.Tensor | int = 0
        self._low: torch.Tensor | None = None
        self._high: torch.Tensor | None = None

    def add(self, values: torch.Tensor) -> None:
        """Takes one more tensor."""
        values = _wide(values)
        if not values.numel():
            return
        self._add_moments(values)
        self._absolute = self._absolute + values.abs().sum()
        self._zeros = self._zeros + (values == 0).sum()
        low, high = values.aminmax()
        self._low = low if self._low is None else torch.minimum(self._low, low)
        self._high = high if self._high is None else torch.maximum(self._high, high)

    def _add_moments(self, values: torch.Tensor) -> None:
        # Chan's update: sums of squares alone lose all digits where the mean is large.
        more, mean = values.numel(), values.mean()
        total = self.count + more
        delta = mean - self._mean
        self._squares = (
            self._squares
            + (values - mean).square().sum()
            + delta * delta * (self.count * more / total)
        )
        self._mean = self._mean + delta * (more / total)
        self.count = total

    @property
    def value(self) -> dict[str, float]:
        """All of them by name; nan before the first value, but for the count."""
        count = self.count or float("nan")
        return {
            "count": self.count,
            "mean": float(self._mean) if self.count else float("nan"),
            "std": (float(self._squares) / count) ** 0.5,
            "mean_abs": float(self._absolute) / count,
            "min": float("nan") if self._low is None else float(self._low),
            "max": float("nan") if self._high is None else float(self._high),
            "zeros": float(self._zeros) / count,
        }


class Stream(Generic[R]):
    """A handler that reduces what it is given, one reduction for each variable and key.

    It takes live events, so that no tensor outlives its binding: attach it with
    `model.on(selector, live=True)`, or subscribe it to a probe with `ksubscribe`. What a
    `Grad` delivers is reduced twice, values and gradients.

    Arguments:
        reduction: Makes a reduction: `Mean`, `Norm`, `Histogram`, `Statistics`, or anything
            with `add` and `value`.
        by: The captures that tell occurrences apart.
        name: What it is called in results.

    Examples:
        >>> stream = Stream(Mean, by="i")
        >>> for i in (0, 1, 1):
        ...     stream(i=i, act=torch.tensor([1.0 + i]))
        >>> stream.values()
        {'act[0]': 1.0, 'act[1]': 2.0}
    """

    def __init__(
        self, reduction: Callable[[], R], *, by: str | Sequence[str] = (), name: str = "stream"
    ) -> None:
        self.__name__ = name
        self.labels = Labels.of(by)
        self._reduction = reduction
        self._reductions: dict[Label, R] = {}

    def __call__(self, **captures: object) -> None:
        for label, value in self.labels.entries(captures):
            tensor = numbers(value)
            if tensor is not None:
                if label not in self._reductions:
                    self._reductions[label] = self._reduction()
                self._reductions[label].add(tensor)

    def __getitem__(self, label: str) -> R:
        for mine, reduction in self._reductions.items():
            if str(mine) == label:
                return reduction
        raise KeyError(label)

    def __iter__(self) -> Iterator[str]:
        return map(str, self._reductions)

    def __len__(self) -> int:
        return len(self._reductions)

    def items(self) -> list[tuple[Label, R]]:
        """The labels and their reductions, in the order in which they were first met."""
        return list(self._reductions.items())

    def values(self) -> dict[str, object]:
        """What each reduction has come to, by label."""
        return {str(label): reduction.value for label, reduction in self._reductions.items()}

    def clear(self) -> None:
        """Begins again."""
        self._reductions.clear()
