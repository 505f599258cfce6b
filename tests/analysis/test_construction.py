"""Classes whose ``__new__`` says what calling them gives."""

from __future__ import annotations

import pytest

from autohook_codegen import Options, hook_source

SOURCE = """\
from elsewhere import Fast, Slow
from torch import nn


class Part{base}:
    def __new__(cls, d, fast=False):
        {new}

    def __init__(self, d, fast=False):
        super().__init__()
        self.up = nn.Linear(d, d)

    def forward(self, x):
        return self.up(x)


class Net(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.part = Part(d, True)

    def forward(self, x):
        {forward}
"""
CALLED = "return self.part(x)", "return self.part_hook_point(self.part(x))"
TESTED = (
    "return x if self.part is None else self.part(x)",
    "return x if self.part is None else self.part_hook_point(self.part(x))",
)
INSIDE = "auto_hook(self)  # adds the hook points inside Net.part"
IS_MODULE = "(nn.Module)"

ROWS = [
    ("", "return Fast(d) if fast else Slow(d)", *CALLED, INSIDE),
    ("", "return Fast(d) if fast else None", *TESTED, INSIDE),
    ("", "return nn.Linear(d, d)", *CALLED, "self.setup()"),
    ("", "return nn.Linear(d, d) if fast else nn.Conv1d(d, d, 1)", *CALLED, "self.setup()"),
    (IS_MODULE, "return super().__new__(cls)", *CALLED, "self.setup()"),
    (IS_MODULE, "made = object.__new__(cls); return made", *CALLED, "self.setup()"),
    (IS_MODULE, "return nn.ReLU() if fast else super().__new__(cls)", *CALLED, "self.setup()"),
]


@pytest.mark.parametrize(("base", "new", "forward", "hooked", "ends"), ROWS)
def test_what_new_gives(base: str, new: str, forward: str, hooked: str, ends: str) -> None:
    source = SOURCE.format(base=base, new=new, forward=forward)
    code = hook_source(source, Options(format=False)).code
    assert f"        {hooked}\n" in code
    assert f"        {ends}\n" in code
    assert ("self.up_hook_point(self.up(x))" in code) is (base == IS_MODULE)
