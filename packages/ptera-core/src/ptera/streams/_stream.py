"""Streams: what a probe delivers, as one element after the other.

A stream is either its source's own (`probe`, `probe["x"]`), which needs nothing, or what
operators made of one, which is an observable of reactivex.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeGuard

from .._errors import UnknownCaptureError, nearest
from ._entries import where
from ._pairs import mark_of
from ._reactive import Operator, filtered, made, mapped, reactive
from ._sinks import Sinks
from ._source import NOWHERE, Pick, Sink, Source

__all__ = ["Stream", "affix", "group_wrap"]

_changing: ContextVar[Source | None] = ContextVar("ptera.changing", default=None)
"""The source whose stream is being subscribed to by something that changes the focus."""


class Stream(Sinks):
    """What a probe delivers, one element after the other.

    Beside the methods below, a stream has every operator of reactivex as a method, and
    those of Ptera's own: see `dir(stream)`. An operator gives a new stream.

    Arguments:
        source: Where the events come from.
        pick: The entries of the events that it consists of; None: the events as they are.
        observable: Instead, an observable of reactivex that gives the elements.

    Examples:
        >>> from ptera import probing
        >>> def total(numbers):
        ...     for number in numbers:
        ...         square = number * number
        >>> with probing("total > square")["square"].filter(lambda x: x > 3).values() as big:
        ...     total([1, 2, 3])
        >>> big
        [4, 9]
    """

    # A stream has `p["x"]`, but is neither a sequence nor a container.
    __iter__ = None
    __contains__ = None

    def __init__(self, source: Source, pick: Pick | None = None, observable: Any = None) -> None:
        super().__init__(source)
        self._pick = pick
        self._made = observable

    @staticmethod
    def over(observable: Any) -> "Stream":
        """Gives the stream of the elements of an observable."""
        return Stream(NOWHERE, observable=observable)

    @property
    def _is_source(self) -> bool:
        """Whether its elements are the source's events, as they are."""
        return self._made is None and self._pick is None

    def _attach(self, sink: Sink) -> Callable[[], None]:
        if self._made is not None:
            return self._attach_to_observable(sink)
        return self._source.attach(sink if self._pick is None else self._pick.before(sink))

    def _attach_to_observable(self, sink: Sink) -> Callable[[], None]:
        token = _changing.set(self._source if sink.changes else None)
        try:
            made = self._made.subscribe(
                sink.on_next, sink.on_error, sink.on_completed, scheduler=sink.scheduler
            )
        finally:
            _changing.reset(token)
        dispose: Callable[[], None] = made.dispose
        return dispose

    # Operators

    @property
    def observable(self) -> Any:
        """The stream as an observable of reactivex.

        Raises:
            InstallationError: reactivex is not installed.
        """
        if self._made is not None:
            return self._made
        rx, disposable = reactive(), reactive("reactivex.disposable")

        def subscribe(observer: Any, scheduler: Any = None) -> Any:
            changes = _changing.get() is self._source
            sink = Sink(observer.on_next, observer.on_completed, observer.on_error, changes=changes)
            return disposable.Disposable(self._attach(sink))

        return rx.create(subscribe)

    def pipe(self, *operators: Operator) -> Any:
        """Applies operators, made by `ptera.op` or reactivex, one after the other.

        Returns:
            A stream (several for `partition`; what an operator such as `to_future` gives
            that is no observable).

        Raises:
            InstallationError: reactivex is not installed.
        """
        found = self.observable.pipe(*operators)
        if _is_list(found):
            return [Stream(self._source, observable=part) for part in found]
        if not hasattr(found, "subscribe"):
            return found
        return Stream(self._source, observable=found)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        # Not at the head of the module: the operators know this class.
        from ._operators import NAMES

        if name in NAMES:
            return partial(self._operate, name)
        hint = "" if name.startswith("_") else nearest(name, [*NAMES, *dir(type(self))])
        raise AttributeError(
            f"`{type(self).__name__}` has no attribute or operator `{name}`.{hint}",
            name=name,
            obj=self,
        )

    def __dir__(self) -> list[str]:
        from ._operators import NAMES

        return sorted({*super().__dir__(), *NAMES})

    def _operate(self, name: str, *arguments: Any, **options: Any) -> Any:
        from ._operators import operator

        positional = [_observable(argument) for argument in arguments]
        named = {key: _observable(option) for key, option in options.items()}
        return self.pipe(operator(name)(*positional, **named))

    def __getitem__(self, keys: Any) -> "Stream":
        """Gives the stream of one entry of each element, or of the tuples of several.

        Arguments:
            keys: One name, or several; with a `?` in front, elements without it are left
                out, where otherwise they are an error.

        Raises:
            UnknownCaptureError: The selectors do not capture that name.
        """
        asked: list[Any] = [*keys] if isinstance(keys, tuple) else [keys]
        optional = any(isinstance(name, str) and name.startswith("?") for name in asked)
        names = tuple(name.lstrip("?") if isinstance(name, str) else name for name in asked)
        if not self._is_source:
            found: Stream = self._operate("getitem", *names, strict=not optional)
            return found
        for name in names:
            if name not in self._source.captures and not optional:
                raise UnknownCaptureError(name, self._source.captures)
        return Stream(self._source, Pick(names, not optional))

    def __or__(self, other: "Stream") -> "Stream":
        """Merges two streams."""
        merged: Stream = self._operate("merge", other)
        return merged

    # Running

    def __enter__(self) -> Self:
        self._source.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._source.leave(error)

    def exec(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Runs a function with the probe active."""
        with self:
            fn(*args, **kwargs)

    def eval(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Runs a function with the probe active, and gives the list of the elements."""
        with self.values() as results:
            fn(*args, **kwargs)
        return results


def affix(**streams: Any) -> Operator:
    """Dicts with further entries, each from another stream that is as long.

    Arguments:
        streams: For each key a stream, or a function that makes one of this stream.
    """

    def join(parts: Sequence[Any]) -> dict[str, Any]:
        first, *others = parts
        return {**first, **dict(zip(streams, others, strict=True))}

    def connect(source: Any) -> Any:
        others = [
            _observable(stream if hasattr(stream, "subscribe") else stream(Stream.over(source)))
            for stream in streams.values()
        ]
        return source.pipe(made("zip", *others), mapped(join))

    return connect


def group_wrap(name: str | None = None, **conditions: Any) -> Operator:
    """A stream for each pair of a beginning and an end, of what comes in between.

    Arguments:
        name: The name of the capture where the pair begins; any, if left out.
        conditions: As for `where`, of the event that begins it.
    """

    def is_step(event: Any, step: str) -> bool:
        mark = mark_of(event, name)
        return mark is not None and mark["step"] == step

    def connect(source: Any) -> Any:
        def closing(begun: Any) -> Any:
            id = begun["$wrap"]["id"]
            ends = filtered(lambda e: is_step(e, "end") and e["$wrap"]["id"] == id)
            return source.pipe(ends)

        begins = filtered(lambda event: is_step(event, "begin"))
        opening = source.pipe(where("$wrap", **conditions), begins)
        windows = made("window_toggle", opening, closing)
        return source.pipe(where("!$wrap"), windows, mapped(Stream.over))

    return connect


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _observable(value: Any) -> Any:
    return value.observable if isinstance(value, Stream) else value
