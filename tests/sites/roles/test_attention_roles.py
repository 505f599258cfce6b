"""What of one attention has a role, and where q, k and v part."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.qkv = nn.Linear(width, 3 * width)
self.one = nn.Linear(width, width)
self.norm = nn.LayerNorm(width)
"""
HELPERS = """
def attend(q, k, v):
    return (q @ k.mT).softmax(-1) @ v, q


def turn(x, cos, sin):
    return x * cos + x.flip(-1) * sin
"""
VALUES = [
    pytest.param(
        "q, k, v = self.qkv(x).chunk(3, -1)\nreturn (q @ k.mT).softmax(-1) @ v",
        {"q": ["q"], "k": ["k"], "v": ["v"], "z": ["(q @ k.mT).softmax(-1) @ v"]},
        id="parts of one projection",
    ),
    pytest.param(
        "y = self.one(x)\nreturn (self.one(x) @ y.mT).softmax(-1) @ y",
        {"q": ["self.one(x)"], "k": ["y"], "v": ["y"]},
        id="keys that are the values: where they part",
    ),
    pytest.param(
        "q, k, v = self.qkv(x).chunk(3, -1)\nreturn attend(q, k, v)[0]",
        {"z": ["attend(q, k, v)[0]"]},
        id="around a helper's call",
    ),
    pytest.param(
        "q, k, v = self.qkv(x).chunk(3, -1)\nq, k = turn(q, *memory), turn(k, *memory)\n"
        "return (q @ k.mT).softmax(-1) @ v",
        {"rot_q": ["turn(q, *memory)"], "rot_k": ["turn(k, *memory)"]},
        id="behind rotations",
    ),
]


@pytest.mark.parametrize(("forward", "expected"), VALUES)
def test_values(forward: str, expected: dict[str, list[str]]) -> None:
    found = roles(module(f"{INIT}--\n{forward}", HELPERS))
    assert {role: found.get(role) for role in expected} == expected
