"""Two streams that a branch of the forward joins."""

from __future__ import annotations

import pytest

from autohook_codegen import hook_source
from tests.sites.roles.sources import ACTIVATIONS, module, roles

INIT = """
self.q = nn.Linear(width, width)
self.added_q = nn.Linear(width, width)
self.norm = nn.LayerNorm(width)
self.kv = nn.Linear(width, 2 * width)
self.added_kv = nn.Linear(width, 2 * width)
"""
OTHERS = "k, v = self.kv(x).chunk(2, -1)\n"
REST = "return F.scaled_dot_product_attention(q, k, v)"
PAIRS = [
    pytest.param(
        "q = self.q(x)\nif memory is not None:\n    q = torch.cat([q, self.added_q(memory)], 1)\n",
        """
        if memory is not None:
            q = torch.cat([q, self.added_q(memory)], 1)
        q = self.q_hook_point(q)
        """,
        id="behind the branch",
    ),
    pytest.param(
        "q = self.norm(self.q(x))\nif memory is not None:\n    if mask is None:\n"
        "        added = self.norm(self.added_q(memory).view(2, 5, -1))\n"
        "        q = torch.cat([added, q], dim=1)\n    mask = None\n"
        "if mask is not None:\n    q = q * mask\n",
        """
            mask = None
        q = self.q_hook_point(q)
        if mask is not None:
        """,
        id="behind norms, in a branch of a branch, and changed afterwards",
    ),
    pytest.param(
        "if memory is not None:\n    q = torch.cat([self.q(x), self.added_q(memory)], 1)\n"
        "else:\n    q = self.q(x)\n",
        """
        if memory is not None:
            q = self.q_hook_point(torch.cat([self.q(x), self.added_q(memory)], 1))
        else:
            q = self.q_hook_point(self.q(x))
        """,
        id="a branch each",
    ),
    pytest.param(
        "q = self.q(x)\nif mask is not None:\n    q = torch.cat([mask, q], 1)\n",
        "q = self.q_hook_point(self.q(x))",
        id="what is joined is no projection",
    ),
]


@pytest.mark.parametrize(("forward", "expected"), PAIRS)
def test_queries(forward: str, expected: str) -> None:
    hooked = hook_source(module(f"{INIT}--\n{forward}{OTHERS}{REST}"), ACTIVATIONS).code
    lines = [line.strip() for line in hooked.splitlines()]
    wanted = [line.strip() for line in expected.strip().splitlines()]
    assert wanted in [lines[at : at + len(wanted)] for at in range(len(lines))]
    assert hook_source(hooked, ACTIVATIONS).code == hooked


def test_all_three() -> None:
    forward = """
q, (k, v) = self.q(x), self.kv(x).chunk(2, -1)
if memory is not None:
    added_k, added_v = self.added_kv(memory).chunk(2, -1)
    q, k, v = torch.cat([q, self.added_q(memory)]), torch.cat([k, added_k]), torch.cat([v, added_v])
"""
    found = roles(module(f"{INIT}--{forward}{REST}"))
    assert {role: found[role] for role in "qkv"} == {"q": ["q"], "k": ["k"], "v": ["v"]}
