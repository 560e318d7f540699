"""Train: decorate the functions, and let `Grad` bring each parameter with its gradient.

Run `python examples/training.py`.
"""
# pyright: reportUnboundVariable=false

from collections.abc import Callable

import torch

from ptera import Ptera, Recurrence, ptera
from ptera.torch import Grad

Layer = Ptera[[torch.Tensor], torch.Tensor]
Function = Callable[[torch.Tensor], torch.Tensor]


@ptera
def layer(inp: torch.Tensor) -> torch.Tensor:
    """One layer: what it needs is declared where it is used."""
    W: torch.nn.Parameter
    b: torch.nn.Parameter
    actfn: Function

    return actfn(inp @ W + b)


@ptera
def sequential(inp: torch.Tensor) -> torch.Tensor:
    """The layers, one after the other."""
    layers: list[Layer]

    h = Recurrence[torch.Tensor]()
    h[0] = inp
    for i, layer in enumerate(layers):
        h[i + 1] = layer(h[i])
    return h[len(layers)]


@ptera
def step(inp: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """One step of training, as far as the loss."""
    model: Layer

    loss = torch.nn.functional.nll_loss(model(inp), target)
    return loss


def make_layer(n: int, m: int, actfn: Function) -> Layer:
    """Make a layer with random weights."""
    W, b = (torch.nn.Parameter(torch.randn(size, m) / size**0.5) for size in (n, 1))
    return layer.new(W=W, b=b, actfn=actfn)


def main() -> None:
    """Learn which of the first three numbers of each row is the largest."""
    torch.manual_seed(1)
    layers = [make_layer(8, 16, torch.relu), make_layer(16, 3, torch.nn.LogSoftmax(dim=1))]
    train = step.new(model=sequential.new(layers=layers)).clone(return_object=True)

    @train.on(Grad("step{!!loss} >> $param:Parameter"))
    def update(param: tuple[torch.Tensor, torch.Tensor]) -> None:
        value, grad = param
        value.data -= 0.5 * grad

    inp = torch.randn(60, 8)
    target = inp[:, :3].argmax(dim=1)
    losses = [train(inp, target).value.item() for _ in range(100)]
    print(f"loss before: {losses[0]:.3f}")
    print(f"loss after:  {losses[-1]:.3f}")
    if losses[-1] >= 0.1:
        raise SystemExit("the network has not learned")


if __name__ == "__main__":
    main()
