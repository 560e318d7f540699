"""`Grad(..., mode="backward")`: gradients from the program's own backward pass."""

import gc
import warnings
from typing import Any

import pytest
import torch

from ptera import ptera
from ptera_torch import Grad
from ptera_torch._errors import (
    AmbiguousGradientError,
    MissingBackwardWarning,
    UnevenScaleError,
)


@ptera
def step(x: Any, w: Any) -> Any:
    h = x * w
    loss = (h**2).sum()
    return loss


def inputs() -> tuple[torch.Tensor, torch.nn.Parameter]:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    return x, torch.nn.Parameter(torch.tensor([3.0, 4.0]))


def watched(selector: str, **options: Any) -> Any:
    model = step.clone(return_object=True)

    @model.on(Grad(selector, mode="backward", **options))
    def seen(**captures: Any) -> Any:
        return captures

    return model


def test_delivers_when_backward_has_run() -> None:
    x, w = inputs()
    results = watched("step{!!loss, h} > w")(x, w)
    assert results.seen == []
    results.value.backward()
    [found] = results.seen
    assert found["w"].value is w
    assert found["w"].grad.tolist() == [6.0, 32.0]
    assert found["h"].grad.tolist() == [6.0, 16.0]
    assert found["loss"].item() == 73.0
    assert not found["loss"].requires_grad


def test_the_scale_is_taken_out() -> None:
    x, w = inputs()
    results = watched("step{!!loss, h} > w")(x, w)
    (results.value * 1024 / 4).backward()
    [found] = results.seen
    assert found["w"].grad.tolist() == [6.0, 32.0]
    assert found["h"].grad.tolist() == [6.0, 16.0]
    assert w.grad is not None
    assert w.grad.tolist() == [6.0 * 256, 32.0 * 256]


def test_what_grad_held_before_is_not_counted() -> None:
    x, w = inputs()
    model = watched("step{!!loss} > w")
    found = []
    for _ in range(3):
        results = model(x, w)
        (results.value / 3).backward()
        found += [event["w"].grad.tolist() for event in results.seen]
    assert found == [[6.0, 32.0]] * 3
    assert w.grad is not None
    torch.testing.assert_close(w.grad, torch.tensor([6.0, 32.0]))


def test_all_gradients_are_there_before_a_handler_runs() -> None:
    x, w = inputs()
    model = step.clone(return_object=True)
    seen = []

    @model.on(Grad("step{!!loss} > w", mode="backward"))
    def update(w: Any) -> None:
        w.value.data.zero_()
        w.value.grad.zero_()

    @model.on(Grad("step{!!loss} > x", mode="backward"))
    def look(x: Any) -> None:
        seen.append(x.grad.tolist())

    model(x, w).value.backward()
    assert seen == [[18.0, 64.0]]


def test_backward_inside_the_activation() -> None:
    @ptera
    def train(x: Any, w: Any) -> Any:
        h = x * w
        loss = (h**2).sum()
        loss.backward()
        return h

    model = train.clone(return_object=True)

    @model.on(Grad("train{!!loss, h} > w", mode="backward"))
    def seen(h: Any, w: Any) -> Any:
        return h.grad.tolist(), w.grad.tolist()

    assert model(*inputs()).seen == [([6.0, 16.0], [6.0, 32.0])]


def test_each_backward_delivers() -> None:
    x, w = inputs()
    results = watched("step{!!loss} > h")(x, w)
    results.value.backward(retain_graph=True)
    results.value.backward()
    assert [event["h"].grad.tolist() for event in results.seen] == [[6.0, 16.0]] * 2


def test_a_pass_of_ptera_itself_is_no_backward() -> None:
    x, w = inputs()
    model = watched("step{!!loss} > h")

    @model.on(Grad("step{!!loss} > h", retain_graph=True))
    def now(h: Any) -> Any:
        return h.grad.tolist()

    results = model(x, w)
    assert results.now == [[6.0, 16.0]]
    assert results.seen == []
    results.value.backward()
    assert len(results.seen) == 1


def test_autograd_grad_is_no_backward_for_parameters() -> None:
    x, w = inputs()
    results = watched("step{!!loss} > w")(x, w)
    torch.autograd.grad(results.value, x, retain_graph=True)
    assert results.seen == []
    results.value.backward()
    assert len(results.seen) == 1


def test_unused_inputs() -> None:
    @ptera
    def f(x: Any, w: Any) -> Any:
        side = w * 2
        loss = (x**2).sum() + 0 * side.sum().detach()
        return loss

    for unused, expected in (("none", None), ("zeros", [0.0, 0.0])):
        model = f.clone(return_object=True)
        model.on(Grad("f{!!loss} > side", mode="backward", unused=unused))(_grad_of_side)  # type: ignore[arg-type]  # both are allowed
        results = model(*inputs())
        results.value.backward()
        assert results._grad_of_side == [expected]


def _grad_of_side(side: Any) -> Any:
    return None if side.grad is None else side.grad.tolist()


