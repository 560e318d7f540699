"""What can be told of a selector before anything runs: unknown names, impossible overrides."""

import builtins
from collections.abc import Iterator

from ._errors import OverrideError, SourceError, UnknownFunctionError, UnknownVariableError
from ._patch import candidates, subject_of
from ._plan import Plan
from ._registry import ptera_functions
from ._resolve import NOTHING, Scope
from ._scope import Kind
from ._source import nested_sources
from ._specs import Spec
from ._subject import Subject

__all__ = ["check_focus", "check_names", "subjects_of"]

_FIXED_POINTS = ("#enter", "#exit", "#error", "#key", "#loop_", "#endloop_")
_FIXED_KINDS = frozenset({Kind.COMPREHENSION, Kind.EXCEPT, Kind.READ})


def subjects_of(plan: Plan) -> list[Subject]:
    """Gives all definitions that a plan may concern, those nested in others included."""
    found: dict[int, Subject] = {}
    for function, _ in candidates(plan):
        try:
            subject = subject_of(function)
            found[id(subject)] = subject
            for source in nested_sources(subject.source) if plan.concerns_nested else ():
                inner = subject_of(function, source.code)
                found[id(inner)] = inner
        except SourceError:
            continue
    return list(found.values())


def check_names(plan: Plan, scope: Scope) -> None:
    """Raises an error for a function or variable that cannot be found.

    Raises:
        UnknownFunctionError: No function, element or nested function has the name.
        UnknownVariableError: Functions of that name exist, but none has the variable.
        SourceError: A function that is named has no source to be rewritten.
    """
    subjects: list[Subject] | None = None
    for spec in plan.specs.all:
        if spec.meant is None:
            continue
        if subjects is None:
            _check_sources(plan)
            subjects = subjects_of(plan)
        _check_spec(spec, subjects, plan, scope)


def _check_sources(plan: Plan) -> None:
    for function, named in candidates(plan):
        if named:
            subject_of(function)


def _check_spec(spec: Spec, subjects: list[Subject], plan: Plan, scope: Scope) -> None:
    named = [subject for subject in subjects if subject.is_named(spec)]
    element = any(spec.name in subject.facts.elements for subject in subjects)
    if not named and not element:
        _check_is_python(spec.name, scope)
        raise UnknownFunctionError(spec.name, tuple(_function_names(scope)))
    if not named:
        return
    for variable in spec.variables():
        if not any(subject.has_variable(variable) for subject in named):
            if element and variable in ("#key", "#value"):
                continue
            names = {name for subject in named for name in subject.facts.variables}
            places = [_place(subject) for subject in named]
            raise UnknownVariableError(variable, spec.name, places, sorted(names))


def _check_is_python(name: str, scope: Scope) -> None:
    """Raises `SourceError` for what can be called but has no source to look into."""
    found = scope.lookup(name)
    if found is NOTHING:
        found = getattr(builtins, name, NOTHING)
    if callable(found):
        remedy = "Wrap it in a function of yours, and name that."
        raise SourceError(name, "it is not written in Python", remedy)


def _place(subject: Subject) -> tuple[str, str, int]:
    source = subject.source
    return subject.facts.qualname, source.path, source.code.co_firstlineno


def _function_names(scope: Scope) -> Iterator[str]:
    for names in scope.names:
        for name, value in list(names.items()):
            if callable(value):
                yield name
    for function in ptera_functions(None):
        yield function.__name__


def check_focus(plan: Plan) -> None:
    """Raises `OverrideError` if the focus is nothing that an overlay can change."""
    selector = plan.specs.selector
    focus = plan.specs.focus
    if focus is None:
        raise OverrideError(
            str(selector), None, "the selector has no focus (write `!x`, `> x`, or `h[1] as x`)"
        )
    variable = focus.variable
    if variable is None:
        return
    if variable.startswith(_FIXED_POINTS):
        raise OverrideError(str(selector), variable, "it is a point, not a variable")
    spec = plan.specs.path[-1]
    fitting = [s for s in subjects_of(plan) if plan.is_visible(s) and s.fits(spec, plan.specs)]
    kinds = [s.facts.variables[variable].kinds for s in fitting if variable in s.facts.variables]
    if kinds and all(kind <= _FIXED_KINDS for kind in kinds):
        raise OverrideError(str(selector), variable, _reason(frozenset[Kind]().union(*kinds)))


def _reason(kinds: frozenset[Kind]) -> str:
    if Kind.COMPREHENSION in kinds:
        return "it is the target of a comprehension"
    if Kind.EXCEPT in kinds:
        return "it is the name of a caught exception"
    return "the function only reads it; set it in a copy made with `new`"
