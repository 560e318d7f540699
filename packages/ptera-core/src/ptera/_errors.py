"""What Ptera says when it refuses: every error carries its parts, the text is made from them."""

from collections.abc import Iterable

__all__ = [
    "CaptureError",
    "ComparisonError",
    "ConflictError",
    "Failure",
    "HandlerError",
    "InstallationError",
    "OverrideError",
    "ProbeError",
    "PteraError",
    "PteraWarning",
    "RecurrenceError",
    "SourceError",
    "StateError",
    "UnknownCaptureError",
    "UnknownFunctionError",
    "UnknownVariableError",
    "UnsetVariableError",
    "nearest",
]


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Asks whether the candidate closest to `name` was meant.

    Arguments:
        name: What was written.
        candidates: What could have been written.

    Returns:
        A sentence that starts with a space, or nothing if no candidate is close.

    Examples:
        >>> nearest("weigth", ["bias", "weight"])
        ' Did you mean `weight`?'
        >>> nearest("x", ["bias", "weight"])
        ''
    """
    # Here and not above: a program without mistakes need not wait for it.
    import difflib

    close = difflib.get_close_matches(name, sorted(set(candidates)), n=1)
    return f" Did you mean `{close[0]}`?" if close else ""


class PteraError(Exception):
    """Root of the errors that Ptera raises on purpose.

    The arguments of a subclass are its parts, in the order of its constructor, so that
    errors can be pickled; `str` makes the text.

    Examples:
        >>> isinstance(SourceError("f", "it is built in", "wrap it"), PteraError)
        True
    """


class PteraWarning(UserWarning):
    """What Ptera warns of: the program goes on, but is probably not what was meant."""


class SourceError(PteraError):
    """A function cannot be rewritten, because its source is missing or is not what runs.

    Arguments:
        function: The function's name, with its file where it is known.
        reason: Why there is no usable source.
        remedy: What to do about it.

    Examples:
        >>> print(SourceError("len", "it is written in C", "Wrap it in a function."))
        Cannot look inside `len`: it is written in C. Wrap it in a function.
    """

    def __init__(self, function: str, reason: str, remedy: str = "") -> None:
        super().__init__(function, reason, remedy)
        self.function = function
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"Cannot look inside `{self.function}`: {self.reason}. {self.remedy}".rstrip()


class UnknownFunctionError(PteraError):
    """A selector names a function (or a predicate) that cannot be found.

    Arguments:
        name: The name as it was written.
        candidates: The names that are known where it was looked up.

    Examples:
        >>> print(UnknownFunctionError("setp", ("step", "layer")))
        Nothing is called `setp` where the selector was made. Did you mean `step`?
    """

    def __init__(self, name: str, candidates: Iterable[str] = ()) -> None:
        self.name = name
        self.candidates = tuple(candidates)
        super().__init__(name, self.candidates)

    def __str__(self) -> str:
        hint = nearest(self.name, self.candidates)
        return f"Nothing is called `{self.name}` where the selector was made.{hint}"


class UnknownVariableError(PteraError):
    """A selector names a variable that its function does not have.

    Arguments:
        variable: The name as it was written.
        function: The function in which it was looked for.
        places: The definitions that were looked at: qualified name, file and line.
        candidates: The variables that they have.

    Examples:
        >>> print(UnknownVariableError("los", "step", [("step", "a.py", 3)], ("loss", "output")))
        `step` (a.py:3) has no variable `los`. Did you mean `loss`?
    """

    def __init__(
        self,
        variable: str,
        function: str,
        places: Iterable[tuple[str, str, int]] = (),
        candidates: Iterable[str] = (),
    ) -> None:
        self.variable = variable
        self.function = function
        self.places = tuple(places)
        self.candidates = tuple(candidates)
        super().__init__(variable, function, self.places, self.candidates)

    def __str__(self) -> str:
        shown = [f"{path}:{line}" for _, path, line in self.places[:3]]
        more = [f"and {len(self.places) - 3} more"] if len(self.places) > 3 else []
        where = f" ({', '.join(shown + more)})" if shown else ""
        hint = nearest(self.variable, self.candidates)
        return f"`{self.function}`{where} has no variable `{self.variable}`.{hint}"


class UnsetVariableError(PteraError, NameError):
    """A declared variable (`x: T`) was reached before anything gave it a value.

    Arguments:
        variable: The declared variable.
        function: The function that declares it.
        path: The file of the declaration, where known.
        line: Its line, where known.

    Examples:
        >>> print(UnsetVariableError("W", "layer", "mlp.py", 12))
        `W` of `layer` (mlp.py:12) is declared but has no value. Set it with \
