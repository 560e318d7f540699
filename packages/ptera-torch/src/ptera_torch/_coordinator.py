"""What the `Grad`s of one call have in common: who waits for whom, and when they answer."""

import contextvars
import sys
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, Protocol

from ptera._deliver import Node, Root, note_selector
from ptera._subject import Subject

from ._backward import Waiting, claim_all
from ._hooks import Taps
from ._labels import Differentiated
from ._passes import Event, Question, Request, answered_alone, differentiate_all, with_pair

Variable = contextvars.ContextVar[Root | Node | None]

__all__ = ["Asker", "Coordinator", "is_over", "quiet"]


def is_over(root: Root, subject: Subject, function: FunctionType, frame: int) -> bool:
    """Whether the activation that ends is the call itself: nothing comes after it.

    Arguments:
        root: A rule whose outermost pattern the activation fits.
        subject: Its function.
        function: The function that was called.
        frame: The identity of the frame in which the call was begun.
    """
    if subject.code.co_qualname != function.__code__.co_qualname:
        return False
    if root.slot.plan.is_simple:
        return not _is_nested(function, frame)
    # There are records of the activations that are still open: none, or not.
    return root.slot.variable.get(None) is root


class Asker(Protocol):
    """One attached `Grad` during one call of the object that it is attached to.

    Attributes:
        question: What it asks for.
        root: Its rule.
        waiting: What is left of earlier calls, for `mode="backward"`.
        is_usual: Whether it asks for nothing special.
        direct: Its handler, if that takes the focus alone.
        delivered: What the results get.
    """

    question: Question
    root: Root
    waiting: Waiting | None
    is_usual: bool
    direct: Callable[[Differentiated[Any]], object] | None
    delivered: list[Any]

    def deliver(self, event: Event) -> None:
        """Hands one answered event on."""


class Alone:
    """Answers the one `Grad` of a call to which nothing else is attached.

    Arguments:
        asker: The `Grad`.
        root: Its rule.
        function: The function that was called.
        frame: The identity of the frame in which the call was begun.
    """

    __slots__ = ("_asker", "_events", "_frame", "_function", "_root")

    def __init__(self, asker: "Asker", root: Root, function: FunctionType, frame: int) -> None:
        self._asker = asker
        self._root = root
        self._function = function
        self._frame = frame
        self._events: list[Event] = []
        root.emit = self._events.append
        root.closing = self._close

    def _close(self, subject: Subject) -> None:
        """Differentiates what has been collected, then runs the handler."""
        events, self._events = self._events, []
        asker, root = self._asker, self._root
        root.emit = self._events.append
        if not events:
            return
        variable = root.slot.variable
        retain = not is_over(root, subject, self._function, self._frame)
        # Checkpointed functions run once more in a backward pass: that is no activation.
        token = variable.set(None)
        try:
            pairs = answered_alone(asker.question, events, retain) if asker.is_usual else None
            if pairs is None:
                self._answer(events, retain)
            elif asker.direct is None:
                for event, pair in pairs:
                    asker.deliver(with_pair(asker.question, event, pair))
            else:
                for _, pair in pairs:
                    asker.delivered.append(asker.direct(pair))
        except BaseException as error:
            note_selector(error, root)
            raise
        finally:
            variable.reset(token)

    def _answer(self, events: list[Event], retain: bool) -> None:
        request = Request(self._asker.question, events)
        request.choose()
        for event in differentiate_all([request], retain)[0]:
            self._asker.deliver(event)


