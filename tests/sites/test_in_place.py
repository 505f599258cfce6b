"""Values that are changed in place after a hook point has seen them, and those that only look so."""

from __future__ import annotations

from textwrap import indent

import pytest

from autohook_codegen import Fallback, Options, hook_source

HEAD = """\
import torch
import torch.nn.functional as F
from torch import nn


def add_noise_(t, scale=0.1):
    t += scale * torch.randn(t.shape)
    return t


def halved_(pair):
    pair[0].div_(2)


def doubled(t):
    return t * 2


class Masker:
    def __call__(self, scores, mask):
        scores[mask] = 0.0
        return scores


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.other = nn.Linear(8, 8)
        self.act = nn.ReLU(inplace=True)
        self.calm = nn.ReLU()
        self.both = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(8, 8))
        self.W = nn.Parameter(torch.zeros(8, 8))
        self.masker = Masker()

    def shifted(self, h):
        h.add_(1)
        return h

    def forward(self, x, mask):
"""

CHANGED = [
    pytest.param("y = self.fc(x)\ny += x\nreturn y", "fc_hook_point", id="+="),
    pytest.param("y = self.fc(x)\ny[mask] = 0.0\nreturn y", "fc_hook_point", id="items"),
    pytest.param("y = self.fc(x)\ny[..., 0] += 1\nreturn y", "fc_hook_point", id="items, +="),
    pytest.param("return self.fc(x).mul_(2)", "fc_hook_point", id="a method"),
    pytest.param("y = self.fc(x)\nreturn F.relu(y, True)", "fc_hook_point", id="by place"),
    pytest.param("y = self.fc(x)\nreturn F.relu(y, inplace=True)", "fc_hook_point", id="by name"),
    pytest.param("y = self.fc(x)\ntorch.exp(x, out=y)\nreturn y", "fc_hook_point", id="out"),
    pytest.param("return self.act(self.fc(x))", "fc_hook_point", id="a module"),
    pytest.param("return self.both(self.fc(x))", "fc_hook_point", id="the first of a Sequential"),
    pytest.param("y = x @ self.W\ny += 1\nreturn y", "W_hook_point", id="of a parameter"),
    pytest.param("y = self.fc(x)\nz = y.view(-1)\nz += 1\nreturn y", "fc_hook_point", id="a view"),
    pytest.param("y = self.fc(x)\nz = y[:, 0]\nz += 1\nreturn y", "fc_hook_point", id="a slice"),
    pytest.param("y = self.fc(x)\nadd_noise_(y)\nreturn y", "fc_hook_point", id="a function"),
    pytest.param("y = self.fc(x)\nhalved_((y, x))\nreturn y", "fc_hook_point", id="in a tuple"),
    pytest.param("return self.shifted(self.fc(x))", "fc_hook_point", id="a method of its own"),
    pytest.param("return self.masker(self.fc(x), mask)", "fc_hook_point", id="an object"),
    pytest.param(
        "y = self.fc(x) if mask is None else self.other(x)\ny += x\nreturn y",
        "fc_hook_point and other_hook_point",
        id="one of two",
    ),
]

KEPT = [
    pytest.param("y = torch.zeros_like(x)\ny[mask] = self.fc(x)\nreturn y", id="a fresh tensor"),
    pytest.param("loss = 0\nloss += self.fc(x).sum()\nreturn loss", id="a number"),
    pytest.param("x += 1\nreturn self.fc(x)", id="before it is seen"),
    pytest.param("y = self.fc(x) + x\ny += 1\nreturn y", id="computed with it"),
    pytest.param("y = self.fc(x).clone()\ny += 1\nreturn y", id="a copy"),
    pytest.param("return self.calm(self.fc(x))", id="a module that does not"),
    pytest.param("y = self.fc(x)\nreturn F.relu(y, inplace=False)", id="told not to"),
    pytest.param("y = self.fc(x)\ny = y + 1\nreturn doubled(y)", id="a function that does not"),
    pytest.param("found = ()\nfound += (self.fc(x),)\nreturn found[0]", id="a tuple"),
    pytest.param(
        "found = {'a': self.fc(x), 'b': x + 1}\nfor k in mask:\n    found[k] *= 2\nreturn found",
        id="some field",
    ),
    pytest.param("ids = torch.arange(3)\nids += 1\nreturn self.fc(x) + ids", id="position ids"),
]


def notes(forward: str, options: Options) -> list[str]:
    hooked = hook_source(HEAD + indent(forward, " " * 8) + "\n", options)
    return [one.message for one in hooked.notes if one.code == "changes-in-place"]


@pytest.mark.parametrize(("forward", "names"), CHANGED)
def test_changes_are_noted(forward: str, names: str) -> None:
    start = f"what passed {names} is changed in place here"
    (message,) = notes(forward, Options())
    assert message == f"{start}; auto_hook's cache keeps what passed before"
    (message,) = notes(forward, Options(fallback=Fallback.NEVER))
    assert (
        message == f"{start}; a cache shows the changed numbers; auto_hook(model) keeps what passed"
    )


@pytest.mark.parametrize(("forward", "names"), CHANGED)
def test_the_root_keeps_what_passed(forward: str, names: str) -> None:
    code = hook_source(HEAD + indent(forward, " " * 8) + "\n", Options(format=False)).code
    assert "auto_hook(self)  # " in code


@pytest.mark.parametrize("forward", KEPT)
def test_other_changes_are_none(forward: str) -> None:
    assert notes(forward, Options()) == []


def test_one_note_for_a_function() -> None:
    forward = "y = self.fc(x)\ny += 1\nz = self.other(y)\nz += 1\nreturn z"
    (message,) = notes(forward, Options())
    assert message.startswith(
        "what passed fc_hook_point and other_hook_point is changed in place here, line 44;"
    )
