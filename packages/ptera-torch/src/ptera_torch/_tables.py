"""Statistics as a table, in a terminal or as plain text."""

from collections.abc import Mapping, Sequence
from typing import Any

from ._extras import optional
from ._reductions import Stream

__all__ = ["rows_of", "table"]

_COLUMNS = ("mean", "std", "mean_abs", "min", "max", "zeros")


def rows_of(
    stream: Stream[Any] | Mapping[str, Mapping[str, float] | float],
    columns: Sequence[str] = _COLUMNS,
) -> list[tuple[str, ...]]:
    """Gives the rows of a table: a label, then its numbers to four digits.

    Arguments:
        stream: A `Stream`, or what its `values` gives.
        columns: Which of the statistics; of a reduction to one number, that number.

    Examples:
        >>> rows_of({"act[0]": {"mean": 0.12345, "std": 1.0}}, ["mean", "std"])
        [('act[0]', '0.1235', '1')]
    """
    values = stream.values() if isinstance(stream, Stream) else stream
    return [(str(label), *_cells(value, columns)) for label, value in values.items()]


def _cells(value: object, columns: Sequence[str]) -> list[str]:
    if isinstance(value, Mapping):
        return [_shown(value[column]) for column in columns]
    return [_shown(value)]


def _shown(number: object) -> str:
    return f"{number:.4g}" if isinstance(number, int | float) else str(number)


def table(
    stream: Stream[Any] | Mapping[str, Mapping[str, float] | float],
    *,
    title: str = "",
    columns: Sequence[str] = _COLUMNS,
) -> Any:
    """Gives a rich table of what a `Stream` has come to (the extra `table`).

    Arguments:
        stream: A `Stream`, or what its `values` gives.
        title: The heading.
        columns: Which of the statistics to show.

    Returns:
        A `rich.table.Table`, to be printed by a `rich.console.Console`.

    Examples:
        >>> from rich.console import Console
        >>> shown = table({"act[0]": {"mean": 0.5}}, columns=["mean"])
        >>> Console(width=40).print(shown)  # doctest: +ELLIPSIS
        ┏━━...
    """
    rich = optional("rich.table", "table")
    rows = rows_of(stream, columns)
    several = all(len(row) == len(columns) + 1 for row in rows)
    made = rich.Table(title=title or None)
    made.add_column("variable")
    for column in columns if several else ("value",):
        made.add_column(column, justify="right")
    for row in rows:
        made.add_row(*row)
    return made
