"""Where the elements of a stream can go."""

from collections.abc import Callable, MutableSequence, MutableSet, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Literal, TypeVar, overload

from .._errors import Failure, ProbeError
from .._handlers import arguments_of, can_reach_functions, parameters_of
from ._display import breaking, displaying, program_traceback
from ._fill import formatted, lax
from ._pairs import wrapping
from ._source import Handler, Sink, Source, Subscription, Values, reading

__all__ = ["Sinks"]

Wrapper = Callable[..., Any] | AbstractContextManager[Any]
W = TypeVar("W", bound=Wrapper)


class Sinks:
    """What can be done with the elements of a stream in the end.

    Arguments:
        source: Where the elements come from, first of all.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def _is_source(self) -> bool:
        """Whether the elements are the source's events, as they are."""
        raise NotImplementedError

    def _attach(self, sink: Sink) -> Callable[[], None]:
        raise NotImplementedError

    def _sink(self, sink: Sink) -> Subscription:
        return Subscription(self._source, self._attach(sink))

    def subscribe(
        self,
        on_next: Any = None,
        on_error: Callable[[Exception], object] | None = None,
        on_completed: Callable[[], object] | None = None,
        *,
        scheduler: Any = None,
    ) -> Subscription:
        """Calls a function with each element.

        Arguments:
            on_next: The function; or an observer of reactivex.
            on_error: Called when an operator fails; without it, the error is raised.
            on_completed: Called when the probe ends.
            scheduler: Where operators run, as reactivex says.

        Returns:
            The subscription; `dispose()` ends it, `with` runs the probe.

        Examples:
            >>> from ptera import probing
            >>> def area(width):
            ...     height = width + 1
            >>> with probing("area > height").subscribe(lambda event: print(event)):
            ...     area(2)
            {'height': 3}
        """
        if hasattr(on_next, "on_next"):
            observer = on_next
            on_next, on_error = observer.on_next, observer.on_error
            on_completed = observer.on_completed
        take = on_next if on_next is not None else _drop
        reaches = can_reach_functions(take)
        return self._sink(Sink(take, on_completed, on_error, reaches, scheduler=scheduler))

    def __rshift__(self, target: Any) -> Subscription:
        """Sends each element to a function, or adds it to a list or set."""
        return self.subscribe(target if callable(target) else _adder(target))

    def ksubscribe(self, fn: Handler) -> Subscription:
        """Calls a function with those entries of each element that it has parameters for.

        Raises:
            HandlerError: Where the elements are a probe's events: a parameter without a
                default is no capture.

        Examples:
            >>> from ptera import probing
            >>> def area(width):
            ...     height = width + 1
            >>> with probing("area{width} > height").ksubscribe(lambda height: print(height)):
            ...     area(2)
            3
        """
        reaches = can_reach_functions(fn)
        if self._is_source:
            arguments = arguments_of(fn, self._source.captures)
            if _takes_only(fn, arguments):
                take = reading(fn, arguments)
                sink = Sink(take, reaches=reaches, arguments=arguments, direct=fn)
                return self._sink(sink)
        return self._sink(Sink(lax(fn), reaches=reaches))

    def values(self) -> Values[Any]:
        """Gives the list of all elements from now on; with `with`, it runs the probe too."""
        results: Values[Any] = Values(self._source)
        self._attach(Sink(results.append, reaches=False))
        return results

    def accum(self, obj: Any = None) -> Any:
        """Adds each element to a list or set, by default a new list, and gives that.

        Raises:
            TypeError: `obj` is neither.
        """
        results: Any = list[Any]() if obj is None else obj
        self._attach(Sink(_adder(results), reaches=type(results) is not list))
        return results

    def print(self, format: str | None = None, skip_missing: bool = False) -> Subscription:
        """Prints each element.

        Arguments:
            format: A text for `str.format`, filled by name from a dict.
            skip_missing: Whether dicts that lack a name are left out.
        """
        if format is None:
            return self._sink(Sink(print))
        return self._sink(Sink(_printing(format, skip_missing)))

    def display(
        self,
        *,
        breakword: str | None = None,
        skip: Sequence[str] = (),
        colors: bool = True,
        time_format: str = "%Y-%m-%d %H:%M:%S",
    ) -> Subscription:
        """Prints each element as `name: value; name: value`.

        Arguments:
            breakword: A word of `tag` to stop at in the debugger.
            skip: Modules that the debugger steps over.
            colors: Whether names are coloured.
            time_format: How a `$time` entry is written.
        """
        subscription = self._sink(Sink(displaying(colors, time_format)))
        if breakword is not None:
            self.breakword(word=breakword, skip=skip)
        return subscription

    def breakpoint(self, *, skip: Sequence[str] = ()) -> Subscription:
        """Stops in the debugger at each element, where the program bound the value.

        Arguments:
            skip: Modules to step over, as patterns (`"torch.*"`).
        """
        return self._sink(Sink(breaking(skip)))

    def breakword(self, *, word: str | None = None, skip: Sequence[str] = ()) -> Subscription:
        """Stops in the debugger at the element that has a certain word (see `tag`).

        Arguments:
            word: The word; without it, those in the environment variable `BREAKWORD`.
            skip: Modules to step over.

        Raises:
            InstallationError: The package `breakword` is not installed.
        """
        return self._sink(Sink(breaking(skip, word, use_words=True)))

    def fail(
        self,
        message: str | None = None,
        exc_type: Callable[[Any], BaseException] = Failure,
        skip: Sequence[str] = (),
    ) -> Subscription:
        """Raises an exception at the first element, where the program bound the value.

        Arguments:
            message: A text for `str.format`; without it the exception gets the element.
            exc_type: The exception's class.
            skip: Modules to leave out of the traceback.

        Examples:
            >>> from ptera import PteraError, probing
            >>> def area(width):
            ...     height = width + 1
            >>> try:
            ...     with probing("area > height")["height"].fail("it was {}"):
            ...         area(2)
            ... except PteraError as error:
            ...     print(error)
            it was 3
        """

        def raise_it(element: Any) -> None:
            what = element if message is None else formatted(message, element)
            raise exc_type(what).with_traceback(program_traceback(skip))

        return self._sink(Sink(raise_it))

    def fail_if_false(
        self,
        message: str | None = None,
        exc_type: Callable[[Any], BaseException] = Failure,
        skip: Sequence[str] = (),
    ) -> Subscription:
        """Raises an exception at the first element that is not true (the same arguments)."""

        def check(element: Any) -> None:
            if not element:
                what = "Value is false" if message is None else message
                raise exc_type(what).with_traceback(program_traceback(skip))

        return self._sink(Sink(check))

    def fail_if_empty(
        self,
        message: str | None = None,
        exc_type: Callable[[Any], BaseException] = Failure,
        skip: Sequence[str] = (),
    ) -> Subscription:
        """Raises an exception at the end if there was no element (the same arguments)."""
        seen: list[bool] = []

        def check() -> None:
            if not seen:
                what = "Stream is empty" if message is None else message
                raise exc_type(what).with_traceback(program_traceback(skip))

        return self._sink(
            Sink(lambda _: seen.append(True) if not seen else None, check, reaches=False)
        )

    @overload
    def wrap(
        self,
        name: str | None = None,
        fn: None = None,
        pass_keys: bool = False,
        return_function: bool = False,
    ) -> Callable[[W], W]: ...

    @overload
    def wrap(self, name: Wrapper, *, pass_keys: bool = False) -> Subscription: ...

    @overload
    def wrap(self, name: str | None, fn: Wrapper, pass_keys: bool = False) -> Subscription: ...

    @overload
    def wrap(
        self, name: str | None, fn: W, pass_keys: bool, return_function: Literal[True]
    ) -> W: ...

    def wrap(
        self,
        name: Any = None,
        fn: Any = None,
        pass_keys: bool = False,
        return_function: bool = False,
    ) -> Any:
        """Enters a context where a two-ended probe's pair begins, and leaves it at its end.

        Arguments:
            name: The name of the capture where the pair begins; any, if left out. It can
                be left out in front of `fn` too.
            fn: A generator function that yields once, a function that gives a context
                manager, or a context manager. Left out: gives a decorator.
            pass_keys: Whether it is called with the captures that it has parameters for.
            return_function: Whether to give `fn` back, rather than the subscription.

        Raises:
            ProbeError: The probe's selectors have no two ends.

        Examples:
            >>> from ptera import probing
            >>> def area(width):
            ...     return width * width
            >>> with probing("area{!#enter, !!#exit}") as probe:
            ...     @probe.wrap
            ...     def around():
            ...         print("<")
            ...         yield
            ...         print(">")
            ...     area(2)
            <
            >
            4
        """
        if fn is None and name is not None and not isinstance(name, str):
            name, fn = None, name
        if fn is None:
            return partial(self.wrap, name, pass_keys=pass_keys, return_function=True)
        if self._is_source and "$wrap" not in self._source.captures:
            raise ProbeError(self._source.name, _ONE_END, _TWO_ENDS)
        subscription = self._sink(Sink(wrapping(fn, name, pass_keys)))
        return fn if return_function else subscription

    @overload
    def kwrap(
        self, name: str | None = None, fn: None = None, return_function: bool = False
    ) -> Callable[[W], W]: ...

    @overload
    def kwrap(self, name: Wrapper) -> Subscription: ...

    @overload
    def kwrap(self, name: str | None, fn: Wrapper) -> Subscription: ...

    @overload
    def kwrap(self, name: str | None, fn: W, return_function: Literal[True]) -> W: ...

    def kwrap(self, name: Any = None, fn: Any = None, return_function: bool = False) -> Any:
        """The same as `wrap` with `pass_keys=True`."""
        return self.wrap(name, fn, pass_keys=True, return_function=return_function)

    def override(self, setter: Any = None) -> Subscription:
        """Changes the focus variable at each element of the stream.

        Only the focus is changed, whatever the elements are: the variable at the right
        end of `>`, or that marked with `!`. Where no element arrives (after a `filter`,
        say), the variable keeps its value.

        Arguments:
            setter: A function from the element to the new value; or the new value. Left
                out: the element is the new value.

        Raises:
            OverrideError: The selectors have no focus that could be changed; or (where it
                happens) an element arrives only after the binding has been made.

        Examples:
            >>> from ptera import probing
            >>> def area(width):
            ...     height = width + 1
            ...     return width * height
            >>> with probing("area > height")["height"].override(lambda h: h * 100):
            ...     area(2)
            600
        """
        if setter is None:
            return self._change(_itself, reaches=False)
        if not callable(setter):
            return self._change(lambda _: setter, reaches=False)
        return self._change(setter, can_reach_functions(setter))

    def koverride(self, setter: Handler) -> Subscription:
        """The same, calling `setter` with the entries that it has parameters for."""
        return self._change(lax(setter), can_reach_functions(setter))

    def _change(self, setter: Callable[[Any], Any], reaches: bool) -> Subscription:
        source = self._source
        put = partial(_propose, source, setter)
        return self._sink(Sink(put, reaches=reaches, changes=True, setter=setter))


