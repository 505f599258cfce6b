"""The state that a loop carries, scales and adds to."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = "self.decay = nn.Linear(width, width)\nself.inp = nn.Linear(width, width)"
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
]
NONE = [
    pytest.param("for t in range(5):\n    h = h + b[:, t]\nreturn h", id="not scaled"),
    pytest.param("for t in range(5):\n    h = torch.tanh(h)\nreturn h", id="carried alone"),
    pytest.param("for t in range(5):\n    h = 0.9 * h + b[:, t]\nreturn h", id="by a number"),
    pytest.param(
        "for t in range(5):\n    y = a * b + x\n    out.append(y)\nreturn out", id="not carried"
    ),
]


@pytest.mark.parametrize(("loop", "expected"), FOUND)
def test_found(loop: str, expected: list[str]) -> None:
    assert roles(module(f"{INIT}\n--\n{BEFORE}{loop}")) == {"state": expected}


@pytest.mark.parametrize("loop", NONE)
def test_none(loop: str) -> None:
    assert "state" not in roles(module(f"{INIT}\n--\n{BEFORE}{loop}"))
