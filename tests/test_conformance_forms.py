"""The hand-picked forms of selectors: events in this order, with the variables' names."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

ROWS = json.loads((Path(__file__).parent / "conformance" / "forms.json").read_text())
PROGRAMS: Any = importlib.import_module("conformance.programs").PROGRAMS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['program']}: {row['query']}")
def test_events(row: Any) -> None:
    entry, args = PROGRAMS[row["program"]]
    found = entry.using(q=row["query"])(*args).q.map_full()
    events = [{name: captured.values for name, captured in event.items()} for event in found]
    assert json.loads(json.dumps(events)) == row["events"]
    if "names" in row:
        names = [{name: captured.names for name, captured in event.items()} for event in found]
        assert names == row["names"]