def test_vector_targets_with_one_weight() -> None:
    @ptera
    def f(x: Any) -> Any:
        y = x**2
        return y

    model = f.clone(return_object=True)

    @model.on(Grad("f{!x, !!y}", mode="backward"))
    def seen(x: Any) -> Any:
        return x.grad.tolist()

    x, _ = inputs()
    results = model(x)
    results.value.mean().backward()
    assert results.seen == [[2.0, 4.0]]
    results = model(x)
    with pytest.raises(UnevenScaleError, match="elements of `y` have different weights"):
        (results.value * torch.tensor([1.0, 2.0])).sum().backward()


def test_half_precision_is_delivered_in_full() -> None:
    x = torch.tensor([1e-4], dtype=torch.float16, requires_grad=True)
    model = step.clone(return_object=True)

    @model.on(Grad("step{!!loss} > h", mode="backward"))
    def seen(h: Any) -> Any:
        return h.grad

    results = model(x, torch.tensor([1.0], dtype=torch.float16))
    (results.value.float() * 1024).backward()
    [grad] = results.seen
    assert grad.dtype is torch.float32
    torch.testing.assert_close(grad, torch.tensor([2e-4]), rtol=1e-3, atol=0)


def test_parameters_of_two_calls_in_one_backward_are_refused() -> None:
    x, w = inputs()
    model = watched("step{!!loss} > w")
    first, second = model(x, w), model(x, w)
    with pytest.raises(AmbiguousGradientError, match="went through `loss`"):
        (first.value + second.value).backward()


def test_intermediates_of_two_calls_in_one_backward() -> None:
    x, w = inputs()
    model = watched("step{!!loss} > h")
    first, second = model(x, w), model(2 * x.detach(), w)
    (first.value + second.value).backward()
    assert first.seen[0]["h"].grad.tolist() == [6.0, 16.0]
    assert second.seen[0]["h"].grad.tolist() == [12.0, 32.0]


def test_two_targets_of_one_call_in_one_backward_are_refused() -> None:
    @ptera
    def f(x: Any) -> Any:
        h = x * 2
        a = h.sum()
        b = (h**2).sum()
        return a + b

    model = f.clone(return_object=True)
    model.on(Grad("f{!!a} > h", mode="backward"))(_nothing)
    model.on(Grad("f{!!b} > h", mode="backward"))(_nothing)
    with pytest.raises(AmbiguousGradientError, match="`b` and `a`"):
        model(inputs()[0]).value.backward()


def _nothing(h: Any) -> None:
    pass


def test_a_backward_that_never_comes_is_reported_at_the_next_call() -> None:
    x, w = inputs()
    model = watched("step{!!loss} > h")
    model(x, w)
    gc.collect()
    with pytest.warns(MissingBackwardWarning, match="has waited in vain for the `backward` of a"):
        results = model(x, w)
    results.value.backward()
    assert len(results.seen) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(x, w).value.backward()


def test_checkpointing_delivers_once() -> None:
    from torch.utils.checkpoint import checkpoint

    def block(x: Any, w: Any) -> Any:
        inner = x * w
        return inner.sin()

    @ptera
    def f(x: Any, w: Any) -> Any:
        h = checkpoint(block, x, w, use_reentrant=False)
        loss = h.sum()
        return loss

    model = f.clone(return_object=True)

    @model.on(Grad("f{!!loss} >> block > inner", mode="backward"))
    def seen(inner: Any) -> Any:
        return inner.grad

    x, w = inputs()
    results = model(x, w)
    results.value.backward()
    [grad] = results.seen
    torch.testing.assert_close(grad, (x * w).cos().detach())


def test_nothing_is_left_on_parameters() -> None:
    x, w = inputs()
    model = watched("step{!!loss} > w")
    for _ in range(3):
        model(x, w).value.backward()
    assert not getattr(w, "_backward_hooks", None)


def test_gradient_scaling_and_autocast() -> None:
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    x, w = inputs()
    optimizer = torch.optim.SGD([w], lr=0.1)

    @ptera
    def mixed(x: Any, w: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            h = torch.nn.functional.linear(x[None], w[None])
        loss = h.float().square().sum()
        return loss

    model = mixed.clone(return_object=True)

    @model.on(Grad("mixed{!!loss, h} > w", mode="backward"))
    def seen(h: Any, w: Any) -> Any:
        return h.value.dtype, h.grad, w.grad

    results = model(x, w)
    scaler.scale(results.value).backward()
    [(dtype, h_grad, w_grad)] = results.seen
    assert (dtype, h_grad.dtype) == (torch.bfloat16, torch.float32)
    torch.testing.assert_close(h_grad, torch.tensor([[22.0]]))
    torch.testing.assert_close(w_grad, torch.tensor([22.0, 44.0]))
    scaler.step(optimizer)
    torch.testing.assert_close(w.detach(), torch.tensor([3.0 - 2.2, 4.0 - 4.4]))
