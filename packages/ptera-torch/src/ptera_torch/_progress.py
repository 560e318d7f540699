"""A progress bar for a loop that one does not have to touch."""

from types import TracebackType
from typing import Any

from ._extras import optional
from ._labels import numbers

__all__ = ["ProgressBar"]


class ProgressBar:
    """A handler that moves a progress bar on at each event (the extra `table`, for rich).

    Captures that are numbers are shown beside the bar. As a point of the loop it can be
    attached to a loop in any function: `probing("train{loss} > #endloop_batch")`.

    Arguments:
        total: How many events there will be, if it is known.
        title: What stands before the bar.
        console: The `rich.console.Console` to draw on; left out: the terminal.
        name: What it is called in results.

    Examples:
        >>> import io
        >>> from rich.console import Console
        >>> with ProgressBar(2, "train", console=Console(file=io.StringIO())) as bar:
        ...     bar(loss=0.5)
        ...     bar(loss=0.25)
        >>> bar.done, bar.shown
        (2, 'loss 0.25')
    """

    def __init__(
        self,
        total: int | None = None,
        title: str = "",
        *,
        console: Any = None,
        name: str = "progress",
    ) -> None:
        self.__name__ = name
        progress = optional("rich.progress", "table")
        self._progress = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[shown]}"),
            progress.TimeElapsedColumn(),
            console=console,
        )
        self._task = self._progress.add_task(title, total=total, shown="")
        self.done = 0
        self.shown = ""

    def __call__(self, **captures: object) -> None:
        self.done += 1
        self.shown = "  ".join(
            f"{name} {_short(value)}"
            for name, value in captures.items()
            if not name.startswith("#") and _short(value)
        )
        self._progress.update(self._task, advance=1, shown=self.shown)

    def __enter__(self) -> "ProgressBar":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()


def _short(value: object) -> str:
    """Gives a number to four digits, anything else not at all."""
    if isinstance(value, str | bool):
        return str(value)
    tensor = numbers(value)
    return f"{tensor.item():.4g}" if tensor is not None and tensor.numel() == 1 else ""
