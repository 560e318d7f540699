"""Backward passes for the events of several `Grad`s: one for each target, all before delivery."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import torch

from ptera._deliver import Captured

from ._autograd import check_input, check_target, differentiate, is_differentiable
from ._distributed import check_local, is_distributed
from ._errors import UnusedInputError
from ._hooks import Taps, own_pass
from ._keep import Policy, keeper
from ._labels import Differentiated
from ._trees import identity_of, map_tensors, tensors_in

__all__ = ["Event", "Pass", "Question", "Request", "answered", "differentiate_all"]

Event: TypeAlias = dict[str, Captured]
Unused: TypeAlias = Literal["none", "zeros", "error"]
Missing: TypeAlias = Literal["error", "skip", "leaf"]
Mode: TypeAlias = Literal["now", "backward"]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What one `Grad` asks for.

    Arguments:
        target: The name of the capture that is differentiated.
        focus: The name of the capture that each event is about, if there is one.
        create_graph: Whether its gradients must be differentiable.
        retain_graph: Whether the graph must outlive the call; None: as the call decides.
        unused: What the gradient is of an input that the target does not depend on.
        repeat: Whether a tensor that is reached twice is delivered twice.
        keep: How values and gradients are kept.
        missing: What is done with a focus that has no gradient.
        mode: Which backward pass the gradients come from.
    """

    target: str
    focus: str | None
    create_graph: bool = False
    retain_graph: bool | None = None
    unused: Unused = "none"
    repeat: bool = False
    keep: Policy = "reference"
    missing: Missing = "error"
    mode: Mode = "now"

    @property
    def is_usual(self) -> bool:
        """Whether nothing is asked for but gradients, now."""
        return (
            self.mode == "now"
            and self.unused == "none"
            and self.missing != "leaf"
            and self.keep == "reference"
            and not (self.create_graph or self.retain_graph or self.repeat)
        )

    def kept(self, event: Event) -> Event:
        """Applies the keeping policy to what will be delivered."""
        keep = keeper(self.keep)
        return {
            name: Captured(name, captured.names, [keep(value) for value in captured.values])
            for name, captured in event.items()
        }


Match: TypeAlias = tuple[Event, torch.Tensor]
"""An event, and the tensor that is to be differentiated for it: the target's last binding."""


@dataclass(slots=True, eq=False)
class Request:
    """The events that one `Grad` has collected from one activation.

    Arguments:
        question: What it asks for.
        events: The events.
        matches: Those that will be delivered.
    """

    question: Question
    events: Sequence[Event]
    matches: list[Match] = field(default_factory=list[Match])

    def choose(self) -> None:
        """Checks the events, and leaves out tensors that were reached before.

        Raises:
            TargetError: A target is nothing that can be differentiated.
            InputError: A focus has no gradient.
        """
        question = self.question
        target_name, focus_name = question.target, question.focus
        shared = question.mode == "now" and is_distributed()
        seen: set[tuple[int, ...]] = set()
        checked: torch.Tensor | None = None
        for event in self.events:
            target = event[target_name].values[-1]
            if target is not checked:
                checked = check_target(target_name, target)
            if focus_name is not None:
                focus = event[focus_name]
                value = focus.values[0]
                plain = isinstance(value, torch.Tensor)
                key = (id(target), id(value)) if plain else (id(target), *identity_of(value))
                if key in seen and not question.repeat:
                    continue
                # Written out for what is nearly always there: an ordinary parameter or tensor.
                usual = type(value) in _USUAL and value.requires_grad and not shared
                if not usual and not self._is_usable(focus, shared):
                    continue
                seen.add(key)
            self.matches.append((event, target))

    def _is_usable(self, focus: Captured, shared: bool) -> bool:
        """Whether there is a gradient with respect to a focus, or none and that is skipped."""
        value, question = focus.values[0], self.question
        if question.mode == "now" and (shared or type(value) not in _USUAL):
            for tensor in tensors_in(value):
                check_local(focus.names[0], tensor)
        if is_differentiable(value):
            return True
        if question.missing != "skip":
            check_input(question.target, focus.names[0], value)
        return False


# Those classes are never sharded.
_USUAL = frozenset((torch.Tensor, torch.nn.Parameter))
_NOTHING = nullcontext()


class Pass:
    """One target, and everything that it is differentiated with respect to.

    Arguments:
        name: What the target is called.
        target: The tensor.
    """

    __slots__ = ("create_graph", "gradients", "inputs", "name", "target")

    def __init__(self, name: str, target: torch.Tensor) -> None:
        self.name = name
        self.target = target
        self.create_graph = False
        # By identity, and held, so that no identity is given to another tensor meanwhile.
        self.inputs: dict[int, torch.Tensor] = {}
        self.gradients: dict[int, torch.Tensor | None] = {}

    def add(self, question: Question, event: Event) -> None:
        """Takes what an event's captures need."""
        self.create_graph = self.create_graph or question.create_graph
        for name, captured in event.items():
            if name == question.target:
                continue
            for value in captured.values:
                if isinstance(value, torch.Tensor):
                    if value.requires_grad:
                        self.inputs[id(value)] = value
                    continue
                for tensor in tensors_in(value):
                    if tensor.requires_grad:
                        self.inputs[id(tensor)] = tensor

    def run(self, retain_graph: bool) -> None:
        """Differentiates."""
        if not self.inputs:
            return
        with own_pass(self.target) if Taps.in_use else _NOTHING:
            gradients = differentiate(
                self.name,
                self.target,
                list(self.inputs.values()),
                create_graph=self.create_graph,
                retain_graph=retain_graph,
            )
        self.gradients = dict(zip(self.inputs, gradients, strict=True))


