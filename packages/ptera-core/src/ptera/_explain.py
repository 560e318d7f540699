"""What a selector will touch, told before anything runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Literal

from ptera_selector import Selector

from . import _patch
from ._constants import Constants
from ._dump import readable
from ._errors import PteraError, SourceError
from ._overlay import Rule, prepare, selector_of
from ._plan import Mode, Plan, Slot
from ._resolve import caller_scope
from ._shape import shape_of
from ._state import tree_for
from ._subject import Subject

__all__ = ["Explanation", "Touched", "explain"]


@dataclass(frozen=True, slots=True)
class Touched:
    """A function that a selector touches.

    Arguments:
        name: Its qualified name.
        file: Its file.
        line: The line of its definition.
        patterns: The call patterns that it can fit, as they are written.
        variables: The variables whose bindings are read there.
        focus: Those of them whose bindings are events.
        source: The generated source, if it was asked for.
    """

    name: str
    file: str
    line: int
    patterns: tuple[str, ...]
    variables: tuple[str, ...]
    focus: tuple[str, ...]
    source: str = ""

    def __str__(self) -> str:
        reads = ", ".join(f"`{name}`" for name in self.variables) or "no variable"
        if self.patterns:
            role = f"as {', '.join(f'`{pattern}`' for pattern in self.patterns)}: reads {reads}"
        else:
            role = "is entered and left (it may stand between the others)"
        if self.focus:
            role += f"; events at {', '.join(f'`{name}`' for name in self.focus)}"
        text = f"{self.name} ({self.file}:{self.line}) {role}"
        return text + (f"\n{self.source}" if self.source else "")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `explain` found; printed, it reads as text.

    Arguments:
        selector: The selector.
        functions: The functions that it touches.
        refused: Functions that it cannot look inside, each with the reason.
        problem: Why it will match nothing, or None.
    """

    selector: Selector
    functions: tuple[Touched, ...]
    refused: Mapping[str, str]
    problem: PteraError | None

    @property
    def matches(self) -> bool:
        """Whether anything can match at all."""
        return self.problem is None and any(function.patterns for function in self.functions)

    def __str__(self) -> str:
        lines = [f"`{self.selector}`"]
        if self.problem is not None:
            lines.append(f"matches nothing: {self.problem}")
        elif not self.matches:
            lines.append("matches nothing: no function that is visible fits it")
        lines += [f"- {function}" for function in self.functions]
        lines += [f"- {name} is left out: {reason}" for name, reason in self.refused.items()]
        return "\n".join(lines)


def explain(
    selector: str | Selector,
    *,
    source: bool = False,
    env: Mapping[str, object] | None = None,
    within: object = None,
    mode: Mode | Literal["live", "complete", "override"] = "live",
) -> Explanation:
    """Tells which functions and variables a selector will touch, or why nothing matches.

    Arguments:
        selector: The selector.
        source: Whether to show the code that is generated for each function.
        env: The names that it may use; by default those of the caller.
        within: Undecorated functions, classes or modules that `*` may match.
        mode: For which kind of overlay.

    Returns:
        An object to print or to look at.

    Raises:
        SelectorSyntaxError: The text is no selector.

    Examples:
        >>> def area(width):
        ...     height = 2
        ...     return width * height
        >>> explain("area > height").functions[0].focus
        ('height',)
        >>> print(explain("area > heigth").problem)  # doctest: +ELLIPSIS
        `area` (...) has no variable `heigth`. Did you mean `height`?
    """
    parsed = selector_of(selector)
    scope = caller_scope(env, within)
    mode = Mode(mode)
    if mode is Mode.LIVE and not _has_focus(parsed):
        mode = Mode.COMPLETE
    rule = Rule(parsed, scope, mode, emit=lambda *_: None)
    try:
        plan = prepare(rule).plans.context
    except PteraError as problem:
        return Explanation(parsed, (), {}, problem)
    slot = Slot(plan)
    refused: dict[str, str] = {}
    functions = tuple(_touched(slot, refused, source))
    return Explanation(parsed, functions, refused, None)


def _has_focus(selector: Selector) -> bool:
    from ptera_selector import focus

    return focus(selector) is not None


def _touched(slot: Slot, refused: dict[str, str], source: bool) -> Iterator[Touched]:
    seen: set[int] = set()
    for function, _ in _patch.candidates(slot.plan):
        try:
            subject = _patch.subject_of(function)
        except SourceError as error:
            refused[function.__qualname__] = error.reason
            continue
        if id(subject) not in seen and _patch.site_of(slot, subject, function) is not None:
            seen.add(id(subject))
            yield from _described(slot, subject, function, source)


def _described(
    slot: Slot, subject: Subject, function: FunctionType, source: bool
) -> Iterator[Touched]:
    site = slot.site(subject)
    if site is not None:
        code = subject.code
        text = generated_source(function, [slot]) if source else ""
        fitting = [s for s in slot.plan.specs.all if site.fits[s.index]]
        reads = sorted({v for spec in fitting for v in _read(slot.plan, subject, spec.index)})
        yield Touched(
            subject.facts.qualname,
            code.co_filename,
            code.co_firstlineno,
            tuple(spec.name for spec in fitting),
            tuple(reads),
            tuple(sorted(site.focus_names)),
            text,
        )


def _read(plan: Plan, subject: Subject, index: int) -> Iterator[str]:
    spec = plan.specs.all[index]
    for capture in spec.captures:
        if capture.variable is not None:
            yield capture.variable
        else:
            for variable in subject.generic_variables(capture.category, plan.specs.categories):
                yield variable.name
    for test in spec.tests:
        yield test.variable


def generated_source(function: FunctionType, slots: list[Slot]) -> str:
    """Gives the source of the code that is generated for a function with those slots."""
    subject = _patch.subject_of(function)
    shape = shape_of(function)
    constants = Constants()
    weaves = _patch.weaves_of(function, subject, shape, slots, constants)
    tree = tree_for(subject.source, shape, weaves)
    return readable(tree, constants)
