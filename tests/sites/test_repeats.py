"""Loops in which a hook point fires in each round."""

from __future__ import annotations

from textwrap import indent

import pytest

from autohook_codegen import Options, hook_source

HEAD = """\
import torch
from torch import nn


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(8, 8)

    def forward(self, x):
        return self.inner(x)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(8, 8)
        self.head = nn.Linear(8, 8)
        self.layers = nn.ModuleList([Part() for _ in range(3)])
        self.groups = nn.ModuleDict({"a": nn.ModuleList([nn.Tanh()])})
        self.W = nn.Parameter(torch.zeros(3, 8, 8))

    def step(self, x):
        return self.head(x)

    def forward(self, x, key="a"):
"""

REPEATED = [
    pytest.param(
        "h = x\nfor _ in range(3):\n    h = self.cell(x, h)\nreturn h",
        "cell_hook_point fires",
        id="for",
    ),
    pytest.param(
        "while x.sum() < 9:\n    x = self.head(x)\nreturn x", "head_hook_point fires", id="while"
    ),
    pytest.param(
        "return torch.stack([self.head(y) for y in x])", "head_hook_point fires", id="comprehension"
    ),
    pytest.param(
        "for index in range(3):\n    x = x @ self.W[index]\nreturn x",
        "W_hook_point fires",
        id="experts",
    ),
    pytest.param(
        "for _ in range(3):\n    x = self.step(x)\nreturn x",
        "head_hook_point fires",
        id="in a method that is called",
    ),
    pytest.param(
        "for layer in self.layers:\n    x = self.head(layer(x))\nreturn x",
        "head_hook_point fires",
        id="beside the members",
    ),
    pytest.param(
        "for _ in range(2):\n    for layer in self.layers:\n        x = self.head(layer(x))\nreturn x",
        "layers_hook_points and head_hook_point fire",
        id="an outer loop",
    ),
]

ONCE = [
    pytest.param("for layer in self.layers:\n    x = layer(x)\nreturn x", id="members"),
    pytest.param("for i in range(3):\n    x = self.layers[i](x)\nreturn x", id="by index"),
    pytest.param(
        "for layer in self.layers:\n    x = layer.inner(x)\nreturn x", id="inside members"
    ),
    pytest.param(
        "for one, layer in zip(x, self.groups[key]):\n    x = x + layer(one)\nreturn x",
        id="members of a member",
    ),
    pytest.param(
        "for y in x:\n    if y.any():\n        return self.head(y)\nreturn x",
        id="and then it returns",
    ),
    pytest.param(
        "for i, layer in enumerate(self.layers):\n    x = layer(x)\n"
        "    if i == key:\n        x = self.head(x)\nreturn x",
        id="in one of the rounds",
    ),
    pytest.param("for y in self.head(x):\n    x = x + y\nreturn x", id="what the loop runs over"),
    pytest.param("return torch.stack([y for y in self.head(x)])", id="what is collected from"),
]


def repeats(forward: str) -> list[str]:
    notes = hook_source(HEAD + indent(forward, " " * 8) + "\n", Options()).notes
    return [one.message for one in notes if one.code == "called-in-loop"]


@pytest.mark.parametrize(("forward", "said"), REPEATED)
def test_each_round_fires(forward: str, said: str) -> None:
    (message,) = repeats(forward)
    assert message.startswith(f"{said} in each round of this loop; ")


@pytest.mark.parametrize("forward", ONCE)
def test_other_loops(forward: str) -> None:
    assert repeats(forward) == []
