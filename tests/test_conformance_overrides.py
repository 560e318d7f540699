"""`tweak` and `rewrite` on the decorated programs give the recorded results."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROWS = json.loads((Path(__file__).parent / "conformance" / "overrides.json").read_text())
PROGRAMS: Any = importlib.import_module("conformance.programs").PROGRAMS


def changed(entry: Any, row: Any) -> Any:
    if "tweak" in row:
        return entry.tweak(row["tweak"])
    return entry.rewrite({query: function(**new) for query, new in row["rewrite"].items()})


def function(params: list[str], value: str) -> Callable[..., Any]:
    made: Callable[..., Any] = eval(f"lambda {', '.join(params)}: {value}")
    return made


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row['program']}: {row.get('tweak', row.get('rewrite'))}"
)
def test_result(row: Any) -> None:
    entry, args = PROGRAMS[row["program"]]
    before = entry(*args)
    assert changed(entry, row)(*args) == row["result"]
    assert entry(*args) == before
