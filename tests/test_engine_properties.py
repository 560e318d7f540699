"""The engine against the oracle, on random programs and selectors.

Programs have decorated and undecorated functions, recursion, loops, tuple targets,
`with`, `try`, `match`, comprehensions, elements, nested functions, keys, and generators
that are consumed alone or interleaved.
"""

import itertools
import json
import linecache
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from zlib import crc32

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from oracle import Event, Example, Program, TooLong, Trace, complete, examples, live, replacing

from ptera import (
    Overlay,
    OverrideError,
    UnknownFunctionError,
    UnknownVariableError,
    probing,
)
from ptera_selector import Selector, focus, parse

LIMIT = 600


def property_of(examples: int) -> settings:
    """How many examples, and nothing about how long each may take."""
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, suppress_health_check=slow)


@contextmanager
def loaded(source: str) -> Iterator[dict[str, Any]]:
    """The names of a program as the engine sees it: its text is where Python looks for it."""
    name = f"<program {crc32(source.encode()):08x}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope: dict[str, Any] = {"__name__": name}
    try:
        exec(compile(source, name, "exec"), scope)
        yield scope
    finally:
        # The functions go at once: selectors mean every decorated function of a name.
        scope.clear()
        del linecache.cache[name]


def run(entry: Any) -> Any:
    """What `entry(2)` gives, or the error that leaves it."""
    try:
        return entry(2)
    except Exception as error:
        return error


def normal(value: Any) -> Any:
    """A value, or what can be compared of one that the two runs make anew."""
    if isinstance(value, BaseException):
        return [type(value).__name__, normal(value.args)]
    if isinstance(value, (list, tuple)):
        return [normal(v) for v in value]
    if isinstance(value, dict):
        return {str(k): normal(v) for k, v in value.items()}
    if callable(value):
        return "function"
    return value if isinstance(value, (int, str, type(None))) else type(value).__name__


def sortable(event: Any) -> str:
    return json.dumps(event, sort_keys=True, default=repr)


def in_one_order(events: list[Any], ties: Iterable[Event]) -> list[Any]:
    """Sorts the events whose order among each other is free."""
    ordered, rest = [], list(events)
    for _, tied in itertools.groupby(ties, key=lambda event: event.when):
        size = len(list(tied))
        ordered += sorted(rest[:size], key=sortable)
        rest = rest[size:]
    return ordered + rest


def expected(events: list[Event]) -> list[Any]:
    found = [{n: [e.names[n], normal(v)] for n, v in e.values.items()} for e in events]
    return in_one_order(found, events)


def several(event: Any) -> Any:
    """An event of complete mode."""
    return {name: [list(c.names), normal(list(c.values))] for name, c in event.items()}


def latest(event: Any) -> Any:
    """An event of live mode."""
    return {name: [c.name, normal(c.value)] for name, c in event.items()}


def attached(stack: ExitStack, query: str, scope: Any, total: bool = False) -> Any:
    """The list that a probe fills, or None if it names what is nowhere to be found."""
    options: dict[str, Any] = {"probe_type": "total"} if total else {}
    try:
        return stack.enter_context(probing(query, env=scope, raw=True, **options)).values()
    except (UnknownFunctionError, UnknownVariableError):
        return None


def compare(query: str, events: Any, trace: Trace, total: bool = False) -> None:
    """The engine's events are the oracle's; what is refused would have given none."""
    selector = parse(query)
    total = total or focus(selector) is None
    if events is None:
        assert complete(trace, selector) == [], query
        return
    wanted = complete(trace, selector) if total else live(trace, selector)
    found = [several(event) if total else latest(event) for event in events]
    assert in_one_order(found, wanted) == expected(wanted), query


def check(example: Example, total: bool) -> None:
    """All selectors of an example at once in the engine, and one by one in the oracle."""
    program = Program(example.text.source)
    trace, result = program.run(program.scope["f0"], 2)
    with loaded(example.text.source) as scope, ExitStack() as stack:
        found = [attached(stack, query, scope, total) for query in example.queries]
        assert normal(run(scope["f0"])) == normal(result)
    for query, events in zip(example.queries, found, strict=True):
        compare(query, events, trace, total)


@property_of(examples=80)
@given(examples())
def test_complete_events(example: Example) -> None:
    check(example, total=True)


@property_of(examples=80)
@given(examples())
def test_live_events(example: Example) -> None:
    check(example, total=False)


@property_of(examples=80)
@given(examples(focused=True, least=2), st.sampled_from(["0", "1", "1 - {0}", "{0}"]))
def test_overrides(example: Example, new: str) -> None:
    """All but the last query are overridden, the last sees the values that come of it."""
    *overridden, watched = example.queries
    functions: dict[str | Selector, Any] = {q: changing(q, new) for q in overridden}
    changes = [(parse(q), functions[q], (goal(q),)) for q in overridden]
    program = Program(example.text.source)
    try:
        trace, result = program.run(program.scope["f0"], 2, replace=replacing(changes), limit=LIMIT)
    except TooLong:
        reject()
    with loaded(example.text.source) as scope, ExitStack() as stack:
        try:
            stack.enter_context(Overlay.rewrite(functions, env=scope))
        except (OverrideError, UnknownFunctionError, UnknownVariableError):
            reject()
        found = attached(stack, watched, scope)
        assert normal(run(scope["f0"])) == normal(result)
    compare(watched, found, trace)


def goal(query: str) -> str:
    found = focus(parse(query))
    assert found is not None
    return found.name


def changing(query: str, new: str) -> Any:
    """A function of the focus's incoming value; only numbers change."""
    name = goal(query)
    return eval(f"lambda {name}: {new.format(name)} if type({name}) is int else {name}")
