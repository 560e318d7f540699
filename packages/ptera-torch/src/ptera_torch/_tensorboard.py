"""Captured values as TensorBoard's scalars and histograms."""

from collections.abc import Sequence
from os import PathLike
from types import TracebackType
from typing import Any

from ._extras import optional
from ._labels import Label, Labels, numbers

__all__ = ["TensorBoard"]


class TensorBoard:
    """A handler that writes what it is given to TensorBoard (the extra `tensorboard`).

    Single numbers become scalars, other tensors histograms. What a `Grad` delivers is
    written twice, `h` and `h.grad`.

    Arguments:
        target: The folder of the run, or a `SummaryWriter` of your own.
        by: The captures that tell occurrences apart, such as `i` of `layer[$i] > act`.
        step: The capture that holds the number of the step; without one, the values of
            each label are numbered from 0.
        every: Write the first of so many steps only.
        prefix: What the tags begin with.
        name: What it is called in results.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with TensorBoard(folder, by="i") as board:
        ...         for step in range(3):
        ...             board(i=1, act=0.5)
        ...     board.steps()
        {'act[1]': 3}
    """

    def __init__(
        self,
        target: "str | PathLike[str] | Any",
        *,
        by: str | Sequence[str] = (),
        step: str | None = None,
        every: int = 1,
        prefix: str = "",
        name: str = "tensorboard",
    ) -> None:
        self.__name__ = name
        self.labels = Labels.of(by, () if step is None else step)
        self._step = step
        self._every = every
        self._prefix = prefix
        self._counts: dict[Label, int] = {}
        self._owns = isinstance(target, str | PathLike)
        self.writer: Any = target
        if self._owns:
            module = optional("torch.utils.tensorboard", "tensorboard")
            self.writer = module.SummaryWriter(target)

    def __call__(self, **captures: object) -> None:
        for label, value in self.labels.entries(captures):
            count = self._counts.get(label, 0)
            self._counts[label] = count + 1
            step = count if self._step is None else int(_number(captures[self._step]))
            if step % self._every == 0:
                self._write(self._prefix + str(label), value, step)

    def _write(self, tag: str, value: object, step: int) -> None:
        tensor = numbers(value)
        if tensor is None:
            self.writer.add_text(tag, str(value), step)
        elif tensor.numel() == 1:
            self.writer.add_scalar(tag, tensor.item(), step)
        else:
            self.writer.add_histogram(tag, tensor, step)

    def steps(self) -> dict[str, int]:
        """How many values each label has had."""
        return {str(label): count for label, count in self._counts.items()}

    def close(self) -> None:
        """Writes what is left, and closes the writer if it was made here."""
        self.writer.flush()
        if self._owns:
            self.writer.close()

    def __enter__(self) -> "TensorBoard":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _number(value: Any) -> Any:
    return getattr(value, "value", value)
