"""What an activation function takes of a linear layer, and hands to the next."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.up = nn.Linear(width, width)
self.gate = nn.Linear(width, width)
self.both = nn.Linear(width, 2 * width)
self.down = nn.Linear(width, width)
self.conv = nn.Conv1d(4, 4, 1)
self.act = ACT2FN[config.act]
self.gelu = nn.GELU()
self.table = TABLE[config.act]
self.built = build(width)
self.drop = nn.Dropout(0.1)
self.W = nn.Parameter(torch.ones(8, 8))
self.b = nn.Parameter(torch.ones(8))
self.out = Out(width)
"""
OUT = """
from elsewhere import TABLE, build


class Out(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.dense = nn.Linear(width, width)

    def forward(self, y):
        return self.dense(y)
"""
FOUND = [
    pytest.param(
        "return self.down(self.gelu(self.up(x)))",
        {"pre": ["self.up(x)"], "post": ["self.gelu(self.up(x))"]},
        id="a module",
    ),
    pytest.param(
        "g, u = self.gate(x).clamp(max=7), self.up(x)\nreturn self.down((u + 1) * (g * torch.sigmoid(g * 1.7)))",
        {
            "pre": ["self.gate(x)"],
            "pre_linear": ["self.up(x)"],
            "post": ["(u + 1) * (g * torch.sigmoid(g * 1.7))"],
        },
        id="a swish by hand",
    ),
    pytest.param(
        "return self.down(self.table(self.up(x)))",
        {"pre": ["self.up(x)"], "post": ["self.table(self.up(x))"]},
        id="taken from a table that the input does not show",
    ),
    pytest.param(
        "return self.down(self.inherited(self.up(x)) * self.gate(x) + self.b)",
        {
            "pre": ["self.up(x)"],
            "pre_linear": ["self.gate(x)"],
            "post": ["self.inherited(self.up(x)) * self.gate(x) + self.b"],
        },
        id="set by a class that the input does not show, and a bias behind the gate",
    ),
    pytest.param(
        "return self.down(self.built(self.up(x)) * self.gate(x))",
        {
            "pre": ["self.up(x)"],
            "pre_linear": ["self.gate(x)"],
            "post": ["self.built(self.up(x)) * self.gate(x)"],
        },
        id="one factor of a gate, whatever has built it",
    ),
    pytest.param(
        "y = F.relu(self.up(x))\nreturn self.down(self.drop(y))",
        {"pre": ["self.up(x)"], "post": ["F.relu(self.up(x))"]},
        id="a function, and dropout behind it",
    ),
    pytest.param(
        "return self.down(self.act(self.gate(x)) * self.up(x))",
        {
            "pre": ["self.gate(x)"],
            "pre_linear": ["self.up(x)"],
            "post": ["self.act(self.gate(x)) * self.up(x)"],
        },
        id="a gate",
    ),
    pytest.param(
        "g, u = self.both(x).chunk(2, -1)\nreturn self.down(u * F.silu(g))",
        {"pre": ["g"], "pre_linear": ["u"], "post": ["u * F.silu(g)"]},
        id="halves",
    ),
    pytest.param(
        "return F.gelu(x @ self.W + self.b) @ self.W",
        {"pre": ["x @ self.W + self.b"], "post": ["F.gelu(x @ self.W + self.b)"]},
        id="parameters and a bias",
    ),
    pytest.param(
        "return self.out(F.gelu(self.up(x)))",
        {"pre": ["self.up(x)"], "post": ["F.gelu(self.up(x))"]},
        id="the next layer stands in another class",
    ),
    pytest.param(
        "return self.down(F.relu(self.up(x)).square())",
        {"pre": ["self.up(x)"], "post": ["F.relu(self.up(x)).square()"]},
        id="a square",
    ),
    pytest.param(
        "h = torch.relu(self.up(x))\nh = torch.square(h)\nreturn self.down(self.drop(h))",
        {"pre": ["self.up(x)"], "post": ["torch.square(h)"]},
        id="a square by a function",
    ),
    pytest.param(
        "return self.down(F.relu(self.up(x)) ** 2)",
        {"pre": ["self.up(x)"], "post": ["F.relu(self.up(x)) ** 2"]},
        id="a square by an operator",
    ),
    pytest.param(
        "h = F.relu(self.up(x))\nh **= 2\nreturn self.down(h)",
        {"pre": ["self.up(x)"], "post": ["h"]},
        id="a square in place",
    ),
    pytest.param(
        "h = self.gelu(self.up(x))\nreturn self.down(h * h)",
        {"pre": ["self.up(x)"], "post": ["h * h"]},
        id="by itself",
    ),
    pytest.param(
        "return self.down(F.relu(self.gate(x)).pow(2) * self.up(x))",
        {
            "pre": ["self.gate(x)"],
            "pre_linear": ["self.up(x)"],
            "post": ["F.relu(self.gate(x)).pow(2) * self.up(x)"],
        },
        id="a square in a gate",
    ),
    pytest.param(
        "h = F.relu(self.up(x))\nreturn self.down(h), (h**2).mean()",
        {"pre": ["self.up(x)"], "post": ["F.relu(self.up(x))"]},
        id="a square that is a penalty",
    ),
]
NONE = [
    pytest.param("return self.down(F.relu(self.conv(x)))", id="of a convolution"),
    pytest.param("return F.relu(self.up(x))", id="nothing behind it"),
    pytest.param("return x * torch.sigmoid(self.gate(x))", id="a gate alone"),
    pytest.param("return self.down(x * torch.sigmoid(x))", id="of no linear layer"),
]


@pytest.mark.parametrize(("forward", "expected"), FOUND)
def test_found(forward: str, expected: dict[str, list[str]]) -> None:
    assert roles(module(f"{INIT}--\n{forward}", OUT)) == expected


@pytest.mark.parametrize("forward", NONE)
def test_none(forward: str) -> None:
    assert not roles(module(f"{INIT}--\n{forward}", OUT))
