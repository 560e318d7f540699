"""Whole libraries keep their meaning with a tap at every variable of every function.

Each runs its own tests twice in processes of their own, without taps and with them. For a
library whose wheel has no tests, or for longer runs: `python benchmarks/libraries.py`.
"""

from pathlib import Path

import pytest
from taps import run_tests

_CORE = "sympy.core.tests."
LIBRARIES = [
    pytest.param("toolz", ["toolz"], 20_000, id="toolz"),
    pytest.param(
        "sympy.core", [_CORE + "test_basic", _CORE + "test_traversal"], 100_000, id="sympy.core"
    ),
]


@pytest.mark.parametrize(("package", "tests", "events"), LIBRARIES)
def test_the_same_tests_pass(package: str, tests: list[str], events: int, tmp_path: Path) -> None:
    pytest.importorskip(package)
    without = run_tests(package, ["--pyargs", *tests], tmp_path, taps=False)
    tapped = run_tests(package, ["--pyargs", *tests], tmp_path, taps=True)
    print(f"\n{package} without taps: {without}\n{package} with taps: {tapped}")
    assert tapped.outcomes == without.outcomes
    assert "failed" not in without.outcomes.values()
    assert "passed" in without.outcomes.values()
    assert tapped.share >= 0.95
    assert tapped.events > events
