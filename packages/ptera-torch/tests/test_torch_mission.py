"""The mission's program: an MLP, its gradients, a regulariser, a temperature."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from ptera import Recurrence, default, probing, ptera
from ptera.torch import Grad

PARAMETERS = "step{!!loss} >> $param:Parameter"


@ptera
def layer(inp):  # type: ignore[no-untyped-def]  # written as in the mission
    W: torch.nn.Parameter
    b: torch.nn.Parameter
    T: float = default(1.0)
    actfn: object

    act = inp @ W + b
    return actfn(act / T)


@ptera
def sequential(inp):  # type: ignore[no-untyped-def]  # written as in the mission
    layers: list

    h = Recurrence()
    h[0] = inp
    for i, layer in enumerate(layers):
        h[i + 1] = layer(h[i])
    return h[len(layers)]


@ptera
def step(inp, target):  # type: ignore[no-untyped-def]  # written as in the mission
    model: object
    lossfn: object

    output = model(inp)
    loss = lossfn(output, target)
    return loss


@ptera
def regularized(inp, target):  # type: ignore[no-untyped-def]  # written as in the mission
    model: object
    lossfn: object

    output = model.using(weights="$param:Parameter")(inp)
    reg = sum(output.weights.map(lambda param: param.abs().mean()))
    loss = lossfn(output.value, target) + reg
    return loss


def make_network(*layer_sizes: int, top: Any = step) -> Any:
    layers = [
        layer.new(
            W=torch.nn.Parameter((torch.rand(nin, nout) * 2 - 1) / (nin**0.5)),
            b=torch.nn.Parameter((torch.rand(1, nout) * 2 - 1) / (nin**0.5)),
            actfn=torch.relu,
        )
        for nin, nout in zip(layer_sizes[:-1], layer_sizes[1:], strict=True)
    ]
    layers[-1].state.actfn = torch.nn.LogSoftmax(dim=1)
    return top.new(lossfn=torch.nn.NLLLoss(), model=sequential.new(layers=layers))


def parameters_of(network: Any) -> list[torch.nn.Parameter]:
    layers = network.state.model.state.layers
    return [parameter for one in layers for parameter in (one.state.W, one.state.b)]


def batches(count: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        yield (
            torch.rand(16, 20, generator=generator),
            torch.randint(0, 4, (16,), generator=generator),
        )


def by_hand(
    parameters: list[torch.Tensor], inputs: torch.Tensor, targets: torch.Tensor, reg: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss, and what comes out of the first layer."""
    W1, b1, W2, b2 = parameters
    hidden = torch.relu(inputs @ W1 + b1)
    output = torch.log_softmax(hidden @ W2 + b2, dim=1)
    loss = torch.nn.functional.nll_loss(output, targets)
    if reg:
        loss = loss + sum(p.abs().mean() for p in parameters)
    return loss, hidden


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("top", [step, regularized])
def test_training_equals_hand_written_sgd(top: Any) -> None:
    network = make_network(20, 8, 4, top=top)
    mine = [p.detach().clone().requires_grad_() for p in parameters_of(network)]
    model = network.clone(return_object=True)

    @model.on(Grad(f"{top.__name__}{{!!loss}} >> $param:Parameter"))
    def update(param: Any) -> None:
        param_value, param_grad = param
        param_value.data.sub_(0.01 * param_grad)

    for inputs, targets in batches(20):
        results = model(inputs, targets)
        loss, _ = by_hand(mine, inputs, targets, reg=top is regularized)
        for parameter, grad in zip(mine, torch.autograd.grad(loss, mine), strict=True):
            parameter.data.sub_(0.01 * grad)
        torch.testing.assert_close(results.value, loss)
        assert len(results.update) == 4
    torch.testing.assert_close(parameters_of(network), mine, check_dtype=False)
    for parameter in parameters_of(network):
        assert parameter.grad is None


def test_gradient_of_an_intermediate_value() -> None:
    network = make_network(20, 8, 4)
    model = network.clone(return_object=True)

    @model.on(Grad("step{!!loss} >> h[1] as h"))
    def check_h(h: Any) -> Any:
        h_value, h_grad = h
        return h_value, h_grad

    [(inputs, targets)] = batches(1)
    results = model(inputs, targets)
    loss, hidden = by_hand(list(parameters_of(network)), inputs, targets)
    [expected] = torch.autograd.grad(loss, [hidden])
    [(value, grad)] = results.check_h
    torch.testing.assert_close(value, hidden)
    torch.testing.assert_close(grad, expected)


