"""Hook points with two names, and what `auto_hook` adds beside roles."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook
from torch import Tensor, nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint

from tests.runtime.activation_models import NAMES, activation_model


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_training", [False, True])
def test_nothing_changes_where_hooks_only_look(name: str, is_training: bool) -> None:
    plain, inputs = activation_model(name, "")
    hooked, _ = activation_model(name)
    for model in (plain, hooked):
        model.train(is_training)
    torch.manual_seed(1)
    expected = plain(*inputs)
    for complete in (lambda model: model, auto_hook):
        model = complete(hooked)
        torch.manual_seed(1)
        assert torch.equal(model(*inputs), expected)
        torch.manual_seed(1)
        output, _ = model.run_with_cache(*inputs)
        assert torch.equal(output, expected)


ADDED = {
    "gpt": ["hook_point"],
    "llama": ["hook_point"],
    "interface": ["hook_point"],
    "encoder_decoder": ["hook_point"],
    "bert": ["hook_point"],
}


@pytest.mark.parametrize("name", ADDED)
def test_auto_hook_adds_what_no_name_covers(name: str) -> None:
    model, _ = activation_model(name)
    names = list(model.hook_dict)
    assert list(auto_hook(model).hook_dict) == names + ADDED[name]


@pytest.mark.parametrize("name", ADDED)
def test_nor_where_the_names_are_transformer_lens_own(name: str) -> None:
    model, _ = activation_model(name, ".hook_name.hooked")
    names = list(model.hook_dict)
    assert list(auto_hook(model, name="hook_{name}").hook_dict) == names + ADDED[name]


SAME = [
    ("gpt", "h.0.mlp.pre_hook_point", "h.0.mlp.c_fc_hook_point"),
    ("gpt", "h.0.mlp.pre_hook_point", "h.0.mlp.c_fc.hook_point"),
    ("gpt", "h.1.attn_out_hook_point", "h.1.attn_hook_point"),
    ("llama", "layers.0.self_attn.q_hook_point", "layers.0.self_attn.q_proj.hook_point"),
    ("bert", "layer.0.pre_hook_point", "layer.0.intermediate_hook_point"),
    (
        "vit",
        "transformer.layers.1.0.pattern_hook_point",
        "transformer.layers.1.0.attend_hook_point",
    ),
]


@pytest.mark.parametrize(("name", "own", "other"), SAME)
def test_both_names_are_one_hook_point(name: str, own: str, other: str) -> None:
    model, inputs = activation_model(name)
    model = auto_hook(model)
    assert own in model.hook_dict
    assert own in list(model.hook_dict)
    assert other not in list(model.hook_dict)
    assert other in model.hook_dict
    assert model.hook_dict[other] is model.hook_dict[own]
    for wanted in (other, [other], lambda each: each == other, f"*{other}"):
        if wanted is other or "_hook_point" in other:  # tests see the names of the source
            _, cache = model.run_with_cache(*inputs, names_filter=wanted)
            assert list(cache) == [own]
            assert torch.equal(cache[other], cache[own])
            assert cache.get(other) is not None
            assert other in cache
    before = model(*inputs)
    edited = model.run_with_hooks(*inputs, fwd_hooks=[(other, zeroed)])
    assert not torch.equal(edited, before)
    assert torch.equal(edited, model.run_with_hooks(*inputs, fwd_hooks=[(own, zeroed)]))
    model.add_hook(other, zeroed)
    assert torch.equal(edited, model(*inputs))


def zeroed(value: Tensor, hook: Any) -> Tensor:
    return value * 0


@pytest.mark.parametrize("name", NAMES)
def test_a_role_shows_what_the_source_shows_and_once(name: str) -> None:
    """Also where a module of that name, or the second one, gives out the value in another shape."""
    plain, inputs = activation_model(name)
    _, expected = plain.run_with_cache(*inputs)
    model = auto_hook(activation_model(name)[0])
    roles = [
        each for each in expected if each.rsplit(".")[-1].startswith(("q_", "k_", "z_", "post_"))
    ]
    assert roles
    calls: dict[str, list[torch.Size]] = {each: [] for each in roles}
    hooks = [(each, lambda value, hook: calls[hook.name].append(value.shape)) for each in roles]
    model.run_with_hooks(*inputs, fwd_hooks=hooks)
    assert calls == {each: [expected[each].shape] for each in roles}


def test_copies_and_pickles_have_both_names() -> None:
    model, inputs = activation_model("gpt")
    model = auto_hook(model)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert "h.0.mlp.c_fc_hook_point" in other.hook_dict
        assert other.hook_dict["h.0.mlp.c_fc_hook_point"] is other.h[0].mlp.pre_hook_point
    _, cache = model.run_with_cache(*inputs)
    again = pickle.loads(pickle.dumps(cache))
    assert torch.equal(again["h.0.mlp.c_fc_hook_point"], cache["h.0.mlp.pre_hook_point"])
    assert torch.equal(again["pre", 0], cache["h.0.mlp.pre_hook_point"])


class Branch(HookedRootModule):
    """`attn_out` is a role here, and `out` a part of `attn`."""

    def __init__(self) -> None:
        super().__init__()
        self.attn = nn.ModuleDict({"out": nn.Linear(4, 4)})
        self.attn_out_hook_point = HookPoint()
        self.setup()  # type: ignore[no-untyped-call]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.attn_out_hook_point(self.attn["out"](x) * 2)


def test_a_role_is_no_part_of_a_module_of_that_name() -> None:
    model: Any = auto_hook(Branch())
    assert list(model.hook_dict) == ["attn_out_hook_point", "hook_point", "attn.out.hook_point"]