`layer.new(W=...)`, `layer.state.W = ...`, or `.tweak({"layer > W": ...})`.
    """

    def __init__(self, variable: str, function: str, path: str = "", line: int = 0) -> None:
        # Not through the arguments of `NameError`: it takes only one.
        super().__init__(variable, function, path, line)
        self.variable = variable
        self.function = function
        self.path = path
        self.line = line

    def __str__(self) -> str:
        variable, function = self.variable, self.function
        where = f" ({self.path}:{self.line})" if self.path else ""
        return (
            f"`{variable}` of `{function}`{where} is declared but has no value. "
            f"Set it with `{function}.new({variable}=...)`, `{function}.state.{variable} = ...`, "
            f'or `.tweak({{"{function} > {variable}": ...}})`.'
        )


class ConflictError(PteraError):
    """Two values of equal priority were given to one variable.

    Arguments:
        variable: The variable.
        function: Its function.
        places: Where the values come from.

    Examples:
        >>> print(ConflictError("x", "f", ("the argument", "the object's state")))
        `x` of `f` gets a value from the argument and from the object's state, with equal \
priority. Give one up, or wrap the one that should win in `override(...)`.
    """

    def __init__(self, variable: str, function: str, places: Iterable[str]) -> None:
        self.variable = variable
        self.function = function
        self.places = tuple(places)
        super().__init__(variable, function, self.places)

    def __str__(self) -> str:
        places = " and ".join(f"from {place}" for place in self.places)
        return (
            f"`{self.variable}` of `{self.function}` gets a value {places}, with equal priority. "
            "Give one up, or wrap the one that should win in `override(...)`."
        )


class OverrideError(PteraError):
    """The focus of an overlay that changes values is not something that can be changed.

    Arguments:
        selector: The selector's text.
        focus: The variable or point at its focus; None if it has no focus.
        reason: Why that cannot get another value.

    Examples:
        >>> print(OverrideError("f > #exit", "#exit", "it is a point, not a variable"))
        `f > #exit` cannot change `#exit`: it is a point, not a variable.
    """

    def __init__(self, selector: str, focus: str | None, reason: str) -> None:
        super().__init__(selector, focus, reason)
        self.selector = selector
        self.focus = focus
        self.reason = reason

    def __str__(self) -> str:
        what = "anything" if self.focus is None else f"`{self.focus}`"
        return f"`{self.selector}` cannot change {what}: {self.reason}."


class HandlerError(PteraError, TypeError):
    """A handler asks for a capture that its selector does not make.

    Arguments:
        handler: The handler, or its name.
        parameter: The parameter that is no capture.
        captures: The captures that there are.

    Examples:
        >>> print(HandlerError("update", "parm", ("param", "loss")))
        `update` has a parameter `parm`, which is no capture of its selector (it has `param`, \
`loss`). Did you mean `param`?
    """

    def __init__(self, handler: object, parameter: str, captures: Iterable[str] = ()) -> None:
        name = getattr(handler, "__qualname__", None)
        self.handler = handler if isinstance(handler, str) else str(name or repr(handler))
        self.parameter = parameter
        self.captures = tuple(captures)
        super().__init__(self.handler, parameter, self.captures)

    def __str__(self) -> str:
        has = ", ".join(f"`{capture}`" for capture in self.captures) or "none"
        hint = nearest(self.parameter, self.captures)
        return (
            f"`{self.handler}` has a parameter `{self.parameter}`, which is no capture of its "
            f"selector (it has {has}).{hint}"
        )


class CaptureError(PteraError, ValueError):
    """A capture does not have the one value that was asked for.

    Arguments:
        capture: The capture's name.
        count: How many values it has.

    Examples:
        >>> print(CaptureError("k", 3))
        `k` has 3 values in one event where one was asked for: use `map_all` (or `raw=True` in a \
probe) to get all of them.
    """

    def __init__(self, capture: str, count: int) -> None:
        super().__init__(capture, count)
        self.capture = capture
        self.count = count

    def __str__(self) -> str:
        if not self.count:
            return f"`{self.capture}` has no value in this event."
        return (
            f"`{self.capture}` has {self.count} values in one event where one was asked for: "
            "use `map_all` (or `raw=True` in a probe) to get all of them."
        )


class ComparisonError(PteraError, TypeError):
    """A filter compares values whose equality is neither true nor false.

    Arguments:
        left: The type of one value.
        right: The type of the other.

    Examples:
        >>> print(ComparisonError("ndarray", "int"))
        Comparing `ndarray` with `int` gives no plain true or false. Use a predicate: `x~is_it`, \
