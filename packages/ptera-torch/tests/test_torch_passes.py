"""Requests for gradients, answered with one pass for each target."""

import pytest
import torch

from ptera._deliver import Captured
from ptera_torch._errors import FreedGraphError, InputError, TargetError, UnusedInputError
from ptera_torch._passes import Question, Request, differentiate_all


def event(**captures: object) -> dict[str, Captured]:
    return {name: Captured(name, [name], [value]) for name, value in captures.items()}


def answers(
    *requests: tuple[Question, list[dict[str, Captured]]], retain_graph: bool = False
) -> list[list[dict[str, Captured]]]:
    made = [Request(question, events) for question, events in requests]
    for request in made:
        request.choose()
    return differentiate_all(made, retain_graph)


def test_gives_value_and_gradient_of_the_focus_and_plain_values_of_the_rest() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x**2).sum()
    [[found]] = answers((Question("y", "x"), [event(x=x, y=y, n=3)]))
    value, grad = found["x"].value
    assert value is x
    assert grad.tolist() == [2.0, 4.0]
    assert found["n"].value == 3
    assert found["y"].value is y


def test_other_differentiable_captures_come_as_pairs_too() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    h = x * 2
    [[found]] = answers((Question("y", "x"), [event(x=x, h=h, y=h**2)]))
    assert found["h"].value.grad.item() == 12.0
    assert found["x"].value.grad.item() == 24.0


