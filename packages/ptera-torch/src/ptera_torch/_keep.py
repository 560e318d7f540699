"""What is kept of a captured tensor: itself, a copy, a number, or a file."""

import functools
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch

from ptera._attachments import Attachment, Session
from ptera._deliver import Captured
from ptera._overlay import Rule, prepare
from ptera._plan import Mode
from ptera._resolve import Scope
from ptera._results import Events, all_values, calling, itself, one_value
from ptera_selector import Selector, captures, parse

from ._labels import Differentiated
from ._trees import map_tensors

__all__ = ["Disk", "Keep", "Policy", "Stored", "keeper"]

Policy: TypeAlias = Literal["reference", "detach", "clone", "cpu"] | Callable[[torch.Tensor], Any]
"""How a tensor is kept: as it is, without its graph, as a copy, on the CPU, or by a function."""


def _reference(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


def _clone(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone()


def _cpu(tensor: torch.Tensor) -> torch.Tensor:
    # A copy also where it is on the CPU already: what is kept must not change.
    return tensor.detach().to("cpu", copy=True)


_NAMED: dict[str, Callable[[torch.Tensor], Any]] = {
    "reference": _reference,
    "detach": torch.Tensor.detach,
    "clone": _clone,
    "cpu": _cpu,
}


def keeper(policy: Policy) -> Callable[[Any], Any]:
    """Gives the function that turns a captured value into what is kept of it.

    Arguments:
        policy: `"reference"`: the tensor itself. It shares memory and graph with the
            program, which may change it in place afterwards. `"detach"`: the same memory
            without the graph. `"clone"`: a copy of its own. `"cpu"`: such a copy on the
            CPU. A function: what it returns, a reduction such as `torch.mean` or a `Disk`.

    Returns:
        A function of any value: it changes tensors, also those in lists, tuples, dicts
        and in what `Grad` delivers, and leaves anything else.

    Raises:
        ValueError: The policy's name is not known.

    Examples:
        >>> x = torch.ones(2)
        >>> kept = keeper("clone")(x)
        >>> x.zero_()
        tensor([0., 0.])
        >>> kept
        tensor([1., 1.])
        >>> keeper(torch.sum)({"a": kept})
        {'a': tensor(2.)}
    """
    if isinstance(policy, str) and policy not in _NAMED:
        known = ", ".join(f"`{name}`" for name in _NAMED)
        message = f"`keep={policy!r}` is no way to keep a tensor: use {known}, or a function"
        raise ValueError(message)
    change = _NAMED[policy] if isinstance(policy, str) else policy

    def keep(value: Any) -> Any:
        if isinstance(value, Differentiated):
            return Differentiated(keep(value.value), keep(value.grad))
        return map_tensors(value, change)

    return keep


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor that lies in a file.

    Arguments:
        path: The file.
        shape: The tensor's shape.
        dtype: Its dtype.
    """

    path: Path
    shape: torch.Size
    dtype: torch.dtype

    def load(self, device: str | torch.device = "cpu") -> torch.Tensor:
        """Reads the tensor."""
        from safetensors.torch import load_file

        return load_file(self.path, device=str(device))["tensor"]


class Disk:
    """Keeps each tensor in a safetensors file of its own (the extra `safetensors`).

    Arguments:
        folder: Where the files go; it is made if need be.
        prefix: What their names begin with, before a number.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     stored = keeper(Disk(folder, "act"))(torch.arange(3))
        ...     stored.path.name, stored.load()
        ('act-000000.safetensors', tensor([0, 1, 2]))
    """

    def __init__(self, folder: str | PathLike[str], prefix: str = "tensor") -> None:
        self.folder = Path(folder)
        self.prefix = prefix
        self._numbers = itertools.count()
        self.folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, tensor: torch.Tensor) -> Stored:
        from safetensors.torch import save_file

        path = self._next_path()
        save_file({"tensor": tensor.detach().contiguous()}, path)
        return Stored(path, tensor.shape, tensor.dtype)

    def _next_path(self) -> Path:
        """Gives a name that is not taken, so that a second run adds to the first."""
        for number in self._numbers:
            path = self.folder / f"{self.prefix}-{number:06d}.safetensors"
            if not path.exists():
                return path
        raise AssertionError


class Keep:
    """A selector whose tensors are kept in a chosen way, from the moment they are bound.

    It stands where a selector may stand, in `using`, `use` and `on`. Events are those of
    live mode: one at each binding of the focus, with the latest values of other captures.

    Arguments:
        selector: The selector.
        keep: How tensors are kept: see `keeper`.

    Examples:
        >>> from ptera import ptera
        >>> @ptera
        ... def f(x):
        ...     y = x + 1
        ...     y.mul_(10)
        ...     return y
        >>> results = f.using(plain="f > y", own=Keep("f > y", "clone"))(torch.tensor([1.0]))
        >>> results.plain.map("y"), results.own.map("y")
        ([tensor([20.])], [tensor([2.])])
    """

    def __init__(self, selector: str | Selector, keep: Policy = "detach") -> None:
        self.selector = parse(selector) if isinstance(selector, str) else selector
        self._keep = keeper(keep)

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
        rule = Rule(self.selector, scope, Mode.LIVE, _before_a_call, raw=True)
        read: Callable[[Captured], object] = itself if full else all_values if all else one_value
        call = None if function is None else calling(function, names, read)
        opened = functools.partial(self._session, names, call)
        return Attachment(name, (prepare(rule),), True, opened, adds=function is not None)

    def _session(self, names: list[str], call: Callable[..., object] | None) -> Session:
        kept: list[Any] = []
        outcome = kept if call is not None else Events(str(self.selector), names, kept)

        def emit(event: Mapping[str, Captured]) -> None:
            changed = {
                name: Captured(name, captured.names, [self._keep(v) for v in captured.values])
                for name, captured in event.items()
            }
            kept.append(changed if call is None else call(changed))

        return Session(outcome, [emit])

    def __repr__(self) -> str:
        return f"Keep({str(self.selector)!r})"


def _before_a_call(_: object) -> None:
    """Stands where a call puts where its events go."""
