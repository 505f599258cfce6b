"""Where queries, keys and values stand: behind their projection, and behind a rotation."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.qkv = nn.Linear(width, 3 * width)
self.q = nn.Linear(width, width)
self.k = nn.Linear(width, width)
self.v = nn.Linear(width, width)
self.conv = nn.Conv2d(4, 4, 1)
self.norm = nn.LayerNorm(width)
self.W_Q = nn.Parameter(torch.ones(4, 8, 8))
self.b_Q = nn.Parameter(torch.ones(4, 8))
self.heads = 4
"""
HELPERS = """
def split(x, heads):
    return x.view(*x.shape[:-1], heads, -1).transpose(1, 2)


def half(x):
    a, b = x.chunk(2, -1)
    return torch.cat((-b, a), -1)


def rotate(q, k, cos, sin):
    return q * cos + half(q) * sin, k * cos + half(k) * sin


def turned(x, cos, sin):
    return x * cos + half(x) * sin
"""
REST = "\nreturn (q @ k.mT).softmax(-1) @ v"
ROWS = [
    pytest.param(
        "q, k, v = self.q(x), self.k(x), self.v(x)",
        {"q": ["self.q(x)"], "k": ["self.k(x)"], "v": ["self.v(x)"]},
        id="the projection itself",
    ),
    pytest.param(
        "q = split(self.q(x), 4)\nk = split(self.k(memory), 4)\nv = split(self.v(memory), 4)",
        {
            "q": ["split(self.q(x), 4)"],
            "k": ["split(self.k(memory), 4)"],
            "v": ["split(self.v(memory), 4)"],
        },
        id="views in a helper",
    ),
    pytest.param(
        "q, k, v = self.qkv(x).view(2, 5, 3, -1).unbind(2)",
        {"q": ["q"], "k": ["k"], "v": ["v"]},
        id="parts of one projection",
    ),
    pytest.param(
        "qkv = self.qkv(x).reshape(2, 5, 3, 4, -1).permute(2, 0, 3, 1, 4)\nq, k, v = qkv[0], qkv[1], qkv[2]",
        {"q": ["qkv[0]"], "k": ["qkv[1]"], "v": ["qkv[2]"]},
        id="items of one projection",
    ),
    pytest.param(
        "q, k, v = (rearrange(t, 'b n (h d) -> b h n d', h=4) for t in self.qkv(x).chunk(3, -1))",
        {"q": ["q"], "k": ["k"], "v": ["v"]},
        id="a comprehension",
    ),
    pytest.param(
        "parts = (self.q(x), *self.qkv(x).chunk(2, -1))\n"
        "q, k, v = map(lambda t: rearrange(t, 'b n (h d) -> b h n d', h=4), parts)",
        {"q": ["q"], "k": ["k"], "v": ["v"]},
        id="map over a tuple with a star",
    ),
    pytest.param(
        "q = self.norm(self.q(x).view(2, 5, -1)) * 0.1\nk = self.norm(self.k(x))\nv = self.v(x)",
        {"q": ["self.q(x).view(2, 5, -1)"], "k": ["self.k(x)"], "v": ["self.v(x)"]},
        id="before norm and scale",
    ),
    pytest.param(
        "q = torch.einsum('bnd,hde->bhne', x, self.W_Q) + self.b_Q[:, None]\nk, v = self.k(x), self.v(x)",
        {
            "q": ["torch.einsum('bnd,hde->bhne', x, self.W_Q) + self.b_Q[:, None]"],
            "k": ["self.k(x)"],
            "v": ["self.v(x)"],
        },
        id="a product with a parameter and its bias",
    ),
    pytest.param(
        "q, k, v = self.conv(x).flatten(2), self.k(x), self.v(x)",
        {"q": ["self.conv(x).flatten(2)"], "k": ["self.k(x)"], "v": ["self.v(x)"]},
        id="a convolution",
    ),
    pytest.param(
        "q, k, v = self.q(x), self.k(x), self.v(x)\nif mask is not None:\n    k = torch.cat([mask, k], 1)",
        {"q": ["self.q(x)"], "k": ["self.k(x)"], "v": ["self.v(x)"]},
        id="before a cache",
    ),
    pytest.param(
        "q, v = self.q(x), self.v(x)\nk = torch.cat([self.k(x), self.k(memory)], 1)",
        {
            "q": ["self.q(x)"],
            "k": ["torch.cat([self.k(x), self.k(memory)], 1)"],
            "v": ["self.v(x)"],
        },
        id="two projections that are joined",
    ),
    pytest.param(
        "q, v = self.q(x), self.v(x)\nif memory is None:\n    k = self.k(x)\nelse:\n    k = self.q(memory)",
        {"q": ["self.q(x)"], "k": ["self.k(x)", "self.q(memory)"], "v": ["self.v(x)"]},
        id="a branch each",
    ),
]
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
]


@pytest.mark.parametrize(("forward", "expected"), ROWS)
def test_places(forward: str, expected: dict[str, list[str]]) -> None:
    found = roles(module(f"{INIT}--\n{forward}{REST}", HELPERS))
    assert {role: found.get(role) for role in "qkv"} == expected
    assert "rot_q" not in found


@pytest.mark.parametrize(("forward", "expected"), ROTATIONS)
def test_rotations(forward: str, expected: dict[str, list[str]]) -> None:
    found = roles(module(f"{INIT}--\n{forward}{REST}", HELPERS))
    assert {role: found.get(role) for role in ("rot_q", "rot_k")} == expected


def test_a_module_that_is_handed_them() -> None:
    source = module(
        """
        self.qkv = nn.Linear(width, 3 * width)
        self.core = Core()
        --
        return self.core(*self.qkv(x).chunk(3, -1)) + self.core(self.qkv(x), self.qkv(x), self.qkv(x))
        """,
        """
        class Core(nn.Module):
            def forward(self, q, k, v):
                return (q @ k.mT).softmax(-1) @ v
        """,
    )
    assert {"q", "k", "v", "attn_scores", "pattern", "z"} <= roles(source).keys()
