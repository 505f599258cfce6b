"""What a branch of the residual stream is."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

INIT = """
self.norm = nn.LayerNorm(width)
self.attn = build(config)
self.cross = build(config)
self.inner = Attention(width)
self.drop = nn.Dropout(0.1) if config.drop else None
self.optional = Attention(width) if config.cross else nn.Identity()
self.wrapped = Wrapped(width)
self.mlp = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
"""
HELPERS = """
from typing import cast

from elsewhere import build


class Processor:
    def __call__(self, attn: "Attention", x, memory=None):
        y = x if memory is None else memory
        return F.scaled_dot_product_attention(attn.q(x), attn.k(y), attn.k(y))


class Wrapped(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width)
        self.processor = Processor()

    def forward(self, x, **kwargs):
        return self.processor(self, x, **kwargs)


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width)
        self.processor = Processor()

    def forward(self, x, memory=None):
        return self.processor(self, x, memory)
"""
REST = "\nreturn x + self.mlp(x)"
TAKEN = """
taken = self.attn(x)
if isinstance(taken, tuple):
    taken, _ = taken
"""
BRANCHES = [
    pytest.param("self.attn(query=x, key=x, value=x)", ["attn_out", "resid_mid"], id="asked"),
    pytest.param(
        "self.attn(query_input=x, key_input=memory, value_input=memory)",
        ["cross_attn_out", "resid_mid_cross"],
        id="asked of another sequence",
    ),
    pytest.param("self.attn(x, mask)", ["attn_out", "resid_mid"], id="not shown, by its name"),
    pytest.param("self.cross(x, mask)", ["resid_mid"], id="not shown, of another name"),
    pytest.param("self.inner(x)", ["attn_out", "resid_mid"], id="a processor's"),
    pytest.param(
        "self.inner(x, memory)", ["cross_attn_out", "resid_mid_cross"], id="a processor's, crossed"
    ),
    pytest.param(
        "self.optional(self.norm(x), memory)",
        ["cross_attn_out", "resid_mid_cross"],
        id="crossed, behind a norm, where the module may be none",
    ),
    pytest.param(
        "self.wrapped(x, memory=memory)",
        ["cross_attn_out", "resid_mid_cross"],
        id="crossed, by what the module hands on to its processor",
    ),
    pytest.param("self.inner(x, x)", ["attn_out", "resid_mid"], id="of the stream twice"),
    pytest.param("self.attend(x)", ["attn_out", "resid_mid"], id="what a method gives back"),
    pytest.param(
        "(y if self.drop is None else self.drop(y))",
        ["attn_out", "resid_mid"],
        id="perhaps dropped",
    ),
    pytest.param("(y if self.drop is None else self.norm(y))", ["resid_mid"], id="perhaps normed"),
    pytest.param("cast(torch.Tensor, self.inner(x))", ["attn_out", "resid_mid"], id="typed"),
    pytest.param("taken", ["attn_out", "resid_mid"], id="the first where it is a tuple (qwen3_5)"),
]


@pytest.mark.parametrize(("branch", "expected"), BRANCHES)
def test_branches(branch: str, expected: list[str]) -> None:
    method = "\n    def attend(self, x):\n        return self.inner(self.norm(x))\n"
    forward = f"{TAKEN}y = self.inner(x)\nx = x + {branch}{REST}"
    found = roles(module(f"{INIT}--\n{forward}", HELPERS) + method)
    assert found["resid_post"] == ["x + self.mlp(x)"]
    assert sorted(one for one in found if "out" in one or "mid" in one) == expected
