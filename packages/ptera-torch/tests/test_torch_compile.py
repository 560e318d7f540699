"""Compiled code: what is delivered is right, or it is refused; never stale."""

import sys
import warnings
from typing import Any

import pytest
import torch

from ptera import default, probing, ptera
from ptera_torch import CompiledCodeError, CompiledCodeWarning, Grad, Module, _compiled

pytestmark = [
    pytest.mark.skipif(sys.version_info >= (3, 15), reason="torch.compile is not there yet"),
    # The compiler's own remarks, and the notice, which is tested once.
    pytest.mark.filterwarnings("ignore"),
]


def attend(q: Any) -> Any:
    weights = torch.softmax(q, -1)
    return weights


class Block(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        h = self.linear(x)
        return attend(h) * 2


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = Block(), Block()

    def forward(self, x: Any) -> Any:
        return self.b(self.a(x))


X = torch.rand(2, 4, generator=torch.Generator().manual_seed(0))


def compiled(model: Any) -> tuple[Any, Any]:
    counter = torch._dynamo.testing.CompileCounter()
    return torch.compile(model, fullgraph=True, backend=counter), counter


@pytest.fixture(autouse=True)
def _reset() -> Any:
    import torch._dynamo.testing

    torch.compiler.reset()
    yield
    torch.compiler.reset()


def test_probes_see_methods_of_submodules_of_a_compiled_module() -> None:
    model, counter = compiled(Net())
    expected = model(X)
    for _ in range(3):
        with probing("Block.forward > h") as probe:
            values = probe.values()
            torch.testing.assert_close(model(X), expected)
        assert len(values) == 2
        torch.testing.assert_close(model(X), expected)
    assert counter.frame_count == 1


def test_compiled_for_the_first_time_while_a_probe_looks_on() -> None:
    model, counter = compiled(Net())
    with probing("Block.forward > h") as probe:
        values = probe.values()
        model(X)
    assert len(values) == 2
    assert counter.frame_count == 0
    model(X)
    assert (len(values), counter.frame_count) == (2, 1)


def test_tweaks_and_gradients_of_a_compiled_module() -> None:
    net = Net()
    model, _ = compiled(net)
    expected = model(X)
    changed = ptera(model).rewrite({"attend > weights": lambda weights: 0 * weights})
    assert changed(X).abs().sum() == 0
    torch.testing.assert_close(model(X), expected)
    results = ptera(model).using(g=Grad("Net{!!#value as out} >> attend > weights"))(X)
    plain = ptera(net).using(g=Grad("Net{!!#value as out} >> attend > weights"))(X)
    for one, other in zip(results.g, plain.g, strict=True):
        torch.testing.assert_close(one["weights"].value.grad, other["weights"].value.grad)
    torch.testing.assert_close(model(X), expected)


def test_the_notice_comes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_compiled, "_noticed", False)
    model, _ = compiled(Net())
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CompiledCodeWarning)
        with probing("Block.forward > h"):
            Net()(X)
            optimizer.step()  # which the compiler is told to leave alone
    with probing("Block.forward > h"):
        with pytest.warns(CompiledCodeWarning, match="runs uncompiled: right, but slower"):
            model(X)
        with warnings.catch_warnings():
            warnings.simplefilter("error", CompiledCodeWarning)
            model(X)


def test_the_users_own_stance_comes_back() -> None:
    model, counter = compiled(Net())
    with torch.compiler.set_stance("force_eager"):
        with probing("Block.forward > h"):
            model(X)
        model(X)
    assert counter.frame_count == 0
    model(X)
    assert counter.frame_count == 1


@ptera
def dense(x: Any) -> Any:
    W: torch.nn.Parameter
    T: float = default(1.0)
    y = x @ W / T
    return y


@ptera
def stack(x: Any) -> Any:
    layers: list[Any]
    for layer in layers:
        x = layer(x)
    return x


def stacked() -> Any:
    torch.manual_seed(0)
    return stack.new(layers=[dense.new(W=torch.nn.Parameter(torch.rand(4, 4))) for _ in range(3)])


@pytest.mark.parametrize("wrap", [lambda model: model, Module])
def test_a_ptera_model_compiles_into_one_graph(wrap: Any) -> None:
    plain = stacked()
    model, counter = compiled(wrap(plain))
    torch.testing.assert_close(model(X), plain(X))
    with torch.no_grad():
        plain.state.layers[0].state.W.mul_(2)
    torch.testing.assert_close(model(X), plain(X))
    assert counter.frame_count == 1
    plain.state.layers[0].state.T = 3.0
    torch.testing.assert_close(model(X), plain(X))
    plain.state.layers[0].state.W = torch.nn.Parameter(torch.ones(4, 4))
    torch.testing.assert_close(model(X), plain(X))
    model(X).sum().backward()
    assert all(layer.state.W.grad is not None for layer in plain.state.layers)


def test_a_compiled_ptera_model_under_a_probe() -> None:
    plain = stacked()
    model, _ = compiled(plain)
    model(X)
    with probing("dense > y") as probe:
        values = probe.values()
        model(X)
    assert len(values) == 3
    torch.testing.assert_close(model(X), plain(X))


@pytest.mark.parametrize("fullgraph", [False, True])
def test_what_is_attached_is_not_compiled(fullgraph: bool) -> None:
    model = torch.compile(stacked().using(y="dense > y"), fullgraph=fullgraph, backend="eager")
    with pytest.raises((CompiledCodeError, torch._dynamo.exc.Unsupported)) as caught:
        model(X)
    assert "compiled one" in str(caught.value)
