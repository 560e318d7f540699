"""Where captured tensors go: keeping policies, reductions, sinks."""

import builtins
import io
from pathlib import Path
from typing import Any

import pytest
import torch

from ptera import InstallationError, probing, ptera
from ptera_torch import (
    AttentionMaps,
    Curves,
    Differentiated,
    Disk,
    Grad,
    GradientFlow,
    Histogram,
    Keep,
    Mean,
    Norm,
    ProgressBar,
    Statistics,
    Stream,
    TensorBoard,
    table,
)


@ptera
def layer(x: Any) -> Any:
    W: torch.Tensor
    act = x @ W
    act.relu_()
    return act


@ptera
def network(x: Any) -> Any:
    layers: list[Any]
    for layer in layers:
        x = layer(x)
    loss = x.sum()
    return loss


def made() -> Any:
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(4, 4, generator=generator).requires_grad_() for _ in range(2)]
    return network.new(layers=[layer.new(W=weight) for weight in weights])


X = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))


def activations(model: Any) -> list[torch.Tensor]:
    first, second = (one.state.W.detach() for one in model.state.layers)
    return [X @ first, (X @ first).relu() @ second]


class TestKeep:
    def test_an_operation_in_place_changes_a_reference_and_not_a_clone(self) -> None:
        model = made()
        results = model.using(
            reference=Keep("layer > act", "reference"), clone=Keep("layer > act", "clone")
        )(X)
        before = activations(model)
        torch.testing.assert_close(results.clone.map("act"), before)
        for kept, value in zip(results.reference.map("act"), before, strict=True):
            torch.testing.assert_close(kept, value.relu(), check_dtype=False)
            assert kept.requires_grad
        assert not any(kept.requires_grad for kept in results.clone.map("act"))

    @pytest.mark.parametrize("keep", ["detach", "cpu"])
    def test_without_a_graph(self, keep: Any) -> None:
        results = made().using(acts=Keep("layer > act", keep))(X)
        assert not any(kept.requires_grad for kept in results.acts.map("act"))

    def test_a_function(self) -> None:
        model = made()
        results = model.using(means=Keep("layer[$i] > act", torch.mean))(X)
        found = results.means.map("i", "act")
        assert [i for i, _ in found] == [0, 1]
        torch.testing.assert_close([m for _, m in found], [a.mean() for a in activations(model)])

    def test_files(self, tmp_path: Path) -> None:
        pytest.importorskip("safetensors")
        model = made()
        results = model.using(acts=Keep("layer > act", Disk(tmp_path / "acts", "act")))(X)
        stored = results.acts.map("act")
        names = ["act-000000.safetensors", "act-000001.safetensors"]
        assert sorted(path.name for path in (tmp_path / "acts").iterdir()) == names
        torch.testing.assert_close([s.load() for s in stored], activations(model))
        assert (stored[0].shape, stored[0].dtype) == ((3, 4), torch.float32)
        again = Disk(tmp_path / "acts", "act")(torch.ones(1))
        assert again.path.name == "act-000002.safetensors"

    def test_a_handler(self) -> None:
        model = made().clone(return_object=True)

        @model.on(Keep("layer > act", "clone"))
        def shapes(act: Any) -> Any:
            return act.shape, act.requires_grad

        assert model(X).shapes == [((3, 4), False)] * 2

    def test_an_unknown_policy(self) -> None:
        with pytest.raises(ValueError, match="`keep='copy'` is no way to keep a tensor: use `ref"):
            Keep("layer > act", "copy")  # type: ignore[arg-type]  # that is the point


class TestReductions:
    def test_on_live_events_of_a_model(self) -> None:
        model = made()
        stream = Stream(Mean, by="i", name="means")
        model.on("layer[$i] > act", live=True)(stream)
        model(X)
        model(X)
        expected = [a.double().mean().item() for a in activations(model)]
        assert list(stream) == ["act[0]", "act[1]"]
        assert [stream[label].value for label in stream] == pytest.approx(expected)
        assert [reduction.count for _, reduction in stream.items()] == [24, 24]
        stream.clear()
        assert not stream

    def test_on_a_probe(self) -> None:
        model = made()
        stream = Stream(lambda: Mean(absolute=True))
        with probing("layer > act") as probe:
            probe.ksubscribe(stream)
            model(X)
        expected = torch.cat(activations(model)).abs().mean().item()
        assert stream.values() == {"act": pytest.approx(expected)}

    def test_on_gradients_with_the_variables_names(self) -> None:
        model = made().clone(return_object=True)
        stream = Stream(Norm, by="i")
        model.on(Grad("network{!!loss} >> layer[$i] > W"), full=True)(stream)
        model(X)
        assert set(stream) == {"W[0]", "W[0].grad", "W[1]", "W[1].grad", "loss[0]", "loss[1]"}
        weights = [one.state.W for one in model.state.layers]
        assert stream["W[1]"].value == pytest.approx(weights[1].norm().item())

    @pytest.mark.parametrize("chunks", [1, 7])
    def test_statistics_do_not_depend_on_how_the_values_come(self, chunks: int) -> None:
        values = torch.randn(1000, generator=torch.Generator().manual_seed(0)) + 1e4
        values[:100] = 0
        statistics = Statistics()
        for chunk in values.chunk(chunks):
            statistics.add(chunk)
        found = statistics.value
        exact = values.double()
        assert found == pytest.approx(
            {
                "count": 1000,
                "mean": exact.mean().item(),
                "std": exact.std(correction=0).item(),
                "mean_abs": exact.abs().mean().item(),
                "min": exact.min().item(),
                "max": exact.max().item(),
                "zeros": 0.1,
            }
        )

    def test_nothing_seen_yet(self) -> None:
        assert Mean().value != Mean().value
        assert Norm().value == 0
        assert Histogram(bins=2).value == [0, 0]
        assert Statistics().value["count"] == 0
        statistics = Statistics()
        statistics.add(torch.empty(0))
        assert statistics.value["mean"] != statistics.value["mean"]

    def test_histogram(self) -> None:
        values = torch.randn(5000, generator=torch.Generator().manual_seed(0))
        histogram = Histogram(bins=10, low=-2, high=2)
        for chunk in values.chunk(3):
            histogram.add(chunk)
        histogram.add(torch.tensor([float("nan"), float("inf"), 2.0]))
        expected = torch.histc(values, 10, -2, 2).int().tolist()
        expected[-1] += 1
        assert histogram.value == expected
        assert histogram.below == int((values < -2).sum()) + 1
        assert histogram.above == int((values > 2).sum()) + 1
        assert histogram.edges == pytest.approx([-2 + 0.4 * k for k in range(11)])

    def test_complex_and_plain_numbers(self) -> None:
        norm = Norm()
        norm.add(torch.tensor([3 + 4j]))
        assert norm.value == pytest.approx(5.0)
        stream = Stream(Mean)
        stream(x=3, y=True, z="text")
        assert stream.values() == {"x": 3.0, "y": 1.0}


