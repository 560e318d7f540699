"""The source of a probe's stream: which feeds are open, and who is told what at the end."""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

from ._errors import OverrideError, ProbeError, PteraWarning
from ._feed import Feed, Outline, propose
from ._plan import Mode
from ._resolve import Scope
from .streams import Sink, Values

__all__ = ["ProbeType", "Taps"]

ProbeType = Literal["immediate", "total"] | None


class Taps:
    """The source of a probe's stream: what its selectors match while it is active.

    Arguments:
        outlines: The selectors.
        scope: Where their names are found.
        raw: Whether events hold `Captured` objects.
        probe_type: When events are delivered, if not as the selectors' focus says.
        overridable: Whether all sinks are told before the focus is overridden.
    """

    def __init__(
        self,
        outlines: Sequence[Outline],
        scope: Scope,
        raw: bool,
        probe_type: ProbeType,
        overridable: bool,
    ) -> None:
        self._outlines = outlines
        self._scope = scope
        self._raw = raw
        self._modes = [_mode(outline, probe_type, overridable) for outline in outlines]
        self._events = Feed(outlines, scope, self._modes, raw)
        self._changes = self._events if overridable else None
        self._feeds = [self._events]
        self._sinks: list[Sink] = []
        self._state: Literal["new", "active", "ended"] = "new"
        self._process = False
        self._kept: Values[Any] | None = None
        self._forget_kept: Callable[[], None] | None = None

    @property
    def name(self) -> str:
        """The text of the selectors."""
        return ", ".join(str(outline.selector) for outline in self._outlines)

    @property
    def captures(self) -> tuple[str, ...]:
        """The names that events have entries for."""
        names = [name for outline in self._outlines for name in outline.names]
        marks = ["$wrap"] if self._has_ends else []
        return tuple(dict.fromkeys([*names, *marks]))

    @property
    def _has_ends(self) -> bool:
        return any(outline.ends is not None for outline in self._outlines)

    def attach(self, sink: Sink) -> Callable[[], None]:
        """Sends each event to a sink, until what is returned is called."""
        self._stop_keeping()
        feed = self._changing_feed() if sink.changes else self._events
        feed.attach(sink)
        if self._state == "active":
            if feed is self._events and not self._sinks and feed.is_idle:
                feed = self._choose_direct()
            if not feed.is_open:
                feed.open(self._process)
        self._sinks.append(sink)
        return partial(self._detach, sink)

    def _changing_feed(self) -> Feed:
        if self._changes is None:
            modes = [Mode.OVERRIDE] * len(self._outlines)
            self._changes = Feed(self._outlines, self._scope, modes, self._raw)
            self._feeds.insert(0, self._changes)
        return self._changes

    def _detach(self, sink: Sink) -> None:
        if sink in self._sinks:
            self._sinks.remove(sink)
            for feed in self._feeds:
                feed.detach(sink)

    def propose(self, value: object) -> None:
        """Gives the focus a value, while its binding is being delivered.

        Raises:
            OverrideError: It is not: an operator has held the element back.
        """
        if not propose(self._changes, value):
            focus = self._outlines[0].begins
            name = None if focus is None else focus.variable or focus.name
            raise OverrideError(self.name, name, _LATE)

    def enter(self, process: bool = False) -> None:
        """Begins to deliver events.

        Raises:
            ProbeError: It has been entered before.
        """
        if self._state != "new":
            raise ProbeError(self.name, "An instance of Probe can only be entered once", _AGAIN)
        self._process = process
        if not self._sinks and self._changes is None:
            self._keep()
        if self._events.sinks:
            self._choose_direct()
        try:
            for feed in self._feeds:
                if feed.sinks or not self._sinks:
                    feed.open(process)
        except BaseException:
            self._close()
            raise
        self._state = "active"

    def _keep(self) -> None:
        """Has all events kept as long as nobody says what else to do with them."""
        self._kept = Values(self)
        sink = Sink(self._kept.append, reaches=False)
        self._events.attach(sink)
        self._forget_kept = partial(self._events.detach, sink)

    def _stop_keeping(self) -> None:
        if self._forget_kept is not None:
            self._forget_kept()
            self._forget_kept = self._kept = None

    def claim_kept(self) -> Values[Any] | None:
        """Gives the list of all events so far and from now on, if they have been kept."""
        self._forget_kept = None
        return self._kept

    def _choose_direct(self) -> Feed:
        """Gives the feed of the first sinks.

        One that is alone and takes captures by position gets rules of its own.
        """
        first, *others = self._events.sinks
        wanted = first.arguments
        if wanted is None or others or not self._can_be_direct(wanted):
            return self._events
        known = self._events
        direct = Feed(self._outlines, self._scope, self._modes, arguments=wanted, like=known)
        self._events.close()
        self._events.detach(first)
        direct.attach(first)
        self._feeds.append(direct)
        return direct

    def _can_be_direct(self, arguments: tuple[str, ...]) -> bool:
        return (
            not self._raw
            and not self._has_ends
            and all(mode is Mode.LIVE for mode in self._modes)
            and all({*arguments} <= {*outline.names} for outline in self._outlines)
        )

    def leave(self, error: BaseException | None = None) -> None:
        """Ends the delivery, and tells the sinks so."""
        if self._state != "active":
            return
        silent = not any(feed.has_delivered for feed in self._feeds)
        missed = silent and any(feed.has_strays for feed in self._feeds)
        self._close()
        _complete(self._sinks, error)
        if missed and error is None:
            warnings.warn(_MISSED.format(self.name), PteraWarning, stacklevel=3)

    def _close(self) -> None:
        self._state = "ended"
        for feed in self._feeds:
            feed.close()
            feed.forget()
        self._scope = Scope()


