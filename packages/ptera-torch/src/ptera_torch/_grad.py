"""`Grad`: the gradient of one variable with respect to others, whatever their scopes."""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

import torch

from ptera._attachments import Attachment, Session
from ptera._calls import Run
from ptera._deliver import Captured, Root
from ptera._handlers import positional_of
from ptera._overlay import Rule, prepare
from ptera._plan import Mode
from ptera._resolve import Scope
from ptera._results import Events, all_values, calling, itself, one_value
from ptera_selector import Selector, captures, focus, parse, target

from ._backward import Waiting
from ._coordinator import Alone, Coordinator
from ._errors import GradSelectorError
from ._hooks import Taps
from ._keep import Policy
from ._labels import Differentiated
from ._leaves import Leaves
from ._passes import Event, Question
from ._refocus import refocused
from ._trees import tensors_in

__all__ = ["Grad"]

Unused: TypeAlias = Literal["none", "zeros", "error"]


class Grad:
    """Differentiates the target (`!!`) of a selector with respect to its focus.

    Attach it to a Ptera function with `on`, or keep the results with `using`. A handler is
    called for each match of the selector, with `(value, grad)` for the focus and for every
    other capture that can be differentiated, and with the plain value of anything else.
    The target may be of any shape: it is its sum that is differentiated, and of several
    bindings the last. All gradients that one activation of the outermost function asks
    for, by any number of `Grad`s, take one backward pass for each distinct target, and are
    all computed before the first handler runs. A tensor that is reached twice, such as a
    shared parameter, is delivered once.

    Arguments:
        selector: The selector, with a target.
        mode: `"now"`: when the outermost activation returns, by `torch.autograd.grad`;
            `.grad` is not touched. `"backward"`: during the program's own `backward()`,
            with the scale of the loss taken out: for programs that call it anyway, and the
            only way under DDP, FSDP and `GradScaler`.
        create_graph: Whether the gradients can be differentiated again.
        retain_graph: Whether the graph outlives the call. Left out: it is freed when the
            called function itself has returned and the last `Grad` has its gradients,
            unless that is a `torch.nn.Module`, whose output training goes on with.
        unused: The gradient where the target does not depend on the focus: None
            (`"none"`), `"zeros"`, or an `"error"`.
        repeat: Whether a tensor that is reached twice is delivered twice.
        detach: Whether what is delivered is cut off from the graph; short for
            `keep="detach"`.
        keep: What is kept of values and gradients, as in `Keep`.
        requires_grad: What is done with a focus that requires no gradient: `"error"`,
            `"skip"` it, or make it a `"leaf"` that does. Left out: an error, except for a
            focus like `$x`, which stands for any variable that has a gradient.
        all: Whether handlers take lists of all values of each capture.
        full: Whether handlers take `Captured` objects, with the variables' real names.

    Raises:
        GradSelectorError: The selector has no target, or nothing to differentiate by.
        ValueError: A choice is not one of those above.

    Examples:
        >>> import torch
        >>> from ptera import ptera
        >>> @ptera
        ... def square(x):
        ...     y = x * x
        ...     return y
        >>> results = square.using(g=Grad("square{!x, !!y}"))(torch.tensor(3.0, requires_grad=True))
        >>> [(value, grad)] = results.g.map("x")
        >>> grad
        tensor(6.)
    """

    def __init__(
        self,
        selector: str | Selector,
        *,
        mode: Literal["now", "backward"] = "now",
        create_graph: bool = False,
        retain_graph: bool | None = None,
        unused: Unused = "none",
        repeat: bool = False,
        detach: bool = False,
        keep: Policy = "reference",
        requires_grad: Literal["error", "skip", "leaf"] | None = None,
        all: bool = False,
        full: bool = False,
    ) -> None:
        self.selector = parse(selector) if isinstance(selector, str) else selector
        self.all = all
        self.full = full
        self.question = Question(
            target=_target_of(self.selector),
            focus=_focus_of(self.selector),
            create_graph=create_graph,
            retain_graph=retain_graph,
            unused=_one_of("unused", unused, ("none", "zeros", "error")),
            repeat=repeat,
            keep=_policy(keep, detach),
            missing=_missing(requires_grad, self.selector),
            mode=_one_of("mode", mode, ("now", "backward")),
        )
        self.is_usual = self.question.is_usual

    def attachment(
        self,
        name: str,
        scope: Scope,
        function: Callable[..., object] | None,
        *,
        full: bool = False,
        all: bool = False,
    ) -> Attachment:
        """Makes what is attached to a function object; the core calls this.

        Arguments:
            name: The name of the outcome in the results.
            scope: Where the names of the selector are found.
            function: The handler; None: the results hold the events.
            full: Whether the handler gets `Captured` objects.
            all: Whether it gets lists of all values.

        Raises:
            HandlerError: The handler has a parameter that is no capture.
        """
        names = list(dict.fromkeys(capture.name for capture in captures(self.selector)))
        call = direct = None
        if function is not None:
            full, all = full or self.full, all or self.all
            read: Callable[[Captured], object]
            read = itself if full else all_values if all else one_value
            call = calling(function, names, read)
            if read is one_value and positional_of(function, names) == (self.question.focus,):
                direct = function
        rules = tuple(prepare(rule) for rule in self._rules(scope))
        waiting = Waiting(str(self.selector)) if self.question.mode == "backward" else None
        opened = functools.partial(_GradSession, self, names, call, direct, waiting)
        return Attachment(name, rules, True, opened, adds=function is not None)

    def _rules(self, scope: Scope) -> Iterator[Rule]:
        """Gives the rule that collects events, then those at work as tensors are bound."""
        yield Rule(self.selector, scope, Mode.COMPLETE, _before_a_call)
        focus = self.question.focus
        if self.question.missing == "leaf" and focus is not None:
            selector = refocused(self.selector, focus)
            for mode in (Mode.OVERRIDE, Mode.LIVE):
                yield Rule(selector, scope, mode, _before_a_call, arguments=(focus,))
        if self.question.mode == "backward":
            for capture in captures(self.selector):
                selector = refocused(self.selector, capture.name)
                yield Rule(selector, scope, Mode.LIVE, _before_a_call, arguments=(capture.name,))

    def __repr__(self) -> str:
        return f"Grad({str(self.selector)!r})"


