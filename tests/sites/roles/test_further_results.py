"""Further results of a module that are computed with."""

from __future__ import annotations

import pytest

from autohook_codegen import Options, hook_source
from tests.sites.inputs.test_module_inputs import forward_of
from tests.sites.snippets import module

ALL = Options(activations=True, root=(), format=False)
INIT = """
self.lstm = nn.LSTM(width, width)
self.gru = nn.GRU(width, width)
self.cell = nn.LSTMCell(width, width)
self.grus = nn.ModuleList([nn.GRU(width, width) for _ in range(2)])
"""
PAIRS = [
    pytest.param(
        "y, h = self.gru(x)\nreturn y + h",
        "y, h = self.gru(x)\ny = self.gru_hook_point(y)\nh = self.gru_h_hook_point(h)\n"
        "return y + h",
        id="a state",
    ),
    pytest.param(
        "y, (h, c) = self.lstm(x)\nreturn y + h * c",
        "y, (h, c) = self.lstm(x)\ny = self.lstm_hook_point(y)\nh = self.lstm_h_hook_point(h)\n"
        "c = self.lstm_c_hook_point(c)\nreturn y + h * c",
        id="two of them",
    ),
    pytest.param(
        "_, (h, c) = self.lstm(x)\nreturn h + c",
        "_, (h, c) = self.lstm(x)\nh = self.lstm_h_hook_point(h)\nc = self.lstm_c_hook_point(c)\n"
        "return h + c",
        id="the first that is used has both names",
    ),
    pytest.param(
        "h, c = self.cell(x)\nreturn h + c",
        "h, c = self.cell(x)\nh = self.cell_hook_point(h)\nc = self.cell_c_hook_point(c)\n"
        "return h + c",
        id="a cell",
    ),
    pytest.param(
        "y, h = self.gru(x)\nreturn y",
        "y, h = self.gru(x)\ny = self.gru_hook_point(y)\nreturn y",
        id="not what nothing reads",
    ),
    pytest.param(
        "y, h = self.gru(x)\nreturn y, h",
        "y, h = self.gru(x)\ny = self.gru_hook_point(y)\nreturn y, h",
        id="not what is only given back",
    ),
    pytest.param(
        "for gru in self.grus:\n    x, h = gru(x)\n    x = x + h\nreturn x",
        "for hook_index, gru in enumerate(self.grus):\n    x, h = gru(x)\n"
        "    x = self.grus_hook_points[hook_index](x)\n"
        "    h = self.grus_h_hook_points[hook_index](h)\n    x = x + h\nreturn x",
        id="members of a container",
    ),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_text(before: str, after: str) -> None:
    code = hook_source(module(f"{INIT}--\n{before}"), ALL).code
    assert forward_of(code) == after
    assert hook_source(code, ALL).code == code


def test_by_default_there_are_none() -> None:
    code = module(f"{INIT}--\ny, h = self.gru(x)\nreturn y + h")
    assert [site.attribute for site in hook_source(code, Options(root=())).sites] == ["gru"]


RESIDUAL = """
from torch import nn


class AddNorm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm = nn.LayerNorm(d)

    def forward(self, x, residual):
        return self.norm(x + residual), x + residual


class Model(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.add = AddNorm(d)
        self.fc = nn.Linear(d, d)

    def forward(self, x):
        y, residual = self.add(x, x)
        y, residual = self.add(self.fc(y), residual)
        return y + residual
"""


def test_one_of_the_input_has_its_place() -> None:
    hooked = hook_source(RESIDUAL, ALL)
    assert "residual = self.add_1_hook_point(residual)" in hooked.code
    (first, second) = (site for site in hooked.sites if site.attribute == "add_1")
    assert (first.element, second.element) == ("[1]", "[1]")
    assert "self.add_hook_point = HookPoint()\n        self.add_1_hook_point" in hooked.code
