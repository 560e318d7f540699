"""Where the elements of a stream come from and go to: sources, sinks, subscriptions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Generic, Protocol, TypeVar

from .._deliver import ABSENT
from .._errors import CaptureError

__all__ = ["NOWHERE", "Handler", "Pick", "Sink", "Source", "Subscription", "Values", "reading"]

T = TypeVar("T")
Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class Sink:
    """What takes the elements of a stream.

    Arguments:
        on_next: Called with each element.
        on_completed: Called when there will be no more.
        on_error: Called when an operator before it has failed.
        reaches: Whether it may call functions of the program, which may be tapped.
        arguments: The captures that `direct` takes; None: only `on_next` will do.
        direct: The same as `on_next` for an event, but called with captures by position.
        changes: Whether it decides on the value of the focus.
        setter: Gives that value for an element, where it can be called for it directly.
        scheduler: Where the operators before it run, as reactivex says.
    """

    on_next: Callable[[Any], object]
    on_completed: Callable[[], object] | None = None
    on_error: Callable[[Exception], object] | None = None
    reaches: bool = True
    arguments: tuple[str, ...] | None = None
    direct: Handler | None = None
    changes: bool = False
    setter: Callable[[Any], Any] | None = None
    scheduler: Any = None


class Source(Protocol):
    """Where the events of a stream come from: a probe."""

    @property
    def name(self) -> str:
        """How errors call it: the text of its selectors."""
        ...

    @property
    def captures(self) -> tuple[str, ...]:
        """The names that events have entries for."""
        ...

    def attach(self, sink: Sink) -> Callable[[], None]:
        """Sends each event to a sink, until what is returned is called."""
        ...

    def propose(self, value: Any) -> None:
        """Gives the focus a value, while its binding is being delivered."""
        ...

    def enter(self) -> None:
        """Begins to deliver events."""
        ...

    def leave(self, error: BaseException | None) -> None:
        """Ends the delivery, and tells the sinks so."""
        ...


@dataclass(frozen=True, slots=True)
class Pick:
    """The entries of an event that a stream `probe["x"]` consists of.

    Arguments:
        keys: Their names.
        strict: Whether an event without one is an error; otherwise it is left out.
    """

    keys: tuple[str, ...]
    strict: bool

    def before(self, sink: Sink) -> Sink:
        """Gives the sink of events that hands the picked entries to a sink."""
        setter = None if sink.setter is None else self._through(sink.setter)
        put = self._through(sink.on_next)
        if not self.strict:
            return replace(sink, on_next=put, setter=setter)
        direct = sink.on_next if len(self.keys) == 1 else _gathering(sink.on_next)
        return replace(sink, on_next=put, arguments=self.keys, direct=direct, setter=setter)

    def _through(self, put: Callable[[Any], Any]) -> Callable[[Any], Any]:
        if self.strict:
            return (
                reading(put, self.keys)
                if len(self.keys) == 1
                else reading(_gathering(put), self.keys)
            )
        names: frozenset[Any] = frozenset(self.keys)
        take = reading(put if len(self.keys) == 1 else _gathering(put), self.keys)
        return lambda event: take(event) if names <= event.keys() else ABSENT


def _gathering(put: Callable[[Any], Any]) -> Handler:
    return lambda *values: put(values)


def reading(function: Handler, keys: tuple[str, ...]) -> Callable[[Any], Any]:
    """Gives what calls a function with the entries of an event, by position.

    Raises:
        CaptureError: When it is called with an event that lacks an entry.
    """

    def take(event: Any) -> Any:
        try:
            values = [event[key] for key in keys]
        except KeyError as error:
            raise CaptureError(str(error.args[0]), 0) from None
        return function(*values)

    def take_one(event: Any) -> Any:
        try:
            value = event[key]
        except KeyError:
            raise CaptureError(key, 0) from None
        return function(value)

    if len(keys) != 1:
        return take
    (key,) = keys
    return take_one


class Values(list[T], Generic[T]):
    """The elements of a stream so far; as a context manager, it runs the probe too.

    Examples:
        >>> from ptera import probing
        >>> def area(width):
        ...     height = width + 1
        ...     return width * height
        >>> with probing("area > height").values() as heights:
        ...     _ = area(3), area(4)
        >>> heights
        [{'height': 4}, {'height': 5}]
    """

    __slots__ = ("_source",)

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def __enter__(self) -> "Values[T]":
        self._source.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._source.leave(error)

    def __reduce_ex__(self, protocol: object) -> tuple[type[list[T]], tuple[list[T]]]:
        return list, (list(self),)


class Subscription:
    """A sink at a stream; as a context manager, it runs the probe too.

    Arguments:
        source: The stream's source.
        dispose: Takes the sink away again.
    """

    __slots__ = ("_source", "dispose")

    def __init__(self, source: Source, dispose: Callable[[], None]) -> None:
        self._source = source
        self.dispose = dispose

    def __repr__(self) -> str:
        return "<Subscription>"

    def __enter__(self) -> "Subscription":
        self._source.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        # First the end, then the disposal: a reduction gives its result at the end.
        try:
            self._source.leave(error)
        finally:
            self.dispose()


class _Nowhere:
    """Stands for the source of a stream that an operator made, and that has none."""

    name: str = "a part of a stream"
    captures: tuple[str, ...] = ()

    def attach(self, sink: Sink) -> Callable[[], None]:
        """Refuses: there is nothing to attach to."""
        raise TypeError(_NO_SOURCE)

    def propose(self, value: Any) -> None:
        """Refuses: there is no focus."""
        raise TypeError(_NO_SOURCE)

    def enter(self) -> None:
        """Refuses: there is no probe to begin."""
        raise TypeError(_NO_SOURCE)

    def leave(self, error: BaseException | None) -> None:
        """Does nothing: nothing was begun."""


_NO_SOURCE = "this stream is part of another one: enter the probe that it comes from instead"
NOWHERE: Final[Source] = _Nowhere()
