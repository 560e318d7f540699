"""The oracle against the conformance data: its reading of the semantics is the right one."""

import json
from pathlib import Path
from typing import Any

import pytest
from oracle import Event, Program, Trace, complete, live, replacing

from ptera_selector import parse

CASES = Path(__file__).parent / "conformance"


def cases(name: str) -> list[Any]:
    return [
        pytest.param(row, id=f"{row['program']}-{row.get('query', number)}")
        for number, row in enumerate(json.loads((CASES / name).read_text()))
    ]


def program(name: str) -> Program:
    return Program((CASES / name).read_text())


def traces(name: str) -> dict[str, Trace]:
    instrumented = program(name)
    entries = instrumented.scope["PROGRAMS"].items()
    return {key: instrumented.run(entry, *args)[0] for key, (entry, args) in entries}


def plain(value: Any) -> Any:
    """Tuples as lists, like the data."""
    return json.loads(json.dumps(value))


DECORATED, UNDECORATED = traces("programs.py"), traces("plain.py")


@pytest.mark.parametrize("row", cases("complete.json") + cases("forms.json"))
def test_complete_events(row: Any) -> None:
    events = complete(DECORATED[row["program"]], parse(row["query"]))
    assert plain([event.values for event in events]) == row["events"]
    if "names" in row:
        assert [event.names for event in events] == row["names"]


@pytest.mark.parametrize("row", cases("live.json"))
def test_live_events(row: Any) -> None:
    events = live(UNDECORATED[row["program"]], parse(row["query"]))
    if "named" in row:
        assert plain([named(event) for event in events]) == row["named"]
    else:
        assert plain([event.values for event in events]) == row["events"]


def named(event: Event) -> dict[str, Any]:
    return {name: [event.names[name], value] for name, value in event.values.items()}


@pytest.mark.parametrize("row", cases("overrides.json"))
def test_overrides(row: Any) -> None:
    changes = [(parse(text), constant(value), ()) for text, value in row.get("tweak", {}).items()]
    changes += [
        (parse(text), eval(f"lambda {', '.join(new['params'])}: {new['value']}"), new["params"])
        for text, new in row.get("rewrite", {}).items()
    ]
    instrumented = program("programs.py")
    entry, args = instrumented.scope["PROGRAMS"][row["program"]]
    assert instrumented.run(entry, *args, replace=replacing(changes))[1] == row["result"]


def constant(value: Any) -> Any:
    return lambda: value
