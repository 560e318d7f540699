"""DESIGN section 4, read literally: a selector against a whole trace.

Nothing is clever here: every way to place the patterns is enumerated. A *path*
pattern lies between the outermost pattern and the focus; every other pattern is
a *side* pattern.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ptera_selector import Call, Capture, Nested, Relation, Selector, captures, focus, path

from ._trace import MISSING, Activation, Binding, Trace
from ._view import View, demands

Steps = Sequence[tuple[Relation | None, Call]]
Places = tuple[Activation, ...]
Found = list[tuple[str, Binding]]
"""Capture names with bindings, one for each way in which a binding is reached."""


@dataclass(frozen=True)
class Event:
    """What a handler gets: for each capture its values, and their variables' names."""

    values: dict[str, Any]
    names: dict[str, Any]
    when: tuple[int, int] = (0, 0)
    """When it is delivered, and when its focus was bound: equal for events in free order."""


def placements(view: View, steps: Steps) -> Iterator[Places]:
    """Every way to place the path."""
    for root in view.parent:
        if view.fits(steps[0][1], root):
            for tail in _tails(view, steps[1:], root):
                yield (root, *tail)


def _tails(view: View, steps: Steps, above: Activation) -> Iterator[Places]:
    if not steps:
        yield ()
        return
    (relation, call), *rest = steps
    assert relation is not None
    for activation in view.below(relation, above):
        if view.fits(call, activation):
            for tail in _tails(view, rest, activation):
                yield (activation, *tail)


def sides(steps: Steps, places: Places) -> Iterator[tuple[Nested, Activation]]:
    """The side patterns of a placed path, and where each hangs."""
    following = [call for _, call in steps[1:]]
    for (_, call), activation, after in zip(steps, places, [*following, None], strict=True):
        for nested in call.nested:
            if nested.call is not after:
                yield nested, activation


def own(view: View, call: Call, activation: Activation) -> Found:
    """What the captures of a pattern hold where it is placed."""
    mine = [v for v in call.variables if isinstance(v, Capture)]
    return [(capture.name, b) for capture in mine for b in view.bindings(activation, call, capture)]


def pool(view: View, side: Nested, above: Activation) -> Found:
    """What a side pattern contributes: every way to place it, and then what is nested in it."""
    found: Found = []
    for activation in view.below(side.relation, above):
        if view.fits(side.call, activation):
            found += own(view, side.call, activation)
            for nested in side.call.nested:
                found += pool(view, nested, activation)
    return found


def gathered(view: View, steps: Steps, places: Places) -> Found:
    """Everything that the captures of a placed selector hold, in order of binding."""
    found: Found = []
    for (_, call), activation in zip(steps, places, strict=True):
        found += own(view, call, activation)
    for side, activation in sides(steps, places):
        found += pool(view, side, activation)
    return sorted(found, key=lambda pair: pair[1].when)


# -- complete mode -------------------------------------------------------------


def complete(trace: Trace, selector: Selector, env: Mapping[str, Any] | None = None) -> list[Event]:
    """The events of `using`."""
    view = View(trace, selector, env or {})
    steps, goal = path(selector), focus(selector)
    wanted = {capture.name: capture.variable for capture in captures(selector)}
    found: list[Event] = []
    for places in placements(view, steps):
        root = places[0]
        if root.end is None or (selector.outermost and view.parent[root] is not None):
            continue
        if root.raised and "#error" not in wanted.values():
            continue
        everything = gathered(view, steps, places)
        if goal is None:
            found.append(event(wanted, everything, (root.end, 0)))
            continue
        others = [pair for pair in everything if pair[0] != goal.name]
        for binding in view.bindings(places[-1], steps[-1][1], goal):
            everything = [*others, (goal.name, binding)]
            found.append(event(wanted, everything, (root.end, binding.when)))
    found.sort(key=lambda e: e.when)
    return [e for e in found if all(e.values[name] for name in wanted)]


def event(wanted: Mapping[str, Any], found: Found, when: tuple[int, int]) -> Event:
    return Event(
        {name: [b.value for n, b in found if n == name] for name in wanted},
        {name: [b.name for n, b in found if n == name] for name in wanted},
        when,
    )


# -- live mode -----------------------------------------------------------------


def live(trace: Trace, selector: Selector, env: Mapping[str, Any] | None = None) -> list[Event]:
    """The events of `probing`."""
    goal = focus(selector)
    if goal is None:
        return complete(trace, selector, env)
    view = View(trace, selector, env or {})
    last = path(selector)[-1][1]
    moments = [(b, a) for a in view.parent for b in view.bindings(a, last, goal)]
    moments.sort(key=lambda moment: moment[0].when)
    return [e for b, a in moments for e in live_at(view, selector, a, b)]


def live_at(view: View, selector: Selector, activation: Activation, now: Binding) -> list[Event]:
    """The events of one binding of the focus, the nearest placement first."""
    view.now = now.when
    steps, goal = path(selector), focus(selector)
    assert goal is not None
    found = [
        places
        for places in placements(view, steps)
        if places[-1] is activation
        and not (selector.outermost and view.parent[places[0]] is not None)
        and all(view.matches(s, a) for s, a in sides(steps, places) if demands(s.call))
    ]
    found.sort(key=lambda places: [-view.depth(a) for a in reversed(places)])
    events = []
    for rank, places in enumerate(found):
        latest = dict(gathered(view, steps, places)) | {goal.name: now}
        bound = {n: b for n, b in latest.items() if b.value is not MISSING}
        values = {n: b.value for n, b in bound.items()}
        names = {n: b.name for n, b in bound.items()}
        events.append(Event(values, names, (now.when, rank)))
    view.now = None
    return events


# -- overriding ----------------------------------------------------------------

Change = tuple[Selector, Callable[..., Any], Sequence[str]]
"""Where, the function that gives the new value, and the captures that it is given."""


def replacing(
    changes: Sequence[Change], env: Mapping[str, Any] | None = None
) -> Callable[[Trace, Activation, Binding], Any]:
    """What an overlay of such entries does at each binding; the later entry wins."""

    def replace(trace: Trace, activation: Activation, incoming: Binding) -> Any:
        for selector, function, parameters in reversed(changes):
            goal = focus(selector)
            assert goal is not None
            view, steps = View(trace, selector, env or {}), [call for _, call in path(selector)]
            view.incoming = incoming, steps
            if activation in view.parent and incoming in view.bindings(activation, steps[-1], goal):
                for nearest in live_at(view, selector, activation, incoming)[:1]:
                    return function(**{p: nearest.values[p] for p in parameters})
        return incoming.value

    return replace
