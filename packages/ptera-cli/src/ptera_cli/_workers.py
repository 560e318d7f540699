"""Values for the whole process, its threads, and the workers that it starts.

A forked worker inherits the overlay with the memory. For the other start methods the values
travel in the configuration of the process object, which `multiprocessing` copies into every
process that a process makes, and pickles with it: unpickling it in the worker, before the
worker's own function is unpickled, puts the overlay in place there.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any, NamedTuple

from ptera import Overlay, PteraError
from ptera_selector import Selector

from ._imports import ImportWatch
from ._marks import Marks

__all__ = ["Assignment", "Held", "Here", "TransportError", "hold"]

_KEY = "ptera_cli"
_PROCESS = "multiprocessing.process"


class Here(NamedTuple):
    """How this process alone can name something: by the objects themselves.

    Arguments:
        selector: The selector.
        env: What its names stand for.
        within: Further functions that it may mean.
    """

    selector: Selector
    env: Mapping[str, object]
    within: tuple[object, ...] = ()


class Assignment(NamedTuple):
    """A value for what a selector addresses, for as long as the program runs.

    Arguments:
        selector: The selector.
        value: The value.
        subject: What gave it: an option, a key, a `--set`.
        names: The names that the selector uses, each with the module that has it.
        module: The module that the selector itself spells out, or None.
        within: Functions that `*` and the names of nested functions may mean, as selectors
            name them.
        fallback: What the selector is elsewhere, where the module has no such function: the
            functions of that name which are made there.
        here: What it is in this process, if more is known here; it stays here.
    """

    selector: Selector
    value: object
    subject: str
    names: tuple[tuple[str, str], ...] = ()
    module: str | None = None
    within: tuple[str, ...] = ()
    fallback: Selector | None = None
    here: Here | None = None

    @property
    def modules(self) -> frozenset[str]:
        """The modules that must be loaded for the selector to mean something."""
        named = {module for _, module in self.names}
        return frozenset(named if self.module is None else {*named, self.module})

    def env(self) -> dict[str, object]:
        """Gives what the names stand for in this process."""
        found = {name: getattr(sys.modules.get(module), name, None) for name, module in self.names}
        return {name: value for name, value in found.items() if value is not None}

    def overlay(self, read: Callable[[], object]) -> Overlay:
        """Gives the overlay that assigns what `read` gives.

        Raises:
            PteraError: The selector matches nothing, or what cannot be changed.
        """
        here = self.here or Here(self.selector, self.env(), self.within)
        return Overlay.rewrite({here.selector: read}, env=here.env, within=here.within)

    def check(self) -> None:
        """Checks that the selector matches something that can be changed.

        Raises:
            PteraError: It does not.
        """
        self.overlay(lambda: self.value)

    def by_name(self) -> "Assignment":
        """Gives the same for whatever functions of that name come to be made."""
        return self if self.fallback is None else self._replace(selector=self.fallback)


class TransportError(PteraError):
    """A value cannot be sent to a worker process.

    Arguments:
        subject: What gave the value.
        reason: Why it cannot be pickled.

    Examples:
        >>> print(TransportError("--act", "it is a lambda"))
        The value of `--act` cannot be sent to a worker process: it is a lambda.
    """

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(subject, reason)
        self.subject = subject
        self.reason = reason

    def __str__(self) -> str:
        return f"The value of `{self.subject}` cannot be sent to a worker process: {self.reason}."


class Held:
    """Values that hold in this process, and travel to its workers, until `release`.

    Each has a place, in rising order of precedence; at a place stand the assignments that
    one option or selector came to, none while its functions are not yet defined.

    Arguments:
        count: How many places there are.
        path: The file of the marks, in a worker.
    """

    def __init__(self, count: int, path: str | None = None) -> None:
        self._marks = Marks(count, path)
        self._assigned: list[tuple[Assignment, ...]] = [()] * count
        self._overlays: list[list[Overlay]] = [[] for _ in range(count)]
        self._watches: list[ImportWatch] = []

    def put(self, at: int, assignments: Sequence[Assignment]) -> None:
        """Lets assignments hold at a place, instead of those that stood there.

        Raises:
            PteraError: A selector matches nothing, or what cannot be changed.
        """
        started = [one.overlay(self._reading(at, one)).start() for one in assignments]
        for overlay in self._overlays[at]:
            overlay.stop()
        self._overlays[at] = started
        self._assigned[at] = tuple(assignments)

    def _reading(self, at: int, assignment: Assignment) -> Callable[[], object]:
        return self._marks.reading(at, assignment.value)

    def put_elsewhere(self, assigned: Sequence[Sequence[Assignment]]) -> None:
        """Lets assignments hold in a worker, each as soon as its module is loaded."""
        self._assigned = [tuple(assignments) for assignments in assigned]
        missing: set[str] = set()
        for at, assignments in enumerate(self._assigned):
            for assignment in assignments:
                missing |= assignment.modules - sys.modules.keys()
                if assignment.modules <= sys.modules.keys():
                    self._start_elsewhere(at, assignment)
        if missing:
            self._await(self._loaded, missing.__contains__)

    def _loaded(self, module: ModuleType) -> None:
        for at, assignments in enumerate(self._assigned):
            for assignment in assignments:
                needed = assignment.modules
                if module.__name__ in needed and needed <= sys.modules.keys():
                    self._start_elsewhere(at, assignment)

    def _start_elsewhere(self, at: int, assignment: Assignment) -> None:
        """Starts an assignment where its function may not exist, and so cannot run."""
        for one in (assignment, assignment.by_name()):
            with suppress(PteraError):
                self._overlays[at].append(one.overlay(self._reading(at, one)).start())
                return

    def await_import(self, module: str, then: Callable[[ModuleType], None]) -> None:
        """Calls a function when that module is loaded, unless this is released before."""
        self._await(then, module.__eq__)

    def _await(self, then: Callable[[ModuleType], None], wanted: Callable[[str], bool]) -> None:
        self._watches.append(ImportWatch(then, wanted).__enter__())

    def was_read(self, at: int) -> bool:
        """Tells whether the value at a place was read, here or in a worker."""
        return self._marks.is_set(at)

    def release(self) -> None:
        """Ends the assignments."""
        for overlays in reversed(self._overlays):
            for overlay in overlays:
                overlay.stop()
            overlays.clear()
        for watch in self._watches:
            watch.stop()
        _unload(self)
        self._marks.close()

    def __reduce__(self) -> tuple[Any, ...]:
        packed = tuple(
            tuple(_packed(assignment) for assignment in assignments)
            for assignments in self._assigned
        )
        return _arrived, (packed, self._marks.share())


def _packed(assignment: Assignment) -> bytes:
    import pickle

    try:
        return pickle.dumps(assignment._replace(here=None))
    except Exception as error:
        raise TransportError(assignment.subject, str(error)) from error


def _arrived(packed: Sequence[Sequence[bytes]], path: str) -> Held:
    """Puts the values in place in a worker that has just begun."""
    import pickle

    held = Held(len(packed), path)
    held.put_elsewhere([[pickle.loads(one) for one in place] for place in packed])
    return held


def hold(count: int) -> Held:
    """Makes places for values of this process, its threads, and every worker that it starts.

    Arguments:
        count: How many places.

    Returns:
        The places, still empty.
    """
    held = Held(count)
    if count:
        _load(held)
    return held


def _load(held: Held) -> None:
    """Adds the values to what this process gives to those that it makes."""
    process = sys.modules.get(_PROCESS)
    if process is not None:
        _configuration(process)[_KEY] = held
        return
    # Importing it now would take longer than all the rest of a start.
    held.await_import(_PROCESS, lambda module: _configuration(module).__setitem__(_KEY, held))


def _configuration(process: ModuleType) -> dict[str, object]:
    """Gives what the current process hands to its children: private, but there since 2.6."""
    configuration: dict[str, object] = process.current_process()._config
    return configuration


def _unload(held: Held) -> None:
    process = sys.modules.get(_PROCESS)
    if process is not None and _configuration(process).get(_KEY) is held:
        del _configuration(process)[_KEY]