def test_what_the_handler_returns() -> None:
    model = make_network(20, 8, 4).clone(return_object=True)

    @model.on(Grad("step{!!loss} >> $param:Parameter"))
    def update(param: Any) -> None:
        param_value, param_grad = param
        param_value.data.sub_(0.01 * param_grad)

    @model.on(Grad("step{!!loss} >> h[1] as h"))
    def check_h(h: Any) -> Any:
        _, h_grad = h
        return h_grad.abs().mean()

    for inputs, targets in batches(3):
        results = model(inputs, targets)
        [mean] = results.check_h
        assert mean > 0


class TestTemperature:
    def test_no_tweak_changes_the_model(self) -> None:
        network = make_network(20, 8, 4)
        model = network.state.model
        before = [p.detach().clone() for p in parameters_of(network)]
        [(inputs, _)] = batches(1)
        plain = model(inputs)
        assert not torch.equal(model.tweak({"layer > T": 2.0})(inputs), plain)
        torch.testing.assert_close(model.tweak({"layer > T": 1.0})(inputs), plain)
        torch.testing.assert_close(model(inputs), plain)
        torch.testing.assert_close(parameters_of(network), before, check_dtype=False)

    @pytest.mark.parametrize("temperatures", [(2.0, 2.0), (1.0, 10.0)])
    def test_values(self, temperatures: tuple[float, float]) -> None:
        network = make_network(20, 8, 4)
        [(inputs, _)] = batches(1)
        tweak = {"layer > T": 2.0} if temperatures == (2.0, 2.0) else {"layer[1] > T": 10.0}
        W1, b1, W2, b2 = parameters_of(network)
        hidden = torch.relu((inputs @ W1 + b1) / temperatures[0])
        expected = torch.log_softmax((hidden @ W2 + b2) / temperatures[1], dim=1)
        torch.testing.assert_close(network.state.model.tweak(tweak)(inputs), expected)

    def test_set_with_new(self) -> None:
        network = make_network(20, 8, 4)
        first = network.state.model.state.layers[0]
        [(inputs, _)] = batches(1)
        hot = first.new(T=2.0)
        torch.testing.assert_close(hot(inputs), first.tweak({"layer > T": 2.0})(inputs))

    def test_learned_by_gradient_descent(self) -> None:
        network = make_network(20, 8, 4)
        temperature = torch.nn.Parameter(torch.tensor(2.0))
        network.state.model.state.layers[0].state.T = temperature
        model = network.clone(return_object=True)

        @model.on(Grad("step{!!loss} >> layer[0] > T"))
        def update(T: Any) -> float:
            value, grad = T
            value.data.sub_(0.1 * grad)
            return float(grad)

        [(inputs, targets)] = batches(1)
        results = [model(inputs, targets) for _ in range(5)]
        assert [r.value.item() for r in results] == sorted(
            (r.value.item() for r in results), reverse=True
        )
        [first] = results[0].update
        assert temperature.item() != 2.0
        W1, b1, W2, b2 = parameters_of(network)
        T = torch.tensor(2.0, requires_grad=True)
        hidden = torch.relu((inputs @ W1 + b1) / T)
        output = torch.log_softmax(hidden @ W2 + b2, dim=1)
        torch.nn.functional.nll_loss(output, targets).backward()
        assert T.grad is not None
        assert first == pytest.approx(T.grad.item(), rel=1e-5)

    def test_gradient_of_a_tweak(self) -> None:
        """A tweak may be a tensor, and then there is a gradient with respect to it."""
        network = make_network(20, 8, 4)
        T = torch.tensor(2.0, requires_grad=True)
        [(inputs, targets)] = batches(1)
        network.tweak({"layer[1] > T": T})(inputs, targets).backward()
        assert T.grad is not None


def test_flags_are_switched_from_outside() -> None:
    @ptera
    def noisy(x: Any) -> Any:
        training: bool = default(True)
        rate: float = default(0.5)

        return torch.nn.functional.dropout(x, rate, training)

    @ptera
    def network(x: Any) -> Any:
        return noisy(noisy(x))

    x = torch.ones(1000)
    assert (network(x) == 0).any()
    torch.testing.assert_close(network.tweak({"noisy > training": False})(x), x)
    torch.testing.assert_close(network.tweak({"noisy > rate": 0.0})(x), x)
    half = network.tweak({"noisy[1] > training": False})(x)
    assert set(half.unique().tolist()) == {0.0, 2.0}


def test_mean_absolute_value_of_a_deep_variable() -> None:
    network = make_network(20, 8, 4)
    with probing("layer[0] > act") as probe:
        means = probe["act"].map(lambda act: act.abs().mean().item()).values()
        for inputs, targets in batches(3):
            network(inputs, targets)
    W, b = parameters_of(network)[:2]
    expected = [(inputs @ W + b).abs().mean().item() for inputs, _ in batches(3)]
    assert means == pytest.approx(expected)


