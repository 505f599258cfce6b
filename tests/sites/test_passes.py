"""Hook points that fire several times in one pass: sites that one path comes by."""

from __future__ import annotations

from textwrap import indent

import pytest

from autohook_codegen import Options, hook_source

HEAD = """\
import torch
from torch import nn


class Drop(nn.Module):
    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, x):
        return x * (torch.rand(8) > self.share)


class Model(nn.Module):
    def __init__(self, wide):
        super().__init__()
        self.wide = wide
        self.fc = nn.Linear(8, 8)
        self.pairs = nn.ModuleList([nn.ModuleList([nn.Tanh(), nn.Tanh()])])
        self.fcs = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8)])
        self.W = nn.Parameter(torch.zeros(8, 8))
        self.drop = Drop(wide)

"""

SHARED = [
    pytest.param("def forward(self, x):\n    return self.fc(self.fc(x))", 2, id="nested"),
    pytest.param("def forward(self, x):\n    return x @ self.W @ self.W", 2, id="a parameter"),
    pytest.param(
        "def forward(self, x):\n    x = self.fc(x)\n    if self.wide:\n        x = self.fc(x)\n"
        "    return self.fc(x)",
        3,
        id="with a branch",
    ),
    pytest.param(
        "def forward(self, x):\n    return self.tail(self.fc(x))\n\n"
        "def tail(self, x):\n    return self.fc(x)",
        2,
        id="in a method that is called",
    ),
    pytest.param(
        "def forward(self, x):\n    def inner(y):\n        return self.fc(y)\n"
        "    return inner(self.fc(x))",
        2,
        id="in a nested function",
    ),
    pytest.param(
        "def forward(self, x, i):\n    return self.pairs[0][i](self.pairs[0][i](self.fc(self.fc(x))))",
        2,
        id="beside a member under one index",
    ),
]

ONCE = [
    pytest.param(
        "def forward(self, x):\n    if self.wide:\n        return self.fc(x + 1)\n"
        "    return self.fc(x)",
        id="a branch that returns",
    ),
    pytest.param(
        "def forward(self, x):\n    if self.wide:\n        x = self.fc(x + 1)\n"
        "    else:\n        x = self.fc(x)\n    return x",
        id="two branches",
    ),
    pytest.param(
        "def forward(self, x):\n    return self.fc(x) if self.wide else self.fc(-x)",
        id="two arms",
    ),
    pytest.param(
        "def forward(self, x):\n    if self.wide:\n        x = self.fc(x)\n    x = x + 1\n"
        "    if not self.wide:\n        x = self.fc(x)\n    return x",
        id="before or after",
    ),
    pytest.param(
        "def forward(self, x):\n    x = x if self.wide else self.fc(x)\n    x = x + 1\n"
        "    return x if not self.wide else self.fc(x)",
        id="before or after, in two arms",
    ),
    pytest.param(
        'def forward(self, x):\n    if self.wide == "a":\n        x = self.fc(x)\n    x = x + 1\n'
        '    if self.wide == "b":\n        x = self.fc(x)\n    return x',
        id="two kinds",
    ),
    pytest.param(
        "def forward(self, x):\n    match self.wide:\n        case True:\n"
        "            return self.fc(x)\n        case _:\n            return self.fc(-x)",
        id="cases",
    ),
    pytest.param(
        "def forward(self, x):\n    try:\n        return self.fc(x)\n"
        "    except ValueError:\n        return self.fc(-x)",
        id="an exception",
    ),
    pytest.param(
        "def forward(self, x):\n    for y in x:\n        if y.any():\n            continue\n"
        "        return self.fc(y)\n    raise ValueError",
        id="a loop that ends",
    ),
    pytest.param(
        "def forward(self, x):\n    return self.fc(x)\n\n"
        "def encode(self, x):\n    return self.fc(-x)",
        id="two entries",
    ),
    pytest.param(
        "def forward(self, x):\n    for one, two in self.pairs:\n        x = two(one(x))\n    return x",
        id="members that a loop takes apart",
    ),
    pytest.param(
        "def forward(self, x, i, j):\n    return self.pairs[0][i](self.pairs[0][j](x))",
        id="members under other indexes",
    ),
    pytest.param("def forward(self, x):\n    return self.drop(self.drop(x))", id="a dropout"),
    pytest.param(
        "def forward(self, x, k):\n    for one in self.pairs[0][:k]:\n        x = one(x)\n"
        "    for one in self.pairs[0][k:]:\n        x = one(x)\n    return x",
        id="the first members, and the others",
    ),
    pytest.param(
        "def forward(self, x, k):\n    for one in self.pairs[0][:k]:\n        x = one(x)\n"
        "    for y, one in zip(x, self.pairs[0][k + 1 :]):\n        x = one(y)\n    return x",
        id="beside the others in a zip, behind one that is left out",
    ),
    pytest.param(
        "def forward(self, x):\n    for one in self.fcs[3:-2]:\n        x = one(x)\n"
        "    for one in self.fcs[-1:]:\n        x = one(x)\n    return x",
        id="slices that count from the end",
    ),
]

SIBLINGS = """\
from torch import nn


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)


class First(Base):
    def forward(self, x):
        return self.norm(x)


class Second(Base):
    def forward(self, x):
        return self.norm(-x)
"""


def messages(source: str, code: str) -> list[str]:
    return [one.message for one in hook_source(source, Options()).notes if one.code == code]


@pytest.mark.parametrize(("methods", "count"), SHARED)
def test_sites_on_one_path(methods: str, count: int) -> None:
    (message,) = messages(HEAD + indent(methods, "    ") + "\n", "shared-hook-point")
    name = "W_hook_point" if "self.W" in methods else "fc_hook_point"
    assert message == (
        f"Model.{name} ({count} times) fires more than once in one pass; --per-site gives each site its own"
    )


@pytest.mark.parametrize("methods", ONCE)
def test_sites_on_other_paths(methods: str) -> None:
    assert messages(HEAD + indent(methods, "    ") + "\n", "shared-hook-point") == []


def test_siblings_are_other_instances() -> None:
    assert messages(SIBLINGS, "shared-hook-point") == []


def test_per_site_leaves_siblings_alone() -> None:
    code = hook_source(SIBLINGS, Options(per_site=True)).code
    assert "_2" not in code


def test_the_class_whose_instance_it_is() -> None:
    second = SIBLINGS.replace("self.norm(-x)", "self.norm(self.norm(-x))")
    (message,) = messages(second, "shared-hook-point")
    assert message.startswith("Second.norm_hook_point (2 times) fires")


@pytest.mark.parametrize("bounds", [(": k + 1", "k:"), (":-1", "2:"), (":k", "1:"), ("::2", "1:")])
def test_slices_that_may_have_a_member_in_common(bounds: tuple[str, str]) -> None:
    loops = [f"    for one in self.fcs[{one}]:\n        x = one(x)\n" for one in bounds]
    forward = "def forward(self, x, k):\n" + "".join(loops) + "    return x\n"
    (said,) = messages(HEAD + indent(forward, "    "), "shared-hook-point")
    assert said.startswith("Model.fcs_hook_points (2 times) fires")
