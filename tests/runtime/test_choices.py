"""`only`, `skip` and `hook`: which hook points `auto_hook` adds."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook
from torch import nn
from transformer_lens.hook_points import HookPoint

from tests.runtime.models import WIDTH


class MLP(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(WIDTH, WIDTH)
        self.drop = nn.Dropout(0.0)
        self.scale = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.drop(self.up(x)) * self.scale


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([MLP(), MLP()])
        self.head = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def names(**choices: Any) -> list[str]:
    return [
        name.removesuffix("hook_point").strip(".") for name in auto_hook(Net(), **choices).hook_dict
    ]


def test_all_by_default() -> None:
    assert names() == names(hook="modules,params")
    assert "blocks.1.scale" in names()


CHOICES = [
    pytest.param({"only": ["head"]}, ["head", "head.0", "head.1"], id="an attribute and its members"),
    pytest.param({"only": ["up"]}, ["blocks.0.up", "blocks.1.up"], id="an attribute"),
    pytest.param({"only": "MLP.scale"}, ["blocks.0.scale", "blocks.1.scale"], id="of a class"),
    pytest.param({"only": ["nn.Tanh", "torch.nn.Dropout"]}, ["blocks.0.drop", "blocks.1.drop", "head.1"], id="what is called"),
    pytest.param({"only": ["MLP"], "skip": ["nn.*"], "hook": "modules"}, ["blocks.0", "blocks.1"], id="but for"),
    pytest.param({"hook": "params"}, ["blocks.0.scale", "blocks.1.scale"], id="parameters"),
    pytest.param({"hook": "activations"}, [], id="what the source alone has"),
]  # fmt: skip


@pytest.mark.parametrize(("choices", "expected"), CHOICES)
def test_choices(choices: dict[str, Any], expected: list[str]) -> None:
    assert names(**choices) == expected


class Cell(nn.Module):
    """As generated code has it: the first tensor of a tuple is hooked."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(WIDTH, WIDTH)
        self.rnn_hook_point = HookPoint()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rnn_hook_point(self.rnn(x)[0])


class Cells(nn.Module):
    """Calls the inside of one cell itself."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.ModuleList([Cell(), Cell()])
        self.rnns = nn.ModuleList([nn.GRU(WIDTH, WIDTH), nn.GRU(WIDTH, WIDTH)])
        self.rnns_hook_points = nn.ModuleList([HookPoint(), HookPoint()])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, _ = self.cells[0].rnn(x)
        x, _ = self.rnns[0](self.cells[1](x))
        return self.rnns_hook_points[1](self.rnns[1](x)[0])


EVERY_CALL = [
    pytest.param([], ["cells.1.rnn", "rnns.1"], id="what the source sends"),
    pytest.param(["Cell.rnn_hook_point"], ["cells.0.rnn", "cells.1.rnn", "rnns.1"], id="one"),
    pytest.param(["Cells.rnns_hook_points"], ["cells.1.rnn", "rnns.0", "rnns.1"], id="a list"),
    pytest.param("*.rnn*", ["cells.0.rnn", "cells.1.rnn", "rnns.0", "rnns.1"], id="a pattern"),
]


@pytest.mark.parametrize(("every_call", "expected"), EVERY_CALL)
def test_calls_that_the_source_does_not_hook(
    every_call: list[str] | str, expected: list[str]
) -> None:
    model: Any = auto_hook(Cells(), every_call=every_call)
    x = torch.randn(3, WIDTH)
    fired: list[str] = []

    def double(tensor: torch.Tensor, hook: HookPoint) -> torch.Tensor:
        fired.append(str(hook.name).replace("_hook_points", "").removesuffix("_hook_point"))
        return tensor * 2

    def is_in_source(name: str) -> bool:
        return "_hook_point" in name

    edited = model.run_with_hooks(x, fwd_hooks=[(is_in_source, double)])
    assert fired == expected
    weights = [model.cells[0].rnn, model.cells[1].rnn, *model.rnns]
    for name, rnn in zip(["cells.0.rnn", "cells.1.rnn", "rnns.0", "rnns.1"], weights, strict=True):
        x = rnn(x)[0] * (2 if name in expected else 1)
    assert torch.equal(edited, x)


def test_they_stay_when_the_model_changes_and_is_copied() -> None:
    model: Any = auto_hook(Net(), skip=["nn.Dropout"], hook="modules")
    model.blocks.append(MLP())
    model.run_with_cache(torch.ones(1, WIDTH))
    for one in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert "blocks.2.up.hook_point" in one.hook_dict
        assert not any("drop" in name or "scale" in name for name in one.hook_dict)


def test_on_a_class() -> None:
    decorated = auto_hook(only=["up"])(type("Own", (Net,), {}))
    assert list(decorated().hook_dict) == ["blocks.0.up.hook_point", "blocks.1.up.hook_point"]


def test_a_kind_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="hook='weights'"):
        auto_hook(Net(), hook="weights")
