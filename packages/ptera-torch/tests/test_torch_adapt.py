"""Modules that nobody decorated: `ptera(module)`."""

import sys
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ptera import UnknownFunctionError, UnknownVariableError, ptera
from ptera_torch import Grad


def attend(q: Any, k: Any, v: Any) -> Any:
    scores = q @ k.transpose(-1, -2)
    weights = F.softmax(scores, dim=-1)
    return weights @ v


class Attention(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(size, size) for _ in range(3))

    def forward(self, x: Any) -> Any:
        mixed = attend(self.q(x), self.k(x), self.v(x))
        return x + mixed


class Net(nn.Module):
    scale: torch.Tensor

    def __init__(self, size: int = 4, depth: int = 2) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Attention(size) for _ in range(depth))
        self.head = nn.Linear(size, 3)
        self.register_buffer("scale", torch.tensor(1.0))

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        logits = self.head(x * self.scale)
        return logits


X = torch.rand(2, 5, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net()


def test_is_called_as_the_module_is(net: Net) -> None:
    seen = []
    net.register_forward_hook(lambda module, args, output: seen.append(output))
    value = ptera(net)(X)
    assert value is seen[0]


def test_locals_of_methods_and_of_the_plain_functions_that_they_call(net: Net) -> None:
    weights: list[Any] = []
    hooks = [
        block.q.register_forward_hook(lambda module, args, output: weights.append(output))
        for block in net.blocks
    ]
    results = ptera(net).using(
        mixed="Attention > mixed", weights="attend > weights", q="attend{q}", out="Net{#value as o}"
    )(X)
    for hook in hooks:
        hook.remove()
    assert len(results.mixed) == len(results.weights) == 2
    for found, expected in zip(results.q.map("q"), weights, strict=True):
        torch.testing.assert_close(found, expected)
    assert results.out.map("o") == [results.value]


def test_every_parameter_and_buffer_by_category(net: Net) -> None:
    results = ptera(net).using(p="$p:Parameter", b="$b:Buffer", head="Net > Linear > $p:Parameter")(
        X
    )
    assert [id(p) for p in results.p.map("p")] != []
    assert {id(p) for p in results.p.map("p")} == {id(p) for p in net.parameters()}
    assert results.b.map("b") == [net.scale]
    assert results.head.map("p") == [net.head.weight, net.head.bias]
    assert [event["p"].name for event in results.head] == ["weight", "bias"]


def test_changes_are_for_one_call(net: Net) -> None:
    model = ptera(net)
    plain = net(X)
    first = model.rewrite({"Attention.forward[0] > mixed": lambda mixed: 0 * mixed})(X)
    every = model.tweak({"Attention > mixed": torch.zeros(1)})(X)
    torch.testing.assert_close(every, net.head(X))
    assert not torch.equal(first, plain)
    torch.testing.assert_close(net(X), plain)
    assert "forward" not in vars(net.blocks[0])


def test_gradients_of_all_parameters_equal_backward(net: Net) -> None:
    model = ptera(net).clone(return_object=True)
    grads = {}

    @model.on(Grad("Net{!!logits} >> $p:Parameter"))
    def take(p: Any) -> None:
        grads[id(p.value)] = p.grad

    results = model(X)
    results.value.sum().backward()  # the graph is still there: training goes on with the output
    for parameter in net.parameters():
        torch.testing.assert_close(grads[id(parameter)], parameter.grad)


def test_one_module_by_the_object_itself(net: Net) -> None:
    def is_head(module: Any) -> bool:
        return module is net.head

    results = ptera(net).using(
        a="*{self~is_head} > input", b="net.head.forward > input", c="Linear.forward > input"
    )(X)
    assert len(results.a) == len(results.b) == 1
    assert len(results.c) == 7


def test_names_are_found_without_being_imported_where_the_selector_is(net: Net) -> None:
    hidden: dict[str, Any] = {}
    exec("import torch\nfrom ptera import ptera", hidden)
    hidden["net"], hidden["x"] = net, X
    exec("found = ptera(net).using(w='attend > weights', h='Net >> Attention > mixed')(x)", hidden)
    assert (len(hidden["found"].w), len(hidden["found"].h)) == (2, 2)


def test_torchs_own_layers() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    x = torch.rand(1, 3)
    results = ptera(model).using(
        out="Linear{#value as y}", relu="ReLU > input", all="Sequential > $x"
    )(x)
    torch.testing.assert_close(results.out.map("y")[1], model(x))
    torch.testing.assert_close(results.relu.map("input"), [model[0](x)])


def test_one_model_in_two_threads(net: Net) -> None:
    from concurrent.futures import ThreadPoolExecutor

    model = ptera(net).using(w="attend > weights")

    def run(seed: int) -> bool:
        x = torch.rand(1, 3, 4, generator=torch.Generator().manual_seed(seed))
        first = model(x).w.map("weights")[0]
        expected = net.blocks[0].q(x) @ net.blocks[0].k(x).transpose(-1, -2)
        return torch.allclose(first, expected.softmax(-1))

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(run, range(40)))


def test_unknown_names_are_refused(net: Net) -> None:
    with pytest.raises(UnknownFunctionError, match="Did you mean `Attention`"):
        ptera(net).using(q="Atention > mixed")
    with pytest.raises(UnknownVariableError, match="has no variable `mixd`. Did you mean `mixed`"):
        ptera(net).using(q="Attention > mixd")


def test_core_imports_no_torch() -> None:
    import subprocess

    code = "import ptera, sys; ptera.ptera(len)([]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
