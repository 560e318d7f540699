"""Functions as objects: their state, their copies, and what the world expects of a function."""

import copy
import functools
import inspect
import operator
import reprlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, ParamSpec, Self, TypeVar

from ._calls import Attached, runner
from ._fields import (
    check_field,
    copied_function,
    fields,
    given_fields,
    key_field,
    private_function,
    set_default,
    set_field,
    set_key,
    settle,
)
from ._registry import register
from ._resolve import Scope, as_tuple, caller_scope
from ._shape import UNSET, PrivateFunction
from ._signature import signature_of
from ._state_view import State

__all__ = ["Core", "FunctionObject", "make"]

P = ParamSpec("P")
R = TypeVar("R")
O = TypeVar("O", bound="FunctionObject[..., Any]")  # noqa: E741 - an object
_new = functools.partial.__new__


@dataclass(frozen=True, slots=True, eq=False)
class Core:
    """What a function object is made from.

    Arguments:
        original: What was decorated, untouched.
        function: The object's private function, whose defaults hold its state.
        attached: What is attached to the object.
        arguments: How many leading arguments are the object's own; one more than that is
            the instance that a method is bound to.
        aliases: Names that selectors find before any others, such as a module's classes.
        within: What `*` may match, beside what `within=` says.
    """

    original: Callable[..., Any]
    function: PrivateFunction
    attached: Attached = Attached()
    arguments: int = 0
    aliases: Mapping[str, object] = field(default_factory=dict[str, object])
    within: tuple[object, ...] = ()

    def scope(self, env: Mapping[str, object] | None, within: object) -> Scope:
        """Gives where the names of a selector are found that one of its methods was given."""
        return caller_scope(env, (*self.within, *as_tuple(within)), self.aliases)


class _Signature:
    """Gives objects a signature, without giving the class one."""

    def __get__(
        self, instance: "FunctionObject[..., Any] | None", owner: type
    ) -> inspect.Signature:
        if instance is None:
            raise AttributeError("__signature__")
        core = instance.__ptera_core__
        return signature_of(core.original, core.function, instance.args, instance.keywords)


