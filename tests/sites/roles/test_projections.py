"""Where queries, keys and values stand: behind their projection."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.qkv = nn.Linear(width, 3 * width)
self.q = nn.Linear(width, width)
self.k = nn.Linear(width, width)
self.v = nn.Linear(width, width)
self.conv = nn.Conv2d(4, 4, 1)
self.norm = nn.LayerNorm(width)
self.queries = nn.Parameter(torch.ones(3, 8))
self.elsewhere = abstract_weight()
self.W_Q = nn.Parameter(torch.ones(4, 8, 8))
self.W_K = nn.Parameter(torch.ones(4, 8, 8))
self.b_Q = nn.Parameter(torch.ones(4, 8))
self.heads = 4
self.given = config.projection
self.given_norm = config.norm
"""
HELPERS = """
from elsewhere import abstract_weight, linear


def split(x, heads):
    return x.view(*x.shape[:-1], heads, -1).transpose(1, 2)


def parted(x):
    x = x * 2
    q, k, v = x.chunk(3, -1)
    return q, k, v
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
        "qkv = self.given_norm(self.qkv(x))\nq, k, v = qkv[0], qkv[1], qkv[2]",
        {"q": ["qkv[0]"], "k": ["qkv[1]"], "v": ["qkv[2]"]},
        id="items of what a module made of one projection (monai, SABlock)",
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
        "q, k, v = self.q(x).view(2, 5, -1) + self.b_Q, self.k(x), self.v(x)",
        {"q": ["self.q(x).view(2, 5, -1)"], "k": ["self.k(x)"], "v": ["self.v(x)"]},
        id="before what is added to a layer's result",
    ),
    pytest.param(
        "q, k, v = self.queries.expand(2, -1, -1), self.k(x), self.v(x)",
        {"q": ["self.queries"], "k": ["self.k(x)"], "v": ["self.v(x)"]},
        id="learned queries",
    ),
    pytest.param(
        "q, k, v = linear(x, self.W_Q), linear(x, self.elsewhere), linear(x, self.elsewhere)",
        {
            "q": ["linear(x, self.W_Q)"],
            "k": ["linear(x, self.elsewhere)"],
            "v": ["linear(x, self.elsewhere)"],
        },
        id="what projects one projects the others",
    ),
    pytest.param(
        "q, k, v = self.project(x, self.W_Q), self.project(x, self.W_K), self.project(x, self.W_K)",
        {
            "q": ["self.project(x, self.W_Q)"],
            "k": ["self.project(x, self.W_K)"],
            "v": ["self.project(x, self.W_K)"],
        },
        id="around a method that projects all of them",
    ),
    pytest.param(
        "q, k, v = self.conv(x).flatten(2), self.k(x), self.v(x)",
        {"q": ["self.conv(x).flatten(2)"], "k": ["self.k(x)"], "v": ["self.v(x)"]},
        id="a convolution",
    ),
    pytest.param(
        "q, k, v = F.interpolate(self.q(x), scale_factor=2), self.k(x), self.v(x)",
        {"q": ["self.q(x)"], "k": ["self.k(x)"], "v": ["self.v(x)"]},
        id="before an interpolation",
    ),
    pytest.param(
        "q, k, v = self.given(x), self.given(x), self.v(x)\nif self.given_norm is not None:\n"
        "    q = self.given_norm(q.transpose(1, 2))",
        {"q": ["self.given(x)"], "k": ["self.given(x)"], "v": ["self.v(x)"]},
        id="before a norm that is handed over, and may be none",
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
PARTED = [
    pytest.param(
        "y = self.qkv(x)\nif mask is not None:\n    y = y.clamp(-1, 1)\nq, k, v = y.chunk(3, -1)",
        id="behind a clamp",
    ),
    pytest.param("q, k, v = parted(self.qkv(x))", id="in a helper"),
    pytest.param(
        "y = self.qkv(x)\nz = self.norm(y)\nq, k, v = z[..., :8], z[..., 8:16], z[..., 16:]",
        id="behind a norm",
    ),
]


@pytest.mark.parametrize(("forward", "expected"), ROWS)
def test_places(forward: str, expected: dict[str, list[str]]) -> None:
    method = "\n\ndef project(self, x, weight):\n    return F.linear(x, weight)"
    found = roles(module(f"{INIT}--\n{forward}{REST}", HELPERS) + indent(method, "    "))
    assert {role: found.get(role) for role in "qkv"} == expected
    assert "rot_q" not in found


@pytest.mark.parametrize("forward", PARTED)
def test_parted_later(forward: str) -> None:
    found = roles(module(f"{INIT}--\n{forward}{REST}", HELPERS))
    places = [tuple(found.get(role, ())) for role in "qkv"]
    if "parted(" in forward:
        assert places == [(), (), ()]  # the helper has no module at hand
    else:
        assert all(len(one) == 1 for one in places)
        assert len(set(places)) == 3
    assert "rot_q" not in found


def test_what_several_callers_hand_over_stands_where_it_comes_in() -> None:
    source = module(
        """
        self.qkv = nn.Linear(width, 3 * width)
        --
        q, k, v = self.qkv(x).chunk(3, -1)
        return self.attend(self.attend(q, k, v), k, self.qkv(x)[..., :8])
        """
    )
    method = """
    def attend(self, q, k, v):
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
        return (q @ k.mT).softmax(-1) @ v
"""
    found = roles(source + method)
    assert found["attn_scores"] == ["q @ k.mT"]
    assert "rot_q" not in found


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
