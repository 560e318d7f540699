"""Function objects under `torch.compile(fullgraph=True)`: the compiler takes them as they are."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch._dynamo.testing import CompileCounter

from ptera import Recurrence, default, override, ptera


@ptera
def layer(inp: Any) -> Any:
    W: torch.nn.Parameter
    b: torch.nn.Parameter
    T: float = default(1.0)
    actfn: Any
    act = inp @ W + b
    return actfn(act / T)


@ptera
def sequential(inp: Any) -> Any:
    layers: list[Any]
    h: Any = Recurrence()
    h[0] = inp
    for i, one in enumerate(layers):
        h[i + 1] = one(h[i])
    return h[len(layers)]


@pytest.fixture(autouse=True)
def _fresh_compiler() -> Iterator[None]:
    torch._dynamo.reset()
    torch.manual_seed(0)
    yield


def make_network(*sizes: int) -> Any:
    layers = [
        layer.new(
            W=torch.nn.Parameter(torch.randn(n_in, n_out)),
            b=torch.nn.Parameter(torch.randn(1, n_out)),
            actfn=torch.relu,
        )
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True)
    ]
    return sequential.new(layers=layers)


def test_a_stack_of_objects_is_one_graph_with_the_right_gradients() -> None:
    network, counter = make_network(4, 5, 3), CompileCounter()
    compiled: Any = torch.compile(network, fullgraph=True, backend=counter)
    inputs = torch.randn(2, 4)
    torch.testing.assert_close(compiled(inputs), network(inputs))
    assert counter.frame_count == 1
    weights = [one.state.W for one in network.state.layers]
    expected = torch.autograd.grad(network(inputs).sum(), weights)
    found = torch.autograd.grad(compiled(inputs).sum(), weights)
    torch.testing.assert_close(found, expected)


def test_updates_in_place_need_no_compilation() -> None:
    network, counter = make_network(4, 3), CompileCounter()
    compiled: Any = torch.compile(network, fullgraph=True, backend=counter)
    inputs = torch.randn(2, 4)
    for _ in range(3):
        torch.testing.assert_close(compiled(inputs), network(inputs))
        with torch.no_grad():
            network.state.layers[0].state.W.add_(1)
    assert counter.frame_count == 1


def test_a_value_that_is_set_for_the_first_time_is_noticed_and_old_ones_come_back_for_free() -> (
    None
):
    network, counter = make_network(4, 3), CompileCounter()
    compiled: Any = torch.compile(network, fullgraph=True, backend=counter)
    inputs, (one,) = torch.randn(2, 4), network.state.layers
    compiled(inputs)
    for temperature in (2.0, 3.0, 2.0, 3.0):
        one.state.T = temperature
        torch.testing.assert_close(compiled(inputs), network(inputs))
    assert counter.frame_count <= 3
    one.state.actfn = torch.sigmoid
    torch.testing.assert_close(compiled(inputs), network(inputs))


def test_parameters_and_overrides_in_the_state() -> None:
    def scaled(x: Any, k: Any = 1) -> Any:
        y = x * k
        return y

    def times(x: Any, k: Any) -> Any:
        return x * k

    x = torch.ones(2)
    made: Any
    for made in (
        ptera(scaled).new(k=torch.tensor(3.0)),
        ptera(scaled).new(k=override(torch.tensor(3.0))),
        ptera(scaled).new(y=override(torch.tensor([3.0, 3.0]))),
        ptera.defaults(k=3.0)(times),
    ):
        compiled: Any = torch.compile(made, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(x), 3 * x)


def test_methods_inside_a_compiled_function() -> None:
    class Model:
        @ptera
        def forward(self, x: Any) -> Any:
            scale: float = default(2.0)
            return x * scale

    model = Model()
    x = torch.ones(2)

    def run(x: Any) -> Any:
        return model.forward(x) + 1

    compiled: Any = torch.compile(run, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x), 2 * x + 1)
    Model.forward.state.scale = 4.0
    torch.testing.assert_close(compiled(x), 4 * x + 1)
