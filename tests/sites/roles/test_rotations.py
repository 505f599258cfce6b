"""Where queries and keys stand behind a rotation."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.q = nn.Linear(width, width)
self.k = nn.Linear(width, width)
self.v = nn.Linear(width, width)
self.norm = build(width)
self.pool_q, self.pool_k = Pool(width), Pool(width)
"""
HELPERS = """
from elsewhere import build


def half(x):
    a, b = x.chunk(2, -1)
    return torch.cat((-b, a), -1)


def rotate(q, k, cos, sin):
    return q * cos + half(q) * sin, k * cos + half(k) * sin


def turned(x, cos, sin):
    return x * cos + half(x) * sin


def shrunk(x, n):
    return x.transpose(1, 2) * n.log()


def normed(x):
    return F.normalize(x, dim=-1)


def cut(x):
    return x * 2, x.shape


class Pool(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.pool = nn.MaxPool1d(3)

    def forward(self, x):
        x, shape = cut(x)
        return self.pool(x), shape
"""
REST = "\nreturn (q @ k.mT).softmax(-1) @ v"
ROTATIONS = [
    pytest.param(
        "q, k, v = self.q(x), self.k(x), self.v(x)\nq, k = rotate(q, k, *memory)",
        {"rot_q": ["q"], "rot_k": ["k"]},
        id="one call for both",
    ),
    pytest.param(
        "cos, sin = memory\nq, k, v = turned(self.q(x), cos, sin), turned(self.k(x), cos, sin), self.v(x)",
        {"rot_q": ["turned(self.q(x), cos, sin)"], "rot_k": ["turned(self.k(x), cos, sin)"]},
        id="a call each",
    ),
    pytest.param(
        "cos, sin = memory\nq, k, v = self.q(x), self.k(x), self.v(x)\n"
        "q = q * cos + half(q) * sin\nk = k * cos + half(k) * sin\nk = k.repeat_interleave(2, 1)",
        {"rot_q": ["q * cos + half(q) * sin"], "rot_k": ["k * cos + half(k) * sin"]},
        id="written out, before repeats",
    ),
    pytest.param(
        "cos, sin = memory\nq, k, v = self.q(x), self.k(x), self.v(x)\n"
        "q = torch.cat([turned(q[..., :4], cos, sin), q[..., 4:]], -1)\n"
        "k = torch.cat([turned(k[..., :4], cos, sin), k[..., 4:]], -1)",
        {
            "rot_q": ["torch.cat([turned(q[..., :4], cos, sin), q[..., 4:]], -1)"],
            "rot_k": ["torch.cat([turned(k[..., :4], cos, sin), k[..., 4:]], -1)"],
        },
        id="half of each",
    ),
    pytest.param(
        "q, k, v = self.q(x), self.k(x), self.v(x)\nif mask is None:\n    q, k = rotate(q, k, *memory)",
        {"rot_q": ["q"], "rot_k": ["k"]},
        id="in one branch",
    ),
    pytest.param(
        "cos, sin = memory\nq, k, v = turned(self.q(x), cos, sin), turned(self.k(x), cos, sin), self.v(x)\n"
        "q = shrunk(q, mask)",
        {"rot_q": ["turned(self.q(x), cos, sin)"], "rot_k": ["turned(self.k(x), cos, sin)"]},
        id="before a function that scales",
    ),
    pytest.param(
        "cos, sin = memory\nq, k, v = self.q(x), self.k(x), self.v(x)\nq, k = self.norm(q), self.norm(k)\n"
        "if mask is None:\n"
        "    q = torch.cat([q[:, :1], turned(q[:, 1:], cos, sin)], 1)\n"
        "    k = torch.cat([k[:, :1], turned(k[:, 1:], cos, sin)], 1)",
        {
            "rot_q": ["torch.cat([q[:, :1], turned(q[:, 1:], cos, sin)], 1)"],
            "rot_k": ["torch.cat([k[:, :1], turned(k[:, 1:], cos, sin)], 1)"],
        },
        id="all but the first, behind a norm of no known class",
    ),
    pytest.param(
        "cos, sin = memory\nq, k, v = self.q(x), self.norm(self.k(x)), self.v(x)\n"
        "if mask is None:\n    q, k = turned(q, cos, sin), turned(k, cos, sin)\n"
        "k = torch.cat([k[:, :1] * 2, k[:, 1:]], 1)",
        {"rot_q": ["turned(q, cos, sin)"], "rot_k": ["turned(k, cos, sin)"]},
        id="before a part is scaled",
    ),
]
NONE = [
    pytest.param("q, k, v = self.q(x), self.k(x), self.v(x)", id="nothing turns"),
    pytest.param(
        "q, k, v = self.q(x), self.k(x), self.v(x)\n(q, _), (k, _) = self.pool_q(q), self.pool_k(k)",
        id="two calls of one class, which share what stands in it",
    ),
    pytest.param(
        "q, k, v = cut(self.q(x))[0], cut(self.k(x))[0], self.v(x)", id="two calls of a function"
    ),
    pytest.param(
        "q, k, v = self.q(x), self.k(x), self.v(x)\nq, k = map(F.normalize, (q, k))",
        id="a norm that is mapped over both",
    ),
    pytest.param(
        "q, k, v = self.q(x), self.k(x), self.v(x)\nq, k = map(normed, (q, k))",
        id="a function of norms that is mapped over both",
    ),
]


@pytest.mark.parametrize(("forward", "expected"), ROTATIONS)
def test_rotations(forward: str, expected: dict[str, list[str]]) -> None:
    found = roles(module(f"{INIT}--\n{forward}{REST}", HELPERS))
    assert {role: found.get(role) for role in ("rot_q", "rot_k")} == expected


@pytest.mark.parametrize("forward", NONE)
def test_none(forward: str) -> None:
    found = roles(module(f"{INIT}--\n{forward}{REST}", HELPERS))
    assert {"q", "k", "v", "pattern"} <= found.keys()
    assert not {"rot_q", "rot_k"} & found.keys()