_LATE = "its value comes when the binding has been made: an operator has held it back"
_AGAIN = "Make another one with `probing(...)`."
_MISSED = (
    "The probe of `{}` ended without an event, although functions that it names ran in another "
    "thread or task. A probe of a block sees what its own thread or task does, and the tasks "
    "that this starts; run the thread's function in `contextvars.copy_context()`, or use "
    "`global_probe`."
)


def _mode(outline: Outline, probe_type: ProbeType, overridable: bool) -> Mode:
    """Gives when the events of a selector are delivered.

    Raises:
        ProbeError: The selector does not go with that.
    """
    if outline.ends is not None:
        _check_ends(outline, probe_type, overridable)
    if overridable and probe_type == "total":
        raise ProbeError(str(outline.selector), _IMMEDIATE, "Leave `probe_type` out.")
    if outline.begins is None and (overridable or probe_type == "immediate"):
        reason = _IMMEDIATE if overridable else "Without a focus nothing is immediate"
        raise ProbeError(str(outline.selector), reason, "Mark a variable with `!` as its focus.")
    if overridable:
        return Mode.OVERRIDE
    return Mode.COMPLETE if outline.begins is None or probe_type == "total" else Mode.LIVE


_IMMEDIATE = "OverridableProbe must use the 'immediate' probe type"


def _check_ends(outline: Outline, probe_type: ProbeType, overridable: bool) -> None:
    text = str(outline.selector)
    if outline.begins is None:
        hint = "Mark the variable where it begins with `!`."
        reason = "Unsupported focus pattern: an end (`!!`) without a beginning"
        raise ProbeError(text, reason, hint)
    if not outline.is_paired:
        hint = "Mark two variables of one function."
        raise ProbeError(text, "It begins in one function and ends in another", hint)
    if overridable or probe_type == "total":
        what = "overrides" if overridable else "is total"
        hint = "Make a probe of its own, without `!!`, for that."
        raise ProbeError(text, f"A probe that {what} cannot have two ends", hint)


def _complete(sinks: Sequence[Sink], error: BaseException | None) -> None:
    """Tells sinks that there are no more events; all of them, also if some then fail."""
    failures: list[Exception] = []
    for sink in list(sinks):
        try:
            if sink.on_completed is not None:
                sink.on_completed()
        except Exception as failure:
            failures.append(failure)
    if not failures:
        return
    raised = failures[0] if error is None else error
    for other in failures:
        if other is not raised:
            raised.add_note(f"Also, when the probe ended: {type(other).__name__}: {other}")
    if error is None:
        raise raised
