"""Hooks on tensors, and the program's own backward passes that they tell of."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import torch
from torch.utils.weak import WeakTensorKeyDictionary

from ._distributed import is_sharded, lasting, owner_of
from ._engine import Handle, add_hook, call_at_end, number_of_pass
from ._errors import AmbiguousGradientError, UnevenScaleError

__all__ = ["BackwardPass", "Claim", "Tap", "Taps", "own_pass"]


Gradients = dict[int, torch.Tensor | None]


class Claim(Protocol):
    """Somebody who waits for gradients with respect to one target."""

    @property
    def name(self) -> str:
        """The target's name."""
        ...

    @property
    def has_leaves(self) -> bool:
        """Whether a gradient is asked for that is read from `.grad`."""
        ...

    def deliver(self, arrived: "BackwardPass", scale: torch.Tensor) -> None:
        """Takes what one pass brought."""


@dataclass(slots=True, eq=False)
class Tap:
    """A hooked tensor. It does not hold the tensor, whose graph holds it.

    Arguments:
        taps: The call that it belongs to.
        claims: Who waits for passes through it, if it is a target.
        missed: Passes that went through it before anybody could know that it is one.
    """

    taps: "Taps"
    claims: list[Claim] = field(default_factory=list[Claim])
    missed: "list[BackwardPass]" = field(default_factory=lambda: list[BackwardPass]())

    def claim(self, claim: Claim) -> None:
        """Has gradients delivered from each pass through this target, earlier ones too."""
        self.claims.append(claim)
        for arrived in self.missed:
            claim.deliver(arrived, arrived.scales[self])
        self.missed.clear()


@dataclass(slots=True, eq=False)
class Leaf:
    """A parameter, or another leaf, while a pass runs: its gradient is read from `.grad`.

    Arguments:
        tensor: The leaf.
        shared: Whether other processes have a share in its gradient.
        before: What `.grad` held when the pass began, if that must be subtracted.
        arrived: What was added to a `.grad` that was there before.
        handle: The hook that takes it.
    """

    tensor: torch.Tensor
    shared: bool
    before: torch.Tensor | None = None
    arrived: torch.Tensor | None = None
    handle: Handle | None = None

    def begin(self) -> None:
        """Notes what `.grad` holds, and has what comes added to it told."""
        old = self.tensor.grad
        if old is None:
            return
        if self.shared:
            self.before = old.detach().clone()
        else:
            self.handle = add_hook(self.tensor, self._arrive)

    def _arrive(self, grad: torch.Tensor) -> None:
        self.arrived = grad

    def end(self) -> torch.Tensor | None:
        """Gives the gradient that the pass has brought."""
        if self.handle is not None:
            self.handle.remove()
            return self.arrived
        now = self.tensor.grad
        return now if now is None or self.before is None else now - self.before


class Taps:
    """The hooked tensors of one call."""

    __slots__ = ("_known", "is_open", "leaves")
    in_use = False

    def __init__(self) -> None:
        Taps.in_use = True
        self.is_open = True
        self._known = WeakTensorKeyDictionary()
        self.leaves: dict[int, torch.Tensor] = {}

    def target(self, tensor: torch.Tensor) -> Tap:
        """Hooks a tensor that is, or may be, a target: passes through it are watched."""
        return self._hooked(tensor, _begin)

    def input(self, tensor: torch.Tensor) -> Tap | None:
        """Hooks a tensor whose gradient is wanted; a leaf's is read elsewhere."""
        if tensor.is_leaf:
            leaf = lasting(tensor)
            self.leaves[id(leaf)] = leaf
            return None
        return self._hooked(tensor, _arrive)

    def _hooked(self, tensor: torch.Tensor, hook: Callable[[Tap, torch.Tensor], None]) -> Tap:
        known = cast(dict[Any, Tap], self._known.setdefault(tensor, {}))
        if hook not in known:
            tap = known[hook] = Tap(self)
            # A local function: the hook holds the tap, and the graph of the tensor the hook.
            add_hook(tensor, lambda grad: hook(tap, grad))
        return known[hook]


