"""Values that hold tensors: tensors themselves, and lists, tuples and dicts of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

__all__ = ["identity_of", "map_tensors", "tensors_in"]


def tensors_in(value: object) -> Iterator[torch.Tensor]:
    """Gives the tensors that a value consists of, in order.

    Arguments:
        value: A tensor, or a list, tuple or mapping of such values; anything else has none.

    Examples:
        >>> [t.item() for t in tensors_in([torch.tensor(1), {"a": torch.tensor(2)}, "x"])]
        [1, 2]
    """
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for element in value:
            yield from tensors_in(element)
    elif isinstance(value, Mapping):
        for element in value.values():
            yield from tensors_in(element)


def map_tensors(value: Any, change: Callable[[torch.Tensor], Any], other: Any = ...) -> Any:
    """Gives the same structure with each tensor changed.

    Arguments:
        value: A tensor, or a list, tuple or mapping of such values.
        change: Gives what stands in the place of a tensor.
        other: What stands in the place of anything that is no tensor; left out: itself.

    Returns:
        The new value: lists, tuples (named ones too) and dicts are made anew.

    Examples:
        >>> map_tensors((torch.tensor(1), "x"), lambda tensor: tensor.item() + 1)
        (2, 'x')
    """
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(map_tensors(element, change, other) for element in value))
    if isinstance(value, list | tuple):
        kind = tuple if isinstance(value, tuple) else list
        return kind(map_tensors(element, change, other) for element in value)
    if isinstance(value, Mapping):
        return {key: map_tensors(element, change, other) for key, element in value.items()}
    return value if other is ... else other


def identity_of(value: object) -> tuple[int, ...]:
    """Gives what tells two values apart by the tensors that they consist of.

    Examples:
        >>> x = torch.tensor(1)
        >>> identity_of(x) == identity_of([x])
        True
    """
    if isinstance(value, torch.Tensor):
        return (id(value),)
    return tuple(id(tensor) for tensor in tensors_in(value))