class FunctionObject(functools.partial[R], Generic[P, R]):
    """A function with state: called as the function is, and passed off as it.

    It is a `partial` of a private copy of the function, whose defaults hold the state.
    """

    __ptera__: ClassVar[bool] = True
    __signature__ = _Signature()
    # It has `__getitem__`, for keys; without these it would pass for an endless sequence.
    __iter__: ClassVar[None] = None
    __contains__: ClassVar[None] = None
    __ptera_core__: Core
    __name__: str
    __qualname__: str
    __wrapped__: Callable[..., Any]

    if TYPE_CHECKING:

        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @property
    def state(self) -> State:
        """The values of the object's variables, to read, set and delete."""
        return State(self.__ptera_core__.function)

    @property
    def __ptera_state__(self) -> dict[str, object]:
        return fields(self.__ptera_core__.function)

    @property
    def __ptera_function__(self) -> PrivateFunction:
        return self.__ptera_core__.function

    def new(self, /, **values: object) -> Self:
        """Gives a copy with variables set.

        Arguments:
            values: For each variable its value, or `override(value)` for one that wins
                over the code's own. A parameter that is set need not be given; a name that
                the function only reads is replaced in it.

        Returns:
            The copy; what is attached to the object is attached to it too.

        Raises:
            StateError: The function has no such variable.

        Examples:
            >>> from ptera import override, ptera
            >>> @ptera
            ... def greet(name):
            ...     text = "Hello, " + name
            ...     print(text)
            >>> greet.new(name="you")()
            Hello, you
            >>> greet.new(text=override("Bye"), print=lambda text: print(text + "!"))("you")
            Bye!
        """
        return self._copied(values)

    def __getitem__(self, key: object) -> Self:
        """Gives a copy whose activations have the key `key`, which selectors can ask for."""
        return self._copied({}, key=key)

    def _copied(
        self,
        values: Mapping[str, object],
        attached: Attached | None = None,
        key: object = UNSET,
    ) -> Self:
        core = self.__ptera_core__
        function = copied_function(core.function)
        for name, value in values.items():
            check_field(function, name)
            set_field(function, name, value)
        if key is not UNSET:
            set_key(function, key)
        settle(function)
        register(function)
        copied = Core(
            core.original,
            function,
            core.attached if attached is None else attached,
            len(self.args),
            core.aliases,
            core.within,
        )
        return make(type(self), copied, self.args, self.keywords, self.__dict__)

    @property
    def _is_bound(self) -> bool:
        return len(self.args) > self.__ptera_core__.arguments

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        # As of `partial`, an object that has arguments already is no method.
        if instance is None or self.args or self.keywords:
            return self
        torch = sys.modules.get("torch")
        if torch is not None and torch.compiler.is_dynamo_compiling():
            # The compiler follows no subclass here, and methods need only be called.
            return functools.partial(self.func, instance)
        bound = _new(type(self), self.func, instance)
        bound.__dict__ = self.__dict__
        return bound

    def _attach(self, attached: Attached) -> None:
        """Changes what is attached to the object itself."""
        core = replace(self.__ptera_core__, attached=attached)
        self.__dict__["__ptera_core__"] = core
        _become(self, runner(core.function, attached), self.args, self.keywords)

    def __copy__(self) -> Self:
        return self._copied({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = self._copied({})
        memo[id(self)] = copied
        function = copied.__ptera_core__.function
        given, defaults = given_fields(function)
        for name, value in copy.deepcopy(given, memo).items():
            set_field(function, name, value)
        for name, value in copy.deepcopy(defaults, memo).items():
            set_default(function, name, value)
        if self.args or self.keywords:
            arguments = copy.deepcopy(self.args, memo), copy.deepcopy(self.keywords, memo)
            _become(copied, copied.func, *arguments)
        return copied

    def __reduce__(self) -> str | tuple[Any, ...]:
        core = self.__ptera_core__
        if self._is_bound:
            return getattr, (self.args[0], core.function.__name__)
        found = _found_by_name(core.original)
        if found is self:
            return str(core.function.__qualname__)
        if core.attached.attachments or found is None:
            what = "what is attached to it" if core.attached.attachments else "a local function"
            message = f"Cannot pickle {self!r}: {what} cannot be pickled"
            # Here and not above: most programs pickle nothing.
            from pickle import PicklingError

            raise PicklingError(message)
        wants_results = core.attached.returns is not None
        given, defaults = given_fields(core.function)
        key = key_field(core.function)
        values = given, defaults, key
        return rebuilt, (type(self), found, *values, wants_results, self.args, self.keywords)

    def __repr__(self) -> str:
        core = self.__ptera_core__
        key = key_field(core.function)
        name = core.function.__qualname__ + ("" if key is UNSET else f"[{key!r}]")
        values = fields(core.function)
        shown = ", ".join(f"{field}={reprlib.repr(value)}" for field, value in values.items())
        return f"<ptera {name}({shown})>" if shown else f"<ptera {name}>"


def make(
    kind: type[O],
    core: Core,
    arguments: tuple[Any, ...] = (),
    keywords: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> O:
    """Makes the object for a private function that is registered.

    Arguments:
        kind: Its class.
        core: What it is made from.
        arguments: The leading arguments that it has already.
        keywords: The keyword arguments that it has already.
        attributes: Its attributes; by default those of what was decorated.
    """
    called = runner(core.function, core.attached) if core.attached else core.function
    made = _new(kind, called, *arguments, **(keywords or {}))
    made.__dict__.update(_attributes(core) if attributes is None else attributes)
    made.__dict__["__ptera_core__"] = core
    return made


def _attributes(core: Core) -> dict[str, Any]:
    found = {
        name: getattr(core.function, name)
        for name in (*functools.WRAPPER_ASSIGNMENTS, "__type_params__")
        if hasattr(core.function, name)
    }
    own: Mapping[str, Any] = getattr(core.original, "__dict__", {})
    return {**own, **found, "__wrapped__": core.original}


def _found_by_name(original: Callable[..., Any]) -> object:
    """Gives what a function's module has under its name: its object, or itself, or None."""
    module = sys.modules.get(getattr(original, "__module__", None) or "")
    try:
        found: object = operator.attrgetter(getattr(original, "__qualname__", "?"))(module)
    except AttributeError:
        return None
    return found if _original_of(found) is original else None


def _original_of(found: object) -> object:
    core: object = getattr(found, "__ptera_core__", None)
    # `functools.wraps` copies attributes: what has a core need not be an object.
    is_object = issubclass(type(found), FunctionObject)
    return core.original if is_object and isinstance(core, Core) else found


def _become(
    made: FunctionObject[..., Any],
    called: Callable[..., Any],
    arguments: tuple[Any, ...],
    keywords: Mapping[str, Any],
) -> None:
    """Has an object call something else from now on, in place."""
    set_state: Callable[[object], None] = getattr(made, "__setstate__")  # noqa: B009 - it has no type
    set_state((called, arguments, keywords, made.__dict__))


def rebuilt(
    kind: type[O],
    found: Any,
    given: Mapping[str, object],
    defaults: Mapping[str, object],
    key: object,
    wants_results: bool,
    arguments: tuple[Any, ...],
    keywords: Mapping[str, Any],
) -> O:
    """Makes an unpickled object from the one found under its name, and from its own state."""
    original: Any = _original_of(found)
    function = private_function(original)
    for name, value in given.items():
        set_field(function, name, value)
    for name, value in defaults.items():
        set_default(function, name, value)
    if key is not UNSET:
        set_key(function, key)
    settle(function)
    register(function)
    attached = Attached(returns=object()) if wants_results else Attached()
    core = Core(original, function, attached, len(arguments))
    return make(kind, core, arguments, keywords)