def test_one_pass_for_each_target(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    plain = torch.autograd.grad

    def counted(*args: object, **kwargs: object) -> object:
        calls.append(args)
        return plain(*args, **kwargs)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(torch.autograd, "grad", counted)
    x = torch.tensor(2.0, requires_grad=True)
    h = x * 3
    y, z = h**2, h + 1
    question = Question("y", "x")
    found = answers(
        (question, [event(x=x, y=y)]),
        (Question("y", "h"), [event(h=h, y=y)]),
        (Question("z", "x"), [event(x=x, z=z)]),
    )
    assert [group[0][name].value.grad.item() for group, name in zip(found, "xhx", strict=True)] == [
        36.0,
        12.0,
        3.0,
    ]
    assert len(calls) == 2


def test_a_shared_tensor_is_delivered_once_unless_repeated() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = x * x
    events = [event(x=x, y=y, k=0), event(x=x, y=y, k=1)]
    [found] = answers((Question("y", "x"), events))
    assert [e["k"].value for e in found] == [0]
    [found] = answers((Question("y", "x", repeat=True), [event(x=x, y=x * x, k=k) for k in (0, 1)]))
    assert [e["k"].value for e in found] == [0, 1]


def test_the_last_binding_of_the_target_counts_and_its_sum() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    bound = {**event(x=x), "y": Captured("y", ["y", "y"], [x * 100, x * 3])}
    [[found]] = answers((Question("y", "x"), [bound]))
    assert found["x"].value.grad.tolist() == [3.0, 3.0]


def test_structures_of_tensors_get_structures_of_gradients() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    pair = (x, {"n": 1, "z": x * 5})
    [[found]] = answers((Question("y", "h"), [event(h=pair, y=pair[0] * pair[1]["z"])]))
    value, grad = found["h"].value
    assert value is pair
    assert (grad[0].item(), grad[1]["z"].item(), grad[1]["n"]) == (20.0, 2.0, None)


@pytest.mark.parametrize("unused", ["none", "zeros"])
def test_unused_inputs(unused: str) -> None:
    x, w = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    question = Question("y", "w", unused=unused)  # type: ignore[arg-type]  # both are allowed
    [[found]] = answers((question, [event(w=w, y=x.sum())]))
    grad = found["w"].value.grad
    assert grad is None if unused == "none" else grad.tolist() == [0.0, 0.0]


def test_unused_inputs_can_be_an_error() -> None:
    x, w = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    with pytest.raises(UnusedInputError, match="`y` does not depend on `w`"):
        answers((Question("y", "w", unused="error"), [event(w=w, y=x.sum())]))


def test_create_graph_only_for_who_asked() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = x**3
    asked, plain = answers(
        (Question("y", "x", create_graph=True), [event(x=x, y=y)]),
        (Question("y", "x"), [event(x=x, y=y)]),
    )
    first = asked[0]["x"].value.grad
    (second,) = torch.autograd.grad(first, x)
    assert (first.item(), second.item()) == (12.0, 12.0)
    assert not plain[0]["x"].value.grad.requires_grad


def test_the_graph_is_freed_unless_it_is_retained() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = x**3
    answers((Question("y", "x", retain_graph=True), [event(x=x, y=y)]))
    answers((Question("y", "x"), [event(x=x, y=y)]))
    with pytest.raises(FreedGraphError, match="already freed by another backward pass"):
        answers((Question("y", "x"), [event(x=x, y=y)]))


@pytest.mark.parametrize(
    ("keep", "same", "graph"),
    [("reference", True, True), ("detach", False, False), ("clone", False, False)],
)
def test_what_is_kept(keep: str, same: bool, graph: bool) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    question = Question("y", "x", keep=keep)  # type: ignore[arg-type]  # all are allowed
    [[found]] = answers((question, [event(x=x, y=x * 2)]))
    value = found["x"].value.value
    assert (value is x) is same
    assert value.requires_grad is graph
    assert (value.data_ptr() == x.data_ptr()) is (keep != "clone")


class TestRefusals:
    def test_target_is_no_tensor(self) -> None:
        x = torch.tensor(2.0, requires_grad=True)
        with pytest.raises(TargetError, match="`y`: it is a `float`, not a tensor"):
            answers((Question("y", "x"), [event(x=x, y=2.0)]))

    def test_target_of_integers(self) -> None:
        x = torch.tensor(2.0, requires_grad=True)
        with pytest.raises(TargetError, match="its dtype is torch.int64"):
            answers((Question("y", "x"), [event(x=x, y=torch.tensor(2))]))

    def test_gradients_are_off(self) -> None:
        x = torch.tensor(2.0, requires_grad=True)
        with torch.no_grad(), pytest.raises(TargetError, match=r"torch.no_grad\(\)"):
            answers((Question("y", "x"), [event(x=x, y=x * 2)]))

    def test_inference_mode(self) -> None:
        x = torch.tensor(2.0, requires_grad=True)
        with torch.inference_mode():
            y = x * 2
        with pytest.raises(TargetError, match=r"made under `torch.inference_mode\(\)`"):
            answers((Question("y", "x"), [event(x=x, y=y)]))

    def test_frozen_parameter(self) -> None:
        x = torch.tensor(2.0, requires_grad=True)
        w = torch.nn.Parameter(torch.tensor(3.0), requires_grad=False)
        with pytest.raises(InputError, match="the parameter is frozen"):
            answers((Question("y", "w"), [event(w=w, y=x * w)]))
        [found] = answers((Question("y", "w", missing="skip"), [event(w=w, y=x * w)]))
        assert found == []

    def test_integers(self) -> None:
        x = torch.tensor(2.0, requires_grad=True)
        n = torch.tensor([1, 2])
        with pytest.raises(InputError, match="`y` with respect to `n`: its dtype is torch.int64"):
            answers((Question("y", "n"), [event(n=n, y=(x * n).sum())]))

    def test_plain_input(self) -> None:
        x = torch.tensor(2.0, requires_grad=True)
        n = torch.tensor(2.0)
        with pytest.raises(InputError, match='`requires_grad="leaf"`'):
            answers((Question("y", "n"), [event(n=n, y=x * n)]))

    def test_no_tensor(self) -> None:
        x = torch.tensor(2.0, requires_grad=True)
        with pytest.raises(InputError, match="it is a `str`, not a tensor"):
            answers((Question("y", "n"), [event(n="a", y=x * 2)]))
