"""Small models whose statements the tests of the forms vary."""

from __future__ import annotations

from autohook_codegen import Options, hook_source, strip_source
from tests.insertions import missing_token

BARE = Options(format=False)
NAMED_ROOT = Options(format=False, root=("A",))
MODEL = """\
import torch
from torch import nn


class A(nn.Module):
    def __init__(self, b=None):
        super().__init__()
        self.l = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
        self.m = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
        self.p = nn.ParameterList([torch.ones(2), torch.ones(2)])
        self.f = nn.Linear(2, 2)
        self.b = nn.Parameter(torch.ones(2)) if b else None
        self.w = nn.Parameter(torch.ones(2))

    def forward(self, x):
        {}
        return x
"""
IMPORTS = "from autohook_runtime import auto_hook\nfrom transformer_lens import HookedRootModule\n"


def compiles(text: str) -> bool:
    """Whether the running Python reads it."""
    try:
        compile(text.removeprefix("\ufeff"), "model.py", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def hooked_and_back(text: str, options: Options = BARE) -> str:
    """`text` with its hook points, and without formatting, once it has been seen that only
    insertions were made, that a second pass changes nothing, and that `strip` gives it back."""
    hooked = hook_source(text, options).code
    if compiles(text):
        assert compiles(hooked)
    assert missing_token(text, hooked) is None
    assert hook_source(hooked, options).code == hooked
    assert strip_source(hooked) == text
    return hooked


def hooked_statement(statement: str) -> str:
    """What becomes of a statement of the model's forward."""
    before, after = MODEL.format("@").split("@")
    hooked = hooked_and_back(before + statement + after)
    return hooked[
        hooked.index("def forward") + len("def forward(self, x):\n        ") :
    ].removesuffix(after)
