"""What the `Grad`s of one call have in common: who waits for whom, and when they answer."""

import sys
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Protocol

from ptera._deliver import Root, note_selector
from ptera._subject import Subject

from ._backward import Waiting, claim_all
from ._hooks import Taps
from ._passes import Event, Question, Request, differentiate_all

__all__ = ["Asker", "Coordinator", "quiet"]


class Asker(Protocol):
    """One attached `Grad` during one call of the object that it is attached to."""

    question: Question
    root: Root
    waiting: Waiting | None

    def deliver(self, event: Event) -> None:
        """Hands one answered event on."""


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
    """

    def __init__(
        self,
        askers: Sequence[Asker],
        roots: Sequence[Root],
        function: FunctionType | None,
        taps: Taps | None,
    ) -> None:
        self._taps = taps
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
        at = numbers[0]
        try:
            for request, at in zip(requests, numbers, strict=True):  # noqa: B007 - for the note
                request.choose()
            now = [request for request in requests if request.question.mode == "now"]
            answers = iter(differentiate_all(now, not self._is_over(subject)))
            with quiet(self._roots):
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

    def _is_over(self, subject: Subject) -> bool:
        """Whether the activation that ends is the call itself: nothing comes after it."""
        function = self._function
        if self._taps is not None:
            return False  # The program's own pass is still to come.
        return function is not None and _is_of(subject, function) and not _is_nested(function)


def _is_of(subject: Subject, function: FunctionType) -> bool:
    return subject.code.co_qualname == function.__code__.co_qualname and (
        subject.code.co_filename == function.__code__.co_filename
    )


def _is_nested(function: FunctionType) -> bool:
    """Whether more than one activation of the function is on the stack."""
    name, file = function.__code__.co_qualname, function.__code__.co_filename
    found, frame = 0, sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_qualname == name and frame.f_code.co_filename == file:
            found += 1
            if found > 1:
                return True
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return False


class quiet:  # noqa: N801 - it is used like a function
    """Keeps what runs inside from being captured by the overlay of those rules."""

    __slots__ = ("_roots", "_tokens")

    def __init__(self, roots: Sequence[Root]) -> None:
        self._roots = roots

    def __enter__(self) -> None:
        variables = [r.slot.variable for r in self._roots if not r.slot.plan.process]
        self._tokens = [(variable, variable.set(None)) for variable in variables]

    def __exit__(self, *_: object) -> None:
        for variable, token in reversed(self._tokens):
            variable.reset(token)
