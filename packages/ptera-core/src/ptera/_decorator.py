"""`@ptera`: from functions, and whatever else can be called, to function objects."""

import functools
import keyword
import linecache
from collections.abc import Callable, Mapping
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast, overload

from ._fields import check_field, private_function, set_default
from ._function import Ptera
from ._object import Core, make
from ._patch import reshape
from ._plugins import plugin_for
from ._registry import register

__all__ = ["Decorator", "ptera", "wrapped"]

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")
_KIND: type[Ptera[..., Any]] = Ptera


class Decorator:
    """The type of `ptera`: `@ptera`, `@ptera.defaults(...)` and `ptera(function)`.

    Arguments:
        values: Values for variables that nothing else sets.
    """

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        self._values = values or {}

    def defaults(self, /, **values: object) -> "Decorator":
        """Gives a decorator that also gives variables values, unless something else does.

        Such a value weighs as much as a parameter's own default (-0.5): more than
        `default(...)` in the code, less than an argument, an assignment or the state.

        Arguments:
            values: The variables and their values.

        Raises:
            StateError: When it decorates a function that has no such variable.

        Examples:
            >>> from ptera import ptera
            >>> @ptera.defaults(factor=2)
            ... def scaled(x):
            ...     factor: float
            ...     return factor * x
            >>> scaled(5), scaled.new(factor=3)(5)
            (10, 15)
        """
        return Decorator({**self._values, **values})

    @overload
    def __call__(self, function: Ptera[P, R], /) -> Ptera[P, R]: ...
    @overload
    def __call__(  # type: ignore[overload-overlap]  # it can be called too, but is kept
        self, function: "staticmethod[P, R]", /
    ) -> "staticmethod[P, R]": ...
    @overload
    def __call__(self, function: "classmethod[A, P, R]", /) -> "classmethod[A, P, R]": ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Ptera[P, R]: ...
    def __call__(self, function: Any, /) -> Any:
        """Makes a function object.

        Arguments:
            function: A function, plain, generator or coroutine; a method; a `partial`; or
                anything that can be called, which is then called by a function of its own.

        Returns:
            The object; of a static or class method, again such a method.

        Raises:
            SourceError: The function's source cannot be found.
            TypeError: It is a class, or cannot be called.

        Examples:
            >>> from ptera import ptera
            >>> def double(x):
            ...     return 2 * x
            >>> ptera(double).using(xs="double > x")(3).xs.map("x")
            [3]
        """
        kind = cast("Any", type(function))
        if issubclass(kind, Ptera):
            return self._with_values(function) if self._values else function
        if kind in (staticmethod, classmethod):
            return self._rewrapped(function)
        if kind is FunctionType:
            return self._made(function)
        if kind is MethodType and type(function.__func__) is FunctionType:
            return self._made(function.__func__, (function.__self__,))
        if kind is functools.partial and type(function.func) is FunctionType:
            return self._made(function.func, function.args, function.keywords)
        if issubclass(kind, type) or not callable(function):
            raise _refusal(function)
        adapted = _adapted(function)
        return self._made(calling(function), original=function) if adapted is None else adapted

    def _rewrapped(self, method: Any) -> Any:
        inner = cast("Callable[..., Any]", self(method.__func__))
        return ClassMethod(inner) if type(method) is classmethod else staticmethod(inner)

    def _made(
        self,
        function: FunctionType,
        arguments: tuple[Any, ...] = (),
        keywords: Mapping[str, Any] | None = None,
        original: Callable[..., Any] | None = None,
    ) -> Ptera[..., Any]:
        private = private_function(function)
        self._set_values(private)
        register(private)
        core = Core(original or function, private, arguments=len(arguments))
        return make(_KIND, core, arguments, keywords)

    def _with_values(self, made: Ptera[P, R]) -> Ptera[P, R]:
        copied = made.clone()
        self._set_values(copied.__ptera_function__)
        return copied

    def _set_values(self, function: FunctionType) -> None:
        for name, value in self._values.items():
            check_field(function, name)
            set_default(function, name, value)
        if self._values:
            reshape(function)


if TYPE_CHECKING:
    _AnyClassMethod = classmethod[Any, ..., Any]
else:
    _AnyClassMethod = classmethod


class ClassMethod(_AnyClassMethod):
    """A class method whose function object is bound to the class on every Python.

    From Python 3.13 on, the built-in one makes a method that has only the call.
    """

    def __get__(self, instance: Any, owner: Any = None, /) -> Any:
        """Binds the function object to the class."""
        function: Any = self.__func__
        return function.__get__(type(instance) if owner is None else owner)


def _refusal(value: object) -> TypeError:
    if isinstance(value, type):
        message = (
            f"`{value.__qualname__}` is a class, and `ptera` decorates functions: "
            "decorate its methods, or a function that calls it"
        )
    else:
        message = f"`ptera` decorates functions, and a `{type(value).__name__}` cannot be called"
        if isinstance(value, property):
            message += ": put `@ptera` under `@property`"
    return TypeError(message)


def wrapped(
    target: Callable[..., Any], aliases: Mapping[str, object], within: tuple[object, ...]
) -> Ptera[..., Any]:
    """Makes a function object that calls something, for a plugin's `adapt`.

    Arguments:
        target: What is called; it stays as it is, and other attributes are not copied.
        aliases: Names that selectors find before any others.
        within: What `*` may match.
    """
    private = private_function(calling(target))
    register(private)
    return make(_KIND, Core(target, private, aliases=aliases, within=within), attributes={})


_WRAPPER = """\
def _wrapper(_called):
    def {name}(*args, **kwargs):
        return _called(*args, **kwargs)

    return {name}
"""


def calling(target: Callable[..., Any]) -> FunctionType:
    """Gives a function, with source, that calls something that is none.

    Examples:
        >>> calling(max)(1, 2), calling(max).__name__
        (2, 'max')
    """
    name = str(getattr(target, "__name__", type(target).__name__))
    usable = name.isidentifier() and not keyword.iskeyword(name)
    made = _wrapper(name if usable else "function")(target)
    made.__qualname__ = str(getattr(target, "__qualname__", name))
    made.__module__ = getattr(target, "__module__", None) or type(target).__module__
    made.__doc__ = target.__doc__
    return made


@functools.cache
def _wrapper(name: str) -> Callable[[Callable[..., Any]], FunctionType]:
    text = _WRAPPER.format(name=name)
    path = f"<ptera: a call of {name}>"
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    namespace: dict[str, Any] = {}
    exec(compile(text, path, "exec"), namespace)
    wrapper: Callable[[Callable[..., Any]], FunctionType] = namespace["_wrapper"]
    return wrapper


def _adapted(target: object) -> "Ptera[..., Any] | None":
    """Asks the plugin of the library that an object comes from, if there is one.

    It may have a function `adapt`, from an object to a `Ptera` or None.
    """
    libraries = dict.fromkeys(cls.__module__.partition(".")[0] for cls in type(target).__mro__)
    for library in libraries:
        adapt = getattr(plugin_for(library), "adapt", None)
        adapted: Ptera[..., Any] | None = None if adapt is None else adapt(target)
        if adapted is not None:
            return adapted
    return None


ptera = Decorator()
"""Makes a function object: the decorator `@ptera`. See `Decorator`."""
