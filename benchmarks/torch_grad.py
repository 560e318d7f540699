"""A training step through `Grad`, next to the same step written by hand with `autograd.grad`."""

import sys
from collections.abc import Callable

import torch
from measure import Row, compare, report

from ptera import Recurrence, ptera
from ptera.torch import Grad

# In a loop of training, each step finds in the processor's caches what the one before left there:
# with few steps in a row, what is measured is how both ways disturb each other.
STEPS = 20
LR = 0.01


@ptera
def layer(inp):
    W: torch.nn.Parameter
    b: torch.nn.Parameter
    actfn: object

    act = inp @ W + b
    return actfn(act)


@ptera
def sequential(inp):
    layers: list

    h = Recurrence()
    h[0] = inp
    for i, layer in enumerate(layers):
        h[i + 1] = layer(h[i])
    return h[len(layers)]


@ptera
def step(inp, target):
    model: object
    lossfn: object

    output = model(inp)
    loss = lossfn(output, target)
    return loss


def make_network(*sizes):
    torch.manual_seed(0)
    layers = [
        layer.new(
            W=torch.nn.Parameter((torch.rand(a, b) * 2 - 1) / a**0.5),
            b=torch.nn.Parameter((torch.rand(1, b) * 2 - 1) / a**0.5),
            actfn=torch.relu,
        )
        for a, b in zip(sizes[:-1], sizes[1:], strict=True)
    ]
    layers[-1].state.actfn = torch.nn.LogSoftmax(dim=1)
    return step.new(lossfn=torch.nn.NLLLoss(), model=sequential.new(layers=layers))


def through_grad(network, inputs, targets) -> Callable[[], object]:
    model = network.clone(return_object=True)

    @model.on(Grad("step{!!loss} >> $param:Parameter"))
    def update(param):
        param_value, param_grad = param
        param_value.data.sub_(LR * param_grad)

    def run():
        for _ in range(STEPS):
            results = model(inputs, targets)
        return results.value

    return run


def by_hand(network, inputs, targets) -> Callable[[], object]:
    """The same operations on the same tensors and classes, without functions in between."""
    weights = [(one.state.W, one.state.b, one.state.actfn) for one in layers_of(network)]
    parameters = parameters_of(network)
    lossfn = network.state.lossfn

    def run():
        for _ in range(STEPS):
            h = inputs
            for W, b, actfn in weights:
                h = actfn(h @ W + b)
            loss = lossfn(h, targets)
            grads = torch.autograd.grad(loss, parameters)
            for parameter, grad in zip(parameters, grads, strict=True):
                parameter.data.sub_(LR * grad)
        return loss

    return run


def layers_of(network):
    return network.state.model.state.layers


def parameters_of(network) -> list[torch.nn.Parameter]:
    return [p for one in layers_of(network) for p in (one.state.W, one.state.b)]


def check(sizes, inputs, targets) -> None:
    """Both ways train alike."""
    networks = make_network(*sizes), make_network(*sizes)
    through_grad(networks[0], inputs, targets)()
    by_hand(networks[1], inputs, targets)()
    torch.testing.assert_close(*map(parameters_of, networks))


def row(sizes, batch, bound, rounds) -> Row:
    inputs, targets = torch.rand(batch, sizes[0]), torch.randint(0, sizes[-1], (batch,))
    check(sizes, inputs, targets)
    # The same tensors for both: where they lie in memory makes more of a difference than this.
    network = make_network(*sizes)
    ours, other = (way(network, inputs, targets) for way in (through_grad, by_hand))
    name = f"step, MLP {'-'.join(map(str, sizes))}, batch {batch}"
    return compare(name, ours, other, STEPS, bound, rounds)


def rows() -> list[Row]:
    return [
        row((784, 1000, 10), 32, 1.05, 40),
        row((784, 1000, 10), 128, 1.05, 20),
        # So small that what is left is what Ptera adds to a step, whatever its size.
        row((4, 4, 2), 2, None, 100),
    ]


def main(arguments: list[str]) -> None:
    # One thread: what the processor's time is then is the time of the step.
    torch.set_num_threads(1)
    report("Grad, by hand-written autograd.grad", rows(), "--json" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
