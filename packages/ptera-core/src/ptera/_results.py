"""What a call gives back beside its value: the events of its queries."""

import reprlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

from ptera_selector import Selector

from ._deliver import Captured
from ._errors import CaptureError, UnknownCaptureError, nearest
from ._handlers import arguments_of, leniency, positional_of

__all__ = ["Events", "Results", "all_values", "calling", "itself", "one_value"]

R = TypeVar("R")
T = TypeVar("T")
Event = Mapping[str, Captured]
_SHOWN = 5


def calling(
    handler: Callable[..., T], captures: Sequence[str], read: Callable[[Any], object]
) -> Callable[[Mapping[str, Any]], T]:
    """Gives the function that calls a handler with the captures that its parameters name.

    Arguments:
        handler: The handler. With `**kwargs` it takes all captures.
        captures: The captures that events have.
        read: Makes the argument from what an event holds for a capture.

    Returns:
        A function of an event.

    Raises:
        HandlerError: A parameter without a default is no capture.

    Examples:
        >>> calling(lambda y: y + 1, ["x", "y"], int)({"x": "1", "y": "2"})
        3
    """
    ordered = positional_of(handler, captures)
    if ordered is not None and read is one_value:
        return _calling_with_values(handler, ordered)
    if ordered is not None:

        def call(event: Mapping[str, Any], names: tuple[str, ...] = ordered) -> T:
            return handler(*[read(_present(event, name)) for name in names])

        return call

    names = arguments_of(handler, captures)
    optional, takes_all = leniency(handler)
    if takes_all:
        names = tuple(dict.fromkeys([*names, *captures]))

    def call_by_name(event: Mapping[str, Any]) -> T:
        given = [name for name in names if name in event or not takes_all and name not in optional]
        return handler(**{name: read(_present(event, name)) for name in given})

    return call_by_name


def _calling_with_values(
    handler: Callable[..., T], names: Sequence[str]
) -> Callable[[Mapping[str, Any]], T]:
    """Does it for what nearly all handlers are, in one call: this is the path of each event."""

    def call(event: Mapping[str, Any]) -> T:
        arguments: list[Any] = []
        for name in names:
            captured = event[name] if name in event else _present(event, name)
            values = captured.values
            arguments.append(values[0] if len(values) == 1 else captured.value)
        return handler(*arguments)

    return call


def _present(event: Mapping[str, Any], name: str) -> Any:
    if name not in event:
        raise CaptureError(name, 0)
    return event[name]


class Events(Sequence[Event]):
    """The events of one query, in the order in which they were delivered.

    Each is a mapping from the names of the captures to `Captured` objects, with `.value`,
    `.values`, `.name` and `.names`.

    Arguments:
        selector: The query.
        captures: The names of its captures.
        events: The events; a list that may go on growing.

    Examples:
        >>> from ptera import ptera
        >>> @ptera
        ... def square(x):
        ...     y = x * x
        ...     return y
        >>> events = square.using(q="square{x} > y")(3).q
        >>> len(events), events.map("y"), events.map("x", "y"), events.map()
        (1, [9], [(3, 9)], [{'x': 3, 'y': 9}])
        >>> events.map(lambda y: y + 1)
        [10]
    """

    def __init__(
        self, selector: str | Selector, captures: Sequence[str], events: list[Event]
    ) -> None:
        self.selector = selector
        self.captures = tuple(captures)
        self._events = events

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> "Events": ...
    def __getitem__(self, index: int | slice) -> "Event | Events":
        if isinstance(index, slice):
            return Events(self.selector, self.captures, self._events[index])
        return self._events[index]

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def map(self, *wanted: str | Callable[..., Any]) -> list[Any]:
        """Gives the one value of each capture, or what a function makes of them.

        Arguments:
            wanted: Nothing: each event becomes a dict of all its captures. A name: that
                capture alone. Several names: tuples. A function: what it returns when it
                is called with the captures that its parameters name.

        Returns:
            A list with an item for each event.

        Raises:
            CaptureError: A capture has several values in one event; see `map_all`.
            UnknownCaptureError: A name is no capture.
            HandlerError: A parameter of the function is none.
        """
        return self._mapped(wanted, one_value)

    def map_all(self, *wanted: str | Callable[..., Any]) -> list[Any]:
        """Does what `map` does with the list of all values of each capture."""
        return self._mapped(wanted, all_values)

    def map_full(self, *wanted: str | Callable[..., Any]) -> list[Any]:
        """Does what `map` does with the `Captured` objects, which have the names too."""
        return self._mapped(wanted, itself)

    def _mapped(
        self, wanted: tuple[str | Callable[..., Any], ...], read: Callable[[Captured], Any]
    ) -> list[Any]:
        if len(wanted) == 1 and not isinstance(wanted[0], str):
            call = calling(wanted[0], self.captures, read)
            return [call(event) for event in self._events]
        names = [self._known(name) for name in wanted] or self.captures
        rows = [[read(event[name]) for name in names] for event in self._events]
        if not wanted:
            return [dict(zip(names, row, strict=True)) for row in rows]
        return [row[0] for row in rows] if len(names) == 1 else [tuple(row) for row in rows]

    def _known(self, name: object) -> str:
        if not isinstance(name, str):
            message = "`map` takes names of captures, or one function"
            raise TypeError(message)
        if name not in self.captures:
            raise UnknownCaptureError(name, self.captures)
        return name

    def __repr__(self) -> str:
        first = [_shown(event) for event in self._events[:_SHOWN]]
        shown = [line for line in first if line]
        left = len(self._events) - len(first)
        if left and shown:
            shown.append(f"and {left} more")
        count = f"{len(self._events)} event{'' if len(self._events) == 1 else 's'}"
        lines = "".join(f"\n  {line}" for line in shown)
        return f"<{count} of `{self.selector}`{':' if shown else ''}{lines}>"


