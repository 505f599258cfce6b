"""Attention that the code computes itself."""

from __future__ import annotations

from textwrap import indent

import pytest

from autohook_codegen import hook_source
from tests.sites.roles.sources import ACTIVATIONS, module, roles

INIT = """
self.q_proj = nn.Linear(width, width)
self.k_proj = nn.Linear(width, width)
self.v_proj = nn.Linear(width, width)
self.drop = nn.Dropout(0.1)
self.mix = nn.Parameter(torch.ones(4, 4))
self.sinks = nn.Parameter(torch.ones(4))
self.attend = nn.Sequential(nn.Softmax(dim=-1), nn.Dropout(0.1))
self.rel_pos = nn.Embedding(9, 4)
"""
QKV = "q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)\n"
PROJECTED = {"q": ["self.q_proj(x)"], "k": ["self.k_proj(x)"], "v": ["self.v_proj(x)"]}

FOUND = [
    pytest.param(
        "s = q @ k.mT\nreturn s.softmax(-1) @ v",
        {"attn_scores": ["s"], "pattern": ["s.softmax(-1)"], "z": ["s.softmax(-1) @ v"]},
        id="as short as it can be",
    ),
    pytest.param(
        "s = torch.bmm(q, k.transpose(1, 2)) * 0.1\ns = s.masked_fill(mask == 0, -1e9)\n"
        "p = self.drop(F.softmax(s.float(), dim=-1).to(q.dtype))\nreturn torch.bmm(p, v)",
        {
            "attn_scores": ["s"],
            "pattern": ["F.softmax(s.float(), dim=-1).to(q.dtype)"],
            "z": ["torch.bmm(p, v)"],
        },
        id="scores before casts, the pattern behind them, before dropout",
    ),
    pytest.param(
        "s = torch.einsum('bqd,bkd->bqk', q, k)\np = torch.softmax(s, -1).nan_to_num(0.0)\n"
        "return torch.einsum('bqk,bkd->bqd', p, v)",
        {
            "attn_scores": ["s"],
            "pattern": ["torch.softmax(s, -1).nan_to_num(0.0)"],
            "z": ["torch.einsum('bqk,bkd->bqd', p, v)"],
        },
        id="einsum, and a fill behind the softmax",
    ),
    pytest.param(
        "s = torch.cat([q @ k.mT, q @ k.mT], -1)\ns = s + (1 - torch.cat([mask, memory @ mask.mT], -1)) * -1e9\n"
        "return s.softmax(-1) @ v",
        {"attn_scores": ["s"], "pattern": ["s.softmax(-1)"], "z": ["s.softmax(-1) @ v"]},
        id="a product of masks",
    ),
    pytest.param(
        "s = q @ k.mT\nif mask is None:\n    p = s.softmax(-1)\nelse:\n    p = s.softmax(-1)[..., :-1]\n"
        "p = torch.where(torch.isnan(p), torch.zeros_like(p), p)\nreturn p.to(v.dtype) @ v",
        {"attn_scores": ["s", "s"], "pattern": ["p.to(v.dtype)"], "z": ["p.to(v.dtype) @ v"]},
        id="the pattern behind a choice of two",
    ),
    pytest.param(
        "s = k @ q.mT\np = s.softmax(dim=-2)\nreturn p.mT @ v",
        {
            "q": ["self.q_proj(x)"],
            "attn_scores": ["s"],
            "pattern": ["s.softmax(dim=-2)"],
            "z": ["p.mT @ v"],
        },
        id="keys first",
    ),
    pytest.param(
        "s = q @ k.mT\ns += q @ self.rel_pos(mask).mT\np = s.softmax(-1)\nreturn p @ v",
        {"attn_scores": ["s"], "pattern": ["s.softmax(-1)"], "z": ["p @ v"]},
        id="relative positions are no second product",
    ),
    pytest.param(
        "s = q @ k.mT\nboth = torch.cat([s, self.sinks.expand(3, 4, 1)], dim=-1)\n"
        "p = both.softmax(-1)[..., :-1]\nreturn p @ v",
        {"attn_scores": ["s"], "pattern": ["both.softmax(-1)[..., :-1]"], "z": ["p @ v"]},
        id="sinks",
    ),
    pytest.param(
        "s = torch.einsum('bhqk,hg->bgqk', q @ k.mT, self.mix)\np = s.softmax(-1)\n"
        "p = torch.einsum('bhqk,hg->bgqk', p, self.mix)\nreturn p @ v",
        {"attn_scores": ["s"], "pattern": ["s.softmax(-1)"], "z": ["p @ v"]},
        id="talking heads",
    ),
    pytest.param(
        "s = q @ k.mT\np = self.attend(s)\nreturn p @ v",
        {"attn_scores": ["s"], "pattern": ["self.attend(s)"], "z": ["p @ v"]},
        id="a softmax in a Sequential",
    ),
    pytest.param(
        "s = q @ k.mT\np = weighed(s)\nreturn p @ v",
        {"attn_scores": ["s"], "pattern": ["weighed(s)"], "z": ["p @ v"]},
        id="a softmax in a helper",
    ),
    pytest.param(
        "s = q @ k.mT\np = stable(s)\nreturn p @ v",
        {"pattern": ["stable(s)"], "z": ["p @ v"]},
        id="a softmax in a helper, of what nothing outside of it shows",
    ),
    pytest.param(
        "s = biased(q @ k.mT, mask)\nreturn mixed(s.softmax(-1), v)",
        {"attn_scores": ["s"], "pattern": ["s.softmax(-1)"], "z": ["mixed(s.softmax(-1), v)"]},
        id="products and masks in helpers",
    ),
    pytest.param(
        "s = torch.einsum('bqd,bkd->bqk', (q, k))\np = s.softmax(-1)\n"
        "return torch.einsum('bqk,bkd->bqd', (p, v))",
        {
            "attn_scores": ["s"],
            "pattern": ["s.softmax(-1)"],
            "z": ["torch.einsum('bqk,bkd->bqd', (p, v))"],
        },
        id="einsum of a tuple",
    ),
    pytest.param(
        "if mask is not None:\n    s = self.q_proj(mask) @ k.mT + mask\n"
        "else:\n    s = q @ k.mT\np = s.softmax(-1)\nreturn p @ v",
        {
            "q": ["self.q_proj(x)", "self.q_proj(mask)"],
            "attn_scores": ["s"],
            "pattern": ["s.softmax(-1)"],
            "z": ["p @ v"],
        },
        id="a product in each branch",
    ),
    pytest.param(
        "s = q @ k.mT\np = s.softmax(-1)\np = p[:, 0] - self.mix * p[:, 1]\nreturn self.drop(p) @ v",
        {"attn_scores": ["s"], "pattern": ["s.softmax(-1)"], "z": ["self.drop(p) @ v"]},
        id="a difference of two halves of the pattern",
    ),
    pytest.param(
        "s = q @ k.mT\nlearned = self.mix.softmax(-1)\np = self.mix * s.softmax(-1) + learned\n"
        "p /= p.sum(-1)\nreturn p @ v",
        {"attn_scores": ["s"], "pattern": ["s.softmax(-1)"], "z": ["p @ v"]},
        id="a pattern beside a learned one",
    ),
]
HELPERS = """
def weighed(scores, dim=-1):
    return torch.softmax(scores, dim=dim)


def stable(scores):
    return torch.softmax(scores - scores.amax(-1, keepdim=True), dim=-1)


def biased(scores, mask):
    return scores if mask is None else scores + mask


def mixed(pattern, values):
    return pattern @ values
"""