def _one_of(name: str, value: Any, known: Sequence[str]) -> Any:
    if value not in known:
        choices = ", ".join(f"`{choice}`" for choice in known)
        message = f"`{name}={value!r}` is not known to `Grad`: use one of {choices}"
        raise ValueError(message)
    return value


def _policy(keep: Policy, detach: bool) -> Policy:
    if not detach:
        return keep
    if keep != "reference":
        message = f"`detach=True` and `keep={keep!r}` say two different things: use one of them"
        raise ValueError(message)
    return "detach"


def _target_of(selector: Selector) -> str:
    found = target(selector)
    if found is None:
        raise GradSelectorError(str(selector), "it has no target", "Mark one capture with `!!`")
    return found.name


def _focus_of(selector: Selector) -> str | None:
    found = focus(selector)
    if found is not None:
        return found.name
    if len(list(captures(selector))) < 2:
        reason = "it captures nothing besides its target"
        raise GradSelectorError(str(selector), reason, "Mark another capture with `!`")
    return None


def _missing(choice: str | None, selector: Selector) -> Any:
    if choice is not None:
        return _one_of("requires_grad", choice, ("error", "skip", "leaf"))
    found = focus(selector)
    any_variable = found is not None and found.variable is None and found.category is None
    return "skip" if any_variable else "error"


class _GradSession(Session):
    """One attached `Grad` during one call."""

    concludes = False  # Only where there is something to end.

    def __init__(
        self,
        grad: Grad,
        names: Sequence[str],
        call: Callable[[Event], object] | None,
        direct: Callable[[Differentiated[Any]], object] | None,
        waiting: Waiting | None,
    ) -> None:
        self.delivered: list[Any] = []
        outcome: object = self.delivered
        if call is None:
            outcome = Events(str(grad.selector), names, self.delivered)
        self.outcome = outcome  # What the class it comes from would do, in one function.
        self.emits = ()
        self.direct = direct
        self._call = call
        self._names = names
        self.question = grad.question
        self.is_usual = grad.is_usual
        self.waiting = waiting
        self.taps: Taps | None = None
        self.leaves: Leaves | None = None
        self.root: Root

    def connect(self, run: Run) -> None:
        """Joins the other `Grad`s of the call; the first does it for all."""
        if not run.roots:
            return  # Overlays are turned off (`PTERA_DISABLE`).
        if len(run.sessions) == 1 and len(run.roots) == 1:
            self.root = run.roots[0]
            Alone(self, self.root, run.function, run.frame)
            return
        sessions = [session for session in run.sessions if isinstance(session, _GradSession)]
        if sessions[0] is not self:
            return
        taps = Taps() if any(session.waiting for session in sessions) else None
        at = 0
        for attachment, session in zip(run.attachments, run.sessions, strict=True):
            count = len(attachment.rules)
            if isinstance(session, _GradSession):
                session._join(run.roots[at : at + count], taps)
            at += count
        Coordinator(sessions, run.roots, run.function, taps, run.frame)

    def _join(self, roots: Sequence[Root], taps: Taps | None) -> None:
        self.root, *roots = roots
        if self.question.missing == "leaf" and self.question.focus is not None:
            self.leaves, self.concludes = Leaves(), True
            override, live, *roots = roots
            override.emit, live.emit = self.leaves.replaced, self.leaves.thaw
        if self.waiting is None or taps is None:
            return
        self.taps, self.concludes = taps, True
        self.waiting.report()
        for name, root in zip(self._names, roots, strict=True):
            tap = taps.target if name == self.question.target else taps.input
            root.emit = functools.partial(_tap, tap)

    def deliver(self, event: Event) -> None:
        """Hands one event to the handler, or to the results."""
        self.delivered.append(event if self._call is None else self._call(event))

    def conclude(self) -> None:
        """Ends the call: passes that were made in it have been claimed."""
        if self.taps is not None:
            self.taps.is_open = False
        elif self.leaves is not None:
            self.leaves.end()


def _tap(tap: Callable[[torch.Tensor], object], value: object) -> None:
    for tensor in tensors_in(value):
        if tensor.requires_grad:
            tap(tensor)


def _before_a_call(*_: object) -> None:
    """Stands where a call puts where its events go."""
