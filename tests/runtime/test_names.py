"""Which hook points there are, and their names."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook, unwrap
from torch import nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint

from tests.runtime.models import NET_NAMES, WIDTH, Net, inputs, seeded


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Any) -> Any:
        return self.fc1(x)


class AutoEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name in ("W_enc", "W_dec", "b_enc", "b_dec"):
            setattr(self, name, nn.Parameter(torch.randn(WIDTH)))

    def forward(self, x: Any) -> Any:
        return (x * self.W_enc + self.b_enc) * self.W_dec + self.b_dec


class Holders(nn.Module):
    """Containers, which nothing calls; one that has a forward; an optional parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.ModuleDict({"a": nn.ModuleList([nn.Identity()])})
        self.space = nn.Module()
        self.space.up = nn.Identity()
        self.stages = Stages([nn.Identity()])
        self.weights = nn.ParameterList([torch.ones(1)])
        self.norm = Norm(WIDTH)
        self.bias = None
        self.register_parameter("none", None)

    def forward(self, x: Any) -> Any:
        return x


class Stages(nn.ModuleList):
    def forward(self, x: Any) -> Any:
        return self[0](x)


class Norm(nn.LayerNorm):
    """Uses what it inherits from torch's."""

    def forward(self, x: Any) -> Any:
        return x * self.weight + self.bias