with `def is_it(x): ...` in scope.
    """

    def __init__(self, left: str, right: str) -> None:
        super().__init__(left, right)
        self.left = left
        self.right = right

    def __str__(self) -> str:
        return (
            f"Comparing `{self.left}` with `{self.right}` gives no plain true or false. "
            "Use a predicate: `x~is_it`, with `def is_it(x): ...` in scope."
        )


class RecurrenceError(PteraError, IndexError):
    """A step of a `Recurrence` is asked for that it does not hold.

    Arguments:
        index: The step.
        reason: Why it is not there.
        remedy: What to do about it.

    Examples:
        >>> print(RecurrenceError(7, "nothing was stored there", "Store `h[7]` first."))
        `h[7]` is not available: nothing was stored there. Store `h[7]` first.
    """

    def __init__(self, index: object, reason: str, remedy: str = "") -> None:
        super().__init__(index, reason, remedy)
        self.index = index
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"`h[{self.index!r}]` is not available: {self.reason}. {self.remedy}".rstrip()


class StateError(PteraError, AttributeError):
    """A field is set or read that the function does not have.

    Arguments:
        field: The field's name.
        function: The function.
        candidates: The fields that it has.
        problem: What is wrong, where the field exists.

    Examples:
        >>> print(StateError("wieght", "layer", ("weight", "bias")))
        `layer` has no variable `wieght` to set. Did you mean `weight`?
        >>> print(StateError("weight", "layer", problem="is not set"))
        `layer.state.weight` is not set.
    """

    def __init__(
        self, field: str, function: str, candidates: Iterable[str] = (), problem: str = ""
    ) -> None:
        self.field = field
        self.function = function
        self.candidates = tuple(candidates)
        self.problem = problem
        super().__init__(field, function, self.candidates, problem)

    def __str__(self) -> str:
        if self.problem:
            return f"`{self.function}.state.{self.field}` {self.problem}."
        hint = nearest(self.field, self.candidates)
        return f"`{self.function}` has no variable `{self.field}` to set.{hint}"


class InstallationError(PteraError, ImportError):
    """A part of Ptera is missing, or another distribution stands in its place.

    Arguments:
        package: The import package concerned.
        found: What was found instead.
        remedy: What to run.

    Examples:
        >>> remedy = "pip install ptera-torch"
        >>> print(InstallationError("ptera_torch", "it is not installed", remedy))
        Cannot use `ptera_torch`: it is not installed. Run `pip install ptera-torch`.
    """

    def __init__(self, package: str, found: str, remedy: str) -> None:
        super().__init__(package, found, remedy)
        self.package = package
        self.found = found
        self.remedy = remedy

    def __str__(self) -> str:
        return f"Cannot use `{self.package}`: {self.found}. Run `{self.remedy}`."


class Failure(PteraError):
    """What a probe's `fail`, `fail_if_false` and `fail_if_empty` raise by default.

    Examples:
        >>> print(Failure("x is negative"))
        x is negative
    """


class ProbeError(PteraError, ValueError):
    """A probe is made or used in a way that its selectors do not allow.

    Arguments:
        selectors: The text of the probe's selectors.
        reason: What is wrong.
        remedy: What to do about it.

    Examples:
        >>> print(ProbeError("f{!!y}", "It has an end but no beginning", "Mark one with `!`."))
        Cannot probe `f{!!y}`: It has an end but no beginning. Mark one with `!`.
    """

    def __init__(self, selectors: str, reason: str, remedy: str = "") -> None:
        super().__init__(selectors, reason, remedy)
        self.selectors = selectors
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"Cannot probe `{self.selectors}`: {self.reason}. {self.remedy}".rstrip()


class UnknownCaptureError(PteraError, KeyError):
    """A stream is asked for a capture that its selectors do not make.

    Arguments:
        capture: The name that was asked for.
        captures: The captures that there are.

    Examples:
        >>> print(UnknownCaptureError("lss", ("loss", "step")))
        There is no capture `lss` (there are `loss`, `step`). Did you mean `loss`?
    """

    def __init__(self, capture: object, captures: Iterable[str] = ()) -> None:
        self.capture = capture
        self.captures = tuple(captures)
        super().__init__(capture, self.captures)

    def __str__(self) -> str:
        there = ", ".join(f"`{capture}`" for capture in self.captures)
        are = f"there are {there}" if len(self.captures) > 1 else f"there is {there or 'none'}"
        hint = nearest(str(self.capture), self.captures)
        return f"There is no capture `{self.capture}` ({are}).{hint}"
