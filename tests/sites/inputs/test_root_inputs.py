"""What a root is given, and what its entry returns."""

from __future__ import annotations

import pytest

from autohook_codegen import Options, hook_source
from tests.sites.inputs.test_module_inputs import forward_of
from tests.sites.snippets import module

INPUTS = Options(modules=False, params=False, inputs=True, format=False)
INIT = """
self.embed = nn.Embedding(9, width)
self.fc = nn.Linear(width, width)
"""
PAIRS = [
    pytest.param(
        "return self.embed(x)",
        "x = self.x_in_hook_point(x)\nreturn self.out_hook_point(self.embed(x))",
        id="token ids",
    ),
    pytest.param(
        '"""What it does."""\ny = self.fc(x)\nreturn y',
        '"""What it does."""\nx = self.x_in_hook_point(x)\ny = self.fc(x)\n'
        "return self.out_hook_point(y)",
        id="behind a docstring",
    ),
    pytest.param(
        "if self.training:\n    return self.fc(x)\nreturn x",
        "x = self.x_in_hook_point(x)\nif self.training:\n"
        "    return self.out_hook_point(self.fc(x))\n"
        "return x",
        id="each return",
    ),
    pytest.param(
        "y = self.fc(x)\nreturn y, x",
        "x = self.x_in_hook_point(x)\ny = self.fc(self.fc_in_hook_point(x))\n"
        "return self.out_hook_point(y), x",
        id="the first of a tuple",
    ),
    pytest.param(
        "return self.fc(torch.ones(3).masked_fill(x, 0.0))",
        "return self.out_hook_point(self.fc(torch.ones(3).masked_fill(x, 0.0)))",
        id="no mask",
    ),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_text(before: str, after: str) -> None:
    code = hook_source(module(f"{INIT}--\n{before}"), INPUTS).code
    assert forward_of(code) == after
    assert hook_source(code, INPUTS).code == code


TWO = """
from torch import nn


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x):
        return self.fc(x)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()
        self.proj = nn.Linear(2, 2)

    def encode(self, x, memory=None):
        y = self.part(x)
        return y if memory is None else y + self.proj(memory)

    def forward(self, ids, memory=None, labels=None):
        return self.encode(ids, memory)
"""


def names(options: Options) -> list[str]:
    return [f"{site.class_name}.{site.attribute}" for site in hook_source(TWO, options).sites]


def test_a_part_is_no_root() -> None:
    found = names(INPUTS)
    assert "Model.ids_in" in found
    assert "Model.out" in found
    assert "Part.x_in" not in found


def test_without_a_root_there_is_none() -> None:
    found = names(Options(modules=False, params=False, inputs=True, root=()))
    assert found == ["Part.fc_in", "Model.part_in", "Model.proj_in"]


def test_another_entry_has_its_name() -> None:
    found = names(
        Options(modules=False, params=False, inputs=True, entry=("encode",), format=False)
    )
    assert "Model.encode_x_in" in found


def test_what_may_be_left_out_stands_under_a_test() -> None:
    code = hook_source(TWO, INPUTS).code
    test = "memory = self.memory_in_hook_point(memory) if memory is not None else None"
    assert test in code
    assert hook_source(code, INPUTS).code == code
