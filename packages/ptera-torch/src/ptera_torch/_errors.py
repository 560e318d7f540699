"""What the gradients of Ptera say when they refuse; every error carries its parts."""

from collections.abc import Iterable

from ptera._errors import PteraError, PteraWarning

__all__ = [
    "AmbiguousGradientError",
    "CompiledCodeError",
    "CompiledCodeWarning",
    "DistributedError",
    "FreedGraphError",
    "GradError",
    "GradSelectorError",
    "InputError",
    "MissingBackwardWarning",
    "ModuleError",
    "TargetError",
    "UnevenScaleError",
    "UnsynchronizedWarning",
    "UnusedInputError",
]


class GradError(PteraError):
    """A gradient that was asked for cannot be given, or would be wrong.

    Examples:
        >>> issubclass(TargetError, GradError)
        True
    """


class GradSelectorError(GradError, ValueError):
    """A selector does not say what to differentiate, or by what.

    Arguments:
        selector: The selector's text.
        reason: What is missing.
        remedy: What to do about it.

    Examples:
        >>> print(GradSelectorError("f > x", "it has no target", "Mark one capture with `!!`"))
        `Grad` cannot use `f > x`: it has no target. Mark one capture with `!!`: \
`f{!!y} >> x` asks for dy/dx.
    """

    def __init__(self, selector: str, reason: str, remedy: str) -> None:
        super().__init__(selector, reason, remedy)
        self.selector = selector
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return (
            f"`Grad` cannot use `{self.selector}`: {self.reason}. {self.remedy}: "
            "`f{!!y} >> x` asks for dy/dx."
        )


class TargetError(GradError):
    """The target (`!!`) of a `Grad` is nothing that can be differentiated.

    Arguments:
        target: The name of the target.
        reason: What it is instead.
        remedy: What to do about it.

    Examples:
        >>> print(TargetError("loss", "it is a `float`", "Leave out `.item()`."))
        Cannot differentiate `loss`: it is a `float`. Leave out `.item()`.
    """

    def __init__(self, target: str, reason: str, remedy: str) -> None:
        super().__init__(target, reason, remedy)
        self.target = target
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"Cannot differentiate `{self.target}`: {self.reason}. {self.remedy}"


class InputError(GradError):
    """The focus of a `Grad` is nothing that a gradient can be taken with respect to.

    Arguments:
        target: The name of the target.
        variable: The name of the variable that was captured.
        reason: Why it has no gradient.
        remedy: What to do about it.

    Examples:
        >>> print(InputError("loss", "labels", "its dtype is torch.int64", "Capture a float."))
        Cannot differentiate `loss` with respect to `labels`: its dtype is torch.int64. Capture a \
float.
    """

    def __init__(self, target: str, variable: str, reason: str, remedy: str) -> None:
        super().__init__(target, variable, reason, remedy)
        self.target = target
        self.variable = variable
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return (
            f"Cannot differentiate `{self.target}` with respect to `{self.variable}`: "
            f"{self.reason}. {self.remedy}"
        )


class UnusedInputError(GradError):
    """The target does not depend on a captured tensor, and `unused="error"` was asked for.

    Arguments:
        target: The name of the target.
        variable: The name of the variable that was captured.

    Examples:
        >>> print(UnusedInputError("loss", "W"))
        `loss` does not depend on `W`. With `unused="none"` its gradient is None, with \
`unused="zeros"` it is zero.
    """

    def __init__(self, target: str, variable: str) -> None:
        super().__init__(target, variable)
        self.target = target
        self.variable = variable

    def __str__(self) -> str:
        return (
            f'`{self.target}` does not depend on `{self.variable}`. With `unused="none"` its '
            'gradient is None, with `unused="zeros"` it is zero.'
        )


