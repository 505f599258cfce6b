"""Nothing is on a module before its hook point has a hook, and nothing after its last one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook
from torch import nn

from tests.runtime.models import NET_NAMES, Net, doubled, inputs, seeded


def marks(model: nn.Module) -> list[Any]:
    """All that a hook could leave: classes, attributes, torch's hooks, parameters' classes."""
    return [
        (
            type(module),
            sorted(module.__dict__),
            list(module._forward_hooks),
            list(module._forward_pre_hooks),
            list(module._backward_hooks),
            [type(parameter) for parameter in module._parameters.values()],
        )
        for module in model.modules()
    ]


def test_idle_nothing_but_the_roots_class_is_changed() -> None:
    model = seeded(Net)
    before = marks(model)
    auto_hook(model)
    changed = [pair for pair in zip(before, marks(model), strict=True) if pair[0] != pair[1]]
    # the root itself, and the hand-written hook points, which now listen for hooks
    assert len(changed) == 3
    assert all(each[2:5] == ([], [], []) for _, each in changed)


@pytest.mark.parametrize("name", NET_NAMES)
@pytest.mark.parametrize("direction", ["fwd", "bwd"])
def test_taken_off_with_the_last_hook(name: str, direction: Any) -> None:
    model = auto_hook(seeded(Net))
    before = marks(model)
    handle = model.hook_dict[name].add_hook(doubled, direction)
    model.hook_dict[name].add_hook(doubled, direction)
    assert marks(model) != before
    handle.hook.remove()
    assert marks(model) != before
    model.reset_hooks()
    assert marks(model) == before


def test_torchs_own_way_to_add_a_hook() -> None:
    model = auto_hook(seeded(Net))
    before = marks(model)
    seen: list[Any] = []
    for name in ("blocks.0.up_hook_point", "head.hook_point", "blocks.0.scale.hook_point"):
        handle = model.hook_dict[name].register_forward_hook(lambda *args: seen.append(args[2]))
        model(inputs())
        handle.remove()
    assert len(seen) == 3
    assert marks(model) == before


def test_a_hook_that_raises_leaves_nothing() -> None:
    model = auto_hook(seeded(Net))
    before, plain = marks(model), model(inputs())["logits"]

    def fail(value: torch.Tensor, hook: Any) -> None:
        raise RuntimeError("on purpose")

    for run in (model.run_with_hooks, lambda x, fwd_hooks: model.run_with_cache(x, incl_bwd=True)):
        with pytest.raises(RuntimeError):
            run(inputs(), fwd_hooks=[(lambda name: True, fail)])
        assert marks(model) == before
    assert model.context_level == 0
    assert torch.equal(model(inputs())["logits"], plain)


def test_a_name_that_is_missing_leaves_the_hooks_before_it_off() -> None:
    model = auto_hook(seeded(Net))
    before = marks(model)
    with pytest.raises(KeyError):
        model.run_with_hooks(inputs(), fwd_hooks=[("head.hook_point", doubled), ("no", doubled)])
    assert marks(model) == before
