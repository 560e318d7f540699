"""Which parameters belong to several processes: found without importing what is not in use."""

import gc
import sys
import weakref
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.weak import WeakTensorKeyDictionary

from ._errors import DistributedError

__all__ = ["check_local", "is_distributed", "is_sharded", "lasting", "owner_of"]

_WRAPPERS = (
    ("torch.nn.parallel.distributed", "DistributedDataParallel"),
    ("torch.distributed.fsdp.fully_sharded_data_parallel", "FullyShardedDataParallel"),
)


_AVAILABLE = torch.distributed.is_available()
_is_initialized = torch.distributed.is_initialized if _AVAILABLE else bool


def is_distributed() -> bool:
    """Whether this process is one of several that train together.

    Examples:
        >>> is_distributed()
        False
    """
    return _AVAILABLE and _is_initialized() and torch.distributed.get_world_size() > 1


def is_sharded(tensor: torch.Tensor) -> bool:
    """Whether a tensor is a `DTensor`, which lies in several processes.

    Examples:
        >>> is_sharded(torch.ones(2))
        False
    """
    if type(tensor) is torch.Tensor or type(tensor) is torch.nn.Parameter:
        return False
    return isinstance(tensor, _classes([("torch.distributed.tensor", "DTensor")]))


class _Gathered:
    """Knows which parameters stand for sharded ones while FSDP's modules run."""

    def __init__(self) -> None:
        self._sharded = WeakTensorKeyDictionary()

    def sharded_of(self, tensor: torch.Tensor) -> torch.Tensor | None:
        states = _fsdp_states()
        if not states:
            return None
        if tensor not in self._sharded:
            self._sharded[tensor] = None
            for whole, sharded in _fsdp_parameters(states):
                self._sharded[whole] = sharded
        found: torch.Tensor | None = self._sharded[tensor]
        return found


def _fsdp_states() -> list[Any]:
    """Gives FSDP's records of modules; it offers no public way from a parameter to its shards."""
    registry = sys.modules.get("torch.distributed._composable_state")
    known = getattr(registry, "_module_state_mapping", {})
    return [state for state in (reference() for reference in known.values()) if state is not None]


def _fsdp_parameters(states: list[Any]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for state in states:
        groups = getattr(state, "_fsdp_param_groups", None)
        for group in [getattr(state, "_fsdp_param_group", None)] if groups is None else groups:
            for parameter in getattr(group, "fsdp_params", ()):
                whole = getattr(parameter, "_unsharded_param", None)
                if whole is not None:
                    yield whole, parameter.sharded_param


_gathered = _Gathered()


def lasting(tensor: torch.Tensor) -> torch.Tensor:
    """Gives the parameter that an optimizer knows for one that FSDP has put together for a while.

    Examples:
        >>> parameter = torch.nn.Parameter(torch.ones(2))
        >>> lasting(parameter) is parameter
        True
    """
    if not isinstance(tensor, torch.nn.Parameter):
        return tensor
    sharded = _gathered.sharded_of(tensor)
    return tensor if sharded is None else sharded


def _classes(names: Any) -> tuple[type, ...]:
    """Gives those of the classes whose modules are loaded: others have no instances."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in names)
    return tuple(cls for cls in found if isinstance(cls, type))


class _Owners:
    """Knows the wrapped models of this process and their parameters."""

    def __init__(self) -> None:
        self._wrappers: weakref.WeakSet[torch.nn.Module] = weakref.WeakSet()
        self._owner = WeakTensorKeyDictionary()
        self._is_current = False
        self._watching = False

    def owner_of(self, parameter: torch.Tensor) -> torch.nn.Module | None:
        if not self._watching:
            self._watch()
        if not self._is_current:
            self._take_stock()
        owner = self._owner.get(parameter)
        return None if owner is None else owner()

    def _watch(self) -> None:
        """Finds the wrapped models that there are, and asks to be told of new ones.

        The search goes through all objects of the process, so it is done once.
        """
        self._watching = True
        torch.nn.modules.module.register_module_module_registration_hook(self._notice)
        classes = _classes(_WRAPPERS)
        for item in gc.get_objects():
            if classes and issubclass(type(item), classes):
                self._wrappers.add(item)

    def _notice(self, module: torch.nn.Module, name: str, submodule: Any) -> None:
        if isinstance(module, _classes(_WRAPPERS)):
            self._wrappers.add(module)
            # Its parameters are known when its constructor has ended, not here.
            self._is_current = False

    def _take_stock(self) -> None:
        self._is_current = True
        for wrapper in list(self._wrappers):
            for parameter in wrapper.parameters():
                self._owner[parameter] = weakref.ref(wrapper)


_owners = _Owners()


def owner_of(parameter: torch.Tensor) -> torch.nn.Module | None:
    """Gives the DDP or FSDP wrapper that a parameter belongs to, if there is one.

    Examples:
        >>> owner_of(torch.nn.Parameter(torch.ones(2)))
    """
    return _owners.owner_of(parameter) if is_distributed() else None


def check_local(variable: str, tensor: torch.Tensor) -> None:
    """Raises an error for a parameter whose gradient is not this process's alone.

    Arguments:
        variable: The variable that holds it.
        tensor: The parameter, or any other tensor.

    Raises:
        DistributedError: It is sharded, or belongs to a wrapped model.

    Examples:
        >>> check_local("W", torch.nn.Parameter(torch.ones(2)))
    """
    remedy = 'Use `Grad(..., mode="backward")` and the program\'s own `backward()`.'
    if not tensor.is_leaf or not tensor.requires_grad:
        return
    if is_sharded(lasting(tensor)):
        raise DistributedError(variable, "it is sharded over several processes", remedy)
    owner = owner_of(tensor)
    if owner is not None:
        reason = (
            f"it belongs to a `{type(owner).__name__}` in {torch.distributed.get_world_size()} "
            "processes, which average gradients in `backward()` only"
        )
        raise DistributedError(variable, reason, remedy)
