"""Whether there is a gradient, and what it is: pure functions over tensors."""

from collections.abc import Sequence

import torch

from ._errors import FreedGraphError, InputError, TargetError
from ._trees import tensors_in

__all__ = ["check_input", "check_target", "differentiate", "is_differentiable"]


def is_differentiable(value: object) -> bool:
    """Tells whether a gradient can be taken with respect to a value, or a tensor in it.

    Examples:
        >>> is_differentiable(torch.ones(2, requires_grad=True)), is_differentiable(3)
        (True, False)
    """
    if isinstance(value, torch.Tensor):
        return value.requires_grad
    return any(tensor.requires_grad for tensor in tensors_in(value))


def check_target(name: str, value: object) -> torch.Tensor:
    """Gives the tensor to be differentiated.

    Arguments:
        name: What the selector calls it.
        value: Its value.

    Raises:
        TargetError: It is no tensor, or does not depend on anything differentiable.

    Examples:
        >>> check_target("loss", torch.tensor(1.0))
        Traceback (most recent call last):
        ...
        ptera_torch._errors.TargetError: Cannot differentiate `loss`: nothing that it was computed \
from requires a gradient. Set `requires_grad` on the parameters or inputs first.
    """
    if isinstance(value, torch.Tensor):
        if value.requires_grad:
            return value
        raise TargetError(name, *_why_target(value))
    kind = type(value).__name__
    raise TargetError(name, f"it is a `{kind}`, not a tensor", "Mark a tensor with `!!`.")


def _why_target(tensor: torch.Tensor) -> tuple[str, str]:
    found = _why_any(tensor)
    if found is not None:
        return found
    reason = "nothing that it was computed from requires a gradient"
    return reason, "Set `requires_grad` on the parameters or inputs first."


def check_input(target: str, name: str, value: object) -> None:
    """Raises an error for a focus without a gradient.

    Arguments:
        target: What the selector calls the target.
        name: The variable at the focus.
        value: Its value.

    Raises:
        InputError: It is no tensor, not floating, frozen, or was computed without gradients.

    Examples:
        >>> check_input("loss", "labels", torch.tensor([1, 2]))
        Traceback (most recent call last):
        ...
        ptera_torch._errors.InputError: Cannot differentiate `loss` with respect to `labels`: its \
dtype is torch.int64, and only floating and complex tensors have gradients. Capture what is \
computed from it instead.
    """
    if is_differentiable(value):
        return
    tensor = next(tensors_in(value), None)
    if tensor is None:
        reason = f"it is a `{type(value).__name__}`, not a tensor"
        raise InputError(target, name, reason, "Capture a tensor, or make it a plain capture.")
    raise InputError(target, name, *_why_input(tensor))


def _why_input(tensor: torch.Tensor) -> tuple[str, str]:
    found = _why_any(tensor)
    if found is not None:
        return found
    if isinstance(tensor, torch.nn.Parameter):
        reason = "the parameter is frozen (`requires_grad` is False)"
        return reason, 'Leave it out with `requires_grad="skip"`, or ask with `"leaf"`.'
    reason = "nothing that it was computed from requires a gradient"
    return reason, 'Make it a leaf of its own with `requires_grad="leaf"`.'


def _why_any(tensor: torch.Tensor) -> tuple[str, str] | None:
    """Gives the reasons that a target and an input have in common."""
    if not (tensor.is_floating_point() or tensor.is_complex()):
        reason = (
            f"its dtype is {tensor.dtype}, and only floating and complex tensors have gradients"
        )
        return reason, "Capture what is computed from it instead."
    if tensor.is_inference():
        reason = "it was made under `torch.inference_mode()`"
        return reason, "Call the model outside of it."
    if not torch.is_grad_enabled():
        reason = "gradients are off (`torch.no_grad()` or the like)"
        return reason, "Call the model outside of it, or a copy of it without this `Grad`."
    return None


def differentiate(
    name: str,
    target: torch.Tensor,
    inputs: Sequence[torch.Tensor],
    *,
    create_graph: bool = False,
    retain_graph: bool = False,
) -> list[torch.Tensor | None]:
    """Gives the gradient of a tensor's sum with respect to each of the inputs, in one pass.

    Arguments:
        name: What the selector calls the target.
        target: The tensor, of any shape.
        inputs: Tensors that require a gradient.
        create_graph: Whether the gradients can be differentiated again.
        retain_graph: Whether another pass through the graph will follow.

    Returns:
        Gradients of the inputs' shapes; None where the target does not depend on an input.

    Raises:
        FreedGraphError: The graph is gone.

    Examples:
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> differentiate("y", x**2, [x])
        [tensor([2., 4.])]
    """
    plain = target.numel() == 1 and not target.is_complex()
    try:
        gradients = torch.autograd.grad(
            target,
            inputs,
            None if plain else torch.ones_like(target),
            retain_graph=retain_graph or create_graph,
            create_graph=create_graph,
            allow_unused=True,
        )
    except RuntimeError as error:
        if "second time" in str(error):
            raise FreedGraphError(name) from error
        error.add_note(f"while differentiating `{name}`")
        raise
    return list(gradients)
