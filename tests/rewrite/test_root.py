"""The base and the end of ``__init__`` that make a class a root, and the way back."""

from __future__ import annotations

import pytest

from autohook_codegen import strip_source
from tests.rewrite.models import IMPORTS, NAMED_ROOT, hooked_and_back

OWN_INIT = "    def __init__(self): super().__init__()"
CLASSES = [
    ("(B, nn.Linear)", "(B, nn.Linear, HookedRootModule)"),
    ("( nn.Linear )", "( nn.Linear, HookedRootModule )"),
    ("(nn.Linear , )", "(nn.Linear, HookedRootModule , )"),
    ("(nn.Linear ,metaclass=M)", "(nn.Linear, HookedRootModule ,metaclass=M)"),
    ("(\n  nn.Linear  # b\n)", "(\n  nn.Linear, HookedRootModule  # b\n)"),
]
"""Bases, and what stands behind them."""
ENDS = [
    (f"{OWN_INIT} ;self.q=1 ; # c", f"{OWN_INIT} ;self.q=1; self.setup() ; # c"),
    (f"{OWN_INIT}  # c", f"{OWN_INIT}; self.setup()  # c"),
    (
        f"{OWN_INIT[:-18]}\n        x\n        # c\n\n      # d",
        f"{OWN_INIT[:-18]}\n        x\n        auto_hook(self)  # HookedRootModule.__init__ is not called\n        # c\n\n      # d",
    ),
]
ROOT = """\
import torch
{imports}
# A model.
class A({bases}):
    def __init__(self, x):
        super().__init__()
        self.fc1 = nn.Linear(x, x){made}{ending}

        # the end


class B(A):
    def __init__(self):  # two
        super().__init__(2){ending}
"""
NO_ROOT = ROOT.format(imports="", bases="nn.Module", made="", ending="")
LENS = (
    "from transformer_lens import HookedRootModule\n"
    "from transformer_lens.hook_points import HookPoint\n"
)
BASES = [
    ("(HookedRootModule, nn.Module)", "(nn.Module)"),
    ("(Base, HookedRootModule)", "(Base)"),
    ("( Base, HookedRootModule,metaclass=M)", "( Base,metaclass=M)"),
    ("(\n    Base, HookedRootModule,  # why\n)", "(\n    Base,  # why\n)"),
    ("(Mixin , HookedRootModule, nn.Module)", "(Mixin , nn.Module)"),
    ("(\n    Base, HookedRootModule\n)", "(\n    Base\n)"),
]
UNTOUCHED = [
    pytest.param("class A(B):\n def __init__(self):\n  self.setup()\n", id="setup of another base"),
    pytest.param(
        "from transformer_lens import HookedRootModule\nclass A(HookedRootModule):\n"
        "    def __init__(self):\n        self.setup()\n",
        id="a root of the author's own",
    ),
]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *(
            (f"class A{before}:\n{OWN_INIT}\n", f"class A{after}:\n{OWN_INIT}; {'auto_hook(self)' if 'B,' in after else 'self.setup()'}\n")
            for before, after in CLASSES
        ),
        *(
            (f"class A(nn.Linear):\n{before}\n\n", f"class A(nn.Linear, HookedRootModule):\n{after}\n\n")
            for before, after in ENDS
        ),
    ],
)  # fmt: skip
def test_pairs(before: str, after: str) -> None:
    begin = "from torch import nn\nfrom b import B, C, M\n"
    imports = IMPORTS[0 if "auto_hook" in after else IMPORTS.index("from transformer_lens") :]
    assert hooked_and_back(begin + before, NAMED_ROOT) == begin + imports + after


@pytest.mark.parametrize(
    ("imports", "ending"),
    [
        (LENS, "self.setup()"),
        (
            f"from autohook_runtime import auto_hook\n{LENS}",
            "auto_hook(self)  # adds the hook points",
        ),
        (f"import autohook_runtime as r\n{LENS}", 'r.auto_hook(self, name="hook_{name}")'),
    ],
)
def test_strip_takes_roots_back(imports: str, ending: str) -> None:
    hooked = ROOT.format(
        imports=imports,
        bases="HookedRootModule, nn.Module",
        made="\n        self.fc1_hook_point = HookPoint()",
        ending=f"\n        {ending}",
    )
    assert strip_source(hooked) == NO_ROOT


@pytest.mark.parametrize(("hooked", "bases"), BASES)
def test_strip_takes_bases_back(hooked: str, bases: str) -> None:
    text = "import a\nclass A{}: pass\n"
    begin = "import a\nfrom transformer_lens import HookedRootModule\nclass A{}: pass\n"
    assert strip_source(begin.format(hooked)) == text.format(bases)


@pytest.mark.parametrize("text", UNTOUCHED)
def test_untouched(text: str) -> None:
    assert strip_source(text) == text


def test_a_comment_that_does_not_fit_stands_above() -> None:
    why = "adds the hook points inside " + ", ".join(["Layer.feed_forward"] * 3)
    above = f"        # {why}\n        auto_hook(self)\n"
    begin = "from autohook_runtime import auto_hook\n"
    text = "class A(B):\n    def __init__(self):\n        # as ever\n        x\n"
    assert strip_source(begin + text + above) == text
    kept = "        # adds nothing\n"
    assert strip_source(begin + text + kept + "        auto_hook(self)\n") == text + kept
