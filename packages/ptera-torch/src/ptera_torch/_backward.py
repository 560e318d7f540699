"""`mode="backward"`: gradients from the backward pass that the program makes anyway."""

import atexit
import functools
import warnings
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from ptera._deliver import Captured, Root, note_selector

from ._distributed import lasting, owner_of
from ._errors import InputError, MissingBackwardWarning, UnsynchronizedWarning
from ._hooks import BackwardPass, Tap, Taps, unscaled
from ._passes import Event, Match, Question, answered
from ._trees import map_tensors

__all__ = ["Waiting", "claim_all"]


class Waiting:
    """What one attached `Grad` still waits for, over all its calls.

    Arguments:
        selector: The selector's text.
    """

    def __init__(self, selector: str) -> None:
        self.selector = selector
        self.lost = 0
        self._claims: weakref.WeakSet[_Claim] = weakref.WeakSet()
        _all_waiting.add(self)

    def add(self, claim: "_Claim") -> None:
        """Keeps an eye on a claim: the graph of its target holds it."""
        self._claims.add(claim)
        weakref.finalize(claim, _check_served, claim.served, weakref.ref(self)).atexit = False

    def report(self, also_alive: bool = False) -> None:
        """Warns if calls have passed whose `backward` can not come any more."""
        alive = [claim for claim in self._claims if also_alive and not claim.served]
        missing = self.lost + len(alive)
        self.lost = 0
        if missing:
            calls = "a call" if missing == 1 else f"{missing} calls"
            message = (
                f'`Grad({self.selector!r}, mode="backward")` has waited in vain for the `backward` '
                f"of {calls}: its handler was not run. Call `backward()` on what comes from the "
                'target, or use `mode="now"`.'
            )
            warnings.warn(message, MissingBackwardWarning, stacklevel=2)


_all_waiting: weakref.WeakSet[Waiting] = weakref.WeakSet()


def _check_served(served: list[bool], waiting: "weakref.ref[Waiting]") -> None:
    here = waiting()
    if here is not None and not served:
        here.lost += 1


@atexit.register
def _report_at_exit() -> None:
    for waiting in _all_waiting:
        waiting.report(also_alive=True)


@dataclass(slots=True, eq=False, weakref_slot=True)
class _Claim:
    """One `Grad`'s wait for a backward pass through one target.

    The graph of the target holds it, and it holds no graph: values that have one are
    replaced by the same values without.

    Arguments:
        question: What was asked for.
        root: The rule that the events belong to.
        send: Where answered events go.
        events: The events.
        taps: The hooked tensors, by the identity of what stands for them in the events.
        leaves: The leaves among the events' values, by identity, with their variables.
        served: Is no longer empty when gradients have been delivered.
    """

    question: Question
    root: Root
    send: Callable[[Event], None]
    events: list[Event] = field(default_factory=list[Event])
    taps: dict[int, Tap] = field(default_factory=dict[int, Tap])
    leaves: dict[int, tuple[torch.Tensor, str]] = field(
        default_factory=dict[int, tuple[torch.Tensor, str]]
    )
    unsynchronized: set[int] = field(default_factory=set[int])
    served: list[bool] = field(default_factory=list[bool])

    @property
    def name(self) -> str:
        """The target's name."""
        return self.question.target

    @property
    def has_leaves(self) -> bool:
        """Whether a gradient is asked for that is read from `.grad`."""
        return bool(self.leaves)

    def take(self, event: Event, taps: Taps) -> None:
        """Adds an event, its tensors hooked."""
        taken: Event = {}
        for name, captured in event.items():
            values: list[Any] = []
            for variable, value in zip(captured.names, captured.values, strict=True):
                watched = functools.partial(self._watched, variable, taps)
                change = torch.Tensor.detach if name == self.name else watched
                values.append(map_tensors(value, change))
            taken[name] = Captured(name, captured.names, values)
        self.events.append(taken)

    def _watched(self, variable: str, taps: Taps, tensor: torch.Tensor) -> torch.Tensor:
        if not tensor.requires_grad:
            return tensor
        tap = taps.input(tensor)
        if tap is None:
            tensor = lasting(tensor)
            self.leaves[id(tensor)] = (tensor, variable)
            if _accumulates_alone(tensor):
                self.unsynchronized.add(id(tensor))
            return tensor
        alias = tensor.detach()
        self.taps[id(alias)] = tap
        return alias

    def deliver(self, arrived: BackwardPass, scale: torch.Tensor) -> None:
        """Answers the events with the gradients that a pass has brought."""
        leaves = self._of_leaves(arrived)
        if leaves and all(grad is None for grad in leaves.values()):
            return  # `torch.autograd.grad`, which fills no `.grad`; the pass is still to come.
        found: dict[int, torch.Tensor | None] = dict(leaves)
        found.update((key, arrived.gradients.get(tap)) for key, tap in self.taps.items())
        gradients = {
            key: None if grad is None else unscaled(self.name, grad, scale)
            for key, grad in found.items()
        }
        self.served.append(True)
        try:
            for event in self._synchronized():
                self.send(answered(self.question, event, gradients, not self.question.create_graph))
        except BaseException as error:
            note_selector(error, self.root)
            raise

    def _of_leaves(self, arrived: BackwardPass) -> dict[int, torch.Tensor | None]:
        for identity, (_, variable) in self.leaves.items():
            if identity not in arrived.brought:
                reason = "its `backward` had begun before the variable was captured"
                remedy = "Call `backward()` after the binding, or outside of the function."
                raise InputError(self.name, variable, reason, remedy)
        return {identity: arrived.brought[identity] for identity in self.leaves}

    def _synchronized(self) -> Iterable[Event]:
        """Leaves out the events of parameters whose gradients were not averaged."""
        if not self.unsynchronized or self.question.focus is None:
            return self.events
        message = (
            f"`{self.root.slot.plan.specs.selector}`: gradients of parameters are accumulated in "
            "each process alone (`no_sync`), and their handler is not run for this call"
        )
        warnings.warn(message, UnsynchronizedWarning, stacklevel=2)
        focus = self.question.focus
        return [e for e in self.events if id(e[focus].values[0]) not in self.unsynchronized]


def _accumulates_alone(parameter: torch.Tensor) -> bool:
    """Whether the next pass will not make a DDP parameter's gradient the same everywhere.

    Nor will it be right if gradients were accumulated so before: that sum is averaged too.
    """
    owner = owner_of(parameter)
    return owner is not None and not getattr(owner, "require_backward_grad_sync", True)


def claim_all(
    question: Question,
    root: Root,
    send: Callable[[Event], None],
    matches: Iterable[Match],
    taps: Taps,
    waiting: Waiting,
) -> None:
    """Waits for the backward passes through the targets of some events.

    Arguments:
        question: What was asked for.
        root: The rule that the events belong to.
        send: Where answered events go.
        matches: The events with their targets.
        taps: The hooked tensors of the call.
        waiting: What the `Grad` waits for.
    """
    claims: dict[int, tuple[Tap, _Claim]] = {}
    for event, target in matches:
        key = id(target)
        if key not in claims:
            claims[key] = taps.target(target), _Claim(question, root, send)
        claims[key][1].take(event, taps)
    for tap, claim in claims.values():
        waiting.add(claim)
        tap.claim(claim)
