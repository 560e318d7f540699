"""A training step through `Grad`, next to the same step written by hand with `autograd.grad`."""

import sys
from collections.abc import Callable

import torch
from measure import Row, compare, report

from ptera import Recurrence, ptera
from ptera.torch import Grad

STEPS = 10
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


def through_grad(sizes, inputs, targets) -> Callable[[], object]:
    model = make_network(*sizes).clone(return_object=True)

    @model.on(Grad("step{!!loss} >> $param:Parameter"))
    def update(param):
        param_value, param_grad = param
        param_value.data.sub_(LR * param_grad)

    def run():
        for _ in range(STEPS):
            results = model(inputs, targets)
        return results.value

    return run


def by_hand(sizes, inputs, targets) -> Callable[[], object]:
    """The same operations on the same classes, without functions in between."""
    layers = make_network(*sizes).state.model.state.layers
    weights = [(one.state.W, one.state.b, one.state.actfn) for one in layers]
    parameters = [p for W, b, _ in weights for p in (W, b)]
    lossfn = torch.nn.NLLLoss()

    def run():
        for _ in range(STEPS):
            h = inputs
            for W, b, actfn in weights:
                h = actfn(h @ W + b)
            loss = lossfn(h, targets)
            for parameter, grad in zip(
                parameters, torch.autograd.grad(loss, parameters), strict=True
            ):
                parameter.data.sub_(LR * grad)
        return loss

    return run


def rows() -> list[Row]:
    found = []
    for batch in (32, 128):
        inputs, targets = torch.rand(batch, 784), torch.randint(0, 10, (batch,))
        given = (784, 1000, 10), inputs, targets
        ours, other = through_grad(*given), by_hand(*given)
        torch.testing.assert_close(ours(), other())
        found.append(
            compare(f"training step, MLP 784-1000-10, batch {batch}", ours, other, STEPS, 1.05)
        )
    # So small that what is left is what Ptera adds to a step, whatever its size.
    given = (4, 4, 2), torch.rand(2, 4), torch.randint(0, 2, (2,))
    ours, other = through_grad(*given), by_hand(*given)
    found.append(compare("training step, MLP 4-4-2, batch 2", ours, other, STEPS))
    return found


def main(arguments: list[str]) -> None:
    # One thread: what the processor's time is then is the time of the step.
    torch.set_num_threads(1)
    report("Grad, by hand-written autograd.grad", rows(), "--json" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