Gradients: TypeAlias = Mapping[int, torch.Tensor | None]


def answered(question: Question, event: Event, gradients: Gradients, detach: bool) -> Event:
    """Gives an event with values and gradients in the place of differentiable values.

    Arguments:
        question: What was asked for.
        event: The event.
        gradients: The gradient of each differentiable tensor, by identity.
        detach: Whether gradients can be differentiated though nobody asked for it.

    Raises:
        UnusedInputError: The target does not depend on the focus, and that is an error.
    """
    found = dict(event)
    checks = question.unused == "error"
    for name, captured in event.items():
        if name == question.target:
            continue
        values = captured.values
        if len(values) == 1 and not detach and gradients.get(id(values[0])) is not None:
            pairs: list[Any] = [Differentiated(values[0], gradients[id(values[0])])]
        else:
            pairs = [_paired(question, value, gradients, detach) for value in values]
            if checks and name == question.focus:
                _check_used(question, captured, pairs)
        found[name] = Captured(name, captured.names, pairs)
    return found if question.keep == "reference" else question.kept(found)


def _paired(question: Question, value: Any, gradients: Gradients, detach: bool) -> Any:
    if not any(id(tensor) in gradients for tensor in tensors_in(value)):
        return value

    def gradient(tensor: torch.Tensor) -> torch.Tensor | None:
        grad = gradients.get(id(tensor))
        if grad is None:
            zeros = question.unused == "zeros" and id(tensor) in gradients
            return torch.zeros_like(tensor) if zeros else None
        return grad.detach() if detach else grad

    return Differentiated(value, map_tensors(value, gradient, None))


def _check_used(question: Question, captured: Captured, pairs: Sequence[Any]) -> None:
    for variable, pair in zip(captured.names, pairs, strict=True):
        if isinstance(pair, Differentiated) and next(tensors_in(pair.grad), None) is None:
            raise UnusedInputError(question.target, variable)


Pairs: TypeAlias = list[tuple[Event, Differentiated[Any]]]
"""Events as they were collected, each with what stands in the place of its focus."""


def answered_alone(question: Question, events: Sequence[Event], retain: bool) -> Pairs | None:
    """Does what `choose` and `differentiate_all` do, for the events of a step of training.

    That is one `Grad` with nothing special about it, one target, and a plain parameter in
    each event: one loop before the pass and one after it. A step of a small model is so
    short that the rest of this file would be noticed, were it read into the processor's
    caches each time.

    Arguments:
        question: What was asked for; it `is_usual`.
        events: The events.
        retain: Whether the graph must outlive the pass.

    Returns:
        The events that will be delivered, each with its pair; None, and nothing was done,
        if anything is not as usual.
    """
    name, focus = question.target, question.focus
    target = events[0][name].values[-1]
    if focus is None or type(target) is not torch.Tensor or not target.requires_grad:
        return None
    if Taps.in_use or is_distributed():
        return None
    inputs: dict[int, torch.Tensor] = {}
    chosen: list[Event] = []
    for event in events:
        value = event[focus].values[0]
        if type(value) not in _USUAL or not value.requires_grad or len(event) != 2:
            return None
        if event[name].values[-1] is not target:
            return None
        if id(value) not in inputs:
            inputs[id(value)] = value
            chosen.append(event)
    values = tuple(inputs.values())
    gradients = differentiate(name, target, values, retain_graph=retain)
    return list(zip(chosen, map(Differentiated, values, gradients), strict=True))


def with_pair(question: Question, event: Event, pair: Differentiated[Any]) -> Event:
    """Gives an event with a pair in the place of its focus."""
    name = str(question.focus)
    return {**event, name: Captured(name, event[name].names, [pair])}


def differentiate_all(requests: Iterable[Request], retain_graph: bool) -> list[list[Event]]:
    """Answers all requests of one activation, with one pass for each distinct target.

    Arguments:
        requests: What was asked for; `choose` has been called on each.
        retain_graph: Whether the graph must outlive the last pass.

    Returns:
        For each request its events, gradients included.

    Raises:
        FreedGraphError: The graph is gone.
        UnusedInputError: A target does not depend on a focus, and that was to be an error.
    """
    requests = list(requests)
    passes: dict[int, Pass] = {}
    for request in requests:
        for event, target in request.matches:
            here = passes.get(id(target))
            if here is None:
                here = passes[id(target)] = Pass(request.question.target, target)
            here.add(request.question, event)
    retain_graph = retain_graph or any(bool(r.question.retain_graph) for r in requests)
    for number, here in enumerate(passes.values(), 1):
        # Targets of one activation share most of their graph.
        here.run(retain_graph or number < len(passes))
    return [_answers(request, passes) for request in requests]


def _answers(request: Request, passes: Mapping[int, Pass]) -> list[Event]:
    question = request.question
    answers: list[Event] = []
    for event, target in request.matches:
        here = passes[id(target)]
        detach = here.create_graph and not question.create_graph
        answers.append(answered(question, event, here.gradients, detach))
    return answers