class Coordinator:
    """Collects the events of all `Grad`s of one call, and answers them together.

    The rules of one overlay end one directly after another when an activation in which
    several of them are outermost returns. The last of them makes the passes: all gradients
    are there before a handler runs, which may change what they were computed from.

    Arguments:
        askers: The `Grad`s, in the order in which they were attached.
        roots: All rules of the overlay: none of them listens while a handler runs.
        function: The function that was called; None: the graph outlives the call.
        taps: The hooked tensors of the call, for `mode="backward"`.
        frame: The identity of the frame in which the call was begun.
    """

    def __init__(
        self,
        askers: Sequence[Asker],
        roots: Sequence[Root],
        function: FunctionType | None,
        taps: Taps | None,
        frame: int,
    ) -> None:
        self._taps = taps
        self._frame = frame
        self._askers = askers
        self._roots = roots
        self._function = function
        self._events: list[list[Event]] = [[] for _ in askers]
        self._ended: set[int] = set()
        self._expected: dict[Subject, frozenset[int]] = {}
        for number, asker in enumerate(askers):
            asker.root.emit = self._events[number].append
            asker.root.closing = self._closing(number)

    def _closing(self, number: int) -> Callable[[Subject], None]:
        def closing(subject: Subject) -> None:
            self._ended.add(number)
            expected = self._expected.get(subject)
            if expected is None:
                expected = self._expected[subject] = self._ending_in(subject)
            if expected <= self._ended:
                self._answer(subject, sorted(expected))

        return closing

    def _ending_in(self, subject: Subject) -> frozenset[int]:
        """Gives the `Grad`s whose outermost pattern that function can fit."""
        sites = [asker.root.slot.site(subject) for asker in self._askers]
        return frozenset(n for n, site in enumerate(sites) if site is not None and site.completes)

    def _answer(self, subject: Subject, numbers: Sequence[int]) -> None:
        """Differentiates what has been collected, then runs the handlers."""
        requests: list[Request] = []
        for number in numbers:
            self._ended.discard(number)
            events = self._events[number]
            requests.append(Request(self._askers[number].question, events[:]))
            events.clear()
        if not any(request.events for request in requests):
            return
        at, over = numbers[0], self._is_over(subject, numbers)
        try:
            # Checkpointed functions run once more in a backward pass: that is no activation.
            with quiet(self._roots):
                for request, at in zip(requests, numbers, strict=True):  # noqa: B007 - for the note
                    request.choose()
                now = [request for request in requests if request.question.mode == "now"]
                answers = iter(differentiate_all(now, not over))
                for request, at in zip(requests, numbers, strict=True):
                    asker = self._askers[at]
                    if request.question.mode == "backward":
                        self._wait(asker, request)
                        continue
                    for event in next(answers):
                        asker.deliver(event)
        except BaseException as error:
            note_selector(error, self._askers[at].root)
            raise

    def _wait(self, asker: Asker, request: Request) -> None:
        assert self._taps is not None and asker.waiting is not None
        question, root, waiting = asker.question, asker.root, asker.waiting
        claim_all(question, root, asker.deliver, request.matches, self._taps, waiting)

    def _is_over(self, subject: Subject, numbers: Sequence[int]) -> bool:
        if self._taps is not None or self._function is None:
            return False  # The program's own pass is still to come.
        root = self._askers[numbers[0]].root
        return is_over(root, subject, self._function, self._frame)


def _is_nested(function: FunctionType, outside: int) -> bool:
    """Whether more than one activation of the function runs, up to the frame outside of it."""
    name, file = function.__code__.co_qualname, function.__code__.co_filename
    found, frame = 0, sys._getframe(1)
    while frame is not None and id(frame) != outside:
        code = frame.f_code
        found += code.co_qualname == name and code.co_filename == file
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return found > 1


class quiet:  # noqa: N801 - it is used like a function
    """Keeps what runs inside from being captured by the overlay of those rules."""

    __slots__ = ("_roots", "_tokens")

    def __init__(self, roots: Sequence[Root]) -> None:
        self._roots = roots

    def __enter__(self) -> None:
        self._tokens: list[tuple[Variable, contextvars.Token[Root | Node | None]]] = []
        for root in self._roots:
            if not root.slot.plan.process:
                variable = root.slot.variable
                self._tokens.append((variable, variable.set(None)))

    def __exit__(self, *_: object) -> None:
        for variable, token in reversed(self._tokens):
            variable.reset(token)
