"""Runs the tests of a library with a tap at every variable of every function, and without."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Summary", "run_tests"]

_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run of a library's tests showed.

    Arguments:
        outcomes: For each test's name, `passed`, `failed`, `skipped` or `xfailed`.
        seconds: Processor time of the whole run.
        functions: How many functions with variables the library had, and how many of them
            had taps; both 0 in a run without.
        tapped: See `functions`.
        refused: The functions that got no taps, with the reason.
        events: How many bindings were seen.
    """

    outcomes: dict[str, str]
    seconds: float
    functions: int = 0
    tapped: int = 0
    refused: tuple[tuple[str, str], ...] = ()
    events: int = 0

    @property
    def share(self) -> float:
        """How much of the library had taps."""
        return self.tapped / self.functions if self.functions else 0.0

    def __str__(self) -> str:
        counts = {kind: 0 for kind in self.outcomes.values()}
        for kind in self.outcomes.values():
            counts[kind] += 1
        tests = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        lines = [f"{tests}; {self.seconds:.1f} s"]
        if self.functions:
            lines.append(
                f"{self.tapped} of {self.functions} functions tapped ({self.share:.1%}), "
                f"{self.events:,} events"
            )
        lines.extend(f"  not tapped: {name}: {reason}" for name, reason in self.refused)
        return "\n".join(lines)


def run_tests(package: str, tests: Sequence[str], folder: Path, taps: bool) -> Summary:
    """Runs tests in a process of their own.

    Arguments:
        package: Whose functions get taps, with all its modules.
        tests: What pytest is given: paths, or `--pyargs` and names.
        folder: An empty folder to run in, so that no settings of ours are found.
        taps: Whether there are taps.

    Raises:
        RuntimeError: No summary came back; the message has the output.
    """
    settings, answer = folder / "pytest.ini", folder / f"summary-{taps}.json"
    settings.write_text("[pytest]\n")
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}
    environment |= {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(_HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    command = [sys.executable, "-m", "taps", package, str(answer), str(int(taps))]
    done = subprocess.run(
        [*command, "-c", str(settings), "--rootdir", str(folder), *tests],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    if not answer.exists():
        raise RuntimeError(f"the tests of {package} gave no summary:\n{done.stdout}{done.stderr}")
    found = json.loads(answer.read_text())
    refused = tuple(sorted((name, reason) for name, reason in found.pop("refused").items()))
    return Summary(refused=refused, **found)
