"""What stands in a file without modules is interpreted when a module's file calls it."""

from __future__ import annotations

import ast

from autohook_codegen import Options, hook_sources, library
from autohook_codegen.analysis.interest import files_of_interest
from autohook_codegen.declares.program import Program

MATHS = """
def rotate(x, pair):
    return x, pair


class Config:
    def activation(self, module):
        return module
"""
MODEL = """
from torch import nn

from .maths import Config, rotate


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.act = nn.ReLU()

    def forward(self, x):
        x, _ = rotate(self.fc(x), 1)
        return Config().activation(self.act)(x)
"""
BUILDER = """
from .model import Net


def build():
    return Net()
"""
SOURCES = {
    "p/maths.py": MATHS,
    "p/model.py": MODEL,
    "p/build.py": BUILDER,
    "p/other.py": "def f(x): ...",
}


def test_files_that_hold_or_name_a_module() -> None:
    program = Program(
        {path: ast.parse(text) for path, text in SOURCES.items()}, library.makes_module
    )
    assert {file.path for file in files_of_interest(program)} == {"p/model.py", "p/build.py"}


def test_functions_of_other_files_are_followed() -> None:
    hooked = hook_sources(SOURCES, Options(format=False))["p/model.py"]
    assert "rotate(self.fc_hook_point(self.fc(x)), 1)" in hooked.code
    assert "self.act_hook_point(Config().activation(self.act)(x))" in hooked.code
