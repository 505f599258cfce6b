"""The sites of an attention: names of several, and what is said of those that show no pattern."""

from __future__ import annotations

import pytest

from autohook_codegen import hook_source
from tests.sites.roles.sources import ACTIVATIONS, module, roles

INIT = """
self.q = nn.Linear(width, width)
self.k = nn.Linear(width, width)
self.v = nn.Linear(width, width)
self.other = nn.Linear(width, width)
self.attn = nn.MultiheadAttention(width, 2)
"""
HELPERS = """
def attend(q, k, v):
    return (q @ k.mT).softmax(-1) @ v
"""
NAMES = [
    pytest.param(
        "return F.scaled_dot_product_attention(self.q(x), self.k(x), self.v(x))",
        "q k v attn_scores pattern z",
        id="one",
    ),
    pytest.param(
        "y = F.scaled_dot_product_attention(self.q(x), self.k(x), self.v(x))\n"
        "return F.scaled_dot_product_attention(self.q(y), self.k(y), self.other(y))",
        "q k v attn_scores pattern z q_other k_other v_other attn_scores_other pattern_other"
        " z_other",
        id="the second is called after the projection of its values",
    ),
    pytest.param(
        "if mask is None:\n"
        "    return F.scaled_dot_product_attention(self.q(x), self.k(x), self.v(x))\n"
        "return (self.q(x) @ self.k(x).mT).softmax(-1) @ self.v(x)",
        "q k v attn_scores pattern z",
        id="a branch each",
    ),
    pytest.param("return attend(self.q(x), self.k(x), self.v(x))", "q k v z", id="in a helper"),
    pytest.param(
        "y, p = self.attn(x, x, x, average_attn_weights=False)\nreturn y", "pattern", id="torch's"
    ),
]
NOTES = [
    pytest.param(
        "return F.scaled_dot_product_attention(self.q(x), self.k(x), self.v(x))", [], id="none"
    ),
    pytest.param(
        "return F.scaled_dot_product_attention(self.q(x), self.k(x), self.v(x), dropout_p=0.1)",
        ["edits-draw-anew"],
        id="dropout",
    ),
    pytest.param("return attend(self.q(x), self.k(x), self.v(x))", ["pattern-hidden"], id="helper"),
    pytest.param("return self.attn(x, x, x)[0]", ["pattern-hidden"], id="torch's, not asked"),
    pytest.param("return self.attn(x, x, x, average_attn_weights=False)[1]", [], id="asked"),
]


@pytest.mark.parametrize(("forward", "names"), NAMES)
def test_names(forward: str, names: str) -> None:
    assert sorted(roles(module(f"{INIT}--\n{forward}", HELPERS))) == sorted(names.split())


@pytest.mark.parametrize(("forward", "codes"), NOTES)
def test_notes(forward: str, codes: list[str]) -> None:
    notes = hook_source(module(f"{INIT}--\n{forward}", HELPERS), ACTIVATIONS).notes
    assert [one.code for one in notes if one.code in ("edits-draw-anew", "pattern-hidden")] == codes
