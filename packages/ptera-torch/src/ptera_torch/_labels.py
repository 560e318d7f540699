"""What the values of an event are called where they are collected: `act[1]`, `W[0].grad`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import torch

from ptera._deliver import Captured

__all__ = ["Differentiated", "Label", "Labels"]


T = TypeVar("T")


class Differentiated(NamedTuple, Generic[T]):
    """A value and the target's gradient with respect to it: what `Grad` delivers.

    Arguments:
        value: The captured value.
        grad: The gradient, of the value's shape; None if the target does not depend on it.

    Examples:
        >>> value, grad = Differentiated(2.0, 0.5)
        >>> grad
        0.5
    """

    value: T
    grad: T


@dataclass(frozen=True, slots=True)
class Label:
    """Names one series of values.

    Arguments:
        variable: The variable's real name.
        at: The values of the captures that tell its occurrences apart.
        grad: Whether it is the gradient.

    Examples:
        >>> str(Label("act", (1,))), str(Label("W", (0,), grad=True)), str(Label("x"))
        ('act[1]', 'W[0].grad', 'x')
    """

    variable: str
    at: tuple[object, ...] = ()
    grad: bool = False

    def __str__(self) -> str:
        keys = f"[{', '.join(map(str, self.at))}]" if self.at else ""
        return f"{self.variable}{keys}{'.grad' if self.grad else ''}"


@dataclass(frozen=True, slots=True)
class Labels:
    """Takes the events of a handler apart into labelled values.

    Arguments:
        by: The captures that tell occurrences apart, such as `i` of `layer[$i] > act`.
        skip: The captures that are left out.

    Examples:
        >>> labels = Labels(("i",))
        >>> [(str(label), value) for label, value in labels.entries({"i": 1, "act": 0.5})]
        [('act[1]', 0.5)]
    """

    by: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    @classmethod
    def of(cls, by: str | Sequence[str], skip: str | Sequence[str] = ()) -> "Labels":
        """Takes one name or several."""
        return cls(*((x,) if isinstance(x, str) else tuple(x) for x in (by, skip)))

    def entries(self, captures: Mapping[str, object]) -> Iterator[tuple[Label, object]]:
        """Gives each value of an event with its label; a pair is a value and a gradient."""
        at = tuple(_plain(captures[name]) for name in self.by if name in captures)
        for name, value in captures.items():
            if name not in self.by and name not in self.skip:
                for variable, single in _named(name, value):
                    yield from _split(Label(variable, at), single)


def _plain(value: object) -> object:
    return value.value if isinstance(value, Captured) else value


def _named(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Captured):
        yield from zip(value.names, value.values, strict=True)
    else:
        yield name, value


def _split(label: Label, value: object) -> Iterator[tuple[Label, object]]:
    if not isinstance(value, Differentiated):
        yield label, value
        return
    yield label, value.value
    if value.grad is not None:
        yield Label(label.variable, label.at, grad=True), value.grad


def numbers(value: object) -> torch.Tensor | None:
    """Gives a value as a tensor without a graph, or None if it is no number.

    Examples:
        >>> numbers(True), numbers([1.0, 2.0]), numbers("x")
        (tensor(1.), tensor([1., 2.]), None)
    """
    if isinstance(value, torch.Tensor):
        return value.detach()
    try:
        return torch.as_tensor(value, dtype=torch.get_default_dtype())
    except (TypeError, ValueError, RuntimeError):
        return None
