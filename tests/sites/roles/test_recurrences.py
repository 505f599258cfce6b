"""The state that a loop carries, scales and adds to."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = "self.decay = nn.Linear(width, width)\nself.inp = nn.Linear(width, width)\n\
self.rate = nn.Parameter(torch.ones(8))\nself.rates = nn.ParameterList([torch.ones(1)])\n\
self.blocks = nn.ModuleList([nn.Linear(width, width) for _ in range(5)])"
STEP = "def step(layer, h):\n    return layer(h) * 2"
BEFORE = "a, b = self.decay(x), self.inp(x)\nh = torch.zeros_like(x[:, 0])\nout = []\n"
FOUND = [
    pytest.param(
        "for t in range(5):\n    h = a[:, t] * h + b[:, t]\n    out.append(h)\nreturn out",
        ["a[:, t] * h + b[:, t]"],
        id="a scan",
    ),
    pytest.param(
        "for t in range(5):\n    h = h * a[:, t]\n    h += b[:, t]\n    out.append(h.sum(-1))\nreturn out",
        ["h"],
        id="in two steps",
    ),
    pytest.param(
        "t = 0\nwhile t < 5:\n    h = h.float() * a[:, t] + b[:, t]\n    out.append(h @ b)\n    t += 1\nreturn out",
        ["h.float() * a[:, t] + b[:, t]"],
        id="a while loop and a cast",
    ),
    pytest.param(
        "g = torch.sigmoid(self.rate)\nfor t in range(5):\n    h = g * h + b[:, t]\n    out.append(h)\nreturn out",
        ["g * h + b[:, t]"],
        id="a learned decay",
    ),
    pytest.param(
        "for t in range(5):\n    h = h * self.rate.exp().view(1, -1) + b[:, t]\n    out.append(h @ b)\nreturn out",
        ["h * self.rate.exp().view(1, -1) + b[:, t]"],
        id="a parameter's exponential",
    ),
    pytest.param(
        "for t in range(5):\n    h = self.rate * h + b[:, t] * (a[:, t] - (b[:, t] * h).sum(-1))\n    out.append(h)\nreturn out",
        ["self.rate * h + b[:, t] * (a[:, t] - (b[:, t] * h).sum(-1))"],
        id="a delta rule with a learned decay",
    ),
]
NONE = [
    pytest.param("for t in range(5):\n    h = h + b[:, t]\nreturn h", id="not scaled"),
    pytest.param("for t in range(5):\n    h = torch.tanh(h)\nreturn h", id="carried alone"),
    pytest.param("for t in range(5):\n    h = 0.9 * h + b[:, t]\nreturn h", id="by a number"),
    pytest.param(
        "for t in range(5):\n    y = a * b + x\n    out.append(y)\nreturn out", id="not carried"
    ),
    pytest.param(
        "for i, block in enumerate(self.blocks):\n    h = self.rates[i] * h + self.rates[i] * x\n    h = block(h)\nreturn h",
        id="a stream that layers take, weighted",
    ),
    pytest.param(
        "for block in self.blocks:\n    y = block(h)\n    h = self.rate * h + y\nreturn h",
        id="a residual sum, weighted",
    ),
    pytest.param(
        "for block in self.blocks:\n    y = step(block, h)\n    h = self.rate * h + y\nreturn h",
        id="a residual sum by a function",
    ),
]


@pytest.mark.parametrize(("loop", "expected"), FOUND)
def test_found(loop: str, expected: list[str]) -> None:
    assert roles(module(f"{INIT}\n--\n{BEFORE}{loop}")) == {"state": expected}


@pytest.mark.parametrize("loop", NONE)
def test_none(loop: str) -> None:
    assert "state" not in roles(module(f"{INIT}\n--\n{BEFORE}{loop}", STEP))
