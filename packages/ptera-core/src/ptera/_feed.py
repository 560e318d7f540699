"""How the events of a probe's selectors get to its sinks, at the price of what is asked.

A feed is the rules of one kind for all selectors of a probe. What a rule calls for each
event is put together from the sinks: one `list.append` if that is all there is.
"""

import functools
import inspect
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from ptera_selector import Capture, Selector, captures, focus, parse, path, target

from ._deliver import ABSENT, Captured
from ._overlay import Active, Prepared, Rule, guarded, prepare
from ._plan import Mode
from ._resolve import Scope
from .streams import Sink

__all__ = ["Feed", "Outline", "outline_of", "propose"]

Emit = Callable[..., Any]

_drop: Emit = deque[Any](maxlen=0).append
"""Takes an event that nobody wants, and runs no Python for it."""

_deciding: ContextVar[tuple[object, list[Any]] | None] = ContextVar("ptera.deciding", default=None)
"""For the binding that is being delivered to an overriding feed: which, and its values."""


def propose(feed: object, value: Any) -> bool:
    """Gives the focus a value at the binding that `feed` is delivering, if it is."""
    current = _deciding.get()
    if current is None or current[0] is not feed:
        return False
    current[1].append(value)
    return True


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A selector, and what a probe asks of it.

    Arguments:
        selector: The selector.
        names: Its captures.
        begins: Its focus.
        ends: Its target, where it has two ends.
        is_paired: Whether focus and target are variables of the same function.
    """

    selector: Selector
    names: tuple[str, ...]
    begins: Capture | None
    ends: Capture | None
    is_paired: bool


def outline_of(selector: str | Selector) -> Outline:
    """Parses a selector, unless it is one already, and looks it over."""
    return _parsed(selector) if isinstance(selector, str) else _outline(selector)


@functools.lru_cache(maxsize=256)
def _parsed(text: str) -> Outline:
    return _outline(parse(text))


def _outline(selector: Selector) -> Outline:
    names = tuple(dict.fromkeys(capture.name for capture in captures(selector)))
    *_, (_, innermost) = path(selector)
    ends = target(selector)
    return Outline(selector, names, focus(selector), ends, ends in innermost.variables)


class Feed:
    """Rules for a probe's selectors, and the sinks that take their events.

    Arguments:
        outlines: The selectors.
        scope: Where their names are found.
        modes: For each selector, when its events are delivered.
        raw: Whether events hold `Captured` objects.
        arguments: The captures that the only sink takes by position; None: events are dicts.
        like: A feed of the same selectors and scope, in whose place it comes.
    """

    def __init__(
        self,
        outlines: Sequence[Outline],
        scope: Scope,
        modes: Sequence[Mode],
        raw: bool = False,
        arguments: tuple[str, ...] | None = None,
        like: "Feed | None" = None,
    ) -> None:
        self.sinks: tuple[Sink, ...] = ()
        self.has_delivered = False
        self._outlines = outlines
        self._modes = modes
        self._raw = raw
        self._arguments = arguments
        self._active: Active | None = None
        self._process = False
        known: Sequence[Prepared | None] = like._prepared if like is not None else ()
        known = known or [None] * len(outlines)
        self._prepared: list[Prepared] = [
            prepare(self._rule(outline, scope, mode), resolved)
            for outline, mode, resolved in zip(outlines, modes, known, strict=True)
        ]

    def _rule(self, outline: Outline, scope: Scope, mode: Mode) -> Rule:
        chooses = mode is Mode.OVERRIDE
        ends = mode is Mode.LIVE and outline.ends is not None
        return Rule(
            outline.selector, scope, mode, _drop, self._raw, self._arguments, chooses=chooses,
            ends=ends,
        )  # fmt: skip

    @property
    def is_open(self) -> bool:
        """Whether its rules are active."""
        return self._active is not None

    @property
    def has_strays(self) -> bool:
        """Whether a function of its selectors ran where its rules do not hold."""
        roots = self._active.roots if self._active is not None else ()
        return any(root.slot.strays for root in roots)

    def open(self, process: bool) -> None:
        """Makes its rules active, for this context or for the whole process."""
        rules = [
            Prepared(each.rule, each.plans, self._first(at), guarded=False)
            for at, each in enumerate(self._prepared)
        ]
        self._process = process
        self._active = Active(rules, process)
        for root in self._active.roots:
            if root.slot.users == 1:
                root.slot.strays.clear()
        self._aim()

    def close(self) -> None:
        """Ends its rules."""
        if self._active is not None:
            self._active.close()
            self._active = None

    def forget(self) -> None:
        """Lets go of its rules, which hold all that was in scope where they were made."""
        self._prepared = []

    @property
    def is_idle(self) -> bool:
        """Whether its rules could give way to others that miss nothing which runs now."""
        roots = self._active.roots if self._active is not None else ()
        codes = {function.__code__ for root in roots for function in root.slot.functions}
        # In another context than the one that they hold for, others would hold for that.
        outside = [(root, root if self._process else None) for root in roots]
        return (
            not any(code.co_flags & _SUSPENDS for code in codes)
            and all(root.slot.variable.get(around) is root for root, around in outside)
            and codes.isdisjoint(_running_codes())
        )

    def attach(self, sink: Sink) -> None:
        """Sends the events to one more sink."""
        self.sinks = (*self.sinks, sink)
        self._aim()

    def detach(self, sink: Sink) -> None:
        """Sends no more events to a sink."""
        self.sinks = tuple(other for other in self.sinks if other is not sink)
        self._aim()

    def _aim(self) -> None:
        """Makes the rules call what the sinks want by now."""
        roots = self._active.roots if self._active is not None else ()
        variables = [root.slot.variable for root in roots]
        guards = any(sink.reaches for sink in self.sinks)
        for at, root in enumerate(roots):
            emit = self._emit(at) if self.has_delivered else self._first(at)
            if root.live:
                root.emit = guarded(emit, variables) if guards else emit

    def _first(self, at: int) -> Emit:
        """Gives what notes that there was an event, and takes itself away."""

        def emit(*event: Any) -> Any:
            self.has_delivered = True
            self._aim()
            return self._emit(at)(*event)

        return emit

    def _emit(self, at: int) -> Emit:
        """Gives what the rule of one selector calls for each event."""
        if self._arguments is not None:
            return self.sinks[0].direct or _drop if self.sinks else _drop
        if self._modes[at] is Mode.OVERRIDE:
            return self._decider()
        deliver = _fan(self.sinks)
        if self._modes[at] is Mode.COMPLETE and not self._raw:
            return _unwrapping(deliver)
        beginning = self._outlines[at].begins
        if self._outlines[at].ends is not None and beginning is not None:
            return _marking(deliver, beginning.name)
        return deliver

    def _decider(self) -> Emit:
        """Gives what returns the new value of the focus, or ABSENT to leave it."""
        sinks = self.sinks
        if len(sinks) == 1 and sinks[0].setter is not None:
            return sinks[0].setter

        def decide(event: Any) -> Any:
            values: list[Any] = []
            token = _deciding.set((self, values))
            try:
                for sink in sinks:
                    if sink.setter is None:
                        sink.on_next(event)
                    else:
                        values.append(sink.setter(event))
            finally:
                _deciding.reset(token)
            return next((value for value in reversed(values) if value is not ABSENT), ABSENT)

        return decide


_SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def _running_codes() -> Iterator[CodeType]:
    """Gives the code of every frame that runs, in all threads."""
    frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage]  # its public name
    for innermost in frames.values():
        frame: FrameType | None = innermost
        while frame is not None:
            yield frame.f_code
            frame = frame.f_back


def _fan(sinks: Sequence[Sink]) -> Emit:
    """Gives the function that hands an event to every sink."""
    if not sinks:
        return _drop
    takes = tuple(sink.on_next for sink in sinks)
    if len(takes) == 1:
        return takes[0]

    def deliver(event: Any) -> None:
        for take in takes:
            take(event)

    return deliver


def _unwrapping(deliver: Emit) -> Emit:
    """Gives what hands on values; `CaptureError` for a capture that has several."""

    def emit(event: dict[str, Captured]) -> None:
        deliver({name: captured.value for name, captured in event.items()})

    return emit


def _marking(deliver: Emit, name: str) -> Emit:
    """Gives what marks the events of a two-ended selector as beginnings and ends."""

    def emit(event: dict[str, Any], place: object, is_end: bool) -> None:
        step = "end" if is_end else "begin"
        deliver({**event, "$wrap": {"id": place, "name": name, "step": step}})

    return emit
