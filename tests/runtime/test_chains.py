"""Runs that begin with a given value."""

from __future__ import annotations

import pytest
import torch
from autohook_runtime import auto_hook
from torch import nn

from tests.runtime.models import WIDTH


def chain() -> nn.Sequential:
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH))
    return nn.Sequential(nn.Linear(WIDTH, WIDTH), inner, nn.ReLU())


@pytest.mark.parametrize("start", ["0.hook_point", "1.0.hook_point", "1.hook_point", "hook_point"])
def test_what_is_ahead_does_not_run(start: str) -> None:
    model, x = auto_hook(chain()), torch.randn(2, WIDTH)
    output, cache = model.run_with_cache(x)
    again, rest = model.run_with_cache(cache[start], start=start)
    assert torch.equal(again, output)
    names = list(cache)
    assert list(rest) == names[names.index(start) :]
    assert all(torch.equal(rest[name], cache[name]) for name in rest)


def test_hooks_fire() -> None:
    model, x = auto_hook(chain()), torch.randn(2, WIDTH)
    hooks = [("1.1.hook_point", lambda value, hook: value * 0)]
    expected = model.run_with_hooks(x, fwd_hooks=hooks)
    assert torch.equal(model.run_with_hooks(x, fwd_hooks=hooks, start="1.0.hook_point"), expected)


def test_what_is_no_chain() -> None:
    model = auto_hook(nn.ModuleDict({"a": nn.Linear(WIDTH, WIDTH)}))
    with pytest.raises(ValueError, match="needs chains, and 'the model' is none"):
        model.run_with_cache(torch.randn(2, WIDTH), start="a.hook_point")
