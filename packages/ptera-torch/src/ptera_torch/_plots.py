"""Captured values as figures: curves, gradient flow, attention maps."""

import math
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import torch

from ._extras import optional
from ._labels import Label, Labels, numbers
from ._reductions import Mean

__all__ = ["AttentionMaps", "Curves", "Figure", "GradientFlow"]


def mean_absolute(tensor: torch.Tensor) -> float:
    """Gives the mean of the absolute values.

    Examples:
        >>> mean_absolute(torch.tensor([-1.0, 3.0]))
        2.0
    """
    return float(tensor.abs().to(torch.get_default_dtype()).mean())


class Figure:
    """What the plots have in common: a figure of their own, or axes that they are given.

    Nothing is imported before something is drawn, and no window or display is needed.
    """

    __name__: str
    size: tuple[float, float] = (7.0, 4.0)

    def draw(self, axes: Any) -> None:
        """Draws into the given axes."""
        raise NotImplementedError

    def figure(self) -> Any:
        """Gives a new figure (the extra `plot`)."""
        figure = optional("matplotlib.figure", "plot").Figure(self.size, layout="constrained")
        self.draw(figure.subplots())
        return figure

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes the figure to a file; its ending says in which format.

        Returns:
            The path.
        """
        path = Path(path)
        self.figure().savefig(path, dpi=150)
        return path


class Curves(Figure):
    """A handler that keeps one number per event, and draws them as curves.

    Arguments:
        measure: Makes a number of a tensor.
        by: The captures that tell occurrences apart.
        ylabel: What the number is.
        name: What it is called in results.

    Examples:
        >>> curves = Curves(by="i")
        >>> for step in range(3):
        ...     curves(i=0, act=torch.tensor([step, -step]))
        >>> curves.series
        {'act[0]': [0.0, 1.0, 2.0]}
    """

    def __init__(
        self,
        measure: Callable[[torch.Tensor], float] = mean_absolute,
        *,
        by: str | Sequence[str] = (),
        ylabel: str = "mean absolute value",
        name: str = "curves",
    ) -> None:
        self.__name__ = name
        self.labels = Labels.of(by)
        self.ylabel = ylabel
        self.series: dict[str, list[float]] = {}
        self._measure = measure

    def __call__(self, **captures: object) -> None:
        for label, value in self.labels.entries(captures):
            tensor = numbers(value)
            if tensor is not None:
                self.series.setdefault(str(label), []).append(float(self._measure(tensor)))

    def draw(self, axes: Any) -> None:
        """Draws a curve for each label."""
        for label, series in self.series.items():
            axes.plot(series, label=label, linewidth=1.2)
        axes.set_xlabel("event")
        axes.set_ylabel(self.ylabel)
        if self.series:
            axes.legend(fontsize="small")


class GradientFlow(Figure):
    """A handler for `Grad`: how large the gradients are that reach each place.

    Arguments:
        by: The captures that tell occurrences apart, such as `i` of `layer[$i] > act`.
        name: What it is called in results.

    Examples:
        >>> from ptera_torch import Differentiated
        >>> flow = GradientFlow(by="i")
        >>> flow(i=0, act=Differentiated(torch.ones(2), torch.tensor([0.5, -1.5])))
        >>> flow.means
        {'act[0]': 1.0}
    """

    def __init__(self, *, by: str | Sequence[str] = (), name: str = "gradient_flow") -> None:
        self.__name__ = name
        self.labels = Labels.of(by)
        self._means: dict[Label, Mean] = {}

    def __call__(self, **captures: object) -> None:
        for label, value in self.labels.entries(captures):
            tensor = numbers(value)
            if label.grad and tensor is not None:
                plain = Label(label.variable, label.at)
                self._means.setdefault(plain, Mean(absolute=True)).add(tensor)

    @property
    def means(self) -> dict[str, float]:
        """The mean absolute gradient at each place, in the order in which they were met."""
        return {str(label): mean.value for label, mean in self._means.items()}

    def draw(self, axes: Any) -> None:
        """Draws a bar for each place, on a logarithmic scale."""
        means = self.means
        axes.bar(range(len(means)), list(means.values()), color="tab:blue", width=0.6)
        axes.set_xticks(range(len(means)), list(means), rotation=30 if len(means) > 6 else 0)
        least = min((value for value in means.values() if value > 0), default=0.0)
        if least:
            # A logarithmic axis has no zero: begin so low that each bar can be seen.
            axes.set_yscale("log")
            axes.set_ylim(bottom=10 ** math.floor(math.log10(least / 2)))
        axes.set_ylabel("mean |gradient|")


class AttentionMaps(Figure):
    """A handler that keeps the last attention weights of each place, and draws them.

    Arguments:
        by: The captures that tell occurrences apart.
        tokens: What stands at the axes, if it is known.
        sample: Which sequence of the batch to draw.
        name: What it is called in results.

    Examples:
        >>> maps = AttentionMaps(by="i")
        >>> maps(i=0, weights=torch.full((1, 2, 3, 3), 1 / 3))
        >>> maps.weights["weights[0]"].shape
        torch.Size([2, 3, 3])
    """

    def __init__(
        self,
        *,
        by: str | Sequence[str] = (),
        tokens: Sequence[str] = (),
        sample: int = 0,
        name: str = "attention",
    ) -> None:
        self.__name__ = name
        self.labels = Labels.of(by)
        self.tokens = list(tokens)
        self.sample = sample
        self.weights: dict[str, torch.Tensor] = {}

    def __call__(self, **captures: object) -> None:
        for label, value in self.labels.entries(captures):
            tensor = numbers(value)
            if tensor is not None and not label.grad:
                self.weights[str(label)] = self._heads(tensor)

    def _heads(self, weights: torch.Tensor) -> torch.Tensor:
        """Gives the weights as (heads, queries, keys), on the CPU."""
        if weights.dim() == 4:
            weights = weights[self.sample]
        if weights.dim() == 2:
            weights = weights[None]
        return weights.to("cpu", torch.float32)

    def figure(self) -> Any:
        """Gives a figure with a row for each place and a column for each head."""
        module = optional("matplotlib.figure", "plot")
        columns = max((len(heads) for heads in self.weights.values()), default=1)
        rows = max(len(self.weights), 1)
        figure = module.Figure((1.6 * columns + 1, 1.6 * rows + 0.6), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False)
        for row, (label, heads) in zip(grid, self.weights.items(), strict=False):
            for number, (axes, head) in enumerate(zip(row, heads, strict=False)):
                self._draw_head(axes, head)
                axes.set_title(f"{label}, head {number}", fontsize="x-small")
        return figure

    def draw(self, axes: Any) -> None:
        """Draws the mean over the heads of the last place that was captured."""
        if self.weights:
            self._draw_head(axes, list(self.weights.values())[-1].mean(0))

    def _draw_head(self, axes: Any, weights: torch.Tensor) -> None:
        axes.imshow(weights.numpy(), vmin=0, cmap="viridis", aspect="auto")
        axes.set_xticks(range(len(self.tokens)), self.tokens, rotation=90, fontsize="xx-small")
        axes.set_yticks(range(len(self.tokens)), self.tokens, fontsize="xx-small")
