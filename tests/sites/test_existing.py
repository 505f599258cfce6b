"""Hook points that stand in the input: kept, counted as what they hook, taken away by `--strip`."""

from __future__ import annotations

import pytest

from autohook_codegen import Options, hook_source, strip_source
from tests.sites.snippets import BARE, module, with_import

HALF = [
    pytest.param(
        """
        self.fc = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)
        self.fc_hook_point = HookPoint()
        --
        return self.norm(self.fc_hook_point(self.fc(x)))
        """,
        """
        self.fc = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)
        self.norm_hook_point = HookPoint()
        self.fc_hook_point = HookPoint()
        --
        return self.norm_hook_point(self.norm(self.fc_hook_point(self.fc(x))))
        """,
        id="one of two",
    ),
    pytest.param(
        """
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x)) + self.fc(-x)
        """,
        """
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x)) + self.fc_hook_point(self.fc(-x))
        """,
        id="one of two sites",
    ),
    pytest.param(
        """
        self.fc = nn.Linear(8, 8)
        self.hook_out = HookPoint()
        --
        return self.hook_out(self.fc(x))
        """,
        """
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.hook_out = HookPoint()
        --
        return self.hook_out(self.fc_hook_point(self.fc(x)))
        """,
        id="another pattern is only kept",
    ),
    pytest.param(
        """
        self.layers = nn.ModuleList([nn.Tanh(), nn.Tanh()])
        self.norm = nn.LayerNorm(8)
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in range(2)])
        --
        for i, layer in enumerate(self.layers):
            x = self.layers_hook_points[i](layer(x))
        return self.norm(x)
        """,
        """
        self.layers = nn.ModuleList([nn.Tanh(), nn.Tanh()])
        self.norm = nn.LayerNorm(8)
        self.norm_hook_point = HookPoint()
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in range(2)])
        --
        for i, layer in enumerate(self.layers):
            x = self.layers_hook_points[i](layer(x))
        return self.norm_hook_point(self.norm(x))
        """,
        id="a list of them",
    ),
    pytest.param(
        """
        self.attn = nn.MultiheadAttention(8, 2)
        self.attn_hook_point = HookPoint()
        --
        out, _ = self.attn(x, x, x)
        out = self.attn_hook_point(out)
        return out
        """,
        """
        self.attn = nn.MultiheadAttention(8, 2)
        self.attn_hook_point = HookPoint()
        --
        out, _ = self.attn(x, x, x)
        out = self.attn_hook_point(out)
        return out
        """,
        id="a statement after the call",
    ),
    pytest.param(
        """
        self.b = nn.Parameter(torch.ones(8))
        self.b_hook_point = HookPoint()
        --
        return self.b_hook_point(x + self.b)
        """,
        """
        self.b = nn.Parameter(torch.ones(8))
        self.b_hook_point = HookPoint()
        --
        return self.b_hook_point(x + self.b)
        """,
        id="a parameter's",
    ),
]


@pytest.mark.parametrize(("before", "after"), HALF)
def test_kept(before: str, after: str) -> None:
    before, after = with_import(module(before)), with_import(module(after))
    assert hook_source(before, BARE).code == after
    assert hook_source(after, BARE).code == after


@pytest.mark.parametrize(("before", "after"), HALF)
def test_strip_takes_all_of_the_pattern_away(before: str, after: str) -> None:
    stripped = strip_source(with_import(module(after)), BARE)
    assert "_hook_point" not in stripped
    assert stripped == strip_source(with_import(module(before)), BARE)
    assert ("HookPoint" in stripped) == ("hook_out" in before)


def test_strip_takes_the_same_name_pattern() -> None:
    named = Options(root=(), format=False, name="hook_{name}")
    code = module("self.fc = nn.Linear(8, 8)\n--\nreturn self.fc(x)")
    hooked = hook_source(code, named).code
    assert "self.hook_fc(self.fc(x))" in hooked
    assert strip_source(hooked, BARE) == hooked
    assert strip_source(hooked, named) == code


def test_two_items_of_a_result_at_one_hook_point_are_kept() -> None:
    source = """\
import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(8, 8) for _ in range(4))

    def forward(self, x, y):
        pattern = torch.softmax(self.q(x) @ self.k(y).transpose(-1, -2), -1)
        return self.o(pattern @ self.v(y)), self.o(pattern @ self.v(x))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = Attention()

    def forward(self, a, b):
        one, two = self.attn(a, b)
        return a + one, b + two
"""
    options = Options(root=(), format=False, activations=True)
    code = hook_source(source, options).code
    assert code.count(" = self.cross_attn_out_hook_point(") == 2
    assert hook_source(code, options).code == code
    assert strip_source(code, options) == source
