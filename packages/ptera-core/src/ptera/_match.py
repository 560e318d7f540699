"""Matching of recorded activations, as the semantics say it (`docs/explanation`).

Complete mode matches when the outermost activation has returned; live mode with side
patterns matches at each binding of the focus, over what is bound so far.
"""

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ptera_selector import Relation

from ._deliver import ABSENT, Captured, Node
from ._specs import Spec, Specs

if TYPE_CHECKING:
    from ._plan import Site

__all__ = ["complete_events", "live_event", "simple_events", "values_of"]

Event = dict[str, Captured]
Binding = tuple[int, Any, str]
Pools = dict[str, list[Binding]]


def complete_events(specs: Specs, outermost: Node) -> list[Event]:
    """Gives the events of one activation of the outermost pattern, in order of the focus."""
    first = specs.path[0]
    if not outermost.fits[first.index] or (first.tests and not _fits(first, outermost)):
        return []
    if specs.selector.outermost and outermost.parent.parent is not None:
        return []
    found: list[tuple[int, Event]] = []
    if specs.has_sides:
        for placed in _placements(first, outermost):
            found.extend(_events_of(specs, placed))
    else:
        _add_events_along(specs, first, outermost, {}, found)
    found.sort(key=_number)
    return [event for _, event in found]


_number = itemgetter(0)


def _add_events_along(
    specs: Specs, spec: Spec, node: Node, above: Event, found: list[tuple[int, Event]]
) -> None:
    """Adds the events of one placement and of all that follow it, where nothing is beside the path.

    Does what `_placements` and `_events_of` do, with less work: no pools, and what was
    captured above is gathered once for all placements below.
    """
    focus, focused, event = spec.focus, None, above
    for capture, column, _ in node.site.reads[spec.index]:
        bindings = node.values[column]
        if not bindings:
            return
        if capture is focus:
            focused = bindings
        else:
            event = event.copy() if event is above else event
            event[capture.name] = _captured(capture.name, bindings)
    following = spec.following
    if following is not None:
        at, plain = following.index, not following.tests
        for candidate in _related(node, following.relation):
            if candidate.fits[at] and (plain or _fits(following, candidate)):
                _add_events_along(specs, following, candidate, event, found)
    elif focus is None:
        found.append((0, event))
    elif focused is not None:
        name, names = focus.name, specs.names
        for number, value, variable in focused:
            complete = {**event, name: Captured(name, [variable], [value])}
            if names[-1] != name:
                complete = {each: complete[each] for each in names}
            found.append((number, complete))


def _events_of(specs: Specs, placed: list[Node]) -> Iterator[tuple[int, Event]]:
    """Gives an event for each binding of the focus, with all values of the captures."""
    pools: Pools = {name: [] for name in specs.names}
    for spec, node in zip(specs.path, placed, strict=True):
        _gather(spec, node, pools)
        for side in spec.sides:
            _pool(side, node, pools)
    focus = specs.focus
    focused = pools.pop(focus.name) if focus is not None else []
    if not all(pools.values()):
        return
    event = {name: _captured(name, bindings) for name, bindings in pools.items()}
    if focus is None:
        yield 0, event
    for binding in focused:
        captured = Captured(focus.name if focus else "", [binding[2]], [binding[1]])
        yield binding[0], {**event, captured.capture: captured}


def _captured(name: str, bindings: list[Binding]) -> Captured:
    if len(bindings) > 1:
        bindings.sort(key=itemgetter(0))
    return Captured(name, [b[2] for b in bindings], [b[1] for b in bindings])


def _placements(spec: Spec, node: Node) -> Iterator[list[Node]]:
    """Gives every way to place a fitting pattern and those that follow it on the path."""
    if not all(_holds(side, node) for side in spec.sides):
        return
    following = spec.following
    if following is None:
        yield [node]
        return
    for candidate in _related(node, following.relation):
        if _fits(following, candidate):
            for rest in _placements(following, candidate):
                yield [node, *rest]


def _related(node: Node, relation: Relation) -> Iterable[Node]:
    """Gives the activations in that relation to `node`, in the order in which they began."""
    if relation is Relation.CHILD:
        return node.children or ()
    return _all_below(node, relation)


def _all_below(node: Node, relation: Relation) -> Iterator[Node]:
    if relation is Relation.WITHIN:
        yield node
    waiting = list(reversed(node.children or ()))
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(reversed(here.children or ()))


def _fits(spec: Spec, node: Node) -> bool:
    """Tells whether the pattern itself fits: what was told statically, and every filter."""
    return node.fits[spec.index] and all(
        _passes(test, bindings) for test, bindings in node.site.tested(spec, node)
    )


def _passes(test: Any, bindings: list[Binding]) -> bool:
    return bool(bindings) and all(test(binding[1]) for binding in bindings)