@dataclass(slots=True, eq=False)
class BackwardPass:
    """One run of the engine that goes through a target.

    Arguments:
        scales: The gradient that arrived at each target.
        gradients: Those that arrived at other tensors.
        leaves: The leaves of the calls whose targets it goes through.
        brought: The gradients of the leaves, when it has ended.
    """

    scales: dict[Tap, torch.Tensor] = field(default_factory=dict[Tap, torch.Tensor])
    gradients: dict[Tap, torch.Tensor] = field(default_factory=dict[Tap, torch.Tensor])
    leaves: dict[int, Leaf] = field(default_factory=dict[int, Leaf])
    brought: Gradients = field(default_factory=dict[int, torch.Tensor | None])

    def reach(self, tap: Tap, grad: torch.Tensor) -> None:
        """Notes that the pass has reached a target: its leaves come later."""
        self.scales[tap] = grad
        for identity, tensor in tap.taps.leaves.items():
            if identity not in self.leaves:
                shared = is_sharded(tensor) or owner_of(tensor) is not None
                leaf = self.leaves[identity] = Leaf(tensor, shared)
                leaf.begin()

    def end(self) -> None:
        """Reads the leaves, and delivers to whoever waits for one of the targets."""
        self.brought = {identity: leaf.end() for identity, leaf in self.leaves.items()}
        claimed = [tap for tap in self.scales if tap.claims]
        self._check(claimed)
        for tap, scale in self.scales.items():
            if tap.claims:
                for claim in list(tap.claims):
                    claim.deliver(self, scale)
            elif tap.taps.is_open:
                tap.missed.append(self)

    def abandon(self) -> None:
        """Forgets the pass."""
        for leaf in self.leaves.values():
            leaf.end()

    def _check(self, claimed: list[Tap]) -> None:
        """Raises an error where the gradients that arrived are those of several targets."""
        calls = [tap.taps for tap in claimed]
        same_call = len({id(taps) for taps in calls}) < len(calls)
        leaves = any(claim.has_leaves for tap in claimed for claim in tap.claims)
        if len(claimed) > 1 and (same_call or leaves):
            names = dict.fromkeys(claim.name for tap in claimed for claim in tap.claims)
            raise AmbiguousGradientError(names)


_running: dict[int, BackwardPass] = {}
_own: set[int] = set()


@contextmanager
def own_pass(target: torch.Tensor) -> Generator[None]:
    """Keeps the hooks quiet in a pass that Ptera makes itself, from that tensor on."""
    numbers: list[int] = []

    def begin(_: torch.Tensor) -> None:
        number = number_of_pass()
        numbers.append(number)
        _own.add(number)
        # The hooks that were on the target before have been called already.
        begun = _running.pop(number, None)
        if begun is not None:
            begun.abandon()

    handle = add_hook(target, begin)
    try:
        yield
    finally:
        handle.remove()
        _own.difference_update(numbers)


def _begin(tap: Tap, grad: torch.Tensor) -> None:
    """Is called when a pass reaches a target, before anything that the target depends on."""
    number = number_of_pass()
    if number in _own:
        return
    here = _running.get(number)
    if here is None:
        here = _running[number] = BackwardPass()
        call_at_end(lambda: call_at_end(lambda: _end(number)))
    here.reach(tap, grad)


def _end(number: int) -> None:
    here = _running.pop(number, None)
    if here is not None:
        here.end()


def _arrive(tap: Tap, grad: torch.Tensor) -> None:
    """Is called when a gradient arrives at any other tensor."""
    here = _running.get(number_of_pass())
    if here is not None:
        here.gradients[tap] = grad


def unscaled(name: str, grad: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Takes the weight of the target out of a gradient.

    Arguments:
        name: The target's name.
        grad: The gradient of what `backward` was called on.
        scale: The same gradient with respect to the target.

    Returns:
        The gradient of the sum of the target. Of 16-bit tensors it has 32 bits, so that
        what a scale has kept from vanishing is kept.

    Raises:
        UnevenScaleError: The target's elements have different weights.

    Examples:
        >>> unscaled("loss", torch.tensor([8.0]), torch.tensor(4.0))
        tensor([2.])
    """
    weight = scale.detach().flatten()[0]
    if scale.numel() > 1 and not bool((scale == weight).all()):
        raise UnevenScaleError(name)
    if grad.dtype in (torch.float16, torch.bfloat16):
        grad = grad.float()
    # Elsewhere than on the CPU, reading the number would wait for the device.
    return grad if weight.device.type == "cpu" and weight == 1 else grad / weight.to(grad.device)
