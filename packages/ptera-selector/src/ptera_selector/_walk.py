"""Looking around in a tree."""

from collections.abc import Iterator

from ptera_selector._model import Call, Capture, Relation, Role, Selector

# A call, and its relation to the call above it; the outermost has none.
Step = tuple[Relation | None, Call]


def walk(selector: Selector) -> Iterator[tuple[Step, ...]]:
    """Every call of a selector, each as the way to it.

    Args:
        selector: The tree.

    Yields:
        For each call, from the outside in and in written order, the steps from the outermost call
        to it: each a relation to the step before (None for the outermost) and a call.

    Examples:
        >>> from ptera_selector import parse
        >>> [len(steps) for steps in walk(parse("f{g{x}} > h > y"))]
        [1, 2, 2]
    """
    waiting: list[tuple[Step, ...]] = [((None, selector.call),)]
    while waiting:
        steps = waiting.pop()
        yield steps
        below = steps[-1][1].nested
        waiting += [(*steps, (nested.relation, nested.call)) for nested in reversed(below)]


def calls(selector: Selector) -> Iterator[Call]:
    """Every call of a selector, from the outside in and in written order."""
    waiting = [selector.call]
    while waiting:
        call = waiting.pop()
        yield call
        waiting += [nested.call for nested in reversed(call.nested)]


def captures(selector: Selector) -> tuple[Capture, ...]:
    """What a selector captures, call by call from the outside in, each in written order.

    Args:
        selector: The tree.

    Returns:
        The captures; the focus is one of them.

    Examples:
        >>> from ptera_selector import parse
        >>> [capture.name for capture in captures(parse("f{x, g{y}} > z as w"))]
        ['x', 'w', 'y']
    """
    return tuple(
        variable
        for call in calls(selector)
        for variable in call.variables
        if isinstance(variable, Capture)
    )


def focus(selector: Selector) -> Capture | None:
    """The capture marked `!`, or at the right end of `>`.

    Args:
        selector: The tree.

    Returns:
        The capture, or None if the selector has no focus.

    Examples:
        >>> from ptera_selector import parse
        >>> focus(parse("f{x} > y")).name
        'y'
        >>> focus(parse("f{x}")) is None
        True
    """
    return _with_role(selector, Role.FOCUS)


def target(selector: Selector) -> Capture | None:
    """The capture marked `!!`.

    Args:
        selector: The tree.

    Returns:
        The capture, or None if the selector has no target.

    Examples:
        >>> from ptera_selector import parse
        >>> target(parse("step{!!loss} >> $param:Parameter")).name
        'loss'
    """
    return _with_role(selector, Role.TARGET)


def _with_role(selector: Selector, role: Role) -> Capture | None:
    return next((capture for capture in captures(selector) if capture.role is role), None)


def function_names(selector: Selector) -> frozenset[str]:
    """The functions that a selector names, as written.

    Args:
        selector: The tree.

    Returns:
        The names; a wildcard is none.

    Examples:
        >>> from ptera_selector import parse
        >>> sorted(function_names(parse("f{*{g{x}}} >> /m/h > y")))
        ['/m/h', 'f', 'g']
    """
    return frozenset(call.function for call in calls(selector) if call.function is not None)


def path(selector: Selector) -> tuple[Step, ...]:
    """The calls that lead to the focus.

    Args:
        selector: The tree.

    Returns:
        Each call with its relation to the one before, from the outermost (whose relation is None)
        to the one that holds the focus. The outermost alone, if there is no focus.

    Examples:
        >>> from ptera_selector import parse
        >>> [call.function for _, call in path(parse("f{g{x}} >> h > y"))]
        ['f', 'h']
    """
    for steps in walk(selector):
        for variable in steps[-1][1].variables:
            if isinstance(variable, Capture) and variable.role is Role.FOCUS:
                return steps
    return ((None, selector.call),)
