"""A Ptera model as a `torch.nn.Module`."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import torch

from ._distributed import is_sharded
from ._errors import ModuleError
from ._walk import Path, Place, is_function_object, places_in

__all__ = ["Module"]

M = TypeVar("M", bound="Module")
_OTHER_TENSORS = (
    "Other tensors than the model's own were put into a compiled `Module` (as "
    "`torch.func.functional_call` does): call it uncompiled"
)


@dataclass(slots=True, eq=False)
class _Slot:
    """A registered tensor, and the places of the model where it stands.

    Arguments:
        holder: The module that it is registered in.
        name: Its name there.
        places: Where the model has it.
        known: The tensor on which model and module last agreed.
    """

    holder: torch.nn.Module
    name: str
    places: list[Place] = field(default_factory=list[Place])
    known: torch.Tensor | None = None

    def registered(self) -> torch.Tensor:
        """Gives the module's tensor."""
        return cast(torch.Tensor, getattr(self.holder, self.name))

    def register(self, value: torch.Tensor) -> None:
        """Makes a tensor of the model the module's."""
        if isinstance(value, torch.nn.Parameter):
            self.holder._buffers.pop(self.name, None)
            self.holder.register_parameter(self.name, value)
        else:
            self.holder._parameters.pop(self.name, None)
            self.holder.register_buffer(self.name, value)
        self.known = value

    def write(self, value: torch.Tensor) -> None:
        """Puts a tensor everywhere in the model."""
        for place in self.places:
            place.write(value)


class _Part(torch.nn.Module):
    """A function object, list, tuple or dict of the model: a name for what is below it."""

    def forward(self, *_: object) -> None:
        """Is not called: the model calls its functions itself."""
        raise NotImplementedError


