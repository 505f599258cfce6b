"""The same source gives the same text and notes each time: nothing goes by the order of a set, which
is another one in each process."""

from __future__ import annotations

from pathlib import Path

import pytest

from autohook_codegen import HookedSource, Options, hook_source

FIXTURES = Path(__file__).parents[2] / "fixtures"
ALL = Options(activations=True, inputs=True, format=False)
TIMES = 6

PARAMETERS_OF_A_LOOP = """
import torch
from torch import nn


class Gate(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.shift = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        scale, bias, shift = (one.to(x.dtype) for one in (self.scale, self.bias, self.shift))
        return x * scale + bias + shift
"""
CHANGED_PARTS = """
import torch
from torch import nn


class Clipped(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.query = nn.Linear(width, 2 * width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)

    def forward(self, x, first):
        query = self.query(x)
        key, value = self.key(x), self.value(x)
        left, right = query.chunk(2, -1)
        chosen = left if first else right
        chosen.clamp_(-1, 1)
        either = key if first else value
        either.clamp_(-1, 1)
        return chosen + either + query.sum() + key + value
"""
ONE_OF_SEVERAL = """
from torch import nn


def double(layer, x):
    return layer(x) * 2


def once(layer, x):
    return (layer(x), x)


class Chosen(nn.Module):
    def __init__(self, width, kind):
        super().__init__()
        self.up = nn.Linear(width, width)
        self.down = nn.Linear(width, width)
        self.run = {"double": double, "once": once, "plain": lambda layer, x: layer(x)}[kind]

    def forward(self, x):
        layer = self.up if x.sum() > 0 else self.down
        out = self.run(layer, x)
        return out[0] + x
"""


def hooked(source: str) -> HookedSource:
    return hook_source(source, ALL, "model.py")


@pytest.mark.parametrize("source", [PARAMETERS_OF_A_LOOP, CHANGED_PARTS, ONE_OF_SEVERAL])
def test_made_up_sources(source: str) -> None:
    first, *others = [hooked(source) for _ in range(TIMES)]
    assert all(one == first for one in others)


@pytest.mark.parametrize("name", ["loops", "branches", "handed", "activations/bert"])
def test_fixtures(name: str) -> None:
    source = (FIXTURES / f"{name}.py").read_text()
    first, *others = [hooked(source) for _ in range(2)]
    assert all(one == first for one in others)