@pytest.mark.parametrize(("forward", "expected"), FOUND)
def test_found(forward: str, expected: dict[str, list[str]]) -> None:
    found = roles(module(f"{INIT}--\n{QKV}{forward}", HELPERS))
    assert found == PROJECTED | expected


NONE = [
    pytest.param("return self.q_proj(x).softmax(-1) * x", id="a gate"),
    pytest.param("w = self.q_proj(x).softmax(1)\nreturn w.mT @ x", id="pooling by a linear layer"),
    pytest.param("return (x @ self.mix).softmax(-1)", id="nothing is multiplied by it"),
    pytest.param("return (self.q_proj(x) @ self.k_proj(x).mT) @ x", id="no softmax"),
    pytest.param("return F.log_softmax(x @ x.mT, -1) @ x", id="another function"),
    pytest.param("return ((x @ x.mT).softmax(-1) + mask) @ x", id="a sum with what is no pattern"),
    pytest.param(
        "return ((x @ x.mT).softmax(-1) - (x @ memory.mT).softmax(-1)) @ x",
        id="two patterns of one product",
    ),
]


@pytest.mark.parametrize("forward", NONE)
def test_none(forward: str) -> None:
    assert not roles(module(f"{INIT}--\n{forward}"))


def test_the_pattern_stands_in_the_method_that_makes_it() -> None:
    source = module(f"{INIT}--\nreturn self.pattern(x, self.v_proj(x)) @ self.v_proj(x)") + indent(
        f"""

def pattern(self, x, mask):
    {"; ".join(QKV.splitlines())}
    return self.drop((q @ k.mT).softmax(-1)) * mask
""",
        "    ",
    )
    found = roles(source)
    assert found["attn_scores"] == ["q @ k.mT"]
    assert found["pattern"] == ["(q @ k.mT).softmax(-1)"]


def test_two_that_both_run() -> None:
    found = roles(
        module(
            """
            self.q = nn.Linear(width, width)
            self.kv = nn.Linear(width, width)
            self.other = nn.Linear(width, width)
            --
            a = (self.q(x) @ x.mT).softmax(-1) @ self.kv(x)
            b = (self.q(a) @ a.mT).softmax(-1) @ self.other(a)
            return a, b
            """
        )
    )
    assert {"z", "z_other", "pattern", "pattern_other", "v", "v_other"} <= found.keys()


def test_what_is_a_part_of_another_attentions_keys() -> None:
    source = module(
        """
        self.q = nn.Linear(width, width)
        self.other = nn.Linear(width, width)
        self.kv = nn.Linear(width, width)
        --
        kv = self.kv(x).view(2, 4, 8)
        a = (self.q(x) @ kv[:1].mT).softmax(-1) @ self.other(x)
        b = (self.other(a) @ kv.mT).softmax(-1) @ self.kv(a)
        return a, b
        """
    )
    found = roles(source)
    assert found["k"] == ["self.kv(x).view(2, 4, 8)"]
    assert {"z", "z_kv", "pattern", "pattern_kv", "v", "v_kv"} <= found.keys()


def test_branches_that_exclude_each_other_share() -> None:
    source = module(
        """
        self.qkv = nn.Linear(width, 3 * width)
        --
        q, k, v = self.qkv(x).chunk(3, -1)
        if self.training:
            return (q @ k.mT).softmax(-1) @ v
        return F.scaled_dot_product_attention(q, k, v)
        """
    )
    found = roles(source)
    assert found.keys() == {"q", "k", "v", "attn_scores", "pattern", "z"}
    assert len(found["z"]) == 2
    code = hook_source(source, ACTIVATIONS).code
    assert hook_source(code, ACTIVATIONS).code == code