class Module(torch.nn.Module):
    """A Ptera model as a module: parameters, `state_dict`, `.to`, optimizers, DDP and the rest.

    The parameters are those that the model reaches through its state: function objects,
    lists, tuples and dicts of them, and modules, which become submodules. Names are the
    paths that lead there, such as `layers.0.W`. A parameter that is reached twice is
    registered once, under the first name. Tensors that are no parameters become buffers.

    The model itself is used, no copy: training the module trains the model. What replaces
    tensors in the module (`.to` on buffers, `load_state_dict(assign=True)`) replaces them in
    the model, and a tensor that is set in the model's state is the module's from the next
    call on. `.train()` and `.eval()` also set the variable `training` of each function that
    declares one.

    Arguments:
        model: A function object.

    Attributes:
        ptera: The function object.

    Raises:
        ModuleError: It is none.

    Examples:
        >>> from ptera import ptera
        >>> @ptera
        ... def layer(x):
        ...     W: torch.nn.Parameter
        ...     return x @ W
        >>> module = Module(layer.new(W=torch.nn.Parameter(torch.eye(2))))
        >>> list(dict(module.named_parameters()))
        ['W']
        >>> module(torch.ones(2)).tolist()
        [1.0, 1.0]
    """

    ptera: Any
    _slots: list[_Slot]

    def __init__(self, model: Callable[..., Any]) -> None:
        super().__init__()
        if not is_function_object(model):
            remedy = "Give a function object, such as a function decorated with `@ptera`."
            raise ModuleError(repr(model), f"it is a `{type(model).__name__}`", remedy)
        # Past the check of `__setattr__`, which would take a module in the model's place.
        self.__dict__["ptera"] = model
        self.__dict__["_slots"] = []
        parts: dict[Path, torch.nn.Module] = {(): self}
        found: dict[int, _Slot] = {}
        modules: set[int] = set()
        for item in places_in(model):
            if isinstance(item.value, torch.nn.Module):
                if id(item.value) not in modules:
                    holder = _part(parts, item.path[:-1])
                    holder.add_module(_free(holder, item.path[-1]), item.value)
                modules.add(id(item.value))
                continue
            slot = found.get(id(item.value))
            if slot is None:
                holder = _part(parts, item.path[:-1])
                slot = found[id(item.value)] = _Slot(holder, _free(holder, item.path[-1]))
                slot.register(item.value)
                self._slots.append(slot)
            slot.places.append(item.place)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the model, with the module's tensors."""
        if torch.compiler.is_compiling():
            self._check_in_place()
            return self.ptera(*args, **kwargs)
        with self._tensors_in_place():
            return self.ptera(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the model, hooks included."""
        # Before hooks replace tensors for the time of the call, as FSDP's do.
        if not torch.compiler.is_compiling():
            self._follow_model()
        return super().__call__(*args, **kwargs)

    def _check_in_place(self) -> None:
        """Raises an error where the model would need other tensors than its own.

        The compiler reads the model's tensors itself, and watches whether others are set.
        """
        for slot in self._slots:
            if slot.registered() is not slot.known:
                # Of an error of its own class the compiler would not show the text.
                raise NotImplementedError(_OTHER_TENSORS)

    @contextmanager
    def _tensors_in_place(self) -> Generator[None]:
        """Lets the model have the module's tensors where they differ from its own.

        They do where hooks or `torch.func.functional_call` put others in for one call.
        """
        replaced: list[_Slot] = []
        for slot in self._slots:
            if slot.registered() is not slot.known:
                slot.write(slot.registered())
                replaced.append(slot)
        try:
            yield
        finally:
            for slot in replaced:
                if slot.known is not None:
                    slot.write(slot.known)

    def _follow_model(self) -> None:
        """Registers what was set in the model's state since; drops what has been sharded."""
        for slot in self._slots:
            mine = slot.registered()
            theirs = next((t for t in (p.read() for p in slot.places) if t is not slot.known), None)
            if isinstance(theirs, torch.Tensor):
                slot.register(theirs)
                slot.write(theirs)
            elif mine is not slot.known and is_sharded(mine):
                # A whole copy in the model would cost what sharding saves.
                slot.write(mine)
                slot.known = mine

    def _lead_model(self) -> None:
        """Gives the model the tensors that the module has now."""
        for slot in self._slots:
            mine = slot.registered()
            if mine is not slot.known:
                slot.write(mine)
                slot.known = mine

    def _apply(self: M, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> M:
        self._follow_model()
        super()._apply(fn, recurse)
        self._lead_model()
        return self

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Loads parameters and buffers, as `torch.nn.Module.load_state_dict` does."""
        self._follow_model()
        result = super().load_state_dict(state_dict, strict, assign)
        self._lead_model()
        return result

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Gives parameters and buffers by name, as `torch.nn.Module.state_dict` does."""
        self._follow_model()
        return super().state_dict(*args, **kwargs)

    def train(self: M, mode: bool = True) -> M:
        """Sets training or evaluation, in submodules and in variables named `training`."""
        super().train(mode)
        for model in _function_objects(self.ptera, set()):
            if "training" in dir(model.state):
                model.state.training = mode
        return self

    def extra_repr(self) -> str:
        """Shows which function it is."""
        return str(getattr(self.ptera, "__qualname__", self.ptera))


def _function_objects(value: Any, entered: set[int]) -> Iterator[Any]:
    """Gives a function object and those in its state."""
    if id(value) in entered or isinstance(value, torch.Tensor | torch.nn.Module | str):
        return
    entered.add(id(value))
    if is_function_object(value):
        yield value
        for variable in value.state:
            yield from _function_objects(value.state[variable], entered)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _function_objects(item, entered)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _function_objects(item, entered)


def _part(parts: dict[Path, torch.nn.Module], path: Path) -> torch.nn.Module:
    """Gives the module for a path, made as need be."""
    if path not in parts:
        holder = _part(parts, path[:-1])
        parts[path] = _Part()
        holder.add_module(_free(holder, path[-1]), parts[path])
    return parts[path]


def _free(holder: torch.nn.Module, name: str) -> str:
    """Gives a name that a module can have and does not use otherwise, such as `half_`."""
    name = name.replace(".", "_") or "_"
    while hasattr(holder, name):
        name += "_"
    return name
