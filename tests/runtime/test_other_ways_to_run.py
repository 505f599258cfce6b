"""Runs that end early, any call, each call, other tensors, heads, and hooks that do nothing."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook
from torch import nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint
from transformers import GPT2Config, GPT2LMHeadModel

from tests.runtime.models import WIDTH, doubled, inputs

IDS = torch.arange(5)[None]
GPT2 = GPT2Config(n_layer=3, n_head=2, n_embd=8, vocab_size=9, bos_token_id=0, eos_token_id=0)


def gpt2() -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return auto_hook(GPT2LMHeadModel(GPT2).eval())


def test_stop_at_a_hook_point() -> None:
    model = gpt2()
    whole = model.run_with_cache(IDS)[1]
    output, cache = model.run_with_cache(IDS, stop_at="transformer.h.1.mlp.hook_point")
    assert torch.equal(output, whole["transformer.h.1.mlp.hook_point"])
    assert list(cache)[-1] == "transformer.h.1.mlp.hook_point"
    assert not any(name.startswith("transformer.h.2") for name in cache)
    assert all(torch.equal(value, whole[name]) for name, value in cache.items())
    assert not model.list_hooks()


@pytest.mark.parametrize(("number", "layer"), [(1, 0), (-1, 1), (3, 2)])
def test_stop_at_layer(number: int, layer: int) -> None:
    model = gpt2()
    whole = model.run_with_cache(IDS)[1]
    output, cache = model.run_with_cache(IDS, stop_at_layer=number)
    assert torch.equal(output, whole[f"transformer.h.{layer}.hook_point"])
    assert "hook_point" not in cache


def test_caching_any_call_and_each_call() -> None:
    model = gpt2()
    with model.caching("*.mlp.hook_point", every=True) as cache:
        model.generate(IDS, max_new_tokens=3, do_sample=False, pad_token_id=0)
    assert {name: len(values) for name, values in cache.items()} == {
        f"transformer.h.{layer}.mlp.hook_point": 3 for layer in range(3)
    }
    assert cache["transformer.h.0.mlp.hook_point"][0].shape == (1, 5, 8)
    assert cache["transformer.h.0.mlp.hook_point"][1].shape == (1, 1, 8)
    assert cache.nbytes == 3 * (5 + 1 + 1) * 8 * 4


def test_to_disk(tmp_path: Path) -> None:
    model = gpt2()
    whole = model.run_with_cache(IDS)[1]
    _, cache = model.run_with_cache(IDS, names_filter="*.mlp.hook_point", to=tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) == len(cache) == 3
    assert all(torch.equal(cache[name], whole[name]) for name in cache)
    assert cache.nbytes == 0


def test_a_loss_on_an_activation() -> None:
    model = auto_hook(nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh()))
    assert not model.run_with_cache(inputs())[1]["0.hook_point"].requires_grad
    _, cache = model.run_with_cache(inputs(), keep_graph=True)
    cache["0.hook_point"].sum().backward()
    assert torch.equal(model[0].weight.grad, inputs().sum(0).expand(WIDTH, -1))


def test_a_tensor_that_passes_unchanged_is_copied_once() -> None:
    model = auto_hook(nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Identity(), nn.ReLU(inplace=True)))
    _, cache = model.run_with_cache(inputs())
    assert cache["0.hook_point"] is cache["1.hook_point"]
    assert (cache["1.hook_point"] < 0).any()
    assert (cache["2.hook_point"] >= 0).all()
    assert cache.nbytes == 2 * inputs().nbytes


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(WIDTH, WIDTH)

    def forward(self, x: torch.Tensor) -> Any:
        output, (h, c) = self.rnn(x)
        return output + h + c


def test_every_tensor_of_a_result_has_a_name() -> None:
    model, x = auto_hook(Recurrent()), torch.randn(3, 2, WIDTH)
    output, (h, c) = model.rnn(x)
    before = list(model.hook_dict)
    names = ["rnn.hook_point", "rnn.hook_point.1.0", "rnn.hook_point.1.1"]
    assert before == ["hook_point", "rnn.hook_point"]
    _, cache = model.run_with_cache(x, names_filter=names)
    assert list(cache) == names
    for value, expected in zip(cache.values(), (output, h, c), strict=True):
        assert torch.equal(value, expected)
    hooks = [("rnn.hook_point.1.1", lambda value, hook: value * 0)]
    assert torch.equal(model.run_with_hooks(x, fwd_hooks=hooks), output + h)


def test_heads() -> None:
    model, name = gpt2(), "transformer.h.0.attn.hook_point"
    whole = model.run_with_cache(IDS)[1][name]
    model.hook_dict[name].heads(2)
    seen: list[torch.Size] = []

    def ablate(value: torch.Tensor, hook: Any) -> torch.Tensor:
        seen.append(value.shape)
        value = value.clone()
        value[..., 1, :] = 0
        return value

    assert torch.equal(model.run_with_cache(IDS)[1][name], whole.unflatten(-1, (2, 4)))
    with model.hooks(fwd_hooks=[(name, ablate)]), model.caching(name) as cache:
        model(IDS)
    assert seen == [(1, 5, 2, 4)]
    assert torch.equal(cache[name][..., 0, :], whole[..., :4])
    assert not cache[name][..., 1, :].any()
    model.hook_dict[name].heads(None)
    assert torch.equal(model.run_with_cache(IDS)[1][name], whole)


class Generated(HookedRootModule):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(WIDTH, WIDTH) for _ in range(2)])
        self.blocks_hook_points = nn.ModuleList([HookPoint() for _ in self.blocks])
        self.mlp = nn.ModuleDict({"up": nn.Linear(WIDTH, WIDTH), "gone": nn.Identity()})
        self.mlp_up_hook_point = HookPoint()
        auto_hook(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for index, block in enumerate(self.blocks):
            x = self.blocks_hook_points[index](block(x))
        return self.mlp_up_hook_point(self.mlp["up"](x))


def test_both_kinds_of_names() -> None:
    model: Any = Generated()
    pairs = {
        "blocks_hook_points.1": "blocks.1.hook_point",
        "mlp_up_hook_point": "mlp.up.hook_point",
    }
    for generated, runtime in pairs.items():
        assert model.hook_dict[runtime] is model.hook_dict[generated]
        assert runtime in model.hook_dict
        _, cache = model.run_with_cache(inputs(), names_filter=[runtime])
        assert list(cache) == [generated]
        assert cache[runtime] is cache[generated]
        hooks = [(runtime, doubled)]
        expected = model.run_with_hooks(inputs(), fwd_hooks=[(generated, doubled)])
        assert torch.equal(model.run_with_hooks(inputs(), fwd_hooks=hooks), expected)
    plain = auto_hook(nn.Sequential(nn.ModuleDict({"fc": nn.Linear(1, 1)})["fc"]))
    assert plain.hook_dict["0_hook_point"] is plain.hook_dict["0.hook_point"]
    with pytest.raises(KeyError, match="did you mean 'mlp_up_hook_point'"):
        model.hook_dict["mlp_ub_hook_point"]


def test_patterns() -> None:
    model = gpt2()
    by_glob = model.run_with_cache(IDS, names_filter="*.h.?.attn.hook_point")[1]
    by_expression = model.run_with_cache(IDS, names_filter=re.compile(r"h\.\d\.attn\.hook_point"))[
        1
    ]
    assert (
        list(by_glob)
        == list(by_expression)
        == [f"transformer.h.{i}.attn.hook_point" for i in range(3)]
    )
    zeroed = model.run_with_hooks(IDS, fwd_hooks=[("*.ln_f.hook_point", lambda t, hook: t * 0)])
    assert not zeroed.logits.any()


SILENT = [
    ("nope", "no hook point 'nope'"),
    (["mlp.ub.hook_point"], "did you mean 'mlp.up_hook_point'|did you mean"),
    (lambda name: False, "matches no hook point"),
    ("mlp.gone.hook_point", "nothing passed in this run: 'mlp.gone.hook_point'"),
]


@pytest.mark.parametrize(("wanted", "said"), SILENT)
def test_a_filter_that_catches_nothing_says_so_once(wanted: Any, said: str) -> None:
    model: Any = Generated()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert not model.run_with_cache(inputs(), names_filter=wanted)[1]
    assert len(caught) == 1
    assert re.search(said, str(caught[0].message))


def test_a_hook_that_is_not_called_says_so() -> None:
    model: Any = Generated()
    with pytest.warns(UserWarning, match="nothing passed in this run: 'mlp.gone.hook_point'"):
        model.run_with_hooks(inputs(), fwd_hooks=[("mlp.gone.hook_point", doubled)])


LAYERS = {
    "model.layers.1.hook_point": 1,
    "blocks.2.mlp.0.hook_point": 2,
    "transformer.h.3.attn.hook_point": 3,
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_layer_of_a_hook_point(name: str) -> None:
    hook_point = auto_hook(nn.Identity()).hook_dict["hook_point"]
    hook_point.name = name
    assert hook_point.layer() == LAYERS[name]
    hook_point.name = "head.hook_point"
    with pytest.raises(ValueError, match=r"'head.hook_point' does not say which layer"):
        hook_point.layer()


def test_a_hooked_root_prints_that_it_is_one() -> None:
    model: Any = Generated()
    *lines, last = str(model).splitlines()
    assert last == f"(auto_hook: {len(model.hook_dict)} hook points in hook_dict)"
    assert "(0-1): 2 x HookPoint()" in "\n".join(lines)
    plain = nn.Sequential(nn.Linear(2, 2))
    assert str(auto_hook(nn.Sequential(nn.Linear(2, 2)))).startswith(f"{plain}\n(auto_hook: 2 ")
