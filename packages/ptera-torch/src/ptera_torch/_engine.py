"""What is used of PyTorch's autograd engine that has no annotations, or no public name."""

from collections.abc import Callable
from typing import Any, Protocol, cast

import torch

__all__ = ["Handle", "add_hook", "call_at_end", "number_of_pass"]

_torch: Any = torch


class Handle(Protocol):
    """A hook that can be taken away."""

    def remove(self) -> None:
        """Takes the hook away."""


def add_hook(tensor: torch.Tensor, hook: Callable[[torch.Tensor], None]) -> Handle:
    """Has a function called with each gradient that arrives at a tensor.

    Example:
        >>> x = torch.ones(2, requires_grad=True)
        >>> handle = add_hook(x, print)
        >>> x.sum().backward()
        tensor([1., 1.])
    """
    untyped: Any = tensor
    return cast(Handle, untyped.register_hook(hook))


def number_of_pass() -> int:
    """Gives the number of the backward pass that runs here, -1 if none does.

    Example:
        >>> number_of_pass()
        -1
    """
    return int(_torch._C._current_graph_task_id())


def call_at_end(callback: Callable[[], None]) -> None:
    """Has a function called when the backward pass that runs here has ended.

    What is queued while other such functions run is called after them: after those with
    which DDP and FSDP make gradients the same everywhere, if it is queued twice.
    """
    _torch.autograd.Variable._execution_engine.queue_callback(callback)
