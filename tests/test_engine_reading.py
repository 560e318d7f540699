"""The engine on the cases in which DESIGN leaves room: see `oracle.reading`."""

import json
import linecache
from typing import Any

import pytest
from oracle.reading import CHANGES, COMPLETE, LIVE, Case, Change, source

from ptera import Overlay, probing
from ptera_selector import focus, parse


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def scope_of(program: str) -> dict[str, Any]:
    """The names of a program whose text is where Python looks for it."""
    name, text = f"<reading {program}>", source(program)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    scope: dict[str, Any] = {"__name__": name}
    exec(compile(text, name, "exec"), scope)
    return scope


@pytest.mark.parametrize("case", COMPLETE, ids=lambda case: case.query)
def test_complete(case: Case) -> None:
    scope = scope_of(case.program)
    with probing(case.query, env=scope, raw=True, probe_type="total") as probe:
        events = probe.values()
        scope["entry"]()
    found = [{name: c.values for name, c in event.items()} for event in events]
    assert plain(found) == case.events


@pytest.mark.parametrize("case", LIVE, ids=lambda case: case.query)
def test_live(case: Case) -> None:
    scope = scope_of(case.program)
    several = focus(parse(case.query)) is None
    with probing(case.query, env=scope, raw=True) as probe:
        events = probe.values()
        scope["entry"]()
    found = [{n: c.values if several else c.value for n, c in e.items()} for e in events]
    assert plain(found) == case.events


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(change.rewrites))
def test_changes(change: Change) -> None:
    scope = scope_of(change.program)
    before = scope["entry"]()
    functions = {query: eval(text) for query, text in change.rewrites.items()}
    with Overlay.rewrite(functions, env=scope):
        assert scope["entry"]() == change.result
    assert scope["entry"]() == before
