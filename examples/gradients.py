"""Inspect gradients: of anything with respect to anything, in whatever scopes.

Run `python examples/gradients.py`.
"""

import torch

from ptera import ptera
from ptera.torch import Differentiated, Grad


@ptera
def inner(x: torch.Tensor) -> torch.Tensor:
    """Has a variable that nobody sees."""
    hidden = torch.sin(x)
    return hidden * x


@ptera
def outer(x: torch.Tensor) -> torch.Tensor:
    """Calls the other one twice."""
    y = inner(x)
    z = inner(y) ** 2
    return z


def main() -> None:
    """Ask for gradients between variables of both functions."""
    x = torch.tensor(1.0, requires_grad=True)
    results = outer.using(
        by_input=Grad("outer{!x, !!z}"),
        by_hidden=Grad("outer{!!z} > inner[$i] > hidden"),
        inside=Grad("inner{!x, !!hidden}"),
        # Target below, focus above.
        down=Grad("outer{!x, > inner{!!hidden}}"),
    )(x)
    for name in ("by_input", "by_hidden", "inside", "down"):
        for event in results[name]:
            for capture, captured in event.items():
                for value in captured.values:
                    if isinstance(value, Differentiated):
                        print(f"{name:10} d/d{capture} = {value.grad.item():.4f}")

    # Second derivatives: gradients that can be differentiated again.
    once = inner.using(g=Grad("inner{!x, !!#value as v}", create_graph=True))(x)
    [(_, slope)] = once.g.map("x")
    (curvature,) = torch.autograd.grad(slope, x)
    print(f"second     d2/dx2 = {curvature.item():.4f} = 2 cos x - x sin x")


if __name__ == "__main__":
    main()
