"""Backward hooks, `incl_bwd`, and gradient checkpointing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook
from torch import nn
from torch.utils.checkpoint import checkpoint
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint
from transformers.modeling_outputs import CausalLMOutput

from tests.runtime.models import NET_NAMES, WIDTH, Giver, Net, doubled, inputs, seeded


class Loss(nn.Module):
    def __init__(self, pack: Any = None) -> None:
        super().__init__()
        self.net = Net()
        self.pack = pack

    def forward(self, x: torch.Tensor) -> Any:
        loss = self.net(x)["logits"].square().sum()
        return loss if self.pack is None else self.pack(loss)


@pytest.mark.parametrize("pack", [None, lambda loss: CausalLMOutput(loss=loss)])
def test_incl_bwd_where_values_change_in_place(pack: Any) -> None:
    plain, model = seeded(Loss, pack), auto_hook(seeded(Loss, pack))
    output = plain(inputs())
    (output if pack is None else output.loss).backward()
    _, cache = model.run_with_cache(inputs(), incl_bwd=True)
    names = ["hook_point", "net.hook_point", *(f"net.{n}" for n in NET_NAMES if n != "hook_point")]
    assert sorted(cache) == sorted([*names, *(f"{name}_grad" for name in names)])
    for one, other in zip(plain.parameters(), model.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


def test_a_cached_gradient_is_that_of_the_value_that_passed() -> None:
    model, x = auto_hook(seeded(Loss)).double(), inputs().double()
    cache = model.run_with_cache(x, incl_bwd=True)[1]
    for name in ("net.blocks.0.up_hook_point", "net.blocks.1.act.hook_point"):
        # by a small step: what the loss gains along the gradient
        step = 1e-3 * cache[f"{name}_grad"]
        hooks = [(name, lambda t, hook, step=step: t + step)]
        gain = model.run_with_hooks(x, fwd_hooks=hooks) - model(x)
        assert gain.item() == pytest.approx((step * step).sum().item() / 1e-3, rel=0.01)


def test_incl_bwd_needs_a_tensor() -> None:
    model = auto_hook(Giver(lambda t: None))
    with pytest.raises(TypeError, match="scalar"):
        model.run_with_cache(inputs(), incl_bwd=True)


def test_a_cached_gradient_does_not_change_with_the_next_backward() -> None:
    model = auto_hook(seeded(Loss))
    cache = model.run_with_cache(inputs(), incl_bwd=True)[1]
    before = {name: value.clone() for name, value in cache.items()}
    model(inputs()).backward()
    assert all(torch.equal(cache[name], value) for name, value in before.items())


class Residual(nn.Module):
    """Its dropout gives out what it gets: one tensor goes two ways."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, WIDTH)
        self.dropout = nn.Dropout(0.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.fc(x)
        return (x + 3 * self.dropout(x)).sum()


def test_a_gradient_is_that_of_its_own_way_only() -> None:
    cache = auto_hook(Residual()).run_with_cache(inputs(), incl_bwd=True)[1]
    assert (cache["dropout.hook_point_grad"] == 3).all()
    assert (cache["fc.hook_point_grad"] == 4).all()


class ByHand(HookedRootModule):
    """TransformerLens's own, to compare with."""

    def __init__(self, set_up: Any) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, WIDTH)
        self.fc_hook_point = HookPoint()
        self.out = nn.Linear(WIDTH, WIDTH)
        set_up(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.tanh(self.fc_hook_point(self.fc(x)))).sum()


FORWARD: list[Any] = [
    [],
    [lambda t, hook: t * 3],
    [lambda t, hook: t.mul_(3)],
    [lambda t, hook: t.detach() * 2],
    [lambda t, hook: t * 3, lambda t, hook: t + 1],
]
BACKWARD: list[Any] = [
    [],
    [lambda g, hook: None],
    [lambda g, hook: g * 5],
    [lambda g, hook: g * 5, lambda g, hook: g + 1],
    [lambda g, hook: (g * 5,)],
]