class Generated(HookedRootModule, nn.Module):
    """The forms that generated code has."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp = nn.ModuleDict({"up": nn.Linear(WIDTH, WIDTH), "mlp_down": nn.Linear(1, 1)})
        self.mlp_up_hook_point = HookPoint()
        self.layers = nn.ModuleList([nn.Sequential(nn.Identity()), nn.Identity()])
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        self.grid = nn.ModuleList([nn.ModuleList([nn.Identity(), nn.Identity()])])
        self.grid_hook_points = nn.ModuleList([nn.ModuleList([HookPoint(), HookPoint()])])
        self.heads = nn.ParameterList([torch.ones(1), torch.ones(1)])
        self.heads_hook_points = nn.ModuleList([HookPoint() for _ in self.heads])
        self.named = nn.ModuleDict({"x": nn.Identity()})
        self.named_hook_points = nn.ModuleDict({"x": HookPoint()})
        self.fc = nn.Identity()
        self.fc_hook_point_2 = HookPoint()  # `fc_hook_point` was taken
        self.W = nn.Parameter(torch.ones(1))
        self.W_hook_point = HookPoint()
        self.other = nn.Identity()
        self.hook_other = HookPoint()  # another pattern: kept, and nothing more
        self.gone = None
        self.gone_hook_point = HookPoint()
        auto_hook(self)

    def forward(self, x: Any) -> Any:
        return x


CASES = [
    (Small, ["hook_point", "fc1.hook_point"]),
    (
        AutoEncoder,
        ["hook_point", *(f"{n}.hook_point" for n in ("W_enc", "W_dec", "b_enc", "b_dec"))],
    ),
    (Net, NET_NAMES),
    (
        Holders,
        [
            "hook_point",
            "bag.a.0.hook_point",
            "space.up.hook_point",
            "stages.hook_point",
            "stages.0.hook_point",
            "norm.hook_point",
            "weights.0.hook_point",
            "norm.weight.hook_point",
            "norm.bias.hook_point",
        ],
    ),
    (nn.Linear, ["hook_point"]),
]


@pytest.mark.parametrize(("model_class", "names"), CASES)
def test_names_in_order(model_class: Any, names: list[str]) -> None:
    model = auto_hook(model_class(WIDTH, WIDTH) if model_class is nn.Linear else model_class())
    assert list(model.hook_dict) == names
    assert [hook_point.name for hook_point in model.hook_dict.values()] == names
    assert all(model.mod_dict[name] is point for name, point in model.hook_dict.items())


def test_generated_hook_points_count_as_what_they_hook() -> None:
    model = Generated()
    kept = [name for name, module in model.named_modules() if isinstance(module, HookPoint)]
    added = ["hook_point", "mlp.mlp_down.hook_point", "layers.0.0.hook_point", "other.hook_point"]
    assert list(model.hook_dict) == kept + added


class OtherPattern(HookedRootModule, nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Identity()
        self.hook_fc = HookPoint()
        self.layers = nn.ModuleList([nn.Identity()])
        self.hook_layers = nn.ModuleList([HookPoint()])
        auto_hook(self, name="hook_{name}")

    def forward(self, x: Any) -> Any:
        return self.hook_fc(self.fc(x))


def test_another_pattern() -> None:
    assert list(OtherPattern().hook_dict) == ["hook_fc", "hook_layers.0", "hook_point"]


class Growing(OtherPattern):
    """A subclass of a root that adds layers, in its own pattern."""

    def __init__(self) -> None:
        super().__init__()
        self.late = nn.Identity()
        self.last = nn.Identity()
        self.last_hook_point = HookPoint()
        auto_hook(self)


def test_a_second_call_adds_what_has_come_since() -> None:
    model = Growing()
    first = model.hook_dict["hook_point"]
    assert list(model.hook_dict) == [
        "hook_fc", "hook_layers.0", "last_hook_point", "hook_point", "late.hook_point"
    ]  # fmt: skip
    assert auto_hook(model) is model
    assert model.hook_dict["hook_point"] is first


class Switching(nn.Module):
    """Changes its parts on the way, as some models of sparse attention do."""

    def __init__(self) -> None:
        super().__init__()
        self.attend = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh())

    def forward(self, x: Any) -> Any:
        if len(self.attend) == 2:
            self.attend = nn.Sequential(self.attend[0], nn.Dropout(0.0), nn.Sigmoid())
            self.gate = nn.Parameter(torch.ones(WIDTH))
        return self.attend(x) * self.gate


def test_hook_dict_holds_what_the_model_holds_now() -> None:
    model = auto_hook(Switching())
    linear = model.hook_dict["attend.0.hook_point"]
    gone = model.hook_dict["attend.1.hook_point"]
    gone.add_hook(lambda value, hook: value * 0)
    model(inputs())
    names = ["hook_point", "attend.hook_point", *(f"attend.{i}.hook_point" for i in range(3))]
    assert list(model.hook_dict) == [*names, "gate.hook_point"]
    assert [point.name for point in model.hook_dict.values()] == list(model.hook_dict)
    assert model.mod_dict["attend.2"] is model.attend[2]
    assert model.hook_dict["attend.0.hook_point"] is linear
    assert model.hook_dict["attend.1.hook_point"] is not gone
    assert set(model.run_with_cache(inputs())[1]) == set(model.hook_dict)
    old = gone.module
    model.attend[1] = old
    assert model.hook_dict["attend.1.hook_point"] is gone
    del model.attend[1]
    unwrap(model)
    assert (old(inputs()) != 0).all()


@pytest.mark.parametrize("run", ["run_with_cache", "run_with_hooks"])
def test_a_run_has_hooks_on_what_has_come_since(run: str) -> None:
    model = auto_hook(nn.Sequential(nn.Linear(WIDTH, WIDTH)))
    model.append(nn.Tanh())
    seen: list[torch.Tensor] = []
    if run == "run_with_cache":
        seen.append(model.run_with_cache(inputs())[1]["1.hook_point"])
    else:
        model.run_with_hooks(
            inputs(), fwd_hooks=[("1.hook_point", lambda value, hook: seen.append(value))]
        )
    assert torch.equal(seen[0], model(inputs()))


def test_the_outermost_root_names() -> None:
    inner = auto_hook(Small())
    outer = auto_hook(nn.Sequential(inner, OtherPattern()))
    names = ["1.hook_fc", "1.hook_layers.0", "hook_point", "0.hook_point", "0.fc1.hook_point"]
    assert list(outer.hook_dict) == [*names, "1.hook_point"]
    assert [point.name for point in outer.hook_dict.values()] == list(outer.hook_dict)
    assert inner.hook_dict["fc1.hook_point"] is outer.hook_dict["0.fc1.hook_point"]
    auto_hook(inner)
    assert outer.hook_dict["0.fc1.hook_point"].name == "0.fc1.hook_point"
    x = inputs()
    # whichever names the hook points carry, each root's cache has its own
    assert list(inner.run_with_cache(x)[1]) == ["fc1.hook_point", "hook_point"]


def test_a_shared_module_has_its_first_name_and_shows_its_last_value() -> None:
    shared = nn.Linear(WIDTH, WIDTH)
    model = auto_hook(nn.Sequential(shared, nn.Tanh(), shared))
    assert list(model.hook_dict) == ["hook_point", "0.hook_point", "1.hook_point"]
    seen: list[torch.Tensor] = []
    with model.hooks(fwd_hooks=[("0.hook_point", lambda t, hook: seen.append(t))]):
        output = model(inputs())
    assert len(seen) == 2
    assert torch.equal(seen[1], output)
    assert torch.equal(model.run_with_cache(inputs())[1]["0.hook_point"], output)


def test_a_name_that_is_taken() -> None:
    model = nn.Sequential(nn.Identity())
    model.hook_point = HookPoint()
    assert list(auto_hook(model).hook_dict) == ["hook_point", "hook_point_2", "0.hook_point"]


def test_the_models_own_attribute_name_stays() -> None:
    model = seeded(Net)
    model.blocks[0].name = "mine"
    auto_hook(model)
    assert model.blocks[0].name == "mine"
    assert not hasattr(model.blocks[1], "name")
