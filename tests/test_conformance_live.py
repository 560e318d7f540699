"""Live mode on the undecorated programs: `probing` gives the recorded events in this order."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from ptera import probing

ROWS = json.loads((Path(__file__).parent / "conformance" / "live.json").read_text())
PLAIN: Any = importlib.import_module("conformance.plain")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['program']}: {row['query']}")
def test_events(row: Any) -> None:
    entry, args = PLAIN.PROGRAMS[row["program"]]
    raw = "named" in row
    with probing(row["query"], env=vars(PLAIN), raw=raw) as probe:
        events = probe.values()
        entry(*args)
    if raw:
        named = [{name: [c.name, c.value] for name, c in event.items()} for event in events]
        assert json.loads(json.dumps(named)) == row["named"]
    else:
        assert json.loads(json.dumps(events)) == row["events"]
