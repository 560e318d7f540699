"""Function objects: what `@ptera` makes of a function."""

import copy
import functools
import inspect
import operator
import pickle
import reprlib
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    TypeVar,
    overload,
)

from ptera_selector import Selector

from ._attachments import (
    Attachment,
    Plugin,
    change,
    checked_name,
    collector,
    handler,
    joined,
    name_of,
    query,
)
from ._calls import Attached, runner
from ._errors import ProbeError
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
)
from ._overlay import rewrite_rules, tweak_rules
from ._patch import reshape
from ._registry import register
from ._resolve import Scope, as_tuple, caller_scope
from ._results import Results
from ._shape import UNSET
from ._signature import signature_of
from ._state_view import State

__all__ = ["Core", "Ptera", "make"]

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
T = TypeVar("T")
S = TypeVar("S")
H = TypeVar("H", bound=Callable[..., Any])
Env = Mapping[str, object]
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
    function: FunctionType
    attached: Attached = Attached()
    arguments: int = 0
    aliases: Mapping[str, object] = field(default_factory=dict[str, object])
    within: tuple[object, ...] = ()

    def scope(self, env: Mapping[str, object] | None, within: object) -> Scope:
        """Gives where the names of a selector are found that one of its methods was given."""
        return caller_scope(env, (*self.within, *as_tuple(within)), self.aliases)


class _Signature:
    """Gives objects a signature, without giving the class one."""

    def __get__(self, instance: "Ptera[Any, Any] | None", owner: type) -> inspect.Signature:
        if instance is None:
            raise AttributeError("__signature__")
        core = instance._core
        return signature_of(core.original, core.function, instance.args, instance.keywords)


