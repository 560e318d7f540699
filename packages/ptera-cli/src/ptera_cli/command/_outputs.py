"""What becomes of the events that `ptera probe` sees: lines, counts, tables, files, plots."""

import csv
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TextIO

from .._errors import UsageError

__all__ = [
    "Count",
    "Csv",
    "Json",
    "Live",
    "MissingPackageError",
    "Output",
    "Plot",
    "Print",
    "Summary",
]

Event = Mapping[str, object]


class MissingPackageError(UsageError):
    """An output needs a package that is not installed.

    Arguments:
        output: The option that asks for it.
        package: The package.

    Examples:
        >>> print(MissingPackageError("--plot", "matplotlib"))
        `--plot` needs `matplotlib`; run `pip install matplotlib`.
    """

    def __init__(self, output: str, package: str) -> None:
        super().__init__(output, package)
        self.output = output
        self.package = package

    def __str__(self) -> str:
        return f"`{self.output}` needs `{self.package}`; run `pip install {self.package}`."


class Output(Protocol):
    """Takes events, and says at the end what they came to."""

    def event(self, selector: str, event: Event) -> None:
        """Takes one event of a selector."""
        ...

    def close(self) -> None:
        """Ends, when the program has ended."""
        ...


def shown(value: object) -> str:
    """Gives a value as text of one line."""
    return " ".join(str(value).split())


def number(value: object) -> float | None:
    """Gives a value as a number, if it is one: a bool, an int, a float, a tensor of one element.

    Examples:
        >>> number(3), number("3"), number(True)
        (3.0, None, 1.0)
    """
    if isinstance(value, str | bytes):
        return None
    # Arrays and tensors of one element, without a word on gradients.
    item: Callable[[], Any] | None = getattr(value, "item", None)
    one: Any = value
    try:
        return float(one if item is None else item())
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


@dataclass
class Print:
    """One line for each event, on the standard error: the script's own output stays as it is."""

    several: bool
    stream: TextIO = field(default_factory=lambda: sys.stderr)

    def event(self, selector: str, event: Event) -> None:
        """Prints the captures."""
        pairs = "  ".join(f"{name}={shown(value)}" for name, value in event.items())
        print(f"{selector}: {pairs}" if self.several else pairs, file=self.stream)

    def close(self) -> None:
        """Does nothing: all was printed."""


@dataclass
class Count:
    """How many events each selector had."""

    selectors: Sequence[str]
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def event(self, selector: str, event: Event) -> None:
        """Counts."""
        self.counts[selector] = self.counts.get(selector, 0) + 1

    def close(self) -> None:
        """Prints the counts."""
        for selector in self.selectors:
            print(f"{selector}: {self.counts.get(selector, 0)}", file=sys.stderr)


@dataclass(slots=True)
class Statistics:
    """Count, mean, least, greatest and last of what one capture was."""

    count: int = 0
    numbers: int = 0
    total: float = 0.0
    least: float = math.inf
    greatest: float = -math.inf
    last: object = None

    def add(self, value: object) -> None:
        """Takes one value; one that is no number only counts."""
        self.count += 1
        self.last = value
        amount = number(value)
        if amount is not None:
            self.numbers += 1
            self.total += amount
            self.least = min(self.least, amount)
            self.greatest = max(self.greatest, amount)

    def row(self) -> tuple[str, str, str, str, str]:
        """Gives count, mean, min, max and last, as they are shown."""
        if not self.numbers:
            return str(self.count), "-", "-", "-", _short(self.last)
        figures = (self.total / self.numbers, self.least, self.greatest)
        mean, least, greatest = (f"{figure:.6g}" for figure in figures)
        return str(self.count), mean, least, greatest, _short(self.last)


