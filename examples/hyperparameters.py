"""Hyperparameters: declared where they are used, and set from the command line.

Run `python examples/hyperparameters.py --help`, or with
`--momentum 0.5 --set 'descend > start=3.0'`.
"""

from typing import Annotated

import torch

from ptera import auto_cli, default, ptera, tag


def slope(x: torch.Tensor) -> torch.Tensor:
    """The derivative of a bowl with bumps."""
    return x / 2 + torch.sin(5 * x)


@ptera
def descend(steps: int) -> float:
    """Go down, one step after the other."""
    # Size of a step
    lr: Annotated[float, tag.HyperParameter] = default(0.05)
    # Share of the speed that is kept
    momentum: Annotated[float, tag.HyperParameter] = default(0.9)

    start = 2.0
    x, speed = torch.tensor(start), torch.tensor(0.0)
    for _ in range(steps):
        speed = momentum * speed - lr * slope(x)
        x = x + speed
    return x.item()


@ptera
def search() -> None:
    """Look for the lowest point."""
    # Steps to take
    steps: Annotated[int, tag.HyperParameter] = default(200)

    print(f"x = {descend(steps):.4f}")


if __name__ == "__main__":
    auto_cli(search)