def _holds(side: Spec, node: Node) -> bool:
    """Tells whether a side pattern matches at least once from `node`.

    A side below that captures is not asked: its captures without a value drop the event.
    """
    return any(
        _fits(side, candidate) and all(_holds(inner, candidate) for inner in _conditions(side))
        for candidate in _related(node, side.relation)
    )


def _conditions(spec: Spec) -> Iterator[Spec]:
    for side in spec.sides:
        if not side.captures and not any(below.captures for below in side.below()):
            yield side


def _gather(spec: Spec, node: Node, pools: Pools) -> None:
    for name, bindings in node.site.read(spec, node):
        pools[name].extend(bindings)


def _pool(side: Spec, node: Node, pools: Pools) -> None:
    """Adds what every placement of a side pattern contributes to its captures."""
    for candidate in _related(node, side.relation):
        if _fits(side, candidate) and all(_holds(inner, candidate) for inner in _conditions(side)):
            _gather(side, candidate, pools)
            for inner in side.sides:
                _pool(inner, candidate, pools)


def simple_events(site: "Site", values: list[list[Any]]) -> Iterator[Event]:
    """Gives the events of a selector with one call pattern, from one activation's columns.

    Such columns hold the values alone (with the name, for `$x`): their order is enough.
    """
    spec = site.plan.specs.path[0]
    for test, column in site.tests[spec.index]:
        if not values[column] or not all(test(value) for value in values[column]):
            return
    focus = spec.focus
    event: Event = {}
    focused: Captured | None = None
    for capture, column, generic in site.reads[spec.index]:
        captured = _simple_captured(capture.name, capture.variable, values[column], generic)
        if capture is focus:
            focused = captured
        elif not captured.values:
            return
        else:
            event[capture.name] = captured
    if focused is None:
        yield event
        return
    name = focused.capture
    for variable, value in zip(focused.names, focused.values, strict=True):
        yield {**event, name: Captured(name, [variable], [value])}


def _simple_captured(name: str, variable: str | None, column: list[Any], generic: bool) -> Captured:
    if generic:
        return Captured(name, [entry[1] for entry in column], [entry[0] for entry in column])
    return Captured(name, [str(variable)] * len(column), column)


def values_of(event: Event) -> dict[str, Any]:
    """Gives the values of an event, without the variables' names."""
    return {name: captured.value for name, captured in event.items()}


def live_event(site: "Site", placed: list[Node], name: str, value: object) -> Event | None:
    """Gives the event of one binding of a live focus, or None if a filter or side fails.

    Arguments:
        site: What the plan does in the focus's function.
        placed: One activation for each pattern of the path.
        name: The variable that was bound.
        value: Its value.
    """
    specs = site.plan.specs
    latest: dict[str, Binding] = {}
    for spec, node in zip(specs.path, placed, strict=True):
        if not _fits_now(spec, node):
            return None
        _latest(spec, node, latest)
        for side in spec.sides:
            if _is_condition(side) and not _holds_now(side, node):
                return None
            _latest_below(side, node, latest)
    focus = specs.focus
    assert focus is not None
    # Where the focus is kept too (a selector with two ends), it has been stored by now.
    if not site.plan.ends:
        latest[focus.name] = (0, value, name)
    return {
        capture: Captured(capture, [latest[capture][2]], [latest[capture][1]])
        for capture in specs.names
        if capture in latest
    }


def _fits_now(spec: Spec, node: Node) -> bool:
    return node.fits[spec.index] and all(
        binding is not ABSENT and test(binding[1]) for test, binding in node.site.tested(spec, node)
    )


def _is_condition(side: Spec) -> bool:
    """Whether a side pattern must have matched before its event can be delivered."""
    below = [side, *side.below()]
    return any(spec.tests for spec in below) or not any(spec.captures for spec in below)


def _holds_now(side: Spec, node: Node) -> bool:
    return any(
        _fits_now(side, candidate)
        and all(_holds_now(inner, candidate) for inner in side.sides if _is_condition(inner))
        for candidate in _related(node, side.relation)
    )


def _latest(spec: Spec, node: Node, latest: dict[str, Binding]) -> None:
    for name, binding in node.site.read(spec, node):
        if binding is not ABSENT and (name not in latest or latest[name][0] < binding[0]):
            latest[name] = binding


def _latest_below(side: Spec, node: Node, latest: dict[str, Binding]) -> None:
    for candidate in _related(node, side.relation):
        if _fits_now(side, candidate) and all(
            _holds_now(inner, candidate) for inner in side.sides if _is_condition(inner)
        ):
            _latest(side, candidate, latest)
            for inner in side.sides:
                _latest_below(inner, candidate, latest)
