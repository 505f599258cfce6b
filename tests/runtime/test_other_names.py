"""What auto_hook does not take, and models that use TransformerLens's names themselves."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from autohook_runtime import RootMethods, auto_hook
from torch import nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint

from tests.runtime.models import WIDTH, doubled, inputs


@pytest.mark.parametrize("target", [3, None, int, "x", torch.ones(2), len, [nn.Identity()]])
def test_what_it_does_not_take(target: Any) -> None:
    with pytest.raises(TypeError, match=r"takes an nn.Module .* an nn.Parameter, not "):
        auto_hook(target)


def test_scripted_modules() -> None:
    with pytest.raises(TypeError, match="not a scripted one"):
        auto_hook(torch.jit.script(nn.Identity()))


@pytest.mark.parametrize("pattern", ["hook", "{name}", "{name}_{name}"])
def test_a_pattern_without_a_name(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        auto_hook(nn.Identity(), name=pattern)


class Lightning(nn.Module):
    """`setup` is Lightning's own."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, WIDTH)
        self.stages: list[str] = []

    def setup(self, stage: str) -> None:
        self.stages.append(stage)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x)


def test_setup_stays_the_models_own(recwarn: pytest.WarningsRecorder) -> None:
    model: Any = auto_hook(Lightning())
    model.setup("fit")
    assert model.stages == ["fit"]
    assert set(model.run_with_cache(inputs())[1]) == {"hook_point", "fc.hook_point"}
    assert not recwarn


class OwnHooks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hooks = nn.Linear(WIDTH, WIDTH)
        self.add_hook = "mine"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.hooks(x)

    def reset_hooks(self) -> str:
        return "mine too"


def test_other_names_stay_the_models_own_and_are_named() -> None:
    with pytest.warns(UserWarning, match="OwnHooks has its own hooks, reset_hooks, which stays"):
        model: Any = auto_hook(OwnHooks())
    assert model.reset_hooks() == "mine too"
    assert model.add_hook == "mine"
    assert isinstance(model.hooks, nn.Linear)
    plain = model(inputs())
    edited = model.run_with_hooks(inputs(), fwd_hooks=[("hooks.hook_point", doubled)])
    assert torch.equal(edited, plain * 2)
    with RootMethods.hooks(model, fwd_hooks=[("hooks.hook_point", doubled)]):
        assert torch.equal(model(inputs()), plain * 2)
    assert torch.equal(model(inputs()), plain)
    assert list(model.state_dict()) == ["hooks.weight", "hooks.bias"]


@pytest.mark.parametrize("name", ["hook_dict", "mod_dict", "is_caching", "context_level"])
@pytest.mark.parametrize("value", [3, nn.Identity()])
def test_names_that_it_cannot_do_without(name: str, value: Any) -> None:
    model = Lightning()
    setattr(model, name, value)
    with pytest.raises(TypeError, match=f"Lightning uses the name '{name}' itself"):
        auto_hook(model)
    assert type(model) is Lightning
    assert getattr(model, name) is value


class Broken(nn.Module):
    """Does not pass `super().__init__()` on."""

    def __init__(self) -> None:
        nn.Module.__init__(self)


class ByName(Broken, HookedRootModule):
    """As generated code is where `HookedRootModule.__init__` never runs."""

    def __init__(self) -> None:
        Broken.__init__(self)
        self.fc = nn.Linear(WIDTH, WIDTH)
        self.fc_hook_point = HookPoint()
        auto_hook(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc_hook_point(self.fc(x))


def test_a_base_that_breaks_the_chain() -> None:
    model = ByName()
    assert list(model.run_with_cache(inputs())[1]) == ["fc_hook_point", "hook_point"]
