"""What a selector asks for, in words."""

from collections.abc import Iterator, Sequence

from ptera_selector._format import head_text, key_of, value_text
from ptera_selector._model import Call, Capture, Equals, Filter, Predicate, Relation, Role, Selector
from ptera_selector._walk import Step, focus, path, walk

_POINTS = {
    "#value": "each time {place} returns",
    "#enter": "each time {place} is entered",
    "#exit": "each time {place} is left",
    "#error": "each time {place} raises",
    "#yield": "each time {place} yields",
    "#receive": "each time {place} goes on after a yield",
    "#key": "each time {place} is entered with a key",
}


def in_words(selector: Selector) -> str:
    """Say what a selector asks for.

    Args:
        selector: The tree.

    Returns:
        When there is an event and what it has; then a line for each condition.

    Examples:
        >>> from ptera_selector import parse
        >>> print(in_words(parse("f{x} > y")))
        each time `y` is set in `f`: `y` and all values of `x`
    """
    found = focus(selector)
    steps = path(selector)
    when = _each_run(selector) if found is None else _each_binding(found, steps)
    outermost = ", with nothing above it" if selector.outermost else ""
    lines = [f"{when}{outermost}: {_listed([*_captured(selector, steps)])}"]
    return "\n".join([*lines, *_conditions(selector, steps)])


def _each_run(selector: Selector) -> str:
    return f"for each run of {_function(selector.call)}"


def _each_binding(found: Capture, steps: Sequence[Step]) -> str:
    place = _place(steps)
    variable = found.variable
    if variable in _POINTS:
        return _POINTS[variable].format(place=place)
    if variable is not None and variable.startswith("#loop_"):
        return f"each time the loop over `{variable[6:]}` begins a pass in {place}"
    if variable is not None and variable.startswith("#endloop_"):
        return f"each time the loop over `{variable[9:]}` ends a pass in {place}"
    return f"each time {_variable(found)} is set in {place}"


def _place(steps: Sequence[Step]) -> str:
    """The call with the focus, and those above it, from the inside out."""
    is_within = steps[-1][0] is Relation.WITHIN
    calls = steps[:-1] if is_within else steps
    own = _function(calls[-1][1])
    return ", ".join([f"{own} or at any depth below it" if is_within else own, *_above(calls)])


def _above(steps: Sequence[Step]) -> Iterator[str]:
    pairs = list(zip(steps, steps[1:], strict=False))
    for (_, above), (relation, _) in reversed(pairs):
        how = "called by" if relation is Relation.CHILD else "at any depth below"
        yield f"{how} {_function(above)}"


def _function(call: Call) -> str:
    text = head_text(call)
    return "any function" if text == "*" else f"`{text}`"


def _captured(selector: Selector, own: Sequence[Step]) -> Iterator[str]:
    """The focus, then the other captures, with their call where it is not that of the focus."""
    found = focus(selector)
    if found is not None:
        yield f"the variable as `{found.name}`" if found.variable is None else _named(found)
    for steps in walk(selector):
        for variable in steps[-1][1].variables:
            if isinstance(variable, Capture) and variable is not found:
                where = "" if steps[-1][1] is own[-1][1] else f" in {_place(steps)}"
                target = " (the target)" if variable.role is Role.TARGET else ""
                yield f"all values of {_named(variable)}{where}{target}"


def _named(capture: Capture) -> str:
    renamed = "" if capture.name == capture.variable else f" as `{capture.name}`"
    return f"{_variable(capture)}{renamed}"


def _variable(variable: Capture | Filter) -> str:
    name = "any variable" if variable.variable is None else f"`{variable.variable}`"
    if variable.category is None:
        return name
    return f"{name} of category `{' & '.join(variable.category.names)}`"


def _conditions(selector: Selector, own: Sequence[Step]) -> Iterator[str]:
    on_path = [id(call) for _, call in own]
    for steps in walk(selector):
        relation, call = steps[-1]
        if relation is not Relation.WITHIN and id(call) not in on_path:
            yield f"only if there is a run of {_place(steps)}"
        for variable in call.variables:
            if isinstance(variable, Filter) and variable is not key_of(call):
                yield f"only {_condition(variable, _place(steps))}"


def _condition(condition: Filter, place: str) -> str:
    match condition.test:
        case Equals(value):
            return f"where {_variable(condition)} is {value_text(value)} in {place}"
        case Predicate(name):
            return f"where `{name}` is true of {_variable(condition)} in {place}"
        case None:
            return f"where there is {_variable(condition)} in {place}"


def _listed(parts: Sequence[str]) -> str:
    if not parts:
        return "nothing, to be counted"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
