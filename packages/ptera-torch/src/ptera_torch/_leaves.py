"""`requires_grad="leaf"`: a gradient with respect to what does not require one."""

import weakref

import torch

from ._trees import map_tensors

__all__ = ["Leaves"]


class Leaves:
    """The leaves of one call, made in place of tensors that require no gradient.

    Examples:
        >>> leaves = Leaves()
        >>> leaf = leaves.replaced(torch.ones(2))
        >>> leaf.requires_grad, leaf.is_leaf
        (True, True)
    """

    __slots__ = ("__weakref__", "_made", "_thawed")

    def __init__(self) -> None:
        # By identity, with the tensor itself, so that its identity is not given away.
        self._made: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._thawed: list[torch.nn.Parameter] = []
        weakref.finalize(self, _freeze, self._thawed)

    def replaced(self, value: object) -> object:
        """Gives a value with a leaf for each floating tensor in it that requires no gradient.

        A leaf shares the memory of its tensor. The same tensor gets the same leaf.
        """
        return map_tensors(value, self._leaf)

    def _leaf(self, tensor: torch.Tensor) -> torch.Tensor:
        if not _can_be_leaf(tensor):
            return tensor
        if id(tensor) not in self._made:
            self._made[id(tensor)] = tensor, tensor.detach().requires_grad_()
        return self._made[id(tensor)][1]

    def thaw(self, value: object) -> None:
        """Makes a frozen parameter of a module require a gradient until the call has ended.

        A module reads its parameters itself: nothing can be put in their place.
        """
        if isinstance(value, torch.nn.Parameter) and _can_be_leaf(value):
            value.requires_grad_()
            self._thawed.append(value)

    def end(self) -> None:
        """Freezes what was thawed."""
        _freeze(self._thawed)


def _can_be_leaf(tensor: torch.Tensor) -> bool:
    return (
        not tensor.requires_grad
        and (tensor.is_floating_point() or tensor.is_complex())
        and not tensor.is_inference()
    )


def _freeze(parameters: list[torch.nn.Parameter]) -> None:
    while parameters:
        parameters.pop().requires_grad_(False)
