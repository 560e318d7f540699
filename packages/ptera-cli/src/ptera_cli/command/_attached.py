"""Selectors that come into force as the functions that they name are defined."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import TypeVar

from ptera import PteraError, explain
from ptera_selector import Selector

from .._imports import ImportWatch
from ._names import Meaning, Names

__all__ = ["Attached", "working"]

T = TypeVar("T")


def working(makes: Iterable[Callable[[], T]]) -> list[T]:
    """Makes what can be made, one for each meaning of a selector.

    Of several functions of one name, not all may have the variable that is asked for.

    Raises:
        PteraError: Nothing could be made.
    """
    made: list[T] = []
    problem: PteraError | None = None
    for make in makes:
        try:
            made.append(make())
        except PteraError as error:
            problem = problem or error
    if problem is not None and not made:
        raise problem
    return made


Attach = Callable[[int, Sequence[Meaning]], None]
"""Puts a selector, by its number, in force for all its meanings, instead of what was before."""


@dataclass
class _State:
    """Where one selector stands."""

    identity: tuple[object, ...] | None = None
    is_attached: bool = False


@dataclass
class Attached:
    """Keeps selectors in force while a script loads.

    Arguments:
        selectors: The selectors.
        attach: Puts one in force.
    """

    selectors: Sequence[Selector]
    attach: Attach
    _states: list[_State] = field(default_factory=list[_State])
    _names: Names | None = None
    _watch: ImportWatch | None = None
    _is_busy: bool = False

    def watch(self, main: ModuleType) -> Callable[[], None]:
        """Begins to watch a script that is about to run.

        Returns:
            What to call whenever the script has defined something.
        """
        self._states = [_State() for _ in self.selectors]
        self._names = Names(self.selectors, main, self._refresh)
        self._watch = ImportWatch(self._names.loaded).__enter__()
        return self._names.defined

    def _refresh(self) -> None:
        # Attaching may import something, which would come here again.
        if self._is_busy:
            return
        self._is_busy = True
        try:
            for at, selector in enumerate(self.selectors):
                self._try(at, selector)
        finally:
            self._is_busy = False

    def _try(self, at: int, selector: Selector) -> None:
        assert self._names is not None
        state = self._states[at]
        meanings = self._names.meanings(selector)
        identity = tuple(part for meaning in meanings for part in meaning.identity)
        if identity == state.identity:
            return
        state.identity = identity
        # Where it fails, its functions may still be defined.
        with suppress(PteraError):
            self.attach(at, meanings)
            state.is_attached = True

    def problems(self) -> list[tuple[Selector, str]]:
        """Gives the selectors that never came into force, each with the reason."""
        # There are no states if the script could not even begin.
        states = zip(self.selectors, self._states, strict=False)
        return [(selector, self._reason(selector)) for selector, s in states if not s.is_attached]

    def _reason(self, selector: Selector) -> str:
        """Gives the reason now that all is defined: then the nearest name is known."""
        for meaning in self._names.meanings(selector) if self._names is not None else ():
            problem = explain(selector, env=meaning.env).problem
            if problem is not None:
                return str(problem)
        return "the script defined nothing that fits it"
