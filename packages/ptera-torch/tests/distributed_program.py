"""Two processes train one model; run by `test_torch_distributed.py`, under torchrun.

Each checks what `Grad` delivers against gradients computed by hand, and prints `done`.
"""

import os
import sys
import warnings
from typing import Any

import torch
import torch.distributed
from torch.nn.parallel import DistributedDataParallel

from ptera import ptera
from ptera_torch import DistributedError, Grad, Module, UnsynchronizedWarning

WORLD = 2


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = torch.nn.Linear(4, 8)
        self.b = torch.nn.Linear(8, 2)

    def forward(self, x: Any) -> Any:
        h = torch.relu(self.a(x))
        return self.b(h)


@ptera
def dense(x: Any) -> Any:
    W: torch.nn.Parameter
    y = x @ W
    return y


@ptera
def mlp(x: Any) -> Any:
    layers: list[Any]
    for layer in layers:
        x = torch.relu(layer(x))
    return x


def step(model: Any, x: Any, y: Any) -> Any:
    out = model(x)
    loss = ((out - y) ** 2).mean()
    return loss


def data() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(WORLD, 6, 4, generator=generator), torch.rand(
        WORLD, 6, 2, generator=generator
    )


def average(model: Any) -> list[torch.Tensor]:
    """The gradients that the processes have in common."""
    x, y = data()
    losses = [step(model, x[rank], y[rank]) for rank in range(WORLD)]
    return list(torch.autograd.grad(sum(losses) / WORLD, list(model.parameters())))


def whole(tensor: Any) -> torch.Tensor:
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def watched(selector: str, **options: Any) -> Any:
    model = ptera(step).clone(return_object=True)
    model.on(Grad(selector, **options), within=[Net, torch.nn.Linear.forward], full=True)(seen)
    return model


def seen(**captures: Any) -> Any:
    return captures


def gradients(results: Any) -> dict[tuple[str, torch.Size], torch.Tensor]:
    pairs = [(event["p"].name, event["p"].value) for event in results.seen]
    return {(name, pair.value.shape): whole(pair.grad) for name, pair in pairs}


def check_parameters(model: Any, expected: list[torch.Tensor], rank: int) -> None:
    x, y = data()
    observed = watched("step{!!loss} >> $p:Parameter", mode="backward")
    results = observed(model, x[rank], y[rank])
    (results.value * 8).backward()
    found = gradients(results)
    assert len(found) == len(expected), found.keys()
    for grad in expected:
        close = [torch.allclose(g, grad) for (_, shape), g in found.items() if shape == grad.shape]
        assert any(close), (grad, found)
    model.zero_grad()


def check_refusal(model: Any, why: str, rank: int) -> None:
    x, y = data()
    try:
        watched("step{!!loss} >> $p:Parameter")(model, x[rank], y[rank])
    except DistributedError as error:
        assert why in str(error) and 'mode="backward"' in str(error)
    else:
        raise AssertionError("no error")


def check_intermediate(model: Any, local: Any, rank: int) -> None:
    x, y = data()
    expected = watched("step{!!loss} >> Net > h")(local, x[rank], y[rank]).seen[0]["h"].value.grad
    now = watched("step{!!loss} >> Net > h")(model, x[rank], y[rank])
    assert torch.allclose(now.seen[0]["h"].value.grad, expected)
    later = watched("step{!!loss} >> Net > h", mode="backward")(model, x[rank], y[rank])
    later.value.backward()
    assert torch.allclose(later.seen[0]["h"].value.grad, expected)
    model.zero_grad()


def ddp(rank: int) -> None:
    net, local = Net(), Net()
    local.load_state_dict(net.state_dict())
    expected = average(local)
    # An unwrapped model is nobody else's, also before and after another one is wrapped.
    x, y = data()
    own = watched("step{!!loss} >> $p:Parameter")
    assert len(own(local, x[rank], y[rank]).seen) == len(expected)
    model = DistributedDataParallel(net)
    check_parameters(model, expected, rank)
    check_refusal(model, "DistributedDataParallel", rank)
    check_intermediate(model, local, rank)
    assert len(own(local, x[rank], y[rank]).seen) == len(expected)
    accumulate(model, rank)


def accumulate(model: Any, rank: int) -> None:
    x, y = data()
    observed = watched("step{!!loss} >> $p:Parameter", mode="backward")
    with warnings.catch_warnings(record=True) as caught, model.no_sync():
        warnings.simplefilter("always")
        results = observed(model, x[rank], y[rank])
        results.value.backward()
    assert results.seen == []
    assert any(issubclass(w.category, UnsynchronizedWarning) for w in caught), caught


def fsdp(rank: int) -> None:
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    net, local = Net(), Net()
    local.load_state_dict(net.state_dict())
    expected = average(local)
    mesh = init_device_mesh("cpu", (WORLD,))
    for part in (net.a, net.b, net):
        fully_shard(part, mesh=mesh)
    check_parameters(net, expected, rank)
    check_refusal(net, "sharded", rank)
    check_intermediate(net, local, rank)


def module(rank: int) -> None:
    """A Ptera model in a `Module`, under DDP and FSDP."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    def made() -> Module:
        generator = torch.Generator().manual_seed(0)
        shapes = ((4, 8), (8, 2))
        weights = [torch.nn.Parameter(torch.rand(s, generator=generator)) for s in shapes]
        return Module(mlp.new(layers=[dense.new(W=weight) for weight in weights]))

    expected = average(made())
    check_parameters(DistributedDataParallel(made()), expected, rank)
    check_refusal(DistributedDataParallel(made()), "DistributedDataParallel", rank)
    sharded = made()
    fully_shard(sharded, mesh=init_device_mesh("cpu", (WORLD,)))
    check_parameters(sharded, expected, rank)
    check_refusal(sharded, "sharded", rank)
    optimizer = torch.optim.SGD(sharded.parameters(), lr=0.1)
    x, y = data()
    losses = []
    for _ in range(5):
        loss = step(sharded, x[rank], y[rank])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        torch.distributed.all_reduce(loss := loss.detach())
        losses.append(loss.item())
    assert losses == sorted(losses, reverse=True), losses


def main() -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo")
    torch.manual_seed(0)
    {"ddp": ddp, "fsdp": fsdp, "module": module}[sys.argv[1]](torch.distributed.get_rank())
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    sys.stdout.write("done\n")
    sys.stdout.flush()
    # Gloo's threads outlive the group with what they sent, and an interpreter that shuts down under
    # them aborts now and then (pytorch/pytorch#179291): what was to be checked is checked.
    os._exit(0)


if __name__ == "__main__":
    main()
