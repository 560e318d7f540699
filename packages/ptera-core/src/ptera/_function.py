"""Function objects with what can be attached to them: what `@ptera` makes of a function."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from types import CoroutineType
from typing import (
    TYPE_CHECKING,
    Any,
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
from ._calls import Attached
from ._errors import ProbeError
from ._object import FunctionObject
from ._overlay import BySelector, rewrite_rules, tweak_rules
from ._resolve import Scope
from ._results import Results

__all__ = ["Ptera"]

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
T = TypeVar("T")
S = TypeVar("S")
H = TypeVar("H", bound=Callable[..., Any])
Env = Mapping[str, object]


class _Untyped:
    """What no function returns: as a type, it is only matched by that of untyped ones."""


class Ptera(FunctionObject[P, R], Generic[P, R]):
    """A function whose variables are fields: it is called as the function is.

    It is made by `@ptera`. `new`, `clone`, `f[key]`, `using`, `tweak` and `rewrite` give
    changed copies; `state`, `on`, `use` and `collect` change the object itself. All copies
    are meant by a selector that has the function's name.

    A call takes two levels of the interpreter's recursion limit, of which a plain
    function takes one.

    Examples:
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

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type | None = None) -> "Ptera[P, R]": ...
        @overload
        def __get__(
            self: "Ptera[Concatenate[S, Q], T]", instance: S, owner: type | None = None
        ) -> "Ptera[Q, T]": ...
        def __get__(self, instance: Any, owner: type | None = None) -> Any: ...

    @overload
    def clone(self, /, *, return_object: None = None, **values: object) -> "Ptera[P, R]": ...
    @overload
    def clone(
        self: "Ptera[Q, _Untyped]",
        /,
        *,
        return_object: Literal[True],
        **values: object,
    ) -> "Ptera[Q, Results[Any]]": ...
    @overload
    def clone(
        self: "Ptera[Q, Results[T]]",
        /,
        *,
        return_object: Literal[True],
        **values: object,
    ) -> "Ptera[Q, Results[T]]": ...
    @overload
    def clone(  # type: ignore[overload-overlap]  # a coroutine's come when it is awaited
        self: "Ptera[Q, Coroutine[Any, Any, T]]",
        /,
        *,
        return_object: Literal[True],
        **values: object,
    ) -> "Ptera[Q, Coroutine[Any, Any, Results[T]]]": ...
    @overload
    def clone(  # type: ignore[overload-overlap]  # a coroutine's come when it is awaited
        self: "Ptera[Q, CoroutineType[Any, Any, T]]",
        /,
        *,
        return_object: Literal[True],
        **values: object,
    ) -> "Ptera[Q, CoroutineType[Any, Any, Results[T]]]": ...
    @overload
    def clone(
        self, /, *, return_object: Literal[True], **values: object
    ) -> "Ptera[P, Results[R]]": ...
    @overload
    def clone(self, /, *, return_object: bool, **values: object) -> "Ptera[P, Any]": ...
    def clone(self, /, *, return_object: bool | None = None, **values: object) -> Any:
        """Gives a copy, as `new` does.

        Arguments:
            return_object: Whether calls give `Results`; None: as those of the object do.
            values: Variables to set.
        """
        attached = self.__ptera_core__.attached
        if return_object is not None:
            wished = attached.returns or object()
            attached = replace(attached, returns=wished if return_object else None)
        return self._copied(values, attached)

    @overload
    def using(
        self: "Ptera[Q, _Untyped]",
        /,
        *,
        env: Env | None = ...,
        within: object = ...,
        **queries: "str | Selector | Plugin",
    ) -> "Ptera[Q, Results[Any]]": ...
    @overload
    def using(
        self: "Ptera[Q, Results[T]]",
        /,
        *,
        env: Env | None = ...,
        within: object = ...,
        **queries: "str | Selector | Plugin",
    ) -> "Ptera[Q, Results[T]]": ...
    @overload
    def using(  # type: ignore[overload-overlap]  # a coroutine's come when it is awaited
        self: "Ptera[Q, Coroutine[Any, Any, T]]",
        /,
        *,
        env: Env | None = ...,
        within: object = ...,
        **queries: "str | Selector | Plugin",
    ) -> "Ptera[Q, Coroutine[Any, Any, Results[T]]]": ...
    @overload
    def using(  # type: ignore[overload-overlap]  # a coroutine's come when it is awaited
        self: "Ptera[Q, CoroutineType[Any, Any, T]]",
        /,
        *,
        env: Env | None = ...,
        within: object = ...,
        **queries: "str | Selector | Plugin",
    ) -> "Ptera[Q, CoroutineType[Any, Any, Results[T]]]": ...
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

        Examples:
            >>> from ptera import ptera
            >>> @ptera
            ... def square(x):
            ...     y = x * x
            ...     return y
            >>> results = square.using(q="square{x} > y")(3)
            >>> results.value, results.q.map("x", "y")
            (9, [(3, 9)])
        """
        attached = self._attached(_queries(queries, self.__ptera_core__.scope(env, within)))
        return self._copied({}, replace(attached, returns=attached.returns or object()))

    def tweak(
        self,
        values: BySelector[object],
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

        Examples:
            >>> from ptera import ptera
            >>> @ptera
            ... def square(x):
            ...     y = x * x
            ...     return y
            >>> square.tweak({"square > x": 5})(3)
            25
        """
        scope = self.__ptera_core__.scope(env, within)
        return self._copied({}, self._attached([change(tweak_rules(values, scope, priority))]))

    def rewrite(
        self,
        functions: BySelector[Callable[..., object]],
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

        Examples:
            >>> from ptera import ptera
            >>> @ptera
            ... def square(x):
            ...     y = x * x
            ...     return y
            >>> square.rewrite({"square > y": lambda y: -y})(3)
            -9
        """
        scope = self.__ptera_core__.scope(env, within)
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
        self._add(_queries(queries, self.__ptera_core__.scope(env, within)))
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

        Examples:
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
        scope = self.__ptera_core__.scope(env, within)

        def attach(function: H) -> H:
            if isinstance(selector, str | Selector):
                made = handler(function, selector, scope, full=full, all=all, live=live)
            else:
                name = checked_name(name_of(function), selector)
                made = selector.attachment(name, scope, function, full=full, all=all)
            self._add([made])
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

        Examples:
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
        scope = self.__ptera_core__.scope(env, within)

        def attach(function: H) -> H:
            self._add([collector(function, selector, scope)])
            return function

        return attach

    def _attached(self, added: Iterable[Attachment]) -> Attached:
        attached = self.__ptera_core__.attached
        return replace(attached, attachments=joined(attached.attachments, added))

    def _add(self, added: list[Attachment]) -> None:
        if self._is_bound:
            name = self.__ptera_core__.function.__name__
            reason = f"`{name}` is bound to an instance here, and soon forgotten"
            remedy = "Attach to the class's own attribute, or to a `clone()` that you keep."
            raise ProbeError(", ".join(str(one.name) for one in added), reason, remedy)
        self._attach(self._attached(added))


def _queries(queries: "Mapping[str, str | Selector | Plugin]", scope: Scope) -> list[Attachment]:
    return [
        query(name, selector, scope)
        if isinstance(selector, str | Selector)
        else selector.attachment(checked_name(name, selector), scope, None)
        for name, selector in queries.items()
    ]
