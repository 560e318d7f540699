"""How the oracle reads the places where DESIGN leaves room, one case each.

`tests/test_engine_reading.py` holds the engine to the same cases.
"""

import json
from typing import Any

import pytest
from oracle import Program, complete, live, replacing
from oracle.reading import CHANGES, COMPLETE, LIVE, Case, Change, source

from ptera_selector import parse


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("case", COMPLETE, ids=lambda case: case.query)
def test_complete(case: Case) -> None:
    program = Program(source(case.program))
    trace, _ = program.run(program.scope["entry"])
    events = complete(trace, parse(case.query))
    assert plain([event.values for event in events]) == case.events


@pytest.mark.parametrize("case", LIVE, ids=lambda case: case.query)
def test_live(case: Case) -> None:
    program = Program(source(case.program))
    trace, _ = program.run(program.scope["entry"])
    events = live(trace, parse(case.query))
    assert plain([event.values for event in events]) == case.events


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(change.rewrites))
def test_changes(change: Change) -> None:
    changes = []
    for query, text in change.rewrites.items():
        function = eval(text)
        changes.append((parse(query), function, function.__code__.co_varnames))
    program = Program(source(change.program))
    entry = program.scope["entry"]
    assert program.run(entry, replace=replacing(changes))[1] == change.result
