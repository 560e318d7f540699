"""Debug: watch a variable deep in a model, as numbers and as a plot.

Run `python examples/debug.py`.
"""

from pathlib import Path

import torch

from ptera import probing
from ptera.torch import Curves


def gate(x: torch.Tensor) -> torch.Tensor:
    """Squash: nobody returns what `openness` holds."""
    openness = torch.sigmoid(4 * x)
    return x * openness


class Net(torch.nn.Module):
    """Two layers with a gate between them."""

    def __init__(self) -> None:
        """Make the layers."""
        super().__init__()
        self.first = torch.nn.Linear(8, 16)
        self.second = torch.nn.Linear(16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give one number for each row."""
        hidden = gate(self.first(x))
        out: torch.Tensor = self.second(hidden)
        return out


def train(net: torch.nn.Module, steps: int) -> None:
    """Fit the sum of the inputs."""
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    for _ in range(steps):
        x = torch.rand(32, 8)
        loss = torch.nn.functional.mse_loss(net(x).squeeze(1), x.sum(1))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()


def main(out: Path = Path("debug.png")) -> None:
    """Train with two probes on code that knows nothing of them."""
    torch.manual_seed(0)
    curves = Curves()
    with probing("gate > openness") as inside, probing("train > loss") as outside:
        inside.ksubscribe(curves)
        losses = outside["loss"].map(torch.Tensor.item).values()
        train(Net(), 100)
    means = curves.series["openness"]
    print(f"mean |openness|: {means[0]:.3f} at first, {means[-1]:.3f} at last")
    print(f"loss: {losses[0]:.3f} at first, {losses[-1]:.3f} at last")
    print(f"The plot is in {curves.save(out)}.")


if __name__ == "__main__":
    main()
