"""Cross-function features: a loss on all weights and activations, wherever they are.

Run `python examples/regularize.py`.
"""
# pyright: reportUnboundVariable=false

from collections.abc import Callable

import torch

from ptera import Ptera, Results, default, ptera, required
from ptera.torch import Differentiated, Grad

Layer = Ptera[[torch.Tensor], torch.Tensor]
Step = Ptera[[torch.Tensor, torch.Tensor], torch.Tensor]


@ptera
def layer(inp: torch.Tensor) -> torch.Tensor:
    """One layer."""
    W: torch.nn.Parameter

    act = inp @ W
    return torch.relu(act)


@ptera
def network(inp: torch.Tensor) -> torch.Tensor:
    """The layers, one after the other."""
    layers: list[Layer]

    for layer in layers:
        inp = layer(inp)
    return inp


@ptera
def step(inp: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The loss, with penalties on what is inside the model."""
    model: Layer = required()
    lossfn: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    weight_decay: float = default(0.0)
    sparsity: float = default(0.0)

    output = model.using(weights="$param:Parameter", acts="layer > act")(inp)
    reg = sum(output.weights.map(lambda param: param.abs().mean()))
    act = sum(output.acts.map(lambda act: act.relu().mean()))
    loss: torch.Tensor = lossfn(output.value, target) + weight_decay * reg + sparsity * act
    return loss


def train(network: Step, steps: int = 200) -> None:
    """Train by gradient descent."""
    model: Ptera[[torch.Tensor, torch.Tensor], Results[torch.Tensor]]
    model = network.clone(return_object=True)

    @model.on(Grad("step{!!loss} >> $param:Parameter"))
    def update(param: Differentiated[torch.Tensor]) -> None:
        value, grad = param
        value.data.sub_(0.1 * grad)

    for _ in range(steps):
        inp = torch.rand(64, 4)
        model(inp, inp.sum(1, keepdim=True))


def main() -> None:
    """Train the same model without and with penalties."""
    for name, penalty in (("none", 0.0), ("weights", 0.3)):
        torch.manual_seed(0)
        weights = [torch.nn.Parameter(torch.rand(a, b) * 0.5) for a, b in ((4, 8), (8, 1))]
        layers = [layer.new(W=W) for W in weights]
        made = step.new(
            model=network.new(layers=layers),
            lossfn=torch.nn.functional.mse_loss,
            weight_decay=penalty,
        )
        train(made)
        size = sum(W.abs().mean().item() for W in weights)
        print(f"penalty on {name:8} mean absolute weights {size:.3f}")


if __name__ == "__main__":
    main()
