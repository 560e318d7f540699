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
from types import GeneratorType
from typing import Any
from zlib import crc32

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from oracle import Event, Example, Program, TooLong, complete, examples, live, replacing

from ptera import Overlay, PteraError, probing
from ptera_selector import focus, parse

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
    if isinstance(value, GeneratorType):
        return "generator"
    return "function" if callable(value) else value


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


def attached(stack: ExitStack, query: str, scope: Any, **options: Any) -> list[Any] | None:
    """The list that a probe fills, or None if no function has such a variable."""
    try:
        return stack.enter_context(probing(query, env=scope, raw=True, **options)).values()
    except PteraError:
        return None


def check(example: Example, mode: str) -> None:
    """All selectors of an example at once, in the engine, and one by one in the oracle."""
    program = Program(example.text.source)
    trace, result = program.run(program.scope["f0"], 2)
    with loaded(example.text.source) as scope, ExitStack() as stack:
        options = {"probe_type": "total"} if mode == "total" else {}
        found = [attached(stack, query, scope, **options) for query in example.queries]
        assert normal(run(scope["f0"])) == normal(result)
    match, shape = (complete, several) if mode == "total" else (live, latest)
    for query, events in zip(example.queries, found, strict=True):
        selector = parse(query)
        wanted = match(trace, selector)
        shape = several if focus(selector) is None else shape
        got = [shape(event) for event in events or []]
        assert in_one_order(got, wanted) == expected(wanted), query


@property_of(examples=80)
@given(examples())
def test_complete_events(example: Example) -> None:
    check(example, "total")


@property_of(examples=80)
@given(examples())
def test_live_events(example: Example) -> None:
    check(example, "live")


@property_of(examples=80)
@given(examples(focused=True, count=2), st.integers(0, 2), st.data())
def test_overrides(example: Example, value: int, data: st.DataObject) -> None:
    *overridden, watched = example.queries
    changes = [(parse(query), constant(value), ()) for query in overridden]
    program = Program(example.text.source)
    try:
        trace, result = program.run(program.scope["f0"], 2, replace=replacing(changes), limit=LIMIT)
    except TooLong:
        reject()
    with loaded(example.text.source) as scope, ExitStack() as stack:
        try:
            stack.enter_context(Overlay.tweak({q: value for q in overridden}, env=scope))
        except PteraError:
            reject()
        found = attached(stack, watched, scope)
        assert normal(run(scope["f0"])) == normal(result)
    wanted = live(trace, parse(watched))
    assert [latest(event) for event in found or []] == expected(wanted), watched


def constant(value: Any) -> Any:
    return lambda: value
