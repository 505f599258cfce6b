"""From what a value was computed: the ways back, source line by source line.

`want(…)` stands in a forward; behind it, as a comment, the kinds of the ways back to the arguments, the nearest first.
"""

from __future__ import annotations

import ast
from textwrap import dedent, indent

import pytest

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.interpretation import interpret
from autohook_codegen.analysis.points import Point
from autohook_codegen.declares.program import Program
from autohook_codegen.library import makes_module

HEAD = """
import torch
import torch.nn.functional as F
from torch import nn


def split(x, heads):
    return x.view(2, -1, heads, 8).transpose(1, 2)


def both(a, b):
    return a * b, a + b


def product(a, b):
    return torch.matmul(a, b)


class Scale(nn.Module):
    def forward(self, x):
        return x * 2


class Model(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.scale = Scale()
        self.W = nn.Parameter(torch.ones(8, 8))
        self.attend = nn.Sequential(nn.Softmax(-1), nn.Dropout(0.1))

    def forward(self, x, y=None):
"""
LINES = [
    pytest.param("want(x)  # same argument", id="an argument"),
    pytest.param("z = x\nwant(z)  # same same argument", id="a name"),
    pytest.param("want(self.fc(x))  # linear same argument", id="a module"),
    pytest.param("want(self.attend(x))  # softmax same argument", id="a softmax in a Sequential"),
    pytest.param("want(x.view(3, -1).mT)  # view view same argument", id="views"),
    pytest.param("want(x[:, 0].float())  # cast view same argument", id="an index and a cast"),
    pytest.param("want(x[..., :4])  # slice same argument", id="a slice"),
    pytest.param("want(split(x, 4))  # view same argument", id="a helper that is a view"),
    pytest.param("want(product(x, y))  # matmul same argument same argument", id="a product"),
    pytest.param("want(x @ self.W)  # matmul same argument parameter", id="a parameter"),
    pytest.param(
        "a, b = both(x, y)\nwant(b)  # same function same add same same same argument same same same argument",
        id="part of what a function gives",
    ),
    pytest.param(
        "z = x\nif y is None:\n    z = x.exp()\nwant(z)  # choice same argument exp same",
        id="a branch",
    ),
    pytest.param(
        "z = x\nz += y\nwant(z)  # same add same same argument same argument", id="in place"
    ),
    pytest.param(
        "a, b = (t.view(3) for t in (x, y))\nwant(b)  # same view same same argument",
        id="a generator",
    ),
    pytest.param(
        "a, b = map(lambda t: t.view(3), (x, y))\nwant(a)  # same view same same argument", id="map"
    ),
    pytest.param(
        "for _ in range(3):\n    x = self.fc(x)\nwant(x)  # choice argument linear choice",
        id="a loop",
    ),
    pytest.param(
        "z = torch.empty(3)\nz[:2] = x\nz[2:].copy_(y)\nwant(z)  # same join same argument same argument",
        id="a tensor that is filled",
    ),
    pytest.param("want(torch.arange(x.size(1)))  # fact", id="facts"),
]


def flow_of(lines: str) -> tuple[Flow, Point]:
    """The flow of a program with these lines, and the value that is wanted."""
    tree = ast.parse(HEAD + indent(dedent(lines), " " * 8))
    flow = Flow(interpret(Program({"model.py": tree}, makes_module)))
    for function in flow.trace.functions.values():
        for node in function.values:
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "want":
                return flow, Point(node.args[0], function)
    raise AssertionError("nothing is wanted")


@pytest.mark.parametrize("lines", LINES)
def test_ways(lines: str) -> None:
    flow, wanted = flow_of(lines)
    kinds = [
        way.kind
        for way in flow.walk(wanted, lambda way: way.kind != "fact" and (way.inner or way.sources))
        if way.kind != "leaf"
    ]
    assert " ".join(kinds) == lines.rpartition("# ")[2]


@pytest.mark.parametrize(
    ("expression", "is_fed"),
    [
        ("self.norm(x) + 1", True),
        ("self.scale(x)", True),
        ("self.W * 2", False),
        ("torch.arange(x.size(1))", False),
        ("torch.zeros_like(x)", False),
        ("self", False),
    ],
)
def test_fed(expression: str, is_fed: bool) -> None:
    flow, wanted = flow_of(f"want({expression})")
    assert flow.is_fed(wanted) is is_fed