def test_categories_outlive_the_first_copies() -> None:
    """A category is looked up in a copy that is there, though the first one is gone."""
    for size in (8, 6):
        network = make_network(20, size, 4)
        results = network.using(p="$param:Parameter")(*next(batches(1)))
        assert len(results.p) == 4
        del network, results
        gc.collect()


class TestTheGraph:
    """It is freed when the call is over, and not before."""

    @pytest.mark.parametrize(
        "selector", ["step{!!loss} >> $param:Parameter", "step{!output, !!loss}"]
    )
    def test_freed_after_the_call(self, selector: str) -> None:
        model = make_network(20, 8, 4).clone(return_object=True)
        model.on(Grad(selector))(nothing)
        results = model(*next(batches(1)))
        with pytest.raises(RuntimeError, match="second time"):
            results.value.backward()

    @pytest.mark.parametrize(
        "selector", ["step{!!loss} >> $param:Parameter", "step{!output, !!loss}"]
    )
    def test_retained_on_request(self, selector: str) -> None:
        model = make_network(20, 8, 4).clone(return_object=True)
        model.on(Grad(selector, retain_graph=True))(nothing)
        model(*next(batches(1))).value.backward()

    def test_of_an_inner_function_is_what_goes_on(self) -> None:
        model = make_network(20, 8, 4).clone(return_object=True)
        model.on(Grad("layer{!act, !!#value as out}"))(nothing)
        model(*next(batches(1))).value.backward()

    @pytest.mark.parametrize("selector", ["power{!x, !!y}", "power{!!y} >> power > x"])
    def test_of_a_recursive_function(self, selector: str) -> None:
        @ptera
        def power(x: Any, n: Any) -> Any:
            y = x if n == 1 else x * power(x * 1, n - 1)
            return y

        x = torch.tensor(2.0, requires_grad=True)
        results = power.using(g=Grad(selector, repeat=True))(x, 4)
        grads = [event["x"].value.grad.item() for event in results.g]
        if "!x" in selector:
            assert grads == [1.0, 4.0, 12.0, 32.0]
        else:
            assert grads
        with pytest.raises(RuntimeError, match="second time"):
            results.value.backward()

    def test_several_with_different_outermost_functions(self) -> None:
        model = make_network(20, 8, 4).clone(return_object=True)
        model.on(Grad("sequential{!!#value as out} >> layer > act"))(nothing)
        model.on(Grad("step{!!loss} >> layer > act"))(nothing)
        model(*next(batches(1)))

    def test_each_step_of_a_loop_is_updated_before_the_next(self) -> None:
        network = make_network(20, 8, 4)
        mine = [p.detach().clone().requires_grad_() for p in parameters_of(network)]

        @ptera
        def train(data: Any) -> Any:
            losses = [network(inputs, targets).item() for inputs, targets in data]
            return losses

        model = train.clone(return_object=True)

        @model.on(Grad("step{!!loss} >> $param:Parameter"))
        def update(param: Any) -> None:
            param.value.data.sub_(0.1 * param.grad)

        found = model(batches(5)).value
        expected = []
        for inputs, targets in batches(5):
            loss, _ = by_hand(mine, inputs, targets)
            expected.append(loss.item())
            for parameter, grad in zip(mine, torch.autograd.grad(loss, mine), strict=True):
                parameter.data.sub_(0.1 * grad)
        assert found == pytest.approx(expected)


def nothing(**captures: Any) -> None:
    pass


def test_checkpointed_functions_count_once() -> None:
    from torch.utils.checkpoint import checkpoint

    @ptera
    def block(x: Any) -> Any:
        inner = x.sin()
        out = inner * x
        return out

    @ptera
    def top(x: Any) -> Any:
        loss = checkpoint(block, x, use_reentrant=False).sum()
        return loss

    x = torch.rand(3, requires_grad=True)
    results = top.using(
        outer=Grad("top{!!loss} >> block > inner"), own=Grad("block{!inner, !!out}")
    )(x)
    assert (len(results.outer), len(results.own)) == (1, 1)
    torch.testing.assert_close(results.outer.map("inner")[0].grad, x.detach())


def test_overlays_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTERA_DISABLE", "1")
    model = make_network(20, 8, 4).clone(return_object=True)
    model.on(Grad(PARAMETERS))(nothing)
    model.on(Grad(PARAMETERS, mode="backward"))(nothing)
    results = model(*next(batches(1)))
    results.value.backward()
    assert results.nothing == []
