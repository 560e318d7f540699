"""Runs the benchmarks, each in a process of its own, and prints their tables.

hatch run bench                     all of them
hatch run bench engine peers        these
hatch run bench --json              one JSON object: a table's name to its rows
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent
# What is no benchmark of a few minutes: this, what the others share, and the libraries' tests.
_OTHERS = {"run", "measure", "libraries"}


def names() -> list[str]:
    """The benchmarks, the engine's first."""
    found = {path.stem for path in _FOLDER.glob("*.py")} - _OTHERS
    return sorted(found, key=lambda name: (name != "engine", name))


def run(name: str, as_json: bool) -> subprocess.CompletedProcess[str]:
    options = ["--json"] if as_json else []
    return subprocess.run(
        [sys.executable, str(_FOLDER / f"{name}.py"), *options],
        stdout=subprocess.PIPE if as_json else None,
        text=True,
    )


def tables(name: str, text: str) -> dict[str, object]:
    """Reads what a benchmark printed: JSON objects, perhaps with messages between."""
    found: dict[str, object] = {}
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            table, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            end = at + 1
        else:
            # Tables of rows have titles; plain figures have their benchmark's name.
            rows = all(isinstance(value, list) for value in table.values())
            found |= table if rows else {name: table}
        at = text.find("{", end)
    return found


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    options.add_argument("--json", action="store_true", help="print one JSON object")
    given = options.parse_args()
    unknown = set(given.names) - set(names())
    if unknown:
        options.error(
            f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names())}"
        )
    collected: dict[str, object] = {}
    failed = []
    for name in given.names or names():
        done = run(name, given.json)
        if given.json:
            collected |= tables(name, done.stdout)
        if done.returncode:
            failed.append(name)
    if given.json:
        print(json.dumps(collected, indent=1))
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
