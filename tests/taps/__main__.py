"""The process that `run_tests` starts: PACKAGE ANSWER TAPS and the arguments of pytest."""

import contextlib
import gc
import importlib
import itertools
import json
import pkgutil
import sys
import time
from pathlib import Path
from types import CodeType, FunctionType
from typing import get_overloads

import pytest

from ptera import Overlay
from ptera._deliver import is_generated
from ptera._overlay import Rule
from ptera._plan import Mode
from ptera._resolve import Scope
from ptera_selector import parse

NOT_REACHED = "in no variable of its module: a wrapper, a dispatcher's method"


def import_all(package: str) -> None:
    """Imports a package's modules, its tests aside: those are imported by pytest."""
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), f"{package}."):
        if not {"tests", "_tests", "__main__"} & set(found.name.split(".")):
            # Some modules are for another system, or need what is not installed.
            with contextlib.suppress(Exception):
                importlib.import_module(found.name)


def functions_of(package: str) -> list[FunctionType]:
    """Gives the functions that exist now, are defined in a package, and bind variables."""
    return [
        thing
        for thing in gc.get_objects()
        if isinstance(thing, FunctionType)
        and f"{thing.__globals__.get('__name__')}.".startswith(f"{package}.")
        and binds(thing.__code__)
        and not is_overload(thing)
    ]


def is_overload(function: FunctionType) -> bool:
    """Tells whether it only states types: `typing` keeps it, and nobody calls it."""
    return any(function is stated for stated in get_overloads(function))


def binds(code: CodeType) -> bool:
    """Tells whether code has a variable that `$x` means: not one that pytest's rewriting made."""
    names = (*code.co_varnames, *code.co_cellvars)
    return any(name.isidentifier() for name in names)


class Taps:
    """A plugin of pytest that taps everything once the tests are imported, and keeps outcomes."""

    def __init__(self, package: str, on: bool) -> None:
        self.package = package
        self.outcomes: dict[str, str] = {}
        self._on = on
        self._events = itertools.count()
        self._functions: list[tuple[FunctionType, CodeType]] = []
        self._overlay: Overlay | None = None
        self.report: dict[str, object] = {}

    def pytest_collection_finish(self) -> None:
        import_all(self.package)
        if not self._on:
            return
        self._functions = [(f, f.__code__) for f in functions_of(self.package)]

        def count(event: object, seen: object = self._events.__next__) -> None:
            seen()  # type: ignore[operator]  # a default is looked up faster than an attribute

        selector = parse(f"/{self.package}.**/* > $x")
        self._overlay = Overlay([Rule(selector, Scope(), Mode.LIVE, count)]).start()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            marked = hasattr(report, "wasxfail")
            self.outcomes[report.nodeid] = "xfailed" if marked else report.outcome

    def pytest_unconfigure(self) -> None:
        if self._overlay is None:
            return
        (root,) = self._overlay._process.roots  # type: ignore[union-attr]  # started
        written = {id(original): f for f, original in self._functions}
        tapped = {id(original) for f, original in self._functions if f.__code__ is not original}
        self.report = {
            "functions": len(written),
            "tapped": len(tapped),
            "refused": {
                f"{f.__globals__['__name__']}:{original.co_firstlineno} {original.co_qualname}": (
                    root.slot.refused.get(original.co_qualname, NOT_REACHED)
                )
                for f, original in self._functions
                if id(original) not in tapped
            },
            "events": next(self._events),
        }
        self._overlay.stop()
        # Some libraries set the code of their functions themselves.
        left = [
            f.__qualname__
            for f, original in self._functions
            if f.__code__ is not original and any(map(is_generated, f.__code__.co_varnames))
        ]
        assert not left, f"taps stayed behind in {left}"


def main(package: str, answer: str, on: str, *arguments: str) -> None:
    plugin = Taps(package, on == "1")
    pytest.main(["-q", "-p", "no:cacheprovider", "-W", "ignore", *arguments], plugins=[plugin])
    seconds = time.process_time()
    summary = {"outcomes": plugin.outcomes, "seconds": seconds, "refused": {}, **plugin.report}
    Path(answer).write_text(json.dumps(summary))


main(*sys.argv[1:])
