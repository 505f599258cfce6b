"""Branches whose class is not in the input."""

from __future__ import annotations

import pytest

from tests.sites.roles.sources import module, roles

HELPERS = """
from elsewhere import Attention, Mlp


class Shown(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer = nn.Linear(width, width)

    def forward(self, x):
        return self.layer(x)
"""
NAMED = [
    pytest.param(
        "self.attn = Attention(width)", "self.attn(x)", "attn_out", id="a class elsewhere"
    ),
    pytest.param("self.mlp = Mlp(width)", "self.mlp(x)", "mlp_out", id="a perceptron elsewhere"),
    pytest.param("self.ffn = config.make()", "self.ffn(x)", "mlp_out", id="of no known class"),
    pytest.param("self.mixer = Mlp(width)", "self.mixer(x)", None, id="another name"),
    pytest.param("self.mlp = Shown(width)", "self.mlp(x)", None, id="what holds no activation"),
    pytest.param("self.mlp = nn.Linear(width, width)", "self.mlp(x)", None, id="a linear layer"),
    pytest.param("self.attn = nn.Conv1d(3, 3, 1)", "self.attn(x)", None, id="a convolution"),
]


@pytest.mark.parametrize(("init", "branch", "role"), NAMED)
def test_roles(init: str, branch: str, role: str | None) -> None:
    found = roles(module(f"{init}\n--\nreturn x + {branch}", HELPERS))
    assert found["resid_post"] == [f"x + {branch}"]
    outs = {one: at for one, at in found.items() if one.endswith("_out")}
    assert outs == ({role: [branch]} if role is not None else {})