class FreedGraphError(GradError):
    """The graph behind the target was already used up by another backward pass.

    Arguments:
        target: The name of the target.

    Examples:
        >>> print(FreedGraphError("loss"))
        The graph of `loss` was already freed by another backward pass. Keep it there \
(`retain_graph=True` in that `backward`, `grad` or `Grad`), or take the gradients from that pass: \
`Grad(..., mode="backward")`.
    """

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target

    def __str__(self) -> str:
        return (
            f"The graph of `{self.target}` was already freed by another backward pass. Keep it "
            "there (`retain_graph=True` in that `backward`, `grad` or `Grad`), or take the "
            'gradients from that pass: `Grad(..., mode="backward")`.'
        )


class DistributedError(GradError):
    """A gradient would be this process's own where the other processes have a share in it.

    Arguments:
        variable: The name of the variable that holds the parameter.
        reason: How the parameter is shared.
        remedy: What to do about it.

    Examples:
        >>> print(DistributedError("W", "it is sharded", 'Use `mode="backward"`.'))
        The gradient of `W` would be wrong: it is sharded. Use `mode="backward"`.
    """

    def __init__(self, variable: str, reason: str, remedy: str) -> None:
        super().__init__(variable, reason, remedy)
        self.variable = variable
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"The gradient of `{self.variable}` would be wrong: {self.reason}. {self.remedy}"


class AmbiguousGradientError(GradError):
    """One backward pass went through several targets: whose gradient is it?

    Arguments:
        targets: The names of the targets.

    Examples:
        >>> print(AmbiguousGradientError(["loss", "penalty"]))
        One `backward` went through `loss` and `penalty`, so that the gradients that arrived are \
sums over both. Give each its own `backward`, mark their sum with `!!`, or use `mode="now"`.
    """

    def __init__(self, targets: Iterable[str]) -> None:
        self.targets = tuple(targets)
        super().__init__(self.targets)

    def __str__(self) -> str:
        names = " and ".join(f"`{name}`" for name in self.targets)
        return (
            f"One `backward` went through {names}, so that the gradients that arrived are sums "
            "over both. Give each its own `backward`, mark their sum with `!!`, or use "
            '`mode="now"`.'
        )


class UnevenScaleError(GradError):
    """The elements of a target went into the loss with different weights.

    Arguments:
        target: The name of the target.

    Examples:
        >>> print(UnevenScaleError("y"))
        The elements of `y` have different weights in the loss, so that its gradients cannot be \
taken from this `backward`. Mark a scalar with `!!`, or use `mode="now"`.
    """

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target

    def __str__(self) -> str:
        return (
            f"The elements of `{self.target}` have different weights in the loss, so that its "
            "gradients cannot be taken from this `backward`. Mark a scalar with `!!`, or use "
            '`mode="now"`.'
        )


class CompiledCodeError(PteraError, RuntimeError):
    """Something is attached to a function or probed inside of compiled code.

    Examples:
        >>> print(CompiledCodeError())
        An overlay cannot begin inside of compiled code. Compile the function without what is \
attached to it, and attach it to what calls the compiled one: `ptera(compiled).using(...)`, or \
`with probing(...)` around the call.
    """

    def __str__(self) -> str:
        return (
            "An overlay cannot begin inside of compiled code. Compile the function without what "
            "is attached to it, and attach it to what calls the compiled one: "
            "`ptera(compiled).using(...)`, or `with probing(...)` around the call."
        )


class ModuleError(PteraError, TypeError):
    """Something cannot be made a module, or a module cannot be looked into.

    Arguments:
        model: What was given.
        reason: Why it cannot be used.
        remedy: What to do about it.

    Examples:
        >>> print(ModuleError("3", "it is an `int`", "Give a Ptera function."))
        `3` cannot be used as a module: it is an `int`. Give a Ptera function.
    """

    def __init__(self, model: str, reason: str, remedy: str) -> None:
        super().__init__(model, reason, remedy)
        self.model = model
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"`{self.model}` cannot be used as a module: {self.reason}. {self.remedy}"


class MissingBackwardWarning(PteraWarning):
    """A `Grad` with `mode="backward"` has waited for a `backward` that did not come."""


class UnsynchronizedWarning(PteraWarning):
    """Gradients of parameters are left out: they were accumulated in this process alone."""


class CompiledCodeWarning(PteraWarning):
    """Compiled code runs uncompiled, because something in it is looked at or changed."""