def one_value(captured: Captured) -> Any:
    """Reads the one value of a capture."""
    return captured.value


def all_values(captured: Captured) -> list[Any]:
    """Reads the list of all its values."""
    return captured.values


def itself(captured: Captured) -> Captured:
    """Reads it whole, with its names."""
    return captured


def _shown(event: Event) -> str:
    """Gives one event on one line: `x=3, ys=[1, 2]`, with the names where they differ."""
    parts: list[str] = []
    for capture, captured in event.items():
        values = captured.values
        text = reprlib.repr(values[0] if len(values) == 1 else values)
        names = ", ".join(dict.fromkeys(captured.names))
        named = capture if names == capture else f"{capture} ({names})"
        parts.append(f"{named}={' '.join(text.split())}")
    return ", ".join(parts)


class Results(Generic[R]):
    """What a call returns when its queries are wanted too.

    `results.value` is what the function returned; each query, handler and collector is an
    attribute of its name: `Events`, the list of what the handler returned, and what the
    collector returned.

    Arguments:
        value: What the function returned.
        outcomes: The rest, by name.

    Examples:
        >>> results = Results(3, {"seen": [1, 2]})
        >>> results.value, results.seen, results["seen"]
        (3, [1, 2], [1, 2])
        >>> results.sene
        Traceback (most recent call last):
        ...
        AttributeError: these results have no `sene` (they have `value`, `seen`). \
Did you mean `seen`?
    """

    value: R

    def __init__(self, value: R, outcomes: Mapping[str, Any]) -> None:
        self.value = value
        self._outcomes = outcomes

    def __getattr__(self, name: str) -> Any:
        # The attribute itself is asked for before it is set, when a copy is made.
        outcomes: Mapping[str, Any] = self.__dict__.get("_outcomes", {})
        if name in outcomes:
            return outcomes[name]
        if name.startswith("__"):
            raise AttributeError(name)
        names = ["value", *outcomes]
        listed = ", ".join(f"`{known}`" for known in names)
        message = f"these results have no `{name}` (they have {listed}).{nearest(name, names)}"
        raise AttributeError(message)

    def __getitem__(self, name: str) -> Any:
        if name == "value" or name in self._outcomes:
            return getattr(self, name)
        raise KeyError(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._outcomes]

    def __repr__(self) -> str:
        lines = [f"value: {reprlib.repr(self.value)}"]
        for name, outcome in self._outcomes.items():
            text = repr(outcome) if isinstance(outcome, Events) else reprlib.repr(outcome)
            lines.append(f"{name}: {text}".replace("\n", "\n  "))
        return "<results\n  " + "\n  ".join(lines) + ">"
