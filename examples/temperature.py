"""Configure: new parameters and flags, declared where they are used and set from outside.

Run `python examples/temperature.py`.
"""
# pyright: reportUnboundVariable=false

import torch

from ptera import Ptera, default, ptera

Layer = Ptera[[torch.Tensor], torch.Tensor]


@ptera
def layer(inp: torch.Tensor) -> torch.Tensor:
    """One layer, with a temperature and dropout that nobody has to pass along."""
    W: torch.nn.Parameter
    T: float = default(1.0)
    rate: float = default(0.5)
    training: bool = default(True)

    act = torch.nn.functional.dropout(inp, rate, training) @ W
    return torch.softmax(act / T, dim=-1)


@ptera
def network(inp: torch.Tensor) -> torch.Tensor:
    """The layers, one after the other."""
    layers: list[Layer]

    for layer in layers:
        inp = layer(inp)
    return inp


def entropy(p: torch.Tensor) -> str:
    """Say how spread out a distribution is."""
    return f"{-(p * p.log()).sum().item():.3f}"


def main() -> None:
    """Call one model in several ways; it stays as it is."""
    torch.manual_seed(0)
    weights = [torch.nn.Parameter(4 * torch.randn(4, 4)) for _ in range(2)]
    model = network.new(layers=[layer.new(W=W) for W in weights])
    x = torch.rand(4)

    evaluated = model.tweak({"layer > training": False})
    print("as it is         ", entropy(evaluated(x)))
    print("T = 2            ", entropy(evaluated.tweak({"layer > T": 2.0})(x)))
    print("T = 10 at the top", entropy(evaluated.tweak({"layer[1] > T": 10.0})(x)))
    print("as it is         ", entropy(evaluated(x)))

    torch.manual_seed(1)
    print("with dropout     ", entropy(model(x)))
    print("no dropout below ", entropy(model.tweak({"layer[0] > training": False})(x)))


if __name__ == "__main__":
    main()
