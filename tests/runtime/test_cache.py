"""What a hook sees, what its edit does, and that the cache holds what passed."""

from __future__ import annotations

import gc
import weakref
from collections import OrderedDict
from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook
from torch import nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint
from transformers.modeling_outputs import BaseModelOutputWithPast

from tests.runtime.models import (
    NET_NAMES,
    WIDTH,
    FrozenResult,
    Giver,
    Net,
    Pair,
    Result,
    doubled,
    inputs,
    seeded,
)


def clones_of(model: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """What passed each hook point, copied on the spot."""
    passed: dict[str, torch.Tensor] = {}

    def keep(value: torch.Tensor, hook: Any) -> None:
        passed[hook.name] = value.detach().clone()

    with model.hooks(fwd_hooks=[(lambda name: True, keep)]):
        model(x)
    return passed


def test_the_cache_equals_what_passed_where_values_change_in_place() -> None:
    model = auto_hook(seeded(Net))
    passed = clones_of(model, inputs())
    _, cache = model.run_with_cache(inputs())
    assert sorted(passed) == sorted(cache) == sorted(NET_NAMES)
    for name, value in passed.items():
        assert torch.equal(cache[name], value), name
    # the case is a real one: without a copy the number would be another
    assert (passed["blocks.0.up_hook_point"] < 0).any()


class InPlace(HookedRootModule, nn.Module):
    """A generated root whose hooked values change in place."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, WIDTH)
        self.fc_hook_point = HookPoint()
        self.act = nn.ReLU(inplace=True)
        self.act_hook_point = HookPoint()
        auto_hook(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.fc_hook_point(self.fc(x))
        y = self.act_hook_point(self.act(y))
        y += x
        return y.relu_()


def test_generated_hook_points_too() -> None:
    model = seeded(InPlace)
    passed = clones_of(model, inputs())
    cache = model.run_with_cache(inputs())[1]
    assert list(cache) == ["fc_hook_point", "act_hook_point", "hook_point"]
    for name, value in passed.items():
        assert torch.equal(cache[name], value), name


@pytest.mark.parametrize("name", NET_NAMES)
def test_an_edit_at_each_changes_the_output(name: str) -> None:
    model = auto_hook(seeded(Net))
    plain = model(inputs())["logits"]
    edited = model.run_with_hooks(inputs(), fwd_hooks=[(name, doubled)])["logits"]
    assert not torch.allclose(edited, plain)
    assert torch.equal(model(inputs())["logits"], plain)


PACKINGS = [
    pytest.param(lambda t: t, lambda o: o, id="tensor"),
    pytest.param(lambda t: (None, t, t + 1), lambda o: o[1], id="tuple"),
    pytest.param(lambda t: [1, t], lambda o: o[1], id="list"),
    pytest.param(lambda t: {"a": None, "b": t}, lambda o: o["b"], id="dict"),
    pytest.param(lambda t: OrderedDict(a=t), lambda o: o["a"], id="ordered dict"),
    pytest.param(lambda t: Pair("x", t), lambda o: o.second, id="named tuple"),
    pytest.param(lambda t: Result(None, t), lambda o: o.second, id="dataclass"),
    pytest.param(lambda t: FrozenResult(3, t), lambda o: o.second, id="frozen dataclass"),
    pytest.param(
        lambda t: BaseModelOutputWithPast(last_hidden_state=t),
        lambda o: o.last_hidden_state,
        id="ModelOutput",
    ),
    pytest.param(
        lambda t: ({"x": [Result(Pair(t, 1), 2)]}, 3),
        lambda o: o[0]["x"][0].first.first,
        id="nested",
    ),
]


@pytest.mark.parametrize(("pack", "unpack"), PACKINGS)
def test_the_first_tensor_in_an_output(pack: Any, unpack: Any) -> None:
    model = auto_hook(Giver(pack))
    plain = model(inputs())
    output, cache = model.run_with_cache(inputs())
    assert type(output) is type(plain)
    assert torch.equal(cache["hook_point"], unpack(plain))
    edited = model.run_with_hooks(inputs(), fwd_hooks=[("hook_point", doubled)])
    assert type(edited) is type(plain)
    assert torch.equal(unpack(edited), unpack(plain) * 2)
    if hasattr(plain, "to_tuple"):
        assert torch.equal(edited[0], edited["last_hidden_state"])


def test_an_output_that_the_module_keeps_is_not_changed() -> None:
    kept: list[Any] = []

    def pack(t: torch.Tensor) -> dict[str, torch.Tensor]:
        kept.append({"a": t})
        return kept[-1]

    model = auto_hook(Giver(pack))
    edited = model.run_with_hooks(inputs(), fwd_hooks=[("hook_point", doubled)])
    assert torch.equal(edited["a"], kept[-1]["a"] * 2)


@pytest.mark.parametrize("value", [None, 3, "x", (), {}, [None]])
def test_an_output_without_a_tensor_is_passed_on(value: Any) -> None:
    model = auto_hook(Giver(lambda t: value))
    calls: list[Any] = []
    with model.hooks(fwd_hooks=[("hook_point", lambda t, hook: calls.append(t))]):
        assert model(inputs()) == value
    assert not calls
    assert list(model.run_with_cache(inputs())[1]) == ["inner.hook_point"]


def test_others_hooks_see_the_edit() -> None:
    model = seeded(Net)
    seen: list[torch.Tensor] = []
    model.blocks[0].register_forward_hook(lambda module, args, output: seen.append(output))
    auto_hook(model)
    model.run_with_hooks(inputs(), fwd_hooks=[("blocks.0.hook_point", lambda t, hook: t * 0)])
    assert (seen[0] == 0).all()


def test_the_models_own_hook_point_fires_in_run_with_hooks() -> None:
    model = auto_hook(nn.Linear(WIDTH, WIDTH))
    output = model.run_with_hooks(inputs(), fwd_hooks=[("hook_point", lambda t, hook: t * 0)])
    assert (output == 0).all()


def test_filters_and_slices() -> None:
    model = auto_hook(seeded(Net))
    run = model.run_with_cache
    assert list(run(inputs(), names_filter="head.hook_point")[1]) == ["head.hook_point"]
    assert list(run(inputs(), names_filter=["head.0.hook_point"])[1]) == ["head.0.hook_point"]
    assert len(run(inputs(), names_filter=lambda name: "attn" in name)[1]) == 6
    one = run(inputs()[:1], remove_batch_dim=True)[1]["head.hook_point"]
    assert one.shape == (WIDTH,)
    sliced = run(inputs(), names_filter="head.hook_point", pos_slice=0)[1]["head.hook_point"]
    assert torch.equal(sliced, run(inputs())[1]["head.hook_point"][:1])


def test_a_copy_is_shared_where_nothing_has_changed() -> None:
    """And goes with the cache, without a garbage collection."""
    layers = (nn.Linear(WIDTH, WIDTH), nn.Identity(), nn.ReLU(inplace=True), nn.Identity())
    model = auto_hook(nn.Sequential(*layers))
    passed = clones_of(model, inputs())
    gc.collect()
    gc.disable()
    try:
        cache = model.run_with_cache(inputs())[1]
        assert all(torch.equal(cache[name], value) for name, value in passed.items())
        assert cache["0.hook_point"] is cache["1.hook_point"]
        assert cache["1.hook_point"] is not cache["2.hook_point"]
        assert cache["2.hook_point"] is cache["3.hook_point"] is cache["hook_point"]
        value = weakref.ref(cache["0.hook_point"])
        del cache
        assert value() is None
    finally:
        gc.enable()


def test_add_caching_hooks_stays_until_reset() -> None:
    model = auto_hook(seeded(Net))
    cache = model.add_caching_hooks(lambda name: name == "blocks.0.act.hook_point")
    model(inputs())
    passed = clones_of(model, inputs())
    assert torch.equal(cache["blocks.0.act.hook_point"], passed["blocks.0.act.hook_point"])
    model.reset_hooks()
    cache.clear()
    model(inputs())
    assert not cache


def test_hook_interface() -> None:
    model = auto_hook(seeded(Net))
    calls: list[str] = []

    def note(value: torch.Tensor, hook: Any) -> None:
        calls.append(hook.name)

    model.add_perma_hook("head.hook_point", note)
    model.add_hook(lambda name: name.startswith("head.0"), note)
    assert list(model.list_hooks()) == ["head.hook_point", "head.0.hook_point"]
    model(inputs())
    model.reset_hooks()
    model(inputs())
    assert calls == ["head.0.hook_point", "head.hook_point", "head.hook_point"]
    model.reset_hooks(including_permanent=True)
    assert not model.list_hooks()
    with pytest.raises(KeyError, match="no hook point 'nope'"):
        model.run_with_hooks(inputs(), fwd_hooks=[("nope", note)])


def test_nested_tensors() -> None:
    """They cannot be sliced along the first dimension, not even by `:`."""
    model = auto_hook(seeded(nn.Linear, WIDTH, WIDTH))
    for layout in (torch.jagged, torch.strided):
        ragged = torch.nested.nested_tensor([inputs(), inputs()[:1]], layout=layout)
        output, cache = model.run_with_cache(ragged)
        for one, other in zip(output.unbind(), cache["hook_point"].unbind(), strict=True):
            assert torch.equal(one, other)