class Ptera(functools.partial[R], Generic[P, R]):
    """A function whose variables are fields: it is called as the function is.

    It is made by `@ptera`. `new`, `clone`, `f[key]`, `using`, `tweak` and `rewrite` give
    changed copies; `state`, `on`, `use` and `collect` change the object itself. All copies
    are meant by a selector that has the function's name.

    A call takes two levels of the interpreter's recursion limit, of which a plain
    function takes one.

    Example:
        >>> from ptera import ptera
        >>> @ptera
        ... def scaled(x):
        ...     factor: float
        ...     y = factor * x
        ...     return y
        >>> double = scaled.new(factor=2)
        >>> double(5)
        10
        >>> double.using(ys="scaled > y")(5).ys.map("y")
        [10]
        >>> double.tweak({"scaled > factor": 3})(5)
        15
    """

    __ptera__: ClassVar[bool] = True
    __signature__ = _Signature()
    # It has `__getitem__`, for keys; without these it would pass for an endless sequence.
    __iter__: ClassVar[None] = None
    __contains__: ClassVar[None] = None
    _core: Core

    if TYPE_CHECKING:

        def __new__(cls, function: Callable[P, R], /) -> "Ptera[P, R]": ...

        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @property
    def state(self) -> State:
        """The values of the object's variables, to read, set and delete."""
        return State(self._core.function)

    @property
    def __ptera_state__(self) -> dict[str, object]:
        return fields(self._core.function)

    @property
    def __ptera_function__(self) -> FunctionType:
        return self._core.function

    def new(self, /, **values: object) -> "Ptera[P, R]":
        """Gives a copy with variables set.

        Arguments:
            values: For each variable its value, or `override(value)` for one that wins
                over the code's own. A parameter that is set need not be given; a name that
                the function only reads is replaced in it.

        Returns:
            The copy; what is attached to the object is attached to it too.

        Raises:
            StateError: The function has no such variable.

        Example:
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

    def clone(self, /, *, return_object: bool | None = None, **values: object) -> Any:
        """Gives a copy, as `new` does.

        Arguments:
            return_object: Whether calls give `Results`; None: as those of the object do.
            values: Variables to set.
        """
        attached = self._core.attached
        if return_object is not None:
            wished = attached.returns or object()
            attached = replace(attached, returns=wished if return_object else None)
        return self._copied(values, attached)

    def __getitem__(self, key: object) -> "Ptera[P, R]":
        """Gives a copy whose activations have the key `key`, which selectors can ask for."""
        return self._copied({}, key=key)

    def _copied(
        self,
        values: Mapping[str, object],
        attached: Attached | None = None,
        key: object = UNSET,
    ) -> "Ptera[P, R]":
        core = self._core
        function = copied_function(core.function)
        for name, value in values.items():
            check_field(function, name)
            set_field(function, name, value)
        if key is not UNSET:
            set_key(function, key)
        if values:
            reshape(function)
        register(function)
        copied = replace(
            core,
            function=function,
            attached=core.attached if attached is None else attached,
            arguments=len(self.args),
        )
        return make(copied, self.args, self.keywords, self.__dict__)

    # What is attached.

    @overload
    def using(
        self: "Ptera[Q, Coroutine[Any, Any, T]]",
        /,
        *,
        env: Env | None = ...,
        within: object = ...,
        **queries: "str | Selector | Plugin",
    ) -> "Ptera[Q, Coroutine[Any, Any, Results[T]]]": ...
    @overload
    def using(
        self,
        /,
        *,
        env: Env | None = ...,
        within: object = ...,
        **queries: "str | Selector | Plugin",
    ) -> "Ptera[P, Results[R]]": ...
    def using(
        self,
        /,
        *,
        env: Env | None = None,
        within: object = None,
        **queries: "str | Selector | Plugin",
    ) -> Any:
        """Gives a copy whose calls return `Results`: the value, and the events of queries.

        Arguments:
            env: Where the names in the selectors are found, instead of in the caller.
            within: Further functions, classes, modules and packages that `*` may match.
            queries: Selectors, each under the name that it has in the results.

        Returns:
            The copy. Called, it gives an object with `.value` and an attribute for each
            query; of a coroutine function, when it is awaited; of a generator function,
            `.value` is the generator, and events are complete when it is exhausted.

        Raises:
            SelectorSyntaxError: A selector is none.
            UnknownFunctionError: It names a function that is nowhere to be found.
            UnknownVariableError: The functions of that name have no such variable.

        Example:
            >>> from ptera import ptera
            >>> @ptera
            ... def square(x):
            ...     y = x * x
            ...     return y
            >>> results = square.using(q="square{x} > y")(3)
            >>> results.value, results.q.map("x", "y")
            (9, [(3, 9)])
        """
        attached = self._attached(_queries(queries, self._core.scope(env, within)))
        return self._copied({}, replace(attached, returns=attached.returns or object()))

    def tweak(
        self,
        values: Mapping[str | Selector, object],
        /,
        *,
        priority: float = 2,
        env: Env | None = None,
        within: object = None,
    ) -> "Ptera[P, R]":
        """Gives a copy in whose calls variables have other values.

        Arguments:
            values: For each selector, the value that its focus gets.
            priority: Against the code's own values (0) and the state's (0, or 1).
            env: Where the names in the selectors are found, instead of in the caller.
            within: Further functions, classes, modules and packages that `*` may match.

        Raises:
            OverrideError: The focus of a selector is nothing that can be changed.

        Example:
            >>> from ptera import ptera
            >>> @ptera
            ... def square(x):
            ...     y = x * x
            ...     return y
            >>> square.tweak({"square > x": 5})(3)
            25
        """
        scope = self._core.scope(env, within)
        return self._copied({}, self._attached([change(tweak_rules(values, scope, priority))]))

    def rewrite(
        self,
        functions: Mapping[str | Selector, Callable[..., object]],
        /,
        *,
        priority: float = 2,
        env: Env | None = None,
        within: object = None,
    ) -> "Ptera[P, R]":
        """Gives a copy in whose calls variables are computed from what is captured.

        Arguments:
            functions: For each selector a function. Its parameters name the captures that
                it is called with; what it returns is the focus's new value.
            priority: Against the code's own values (0) and the state's (0, or 1).
            env: Where the names in the selectors are found, instead of in the caller.
            within: Further functions, classes, modules and packages that `*` may match.

        Raises:
            HandlerError: A parameter of a function is no capture.
            OverrideError: The focus of a selector is nothing that can be changed.

        Example:
            >>> from ptera import ptera
            >>> @ptera
            ... def square(x):
            ...     y = x * x
            ...     return y
            >>> square.rewrite({"square > y": lambda y: -y})(3)
            -9
        """
        scope = self._core.scope(env, within)
        rules = rewrite_rules(functions, scope, priority)
        return self._copied({}, self._attached([change(rules)]))

    def use(
        self,
        /,
        *,
        env: Env | None = None,
        within: object = None,
        **queries: "str | Selector | Plugin",
    ) -> "Ptera[P, R]":
        """Adds queries to the object itself, for the results of a `clone(return_object=True)`.

        Arguments:
            env: Where the names in the selectors are found, instead of in the caller.
            within: Further functions, classes, modules and packages that `*` may match.
            queries: Selectors, each under the name that it has in the results.

        Returns:
            The object.
        """
        self._attach(_queries(queries, self._core.scope(env, within)))
        return self

    def on(
        self,
        selector: "str | Selector | Plugin",
        /,
        *,
        full: bool = False,
        all: bool = False,
        live: bool = False,
        env: Env | None = None,
        within: object = None,
    ) -> Callable[[H], H]:
        """Adds a handler to the object itself: a decorator.

        The handler is called with the captures that its parameters name, at the end of each
        outermost activation that the selector matches. In results, the attribute of its
        name is the list of what it has returned.

        Arguments:
            selector: A selector, or a plugin such as `Grad`.
            full: Whether it gets `Captured` objects, which have names too.
            all: Whether it gets lists of all values.
            live: Whether it is called at each binding of the focus, with the latest values.
            env: Where the names in the selector are found, instead of in the caller.
            within: Further functions, classes, modules and packages that `*` may match.

        Raises:
            HandlerError: A parameter of the handler is no capture.

        Example:
            >>> from ptera import ptera
            >>> @ptera
            ... def square(x):
            ...     y = x * x
            ...     return y
            >>> logged = square.clone(return_object=True)
            >>> @logged.on("square{x} > y")
            ... def ratio(x, y):
            ...     return y / x
            >>> logged(3).ratio
            [3.0]
        """
        scope = self._core.scope(env, within)

        def attach(function: H) -> H:
            if isinstance(selector, str | Selector):
                made = handler(function, selector, scope, full=full, all=all, live=live)
            else:
                name = checked_name(name_of(function), selector)
                made = selector.attachment(name, scope, function, full=full, all=all)
            self._attach([made])
            return function

        return attach

    def collect(
        self,
        selector: str | Selector,
        /,
        *,
        env: Env | None = None,
        within: object = None,
    ) -> Callable[[H], H]:
        """Adds a function to the object itself that gets all events of a call, at its end.

        In results, the attribute of its name is what it has returned.

        Arguments:
            selector: A selector.
            env: Where the names in the selector are found, instead of in the caller.
            within: Further functions, classes, modules and packages that `*` may match.

        Example:
            >>> from ptera import ptera
            >>> @ptera
            ... def square(x):
            ...     y = x * x
            ...     return y
            >>> @ptera
            ... def squares(n):
            ...     return [square(i) for i in range(n)]
            >>> model = squares.clone(return_object=True)
            >>> @model.collect("square > y")
            ... def largest(events):
            ...     return max(events.map("y"))
            >>> model(4).largest
            9
        """
        scope = self._core.scope(env, within)

        def attach(function: H) -> H:
            self._attach([collector(function, selector, scope)])
            return function

        return attach

    def _attached(self, added: Iterable[Attachment]) -> Attached:
        attached = self._core.attached
        return replace(attached, attachments=joined(attached.attachments, added))

    def _attach(self, added: list[Attachment]) -> None:
        core = self._core
        if self._is_bound:
            reason = f"`{core.function.__name__}` is bound to an instance here, and soon forgotten"
            remedy = "Attach to the class's own attribute, or to a `clone()` that you keep."
            raise ProbeError(", ".join(str(one.name) for one in added), reason, remedy)
        core = replace(core, attached=self._attached(added))
        self.__dict__["_core"] = core
        called = runner(core.function, core.attached)
        self.__setstate__((called, self.args, self.keywords, self.__dict__))

    # What makes it a function to the rest of the world.

    @property
    def _is_bound(self) -> bool:
        return len(self.args) > self._core.arguments

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> "Ptera[P, R]": ...
    @overload
    def __get__(
        self: "Ptera[Concatenate[S, Q], T]", instance: S, owner: type | None = None
    ) -> "Ptera[Q, T]": ...
    def __get__(self, instance: object, owner: type | None = None) -> Any:
        # As of `partial`, an object that has arguments already is no method.
        if instance is None or self.args or self.keywords:
            return self
        bound = _new(Ptera, self.func, instance)
        bound.__dict__ = self.__dict__
        return bound

    def __copy__(self) -> "Ptera[P, R]":
        return self._copied({})

    def __deepcopy__(self, memo: dict[int, Any]) -> "Ptera[P, R]":
        copied = self._copied({})
        memo[id(self)] = copied
        function = copied._core.function
        given, defaults = given_fields(function)
        for name, value in copy.deepcopy(given, memo).items():
            set_field(function, name, value)
        for name, value in copy.deepcopy(defaults, memo).items():
            set_default(function, name, value)
        if self.args or self.keywords:
            arguments = copy.deepcopy(self.args, memo), copy.deepcopy(self.keywords, memo)
            copied.__setstate__((copied.func, *arguments, copied.__dict__))
        return copied

    def __reduce__(self) -> str | tuple[Any, ...]:
        core = self._core
        if self._is_bound:
            return getattr, (self.args[0], core.function.__name__)
        found = _found_by_name(core.original)
        if found is self:
            return core.function.__qualname__
        if core.attached.attachments or found is None:
            what = "what is attached to it" if core.attached.attachments else "a local function"
            message = f"Cannot pickle {self!r}: {what} cannot be pickled"
            raise pickle.PicklingError(message)
        wants_results = core.attached.returns is not None
        given, defaults = given_fields(core.function)
        key = key_field(core.function)
        return rebuilt, (found, given, defaults, key, wants_results, self.args, self.keywords)

    def __repr__(self) -> str:
        core = self._core
        key = key_field(core.function)
        name = core.function.__qualname__ + ("" if key is UNSET else f"[{key!r}]")
        values = fields(core.function)
        shown = ", ".join(f"{field}={reprlib.repr(value)}" for field, value in values.items())
        return f"<ptera {name}({shown})>" if shown else f"<ptera {name}>"


def make(
    core: Core,
    arguments: tuple[Any, ...] = (),
    keywords: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Ptera[..., Any]:
    """Makes the object for a private function that is registered.

    Arguments:
        core: What it is made from.
        arguments: The leading arguments that it has already.
        keywords: The keyword arguments that it has already.
        attributes: Its attributes; by default those of what was decorated.
    """
    called = runner(core.function, core.attached) if core.attached else core.function
    made = _new(Ptera, called, *arguments, **(keywords or {}))
    made.__dict__.update(_attributes(core) if attributes is None else attributes)
    made.__dict__["_core"] = core
    return made


def _attributes(core: Core) -> dict[str, Any]:
    found = {
        name: getattr(core.function, name)
        for name in (*functools.WRAPPER_ASSIGNMENTS, "__type_params__")
        if hasattr(core.function, name)
    }
    own: Mapping[str, Any] = getattr(core.original, "__dict__", {})
    return {**own, **found, "__wrapped__": core.original}


def _queries(queries: "Mapping[str, str | Selector | Plugin]", scope: Scope) -> list[Attachment]:
    return [
        query(name, selector, scope)
        if isinstance(selector, str | Selector)
        else selector.attachment(checked_name(name, selector), scope, None)
        for name, selector in queries.items()
    ]


def _found_by_name(original: Callable[..., Any]) -> object:
    """Gives what stands in a module under a function's name, if it is that one's object or itself."""
    module = sys.modules.get(getattr(original, "__module__", None) or "")
    try:
        found = operator.attrgetter(getattr(original, "__qualname__", "?"))(module)
    except AttributeError:
        return None
    of = found._core.original if isinstance(found, Ptera) else found
    return found if of is original else None


def rebuilt(
    found: Any,
    given: Mapping[str, object],
    defaults: Mapping[str, object],
    key: object,
    wants_results: bool,
    arguments: tuple[Any, ...],
    keywords: Mapping[str, Any],
) -> Ptera[..., Any]:
    """Makes an unpickled object from the one found under its name, and from its own state."""
    original: FunctionType = found._core.original if isinstance(found, Ptera) else found
    function = private_function(original)
    for name, value in given.items():
        set_field(function, name, value)
    for name, value in defaults.items():
        set_default(function, name, value)
    if key is not UNSET:
        set_key(function, key)
    reshape(function)
    register(function)
    attached = Attached(returns=object()) if wants_results else Attached()
    return make(Core(original, function, attached, len(arguments)), arguments, keywords)