class TestPlots:
    def test_files_are_written(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib")
        model = made().clone(return_object=True)
        flow, curves = GradientFlow(by="i"), Curves(by="i")
        model.on(Grad("network{!!loss} >> layer[$i] > act"))(flow)
        model.on("layer[$i] > act", live=True)(curves)
        model(X)
        model(X)
        assert list(flow.means) == ["act[0]", "act[1]"]
        assert [len(series) for series in curves.series.values()] == [2, 2]
        for figure, name in ((flow, "flow.png"), (curves, "curves.svg")):
            path = figure.save(tmp_path / name)
            assert path.stat().st_size > 1000

    def test_attention_maps(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib")
        maps = AttentionMaps(by="i", tokens=["a", "b", "c"])
        for i in range(2):
            maps(i=i, weights=torch.rand(2, 4, 3, 3))
        figure = maps.figure()
        assert len(figure.axes) == 8
        assert figure.axes[0].get_title() == "weights[0], head 0"
        assert maps.save(tmp_path / "maps.png").exists()

    def test_nothing_to_draw(self) -> None:
        pytest.importorskip("matplotlib")
        for empty in (Curves(), GradientFlow(), AttentionMaps()):
            assert empty.figure() is not None


class TestTensorBoard:
    def test_scalars_and_histograms(self, tmp_path: Path) -> None:
        pytest.importorskip("tensorboard")
        with TensorBoard(tmp_path, by="i", prefix="train/") as board:
            for _ in range(2):
                board(i=0, loss=torch.tensor(0.5), h=Differentiated(torch.rand(5), torch.rand(5)))
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        read = EventAccumulator(str(tmp_path))
        read.Reload()
        assert [(e.step, e.value) for e in read.Scalars("train/loss[0]")] == [(0, 0.5), (1, 0.5)]
        assert read.Tags()["histograms"] == ["train/h[0]", "train/h[0].grad"]

    def test_steps_and_every(self) -> None:
        class Writer:
            def __init__(self) -> None:
                self.steps: list[int] = []

            def add_scalar(self, tag: str, value: float, step: int) -> None:
                self.steps.append(step)

            def add_text(self, tag: str, text: str, step: int) -> None:
                self.steps.append(-step)

            def flush(self) -> None:
                self.steps.append(1000)

        writer = Writer()
        with TensorBoard(writer, step="n", every=10) as board:
            for n in range(5, 25):
                board(n=n, x=n)
            board(n=30, x="text")
        assert writer.steps == [10, 20, -30, 1000]


def test_table() -> None:
    console = pytest.importorskip("rich.console")
    stream = Stream(Statistics, by="i")
    stream(i=0, act=torch.tensor([0.0, 1.0]))
    file = io.StringIO()
    console.Console(file=file, width=100).print(table(stream, title="acts"))
    assert "act[0]" in file.getvalue() and "0.5" in file.getvalue()
    console.Console(file=file, width=100).print(table({"loss": 0.25}))
    assert "0.25" in file.getvalue()


def test_progress_bar_of_a_loop() -> None:
    console = pytest.importorskip("rich.console")

    def train(batches: int) -> None:
        for batch in range(batches):
            loss = torch.tensor(1.0 / (batch + 1))
        assert loss < 1

    file = io.StringIO()
    with ProgressBar(4, console=console.Console(file=file)) as bar:
        with probing("train{loss} > #endloop_batch as end") as probe:
            probe.ksubscribe(bar)
            train(4)
    assert (bar.done, bar.shown) == (4, "loss 0.25  end True")


@pytest.mark.parametrize(
    ("use", "module", "extra"),
    [
        (lambda path: Curves().save(path / "x.png"), "matplotlib.figure", "plot"),
        (lambda path: TensorBoard(path), "torch.utils.tensorboard", "tensorboard"),
        (lambda path: table({"x": 1.0}), "rich.table", "table"),
    ],
)
def test_what_to_install(
    use: Any, module: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == module:
            raise ModuleNotFoundError(name)
        return plain(name, *args, **kwargs)

    import importlib

    monkeypatch.setattr(importlib, "import_module", lambda name: without(name))
    with pytest.raises(InstallationError, match=rf"pip install 'ptera-torch\[{extra}\]'"):
        use(tmp_path)