def _short(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else shown(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


_HEADER = ("capture", "count", "mean", "min", "max", "last")


class Summary:
    """A table at the end: count, mean, min, max and last of every capture."""

    def __init__(self) -> None:
        self._statistics: dict[tuple[str, str], Statistics] = {}

    def event(self, selector: str, event: Event) -> None:
        """Takes one event."""
        for name, value in event.items():
            self._statistics.setdefault((selector, name), Statistics()).add(value)

    def rows(self) -> list[tuple[str, ...]]:
        """Gives the rows of the table; several selectors are told apart."""
        several = len({selector for selector, _ in self._statistics}) > 1
        return [
            (f"{selector}: {name}" if several else name, *statistics.row())
            for (selector, name), statistics in self._statistics.items()
        ]

    def close(self) -> None:
        """Prints the table."""
        rows = [_HEADER, *self.rows()]
        widths = [max(len(row[at]) for row in rows) for at in range(len(_HEADER))]
        for row in rows:
            cells = [row[0].ljust(widths[0])]
            cells += [
                cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)
            ]
            print("  ".join([*cells, row[-1]]).rstrip(), file=sys.stderr)


class Live(Summary):
    """The same table, kept up to date on the terminal while the script runs."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.live import Live as Display

        self._display = Display(
            console=Console(stderr=True),
            get_renderable=self._table,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._display.start()

    def _table(self) -> Any:
        from rich.table import Table

        table = Table(*_HEADER)
        for row in self.rows():
            table.add_row(*row)
        return table

    def close(self) -> None:
        """Leaves the last state of the table on the screen."""
        self._display.stop()


class Csv:
    """Rows of a file: selector, number of the event, capture, value.

    Arguments:
        path: The file, or `-` for the standard output.
    """

    def __init__(self, path: str) -> None:
        self._file = _opened(path)
        self._writer = csv.writer(self._file)
        self._writer.writerow(("selector", "event", "capture", "value"))
        self._counts: dict[str, int] = {}

    def event(self, selector: str, event: Event) -> None:
        """Writes one row for each capture."""
        count = self._counts[selector] = self._counts.get(selector, -1) + 1
        self._writer.writerows((selector, count, name, shown(v)) for name, v in event.items())

    def close(self) -> None:
        """Closes the file."""
        _close(self._file)


class Json:
    """Lines of a file, each a JSON object with the selector and the captures.

    Arguments:
        path: The file, or `-` for the standard output.
    """

    def __init__(self, path: str) -> None:
        self._file = _opened(path)

    def event(self, selector: str, event: Event) -> None:
        """Writes one line."""
        line = {"selector": selector, **{name: _as_json(v) for name, v in event.items()}}
        self._file.write(json.dumps(line) + "\n")

    def close(self) -> None:
        """Closes the file."""
        _close(self._file)


def _as_json(value: object) -> object:
    """Gives a value as JSON can hold it; arrays and tensors as lists, the rest as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    as_list: Callable[[], object] | None = getattr(value, "tolist", None)
    plain = value if as_list is None else as_list()
    try:
        json.dumps(plain)
    except (TypeError, ValueError):
        return shown(value)
    return plain


def _opened(path: str) -> TextIO:
    if path == "-":
        return sys.stdout
    # By lines, so that a script that is killed leaves all that it did.
    return open(path, "w", encoding="utf-8", newline="", buffering=1)


def _close(file: TextIO) -> None:
    if file is sys.stdout:
        file.flush()
    else:
        file.close()


class Plot:
    """A picture of the numbers over time, one line for each capture.

    Arguments:
        path: The PNG file.

    Raises:
        MissingPackageError: `matplotlib` is not installed.
    """

    def __init__(self, path: str) -> None:
        from importlib.util import find_spec

        if find_spec("matplotlib") is None:
            raise MissingPackageError("--plot", "matplotlib")
        self._path = path
        self._series: dict[str, list[float]] = {}

    def event(self, selector: str, event: Event) -> None:
        """Keeps the numbers; other values have no place in a plot."""
        for name, value in event.items():
            amount = number(value)
            if amount is not None:
                self._series.setdefault(f"{selector}: {name}", []).append(amount)

    def close(self) -> None:
        """Draws the picture."""
        # The library has no types: what is used of it is checked by the test that draws.
        figure_module: Any = __import__("matplotlib.figure", fromlist=["Figure"])
        figure = figure_module.Figure(layout="constrained")
        axes = figure.add_subplot()
        for label, values in self._series.items():
            axes.plot(values, label=label)
        axes.set_xlabel("event")
        if self._series:
            axes.legend()
        figure.savefig(self._path, format="png")
