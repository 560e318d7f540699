"""A Ptera model as a `torch.nn.Module`."""

import copy
import io
from pathlib import Path
from typing import Any

import pytest
import torch

from ptera import default, ptera
from ptera_torch import Grad, Module, ModuleError


@ptera
def layer(x: Any) -> Any:
    W: torch.nn.Parameter
    scale: torch.Tensor
    actfn: object
    training: bool = default(True)
    y = x @ W * scale
    return actfn(y if training else y.detach())


@ptera
def network(x: Any) -> Any:
    layers: list[Any]
    heads: dict[str, Any]
    for layer in layers:
        x = layer(x)
    return {name: head(x) for name, head in heads.items()}


def made() -> Any:
    torch.manual_seed(0)
    shapes = ((3, 4), (4, 4))
    layers = [
        layer.new(
            W=torch.nn.Parameter(torch.rand(shape)), scale=torch.tensor(2.0), actfn=torch.relu
        )
        for shape in shapes
    ]
    heads = {"a.b": torch.nn.Linear(4, 2), "half": layers[1]}
    return network.new(layers=layers, heads=heads)


X = torch.tensor([[1.0, 2.0, 3.0]])


def test_names_lead_to_parameters_and_buffers() -> None:
    module = Module(made())
    assert list(dict(module.named_parameters())) == [
        "layers.0.W",
        "layers.1.W",
        "heads.a_b.weight",
        "heads.a_b.bias",
    ]
    assert list(dict(module.named_buffers())) == ["layers.0.scale", "layers.1.scale"]


def test_gives_what_the_model_gives() -> None:
    model = made()
    found, expected = Module(model)(X), model(X)
    assert {name: value.tolist() for name, value in found.items()} == {
        name: value.tolist() for name, value in expected.items()
    }


def test_a_shared_parameter_counts_once() -> None:
    shared = torch.nn.Parameter(torch.eye(3))
    one = layer.new(W=shared, scale=torch.tensor(1.0), actfn=torch.relu)
    module = Module(network.new(layers=[one, one.new(actfn=torch.tanh)], heads={}))
    assert [name for name, _ in module.named_parameters()] == ["layers.0.W"]
    assert list(module.state_dict()) == ["layers.0.W", "layers.0.scale"]
    module.load_state_dict({**module.state_dict(), "layers.0.W": torch.zeros(3, 3)})
    assert shared.sum() == 0


def test_what_is_no_function_object_is_refused() -> None:
    with pytest.raises(ModuleError, match=r"`3` cannot be used as a module: it is a `int`"):
        Module(3)  # type: ignore[arg-type]  # that is the point


def test_names_of_modules_are_not_taken() -> None:
    @ptera
    def f(x: Any) -> Any:
        half: torch.nn.Parameter
        return x * half

    module = Module(f.new(half=torch.nn.Parameter(torch.tensor(0.5))))
    assert [name for name, _ in module.named_parameters()] == ["half_"]
    assert module.half().half_.dtype is torch.float16


class TestStateDict:
    def test_there_and_back(self) -> None:
        module, other = Module(made()), Module(made())
        for tensor in other.state_dict().values():
            tensor.zero_()
        other.load_state_dict(module.state_dict())
        torch.testing.assert_close(other(X), module(X))

    def test_assigned(self) -> None:
        model = made()
        module = Module(model)
        new = {name: torch.ones_like(tensor) for name, tensor in module.state_dict().items()}
        module.load_state_dict(new, assign=True)
        assert model.state.layers[0].state.W is dict(module.named_parameters())["layers.0.W"]
        assert model.state.layers[0].state.scale.item() == 1.0

    def test_torch_save(self) -> None:
        module = Module(made())
        file = io.BytesIO()
        torch.save(module.state_dict(), file)
        file.seek(0)
        other = Module(made())
        other.load_state_dict(torch.load(file))
        torch.testing.assert_close(other(X), module(X))

    def test_safetensors(self, tmp_path: Path) -> None:
        safetensors = pytest.importorskip("safetensors.torch")
        module = Module(made())
        path = tmp_path / "model.safetensors"
        safetensors.save_file(module.state_dict(), path)
        other = Module(made())
        other.load_state_dict(safetensors.load_file(path))
        torch.testing.assert_close(other(X), module(X))


def test_to_changes_the_model_too() -> None:
    model = made()
    module = Module(model).to(torch.float64)
    first = model.state.layers[0].state
    assert first.W.dtype is first.scale.dtype is torch.float64
    assert module(X.double())["half"].dtype is torch.float64
    assert dict(module.named_buffers())["layers.0.scale"] is first.scale


def test_what_is_set_in_the_state_is_the_modules() -> None:
    model = made()
    module = Module(model)
    model.state.layers[0].state.W = torch.nn.Parameter(torch.zeros(3, 4))
    module(X)
    assert module.state_dict()["layers.0.W"].sum() == 0


def test_train_and_eval() -> None:
    model = made()
    module = Module(model)
    assert module.eval() is module
    assert not module(X)["half"].requires_grad
    assert not model.state.heads["a.b"].training
    assert module.train()(X)["half"].requires_grad


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
def test_optimizers_train_the_model(optimizer: Any) -> None:
    model = made()
    module = Module(model)
    steps = optimizer(module.parameters(), lr=0.01)
    losses = []
    for _ in range(5):
        steps.zero_grad()
        loss = model(X)["half"].square().sum()
        loss.backward()
        steps.step()
        losses.append(loss.item())
    assert losses == sorted(losses, reverse=True)


def test_deepcopy_is_independent() -> None:
    module = Module(made())
    other = copy.deepcopy(module)
    torch.testing.assert_close(other(X), module(X))
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    assert other(X)["half"].sum() == 0
    assert module(X)["half"].sum() != 0


def test_functional_call_leaves_the_model_alone() -> None:
    module = Module(made())
    expected = module(X)
    zeros = {name: torch.zeros_like(tensor) for name, tensor in module.named_parameters()}
    assert torch.func.functional_call(module, zeros, (X,))["half"].sum() == 0
    torch.testing.assert_close(module(X), expected)


def test_gradients_by_functional_call() -> None:
    module = Module(made())
    parameters = dict(module.named_parameters())

    def loss(parameters: Any) -> Any:
        return torch.func.functional_call(module, parameters, (X,))["half"].sum()

    found = torch.func.grad(loss)(parameters)
    module(X)["half"].sum().backward()
    for name, parameter in module.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(found[name], parameter.grad)


def test_hooks_run() -> None:
    module = Module(made())
    seen = []
    module.register_forward_hook(lambda module, args, output: seen.append(list(output)))
    module(X)
    assert seen == [["a.b", "half"]]


def test_selectors_and_grad_reach_into_it() -> None:
    module = Module(made())

    @ptera
    def step(x: Any) -> Any:
        loss = module(x)["half"].sum()
        return loss

    results = step.using(y="layer > y", g=Grad("step{!!loss} >> layer > W"))(X)
    assert len(results.y) == 3
    module.zero_grad()
    step(X).backward()
    for _, (value, grad) in ((e["W"].name, e["W"].value) for e in results.g):
        torch.testing.assert_close(grad, value.grad)
