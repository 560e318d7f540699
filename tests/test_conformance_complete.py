"""Complete mode on the decorated programs: `using` gives the recorded events.

Where several events share one focus binding their order is free: then the bindings of the
focus must stand in order, and the events must be the same as a multiset.
"""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from ptera_selector import focus, parse

ROWS = json.loads((Path(__file__).parent / "conformance" / "complete.json").read_text())
PROGRAMS: Any = importlib.import_module("conformance.programs").PROGRAMS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['program']}: {row['query']}")
def test_events(row: Any) -> None:
    entry, args = PROGRAMS[row["program"]]
    results = entry.using(q=row["query"])(*args)
    events = json.loads(json.dumps([all_values(event) for event in results.q]))
    goal = focus(parse(row["query"]))
    if goal is None:
        assert events == row["events"]
    else:
        assert [e[goal.name] for e in events] == [e[goal.name] for e in row["events"]]
        assert sorted(map(text, events)) == sorted(map(text, row["events"]))
    assert results.value == entry(*args)


def all_values(event: Any) -> dict[str, Any]:
    return {name: captured.values for name, captured in event.items()}


def text(event: Any) -> str:
    return json.dumps(event, sort_keys=True)
