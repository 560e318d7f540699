"""Train a small network on images of digits, and look inside while it learns.

The network is the mission's: nothing in it is written for training, looking or tweaking.
Gradients, statistics and options are all asked for from outside.

Run `python examples/demo.py --help`, or with `--lr 0.05 --set 'layer[1] > T=2.0'`.
"""
# pyright: reportUnboundVariable=false

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from rich.console import Console

from ptera import Ptera, Recurrence, Results, auto_cli, default, ptera, tag
from ptera.torch import (
    Curves,
    Grad,
    GradientFlow,
    Histogram,
    ProgressBar,
    Statistics,
    Stream,
    table,
)

# The network.


@ptera
def layer(inp: torch.Tensor) -> torch.Tensor:
    """One layer."""
    W: torch.nn.Parameter
    b: torch.nn.Parameter
    actfn: Callable[[torch.Tensor], torch.Tensor]
    # Temperature: activations are divided by it
    T: Annotated[float, tag.HyperParameter] = default(1.0)

    act = inp @ W + b
    return actfn(act / T)


@ptera
def sequential(inp: torch.Tensor) -> torch.Tensor:
    """The layers, one after the other."""
    layers: list[Ptera[[torch.Tensor], torch.Tensor]]

    h: Recurrence[torch.Tensor] = Recurrence()
    h[0] = inp
    for i, layer in enumerate(layers):
        h[i + 1] = layer(h[i])
    return h[len(layers)]