@pytest.mark.parametrize("backward", range(len(BACKWARD)))
@pytest.mark.parametrize("forward", range(len(FORWARD)))
def test_as_transformer_lens_does(forward: int, backward: int) -> None:
    if forward == 2 and backward:
        return  # there TransformerLens raises: a view is modified in place
    gradients = []
    for set_up in (HookedRootModule.setup, auto_hook):
        model = seeded(ByHand, set_up)
        seen: list[torch.Tensor] = []
        looks = [("fc_hook_point", lambda g, hook, seen=seen: seen.append(g.clone()))]
        edits = [("fc_hook_point", hook) for hook in BACKWARD[backward]]
        fwd = [("fc_hook_point", hook) for hook in FORWARD[forward]]
        with model.hooks(fwd_hooks=fwd, bwd_hooks=[*edits, *looks] if edits else []):
            model(inputs()).backward()
        # where an edit lets no gradient back, TransformerLens's own hooks are not called
        gradients.append([p.grad for p in model.parameters()] + (seen if forward != 3 else []))
    for one, other in zip(*gradients, strict=True):
        assert (one is None and other is None) or torch.equal(one, other)


def test_an_edit_of_a_gradient_where_the_value_changes_in_place() -> None:
    model = auto_hook(seeded(Loss))
    name = "net.blocks.1.up_hook_point"
    model(inputs()).backward()
    before = model.net.blocks[1].up.weight.grad.clone()
    model.zero_grad()
    with model.hooks(bwd_hooks=[(name, lambda g, hook: g * 2)]):
        model(inputs()).backward()
    assert torch.equal(model.net.blocks[1].up.weight.grad, before * 2)


class Checkpointed(nn.Module):
    def __init__(self, use_reentrant: bool) -> None:
        super().__init__()
        self.first = nn.Linear(WIDTH, WIDTH)
        self.block = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh())
        self.block_hook_point = HookPoint()
        self.inner = Inner()
        self.use_reentrant = use_reentrant

    def forward(self, x: torch.Tensor, is_checkpointed: bool = True) -> torch.Tensor:
        x = self.first(x)
        if not is_checkpointed:
            return self.inner(self.block(x)).sum()
        x = checkpoint(self.block, x, use_reentrant=self.use_reentrant)
        return checkpoint(self.inner, x, use_reentrant=self.use_reentrant).sum()


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, WIDTH)
        self.fc_hook_point = HookPoint()
        self.W = nn.Parameter(torch.randn(WIDTH, WIDTH))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.fc_hook_point(self.fc(x))) @ self.W


INSIDE = ["block.0.hook_point", "inner.fc_hook_point", "inner.W.hook_point"]


@pytest.mark.parametrize("edit", [doubled, lambda t, hook: t.detach() * 2])
@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.parametrize("use_reentrant", [True, False])
def test_checkpointing_without_the_hook_in_backward_is_an_error(
    use_reentrant: bool, name: str, edit: Any
) -> None:
    model = auto_hook(seeded(Checkpointed, use_reentrant))
    output = model.run_with_hooks(inputs(), fwd_hooks=[(name, edit)])
    with pytest.raises(RuntimeError, match=f"a forward hook at '{name}' changed a value"):
        output.backward()


@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.parametrize("use_reentrant", [True, False])
def test_checkpointing_with_the_hook_in_backward(use_reentrant: bool, name: str) -> None:
    model = auto_hook(seeded(Checkpointed, use_reentrant))
    gradients = []
    for is_checkpointed in (False, True):
        model.zero_grad()
        with model.hooks(fwd_hooks=[(name, doubled)]):
            model(inputs(), is_checkpointed).backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other)


@pytest.mark.parametrize("use_reentrant", [True, False])
def test_checkpointing_and_a_hook_that_only_looks(use_reentrant: bool) -> None:
    model = auto_hook(seeded(Checkpointed, use_reentrant))
    model(inputs()).backward()
    plain = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    output, _ = model.run_with_cache(inputs())
    output.backward()
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), plain, strict=True))


def test_an_edit_outside_of_the_checkpointed_part_is_no_error() -> None:
    model = auto_hook(seeded(Checkpointed, False))
    model.run_with_hooks(inputs(), fwd_hooks=[("first.hook_point", doubled)]).backward()
    assert model.first.weight.grad is not None
