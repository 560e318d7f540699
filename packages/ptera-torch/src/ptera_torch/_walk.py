"""Where the tensors of a model stand: in the state of function objects, and below."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import torch

__all__ = ["Found", "Path", "Place", "is_function_object", "places_in"]

Path: TypeAlias = tuple[str, ...]


class Place(Protocol):
    """Somewhere a value stands and can be replaced."""

    def read(self) -> Any:
        """Gives what stands there."""

    def write(self, value: Any) -> None:
        """Puts another value there."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A variable in the state of a function object.

    Arguments:
        owner: The object.
        variable: The variable.
    """

    owner: Any
    variable: str

    def read(self) -> Any:
        """Gives the variable's value."""
        return self.owner.state[self.variable]

    def write(self, value: Any) -> None:
        """Sets the variable."""
        self.owner.state[self.variable] = value


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """An item of a list, a dict or a tuple.

    Arguments:
        within: Where the container stands.
        key: The item's index or key.
    """

    within: Place
    key: Any

    def read(self) -> Any:
        """Gives the item."""
        return self.within.read()[self.key]

    def write(self, value: Any) -> None:
        """Replaces the item; of a tuple, the tuple."""
        container = self.within.read()
        if isinstance(container, tuple):
            items = [*container[: self.key], value, *container[self.key + 1 :]]
            made = type(container)
            self.within.write(made(*items) if hasattr(made, "_fields") else made(items))
        else:
            container[self.key] = value


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A tensor or module that a model holds.

    Arguments:
        path: Its name, in parts.
        value: The tensor or module.
        place: Where it stands.
    """

    path: Path
    value: torch.Tensor | torch.nn.Module
    place: Place


def is_function_object(value: object) -> bool:
    """Tells whether a value is a Ptera function."""
    return hasattr(type(value), "__ptera__") and hasattr(value, "state")


def places_in(model: Any) -> Iterator[Found]:
    """Gives every tensor and module that a function object reaches through its state.

    Arguments:
        model: The function object. Its state may hold function objects, lists, tuples and
            dicts of them, modules, and tensors.

    Returns:
        What was found, in the order of the functions' variables. What is reached twice is
        given twice, except that an object or container is only entered once.

    Examples:
        >>> from ptera import ptera
        >>> @ptera
        ... def layer(x):
        ...     W: torch.Tensor
        ...     return x @ W
        >>> @ptera
        ... def network(x):
        ...     layers: list
        ...     for layer in layers:
        ...         x = layer(x)
        ...     return x
        >>> model = network.new(layers=[layer.new(W=torch.eye(2))])
        >>> [".".join(found.path) for found in places_in(model)]
        ['layers.0.W']
    """
    yield from _in_object(model, (), {id(model)})


def _in_object(model: Any, path: Path, entered: set[int]) -> Iterator[Found]:
    for variable in model.state:
        place = Field(model, variable)
        yield from _at(place.read(), place, (*path, variable), entered)


def _at(value: Any, place: Place, path: Path, entered: set[int]) -> Iterator[Found]:
    if isinstance(value, torch.Tensor | torch.nn.Module):
        yield Found(path, value, place)
        return
    items = _items(value)
    is_object = is_function_object(value)
    if id(value) in entered or not (items or is_object):
        return
    entered.add(id(value))
    if is_object:
        yield from _in_object(value, path, entered)
    for key, item in items:
        yield from _at(item, Item(place, key), (*path, str(key)), entered)


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, list | tuple):
        return list(enumerate(value))
    if isinstance(value, Mapping):
        return list(value.items())
    return []
