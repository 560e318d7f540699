"""A library's own tests without taps and with one at every variable of every function.

    python benchmarks/libraries.py toolz
    python benchmarks/libraries.py sympy.core --pyargs sympy.core.tests.test_basic
    python benchmarks/libraries.py more_itertools path/to/its/sdist/tests

The package is the installed one; tests that are only in its source distribution are given by
their path. Prints the outcomes, the processor time and what was tapped, and exits with 1 if a
test ended otherwise with taps, or less than 95 % of the functions had any.
"""

import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_ROOT / "tests"))

from taps import Summary, run_tests  # noqa: E402  # the tests' folder had to be made known first


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 2
    package, *tests = arguments
    # The tests run in another folder.
    tests = [str(Path(t).resolve()) if Path(t).exists() else t for t in tests]
    runs: list[Summary] = []
    for taps in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(run_tests(package, tests or ["--pyargs", package], Path(folder), taps))
        print(f"{package} {'with' if taps else 'without'} taps: {runs[-1]}", flush=True)
    without, tapped = runs
    changed = {
        name: (outcome, tapped.outcomes.get(name))
        for name, outcome in without.outcomes.items()
        if tapped.outcomes.get(name) != outcome
    }
    for name, (before, after) in changed.items():
        print(f"  {name}: {before} without taps, {after} with")
    print(f"{len(changed)} tests ended otherwise with taps")
    return int(bool(changed) or tapped.share < 0.95)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