@ptera
def step(inp: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The loss on one batch."""
    model: Callable[[torch.Tensor], torch.Tensor]
    lossfn: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

    output = model(inp)
    accuracy = (output.argmax(1) == target).float().mean()
    loss = lossfn(output, target)
    return loss


Network = Ptera[[torch.Tensor, torch.Tensor], torch.Tensor]
Watched = Ptera[[torch.Tensor, torch.Tensor], Results[torch.Tensor]]


def make_network(*sizes: int) -> Network:
    """Make a network with layers of these sizes."""

    def uniform(*shape: int, fan_in: int) -> torch.nn.Parameter:
        return torch.nn.Parameter((torch.rand(shape) * 2 - 1) / fan_in**0.5)

    layers = [
        layer.new(
            W=uniform(n_in, n_out, fan_in=n_in),
            b=uniform(1, n_out, fan_in=n_in),
            actfn=torch.relu,
        )
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True)
    ]
    layers[-1].state.actfn = torch.nn.LogSoftmax(dim=1)
    return step.new(lossfn=torch.nn.NLLLoss(), model=sequential.new(layers=layers))


# The data.

Split = tuple[torch.Tensor, torch.Tensor]


def read_digits() -> tuple[Split, Split]:
    """Give the 1797 handwritten digits that scikit-learn ships, a fifth of them for the test."""
    # It has no annotations.
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]

    found: Any = load_digits()
    images = torch.tensor(found.data, dtype=torch.float32) / 16
    labels = torch.tensor(found.target, dtype=torch.int64)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    held = len(order) // 5
    test, train = order[:held], order[held:]
    return (images[train], labels[train]), (images[test], labels[test])


def read_mnist(folder: Path) -> tuple[Split, Split]:
    """Give MNIST from its four files, packed by gzip or not."""

    def read(name: str, header: int) -> torch.Tensor:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.exists():
                data = path.read_bytes()
                data = gzip.decompress(data) if path.suffix == ".gz" else data
                return torch.from_numpy(np.frombuffer(data[header:], np.uint8).copy())
        message = f"`--data {folder}`: there is no file `{name}` and no `{name}.gz` in it"
        raise SystemExit(message)

    def split(prefix: str) -> Split:
        labels = read(f"{prefix}-labels-idx1-ubyte", 8).long()
        images = read(f"{prefix}-images-idx3-ubyte", 16).float() / 255
        return images.reshape(len(labels), -1), labels

    return split("train"), split("t10k")


def batches(data: Split, size: int) -> Iterator[Split]:
    """Give a split in shuffled batches."""
    images, labels = data
    for chosen in torch.split(torch.randperm(len(labels)), size):
        yield images[chosen], labels[chosen]


# The training: everything is asked of the network from outside.


@ptera
def train() -> None:
    """Train a network on images of digits, and say what went on inside it."""
    # Times that all images are shown
    epochs: Annotated[int, tag.HyperParameter] = default(15)
    # Size of a step of gradient descent
    lr: Annotated[float, tag.HyperParameter] = default(0.1)
    # Images in a batch
    batch_size: Annotated[int, tag.HyperParameter] = default(32)
    # Units in the hidden layer
    hidden: Annotated[int, tag.HyperParameter] = default(100)
    # Seed of the random numbers
    seed: Annotated[int, tag.HyperParameter] = default(0)
    # Folder with MNIST's four files, instead of scikit-learn's digits
    data: Annotated[Path | None, tag.HyperParameter] = default(None)
    # File for the picture
    out: Annotated[Path, tag.HyperParameter] = default(Path("demo.png"))

    torch.manual_seed(seed)
    # Batches this small are done before a second core has joined in.
    torch.set_num_threads(1)
    train_set, test_set = read_digits() if data is None else read_mnist(data)
    network = make_network(train_set[0].shape[1], hidden, 10)
    model: Watched = network.clone(return_object=True)

    @model.on(Grad("step{!!loss} >> $param:Parameter"))
    def update(param: Any) -> None:
        param_value, param_grad = param
        param_value.data.sub_(lr * param_grad)

    history = Curves(ylabel="loss and accuracy")
    model.on("step{loss, accuracy}")(history)

    steps = epochs * -(-len(train_set[1]) // batch_size)
    with ProgressBar(steps, "training") as bar:
        model.on("step{loss, accuracy}")(bar)
        for _ in range(epochs):
            for images, labels in batches(train_set, batch_size):
                model(images, labels)
    report(network, test_set, history, out)


def report(network: Network, test_set: Split, history: Curves, out: Path) -> None:
    """Say how good the network is and what is inside it, and draw it."""
    watched: Watched = network.clone(return_object=True)
    activations = Stream(Statistics, by="i", name="activations")
    histograms = Stream(lambda: Histogram(60, -10, 10), by="i", name="histograms")
    flow = GradientFlow(by="i")
    watched.on("layer[$i] > act", live=True)(activations)
    watched.on("layer[$i] > act", live=True)(histograms)
    watched.on(Grad("step{!!loss} >> layer[$i] > $param:Parameter"), full=True)(flow)
    [accuracy] = watched.using(a="step > accuracy")(*test_set).a.map("accuracy")

    console = Console()
    console.print(table(activations, title="Activations on the test images"))
    console.print(table(flow.means, title="Gradient flow: mean |d loss / d parameter|"))
    draw(history, flow, histograms, out)
    console.print(f"Test accuracy [bold]{accuracy:.2%}[/] on {len(test_set[1])} images.")
    console.print(f"The picture is in [bold]{out.resolve()}[/].", soft_wrap=True)


def draw(history: Curves, flow: GradientFlow, histograms: Stream[Histogram], out: Path) -> None:
    """Draw training, gradient flow and activations side by side."""
    from matplotlib.figure import Figure

    figure: Any = Figure((15, 4.2), layout="constrained")
    training, gradients, activations = figure.subplots(1, 3)
    training.set_title("Training")
    history.draw(training)
    training.set_xlabel("step")
    gradients.set_title("Gradient flow on the test images")
    flow.draw(gradients)
    activations.set_title("Activations on the test images")
    for label, histogram in histograms.items():
        counts = [count / max(sum(histogram.value), 1) for count in histogram.value]
        activations.stairs(counts, histogram.edges, fill=True, alpha=0.5, label=str(label))
    activations.set_xlabel("value")
    activations.set_ylabel("share")
    activations.legend()
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=120)


if __name__ == "__main__":
    auto_cli(train)