_ONE_END = "A wrapper needs two ends"
_TWO_ENDS = "Mark the variable where it begins with `!`, and the one where it ends with `!!`."


def _takes_only(function: Handler, arguments: Sequence[str]) -> bool:
    """Whether a function has just those parameters, each needed and positional."""
    parameters = parameters_of(function)
    if parameters is None:
        return False
    return [parameter.name for parameter in parameters] == list(arguments) and all(
        parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        and parameter.default is parameter.empty
        for parameter in parameters
    )


def _propose(source: Source, setter: Callable[[Any], Any], element: Any) -> None:
    source.propose(setter(element))


def _drop(_: Any) -> None:
    """Takes elements that nobody wants."""


def _itself(element: Any) -> Any:
    return element


def _adder(target: object) -> Callable[[Any], object]:
    """Gives what adds an element to a list or set."""
    for kind, name in ((MutableSequence, "append"), (MutableSet, "add")):
        if issubclass(type(target), kind):
            add: Callable[[Any], object] = getattr(target, name)
            return add
    found = type(target).__name__
    raise TypeError(f"elements can be added to a list or a set, not to {found}")


def _printing(format: str, skip_missing: bool) -> Callable[[Any], None]:
    def put(element: Any) -> None:
        text = formatted(format, element, skip_missing=skip_missing)
        if text is not None:
            print(text)

    return put
